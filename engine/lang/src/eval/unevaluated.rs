//! `try`, `can` and `templatestring`, the functions that see their arguments unevaluated.

use kprov_core::value::convert;
use kprov_core::{Diagnostics, Refinements, SourceRange, Type, Value};

use super::call::Argument;
use super::frame::Env;
use super::run::{Evaluated, Run};
use super::template::first_problem;
use crate::ast::{Expr, ExprKind};
use crate::functions::{FunctionContext, FunctionError};
use crate::source::SourceMap;
use crate::syntax;

impl Run<'_> {
    /// Calls one of the three by name; the number of arguments was checked.
    pub(super) fn call_unevaluated(
        &self,
        name: &str,
        arguments: &[Argument<'_>],
        context: &FunctionContext<'_>,
        env: Env<'_>,
    ) -> Result<Value, FunctionError> {
        match (name, arguments) {
            ("try", arguments) => self.call_try(arguments, env),
            ("can", [argument, ..]) => Ok(self.call_can(argument, env)),
            (_, [template, variables, ..]) => {
                self.call_templatestring(template, variables, context, env)
            }
            _ => Err(FunctionError::new("not enough arguments")),
        }
    }

    /// Evaluates without the cost of describing values in diagnostics.
    fn attempt(&self, argument: &Argument<'_>, env: Env<'_>) -> Evaluated {
        let quiet = self.quiet.replace(true);
        let result = self.argument(argument, env);
        self.quiet.set(quiet);
        result
    }

    fn call_try(&self, arguments: &[Argument<'_>], env: Env<'_>) -> Result<Value, FunctionError> {
        if arguments.is_empty() {
            return Err(FunctionError::new("at least one argument is required"));
        }
        let mut problems = Diagnostics::new();
        for argument in arguments {
            match self.attempt(argument, env) {
                // What is unknown now may fail later, and then another argument's type would win.
                Ok(value) if !value.is_wholly_known() => {
                    return Ok(Value::unknown(Type::Dynamic).with_marks(value.marks_deep()));
                }
                Ok(value) => return Ok(value),
                Err(more) => problems.extend(more),
            }
        }
        let mut message = "no expression succeeded:\n".to_owned();
        for problem in &problems {
            let place = problem.subject.as_ref().map(|range| format!(" (at {})", place(range)));
            let place = place.unwrap_or_default();
            message.push_str(&format!("- {}{place}\n  {}\n", problem.summary, problem.detail));
        }
        message.push_str("\nAt least one expression must produce a successful result");
        Err(FunctionError::new(message))
    }

    fn call_can(&self, argument: &Argument<'_>, env: Env<'_>) -> Value {
        match self.attempt(argument, env) {
            Err(_) => Value::Bool(false),
            Ok(value) if value.is_wholly_known() => Value::Bool(true),
            Ok(_) => Value::refined(Type::Bool, Refinements::not_null()),
        }
    }

    fn call_templatestring(
        &self,
        template: &Argument<'_>,
        variables: &Argument<'_>,
        context: &FunctionContext<'_>,
        env: Env<'_>,
    ) -> Result<Value, FunctionError> {
        if let Argument::Expr(expr) = template {
            check_template(expr)?;
        }
        let told = |problems: Diagnostics| {
            problems.iter().next().map_or_else(String::new, |problem| {
                format!("{}: {}", problem.summary, problem.detail.trim_end_matches('.'))
            })
        };
        let text = self
            .attempt(template, env)
            .map_err(|problems| FunctionError::argument(0, told(problems)))?;
        let variables = self
            .attempt(variables, env)
            .map_err(|problems| FunctionError::argument(1, told(problems)))?;
        let marks = text.marks() | variables.marks();
        let text = text.bare();
        let fits = match text {
            Value::Null(_) => false,
            value => matches!(value.ty(), Type::String | Type::Dynamic),
        };
        if !fits {
            let message = "invalid template value: a string is required";
            return Err(FunctionError::argument(0, message));
        }
        if variables.is_null() {
            return Err(FunctionError::argument(1, "argument must not be null"));
        }
        let unknown = || Value::refined(Type::String, Refinements::not_null()).with_marks(marks);
        let Some(text) = text.as_str() else { return Ok(unknown()) };
        if !variables.is_known() {
            return Ok(unknown());
        }
        // A map of its own: the text lives no longer than the call.
        let sources = SourceMap::new();
        let file = sources.add("<templatestring argument>", text);
        let (parts, span) = syntax::parse_template(&sources, file).map_err(|problems| {
            let message = format!("invalid template: {}", first_problem(&problems));
            FunctionError::argument(0, message)
        })?;
        let rendered = super::render_template(&parts, span, variables.bare(), context, &sources)?;
        let rendered = convert(&rendered, &Type::String).map_err(|error| {
            FunctionError::argument(0, format!("invalid template result: {}", error.message))
        })?;
        if rendered.is_null() {
            return Err(FunctionError::argument(0, "the template's result must not be null"));
        }
        Ok(rendered.with_marks(marks))
    }
}

/// The template must be a reference, so that nobody writes a template inside a template.
fn check_template(expr: &Expr) -> Result<(), FunctionError> {
    let message = match &expr.kind {
        ExprKind::Reference(_) => return Ok(()),
        ExprKind::Template(_) | ExprKind::TemplateWrap(_) | ExprKind::Literal(Value::String(_)) => {
            "invalid template expression: templatestring is only for rendering templates \
             retrieved dynamically from elsewhere, and so does not support providing a literal \
             template; consider using a template string expression instead"
        }
        _ => {
            "invalid template expression: must be a direct reference to a single string from \
             elsewhere, containing valid Terraform template syntax"
        }
    };
    Err(FunctionError::argument(0, message))
}

/// `main.tf:1,8-11`
pub(super) fn place(range: &SourceRange) -> String {
    let (start, end) = (range.start, range.end);
    if start.line == end.line {
        format!("{}:{},{}-{}", range.filename, start.line, start.column, end.column)
    } else {
        format!("{}:{},{}-{},{}", range.filename, start.line, start.column, end.line, end.column)
    }
}

//! [`Run`]: one evaluation under way, and what each kind of expression means.

use std::cell::Cell;

use kprov_core::value::{ConvertError, convert};
use kprov_core::{Diagnostic, Diagnostics, Type, Value};

use super::Scope;
use super::frame::Env;
use crate::Span;
use crate::ast::{Expr, ExprKind, Reference};
use crate::functions::FunctionContext;
use crate::source::SourceMap;

/// How deep expressions may nest. Deeper ones are refused before the stack runs out.
const DEPTH_MAX: u32 = 200;

/// What an evaluation needs; `scope` and `functions` are missing where only constants are allowed.
pub(super) struct Run<'a> {
    pub(super) scope: Option<&'a dyn Scope>,
    pub(super) functions: Option<&'a FunctionContext<'a>>,
    pub(super) sources: &'a SourceMap,
    pub(super) depth: Cell<u32>,
    /// Inside `try`, `can` and while values are described: diagnostics need no values.
    pub(super) quiet: Cell<bool>,
    /// Rendering a template: it may not render another.
    pub(super) in_template: bool,
}

/// A value, or every problem found.
pub(super) type Evaluated = Result<Value, Diagnostics>;

impl Run<'_> {
    /// Evaluates `expr` with the variables of `env`.
    pub(super) fn eval(&self, expr: &Expr, env: Env<'_>) -> Evaluated {
        let depth = self.depth.get();
        if depth >= DEPTH_MAX {
            return Err(self.too_deep(expr.span).into());
        }
        self.depth.set(depth + 1);
        let result = self.eval_kind(expr, env);
        self.depth.set(depth);
        result
    }

    fn eval_kind(&self, expr: &Expr, env: Env<'_>) -> Evaluated {
        match &expr.kind {
            ExprKind::Literal(value) => Ok(value.clone()),
            ExprKind::Reference(reference) => self.reference(expr, reference, env),
            ExprKind::Parens(inner) | ExprKind::TemplateWrap(inner) => self.eval(inner, env),
            ExprKind::Template(parts) => self.template(expr, parts, env),
            ExprKind::Tuple(items) => self.tuple(items, env),
            ExprKind::Object(items) => self.object(expr, items, env),
            ExprKind::Access { base, steps } => {
                let value = self.eval(base, env)?;
                self.follow(expr, value, steps, env)
            }
            ExprKind::Splat { source, each, marker } => {
                self.splat(expr, source, each, *marker, env)
            }
            ExprKind::Call(call) => self.call(expr, call, env),
            ExprKind::Conditional { condition, truthy, falsy } => {
                self.conditional(expr, condition, truthy, falsy, env)
            }
            ExprKind::Unary { operator, operand } => self.unary(expr, *operator, operand, env),
            ExprKind::Binary { .. } => self.binary(expr, env),
            ExprKind::For(parts) => self.for_expr(expr, parts, env),
        }
    }

    /// A name and its steps: a variable of a `for`, else whatever the scope says.
    fn reference(&self, expr: &Expr, reference: &Reference, env: Env<'_>) -> Evaluated {
        if let Some(value) = env.find(&reference.root) {
            return self.follow(expr, value.clone(), &reference.steps, env);
        }
        let Some(scope) = self.scope else {
            let detail = "Variables may not be used here.";
            let problem = Diagnostic::error("Variables not allowed", detail);
            return Err(problem.at(self.sources.range(reference.root_span)).into());
        };
        let resolved = scope.resolve(reference, &mut |key| self.eval(key, env))?;
        let rest = reference.steps.get(resolved.consumed..).unwrap_or_default();
        self.follow(expr, resolved.value, rest, env)
    }

    fn tuple(&self, items: &[Expr], env: Env<'_>) -> Evaluated {
        let mut problems = Diagnostics::new();
        let mut values = Vec::with_capacity(items.len());
        for item in items {
            values.extend(problems.collect(self.eval(item, env)));
        }
        if problems.has_errors() { Err(problems) } else { Ok(Value::tuple(values)) }
    }

    /// An error about a part (`subject`) of `cause`, with the values that `cause` refers to.
    pub(super) fn problem(
        &self,
        summary: &'static str,
        detail: impl Into<String>,
        subject: Span,
        cause: &Expr,
        env: Env<'_>,
    ) -> Diagnostic {
        let mut problem = Diagnostic::error(summary, detail).at(self.sources.range(subject));
        if subject != cause.span {
            problem = problem.within(self.sources.range(cause.span));
        }
        if !self.quiet.get() {
            problem.values = self.describe_values(cause, env);
        }
        problem
    }

    fn too_deep(&self, span: Span) -> Diagnostic {
        let detail = format!(
            "The expression nests more than {DEPTH_MAX} levels deep. Move parts of it to local \
             values."
        );
        Diagnostic::error("Expression too deeply nested", detail).at(self.sources.range(span))
    }
}

/// Converts to a primitive type; free where the value has it already.
pub(super) fn to_primitive(value: &Value, wanted: &Type) -> Result<Value, ConvertError> {
    let fits = matches!(
        (value, wanted),
        (Value::String(_), Type::String)
            | (Value::Bool(_), Type::Bool)
            | (Value::Number(_), Type::Number)
    );
    if fits { Ok(value.clone()) } else { convert(value, wanted) }
}

//! Function calls: finding the function, its arguments, and what its failure looks like.
//!
//! `try`, `can` and `templatestring` see their arguments unevaluated; see [`super::unevaluated`].

use kprov_core::{Diagnostic, Diagnostics, Type, Value};

use super::access::closest;
use super::frame::Env;
use super::run::{Evaluated, Run};
use crate::ast::{Call, Expr};
use crate::functions::{self, Function, FunctionContext, FunctionError};

/// An argument as written, or an item of an expanded one.
#[derive(Clone)]
pub(super) enum Argument<'e> {
    Expr(&'e Expr),
    Value(Value),
}

impl Run<'_> {
    /// `f(a, b...)`
    pub(super) fn call(&self, expr: &Expr, call: &Call, env: Env<'_>) -> Evaluated {
        let Some(context) = self.functions else {
            let detail = "Functions may not be called here.";
            let problem = Diagnostic::error("Function calls not allowed", detail);
            return Err(problem.at(self.sources.range(call.name_span)).into());
        };
        let name = call.name.as_str();
        if name.starts_with("provider::") {
            return self.call_provider(expr, call, env);
        }
        let Some(function) = functions::lookup(name) else {
            return Err(self.unknown_function(call).into());
        };
        if self.in_template && matches!(function.name, "templatefile" | "templatestring") {
            let detail = format!(
                "Call to function {name:?} failed: cannot recursively call {} from inside another \
                 template function.",
                function.name
            );
            return Err(self
                .problem("Error in function call", detail, call.name_span, expr, env)
                .into());
        }
        if call.expand_final {
            return self.call_expanded(expr, call, function, context, env);
        }
        self.check_arity(expr, call, function, call.arguments.len(), env)?;
        match function.name {
            "try" | "can" | "templatestring" => {
                let arguments: Vec<_> = call.arguments.iter().map(Argument::Expr).collect();
                let result = self.call_unevaluated(function.name, &arguments, context, env);
                result.map_err(|error| self.failed(expr, call, Some(function), error, env))
            }
            _ => {
                let values = self.arguments(&call.arguments, env)?;
                functions::call(function, context, &values)
                    .map_err(|error| self.failed(expr, call, Some(function), error, env))
            }
        }
    }

    fn arguments(&self, arguments: &[Expr], env: Env<'_>) -> Result<Vec<Value>, Diagnostics> {
        let mut problems = Diagnostics::new();
        let mut values = Vec::with_capacity(arguments.len());
        for argument in arguments {
            values.extend(problems.collect(self.eval(argument, env)));
        }
        if problems.has_errors() { Err(problems) } else { Ok(values) }
    }

    /// `f(a, list...)`: the items of the last argument take its place, with its marks.
    fn call_expanded(
        &self,
        expr: &Expr,
        call: &Call,
        function: &Function,
        context: &FunctionContext<'_>,
        env: Env<'_>,
    ) -> Evaluated {
        let Some(arguments) = self.expand(expr, call, env)? else {
            return Ok(Value::unknown(Type::Dynamic));
        };
        self.check_arity(expr, call, function, arguments.len(), env)?;
        let result = match function.name {
            "try" | "can" | "templatestring" => {
                self.call_unevaluated(function.name, &arguments, context, env)
            }
            _ => functions::call(function, context, &self.values(&arguments, env)?),
        };
        result.map_err(|error| self.failed(expr, call, Some(function), error, env))
    }

    /// All arguments, the last one expanded; `None` while that is unknown.
    fn expand<'e>(
        &self,
        expr: &Expr,
        call: &'e Call,
        env: Env<'_>,
    ) -> Result<Option<Vec<Argument<'e>>>, Diagnostics> {
        let Some((last, first)) = call.arguments.split_last() else { return Ok(Some(Vec::new())) };
        let (list, marks) = self.eval(last, env)?.unmark();
        let refuse = |detail: &str| {
            let summary = "Invalid expanding argument value";
            Err(self.problem(summary, detail, last.span, expr, env).into())
        };
        match list.ty() {
            Type::Dynamic | Type::Tuple(_) | Type::List(_) | Type::Set(_) => {}
            _ => {
                return refuse(
                    "The expanding argument (indicated by ...) must be of a tuple, list, or set \
                     type.",
                );
            }
        }
        if list.is_null() {
            return refuse("The expanding argument (indicated by ...) must not be null.");
        }
        let Some(items) = list.as_items() else { return Ok(None) };
        let items = items.iter().map(|item| Argument::Value(item.clone().with_marks(marks)));
        Ok(Some(first.iter().map(Argument::Expr).chain(items).collect()))
    }

    fn values(&self, arguments: &[Argument<'_>], env: Env<'_>) -> Result<Vec<Value>, Diagnostics> {
        let mut problems = Diagnostics::new();
        let mut values = Vec::with_capacity(arguments.len());
        for argument in arguments {
            let value = self.argument(argument, env);
            values.extend(problems.collect(value));
        }
        if problems.has_errors() { Err(problems) } else { Ok(values) }
    }

    pub(super) fn argument(&self, argument: &Argument<'_>, env: Env<'_>) -> Evaluated {
        match argument {
            Argument::Expr(expr) => self.eval(expr, env),
            Argument::Value(value) => Ok(value.clone()),
        }
    }

    fn check_arity(
        &self,
        expr: &Expr,
        call: &Call,
        function: &Function,
        count: usize,
        env: Env<'_>,
    ) -> Result<(), Diagnostic> {
        functions::check_arity(function, count).map_err(|error| {
            let surplus = error.surplus.and_then(|at| call.arguments.get(at));
            let place = surplus.map_or(call.name_span, |argument| argument.span);
            self.problem(error.summary, error.detail, place, expr, env)
        })
    }

    /// `provider::x::f(...)`; the scope knows the provider.
    fn call_provider(&self, expr: &Expr, call: &Call, env: Env<'_>) -> Evaluated {
        let arguments: Vec<Argument<'_>> = if call.expand_final {
            match self.expand(expr, call, env)? {
                Some(arguments) => arguments,
                None => return Ok(Value::unknown(Type::Dynamic)),
            }
        } else {
            call.arguments.iter().map(Argument::Expr).collect()
        };
        let mut marks = kprov_core::Marks::NONE;
        let mut bare = Vec::with_capacity(arguments.len());
        for value in self.values(&arguments, env)? {
            let (value, own) = value.unmark_deep();
            marks = marks | own;
            bare.push(value);
        }
        let Some(scope) = self.scope else { return Err(self.unknown_function(call).into()) };
        match scope.call_provider_function(&call.name, &bare) {
            None => Err(self.unknown_function(call).into()),
            Some(Ok(value)) => Ok(value.with_marks(marks)),
            Some(Err(message)) => {
                Err(self.failed(expr, call, None, FunctionError::new(message), env))
            }
        }
    }

    fn unknown_function(&self, call: &Call) -> Diagnostic {
        let name = call.name.as_str();
        let (summary, detail) = match name.split_once("::") {
            None => {
                let mut detail = format!("There is no function named {name:?}.");
                if let Some(close) = closest(name, functions::names().into_iter()) {
                    detail.push_str(&format!(" Did you mean {close:?}?"));
                }
                ("Call to unknown function", detail)
            }
            Some(("provider", rest)) => {
                let (provider, function) = rest.split_once("::").unwrap_or((rest, ""));
                let detail = format!(
                    "There is no function named {name:?}. Ensure that provider name \
                     {provider:?} is declared in this module's required_providers block, and that \
                     this provider offers a function named {function:?}."
                );
                ("Unknown provider function", detail)
            }
            Some((namespace, _)) => {
                let detail = format!(
                    "The function namespace {namespace:?} is not valid. Provider function calls \
                     must use the \"provider::\" namespace prefix."
                );
                ("Unknown provider function", detail)
            }
        };
        Diagnostic::error(summary, detail).at(self.sources.range(call.name_span))
    }

    /// The diagnostic of a call that failed.
    fn failed(
        &self,
        expr: &Expr,
        call: &Call,
        function: Option<&Function>,
        error: FunctionError,
        env: Env<'_>,
    ) -> Diagnostics {
        let message = error.message.trim_end_matches('.');
        let parameter = error.argument.and_then(|at| function?.parameter(at));
        if let (Some(at), Some(parameter)) = (error.argument, parameter) {
            let detail = format!("Invalid value for {:?} parameter: {message}.", parameter.name);
            // Items of an expanded argument are all at the place of that argument.
            let place = call.arguments.get(at).or(call.arguments.last());
            let place = place.map_or(call.name_span, |argument| argument.span);
            let summary = "Invalid function argument";
            return self.problem(summary, detail, place, expr, env).into();
        }
        let detail = format!("Call to function {:?} failed: {message}.", call.name.as_str());
        self.problem("Error in function call", detail, call.name_span, expr, env).into()
    }
}

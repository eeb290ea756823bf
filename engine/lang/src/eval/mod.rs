//! The evaluator: an expression and a [`Scope`] give a value.
//!
//! Pure: it reads nothing but what the scope and the functions give it. References are resolved
//! lazily and in one piece, so a scope never has to build the whole of `local` or of a resource
//! with many instances when one part is wanted.

mod access;
mod arithmetic;
mod call;
mod conditional;
mod describe;
mod equality;
mod for_expr;
mod frame;
mod mismatch;
mod object;
mod operators;
mod range;
mod references;
mod run;
mod scope;
mod splat;
mod template;
mod unevaluated;

pub(crate) use equality::equals;
pub use references::{references, references_in_body};
pub use scope::{Resolved, Scope};

use std::cell::Cell;

use kprov_core::{Diagnostics, Value};

use crate::Span;
use crate::ast::{Expr, TemplatePart};
use crate::functions::{FunctionContext, FunctionError};
use crate::source::SourceMap;

use frame::Env;
use run::Run;

/// Evaluates expressions in one scope.
pub struct Evaluator<'a> {
    /// What names mean.
    pub scope: &'a dyn Scope,
    /// What functions may reach.
    pub functions: &'a FunctionContext<'a>,
    /// For places in diagnostics.
    pub sources: &'a SourceMap,
}

impl Evaluator<'_> {
    /// Evaluates `expr`.
    ///
    /// # Errors
    /// Every problem found; values of the references involved are attached (sensitive ones only as
    /// "has a sensitive value").
    pub fn evaluate(&self, expr: &Expr) -> Result<Value, Diagnostics> {
        self.run().eval(expr, Env::ROOT)
    }

    /// The values of the references in `expr`, fit to print: `("var.x", "is 5")`. For diagnostics
    /// about the expression's result that the caller makes.
    pub fn describe_values(&self, expr: &Expr) -> Vec<(String, String)> {
        self.run().describe_values(expr, Env::ROOT)
    }

    fn run(&self) -> Run<'_> {
        Run {
            scope: Some(self.scope),
            functions: Some(self.functions),
            sources: self.sources,
            depth: Cell::new(0),
            quiet: Cell::new(false),
            in_template: false,
        }
    }
}

/// Evaluates an expression of constants: a variable's default, a line of a tfvars file.
///
/// # Errors
/// Every problem found; any reference and any function call is one.
pub fn evaluate_constant(expr: &Expr, sources: &SourceMap) -> Result<Value, Diagnostics> {
    let run = Run {
        scope: None,
        functions: None,
        sources,
        depth: Cell::new(0),
        quiet: Cell::new(false),
        in_template: false,
    };
    run.eval(expr, Env::ROOT)
}

/// Renders a parsed template (`templatefile`, `templatestring`) with `variables`, a map or object,
/// as its only names. A template that is nothing but one interpolation keeps the type.
///
/// # Errors
/// What is wrong with the variables (then the argument is 1, as in both functions) or inside.
pub fn render_template(
    parts: &[TemplatePart],
    span: Span,
    variables: &Value,
    functions: &FunctionContext<'_>,
    sources: &SourceMap,
) -> Result<Value, FunctionError> {
    template::render(parts, span, variables, functions, sources)
}

#[cfg(test)]
mod tests;

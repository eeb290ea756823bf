//! The evaluator: an expression and a [`Scope`] give a value.
//!
//! Pure: it reads nothing but what the scope and the functions give it. References are resolved
//! lazily and in one piece, so a scope never has to build the whole of `local` or of a resource
//! with many instances when one part is wanted.

mod references;
mod scope;

pub use references::{references, references_in_body};
pub use scope::{Resolved, Scope};

use kprov_core::{Diagnostics, Value};

use crate::ast::Expr;
use crate::functions::FunctionContext;
use crate::source::SourceMap;

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
    pub fn evaluate(&self, _expr: &Expr) -> Result<Value, Diagnostics> {
        todo!()
    }
}

//! [`Scope`]: what names mean, given by whoever evaluates.

use kprov_core::{Diagnostics, Value};

use crate::ast::{Expr, Reference};

/// The head of a reference, resolved.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// The value so far.
    pub value: Value,
    /// How many of the reference's steps it took; the evaluator applies the rest.
    pub consumed: usize,
}

/// Gives meaning to references. Names bound by `for` never reach it.
pub trait Scope {
    /// Resolves the root name and as many steps as it likes. `key` evaluates an index expression
    /// of a step; a scope calls it only for steps that it consumes.
    ///
    /// # Errors
    /// When the name means nothing, or what it means cannot be had.
    fn resolve(
        &self,
        reference: &Reference,
        key: &mut dyn FnMut(&Expr) -> Result<Value, Diagnostics>,
    ) -> Result<Resolved, Diagnostics>;

    /// Calls a provider function; `name` is all of `provider::NAME::FUNCTION`. Arguments have no
    /// marks (the evaluator puts them onto the result) but may be unknown. `None`: there is none of
    /// that name.
    fn call_provider_function(
        &self,
        _name: &str,
        _arguments: &[Value],
    ) -> Option<Result<Value, String>> {
        None
    }
}

//! Which references an expression makes, found without evaluating it.

use crate::ast::{Body, Expr, Reference};

/// All references of `expr` to names from outside it (names bound by its own `for`s left out), in
/// source order. Index expressions inside a reference's steps are looked into as well.
pub fn references<'e>(_expr: &'e Expr) -> Vec<&'e Reference> {
    todo!()
}

/// All references of all attributes and nested blocks, `dynamic` blocks' iterators left out.
pub fn references_in_body<'b>(_body: &'b Body) -> Vec<&'b Reference> {
    todo!()
}

//! Equality of representation, and the order of a set's items (go-cty `set_internals`).

use std::cmp::Ordering;

use crate::Value;

/// Same value, type, marks, unknowns and refinements.
pub fn raw_equal(_a: &Value, _b: &Value) -> bool {
    todo!()
}

/// The order in which a set iterates: primitives by value, null and unknown last, everything else
/// by the bytes that go-cty hashes.
pub fn set_order(_a: &Value, _b: &Value) -> Ordering {
    todo!()
}

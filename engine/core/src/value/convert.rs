//! Conversion of a value to a type, by the rules of go-cty's `convert` package.

use crate::{Path, Type, Value};

/// Why a value does not convert.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ConvertError {
    /// Which part of the value is at fault.
    pub path: Path,
    /// In Terraform's words: "a number is required", `attribute "name" is required`.
    pub message: String,
}

/// Converts `value` to `wanted`. `Dynamic` inside `wanted` accepts anything; all elements of a
/// collection of `Dynamic` are unified. Optional attributes that are missing become null. Marks and
/// unknowns pass through, refinements where they still hold.
///
/// # Errors
/// The first part that does not fit.
pub fn convert(_value: &Value, _wanted: &Type) -> Result<Value, ConvertError> {
    todo!()
}

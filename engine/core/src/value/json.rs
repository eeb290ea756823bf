//! JSON as Terraform writes it: values by type (state files, `output -json`), and types themselves
//! (`["object",{"a":"string"}]`).

use crate::{Path, Type, Value};

/// Why JSON does not hold a value of the wanted type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct JsonError {
    /// Which part is at fault.
    pub path: Path,
    /// What is wrong.
    pub message: String,
}

/// A known value as JSON. Where `ty` is `Dynamic`, wraps in `{"value": ..., "type": ...}` as go-cty
/// does; pass the value's own type for plain JSON. Marks are dropped: the caller must have dealt
/// with them. Unknown values are an error.
pub fn to_json(_value: &Value, _ty: &Type) -> Result<serde_json::Value, JsonError> {
    todo!()
}

/// The reverse of [`to_json`].
pub fn from_json(_json: &serde_json::Value, _ty: &Type) -> Result<Value, JsonError> {
    todo!()
}

/// The type that `jsondecode` gives: objects and tuples, never maps and lists.
pub fn implied_type(_json: &serde_json::Value) -> Type {
    todo!()
}

/// A type in go-cty's JSON form: `"string"`, `["list","string"]`, `["object",{...},["optional"]]`.
pub fn type_to_json(_ty: &Type) -> serde_json::Value {
    todo!()
}

/// The reverse of [`type_to_json`]; `None` if it is not a type.
pub fn type_from_json(_json: &serde_json::Value) -> Option<Type> {
    todo!()
}

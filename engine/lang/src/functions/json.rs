//! `jsonencode` and `jsondecode`.

pub(super) mod decode;
pub(super) mod encode;
#[cfg(test)]
mod tests;

use kprov_core::{Refinements, Str, Type, Value};

use super::arguments::{string, text};
use super::{Function, FunctionContext, FunctionError, Parameter};

pub(super) fn functions() -> Vec<Function> {
    vec![
        Function::new(
            "jsondecode",
            "Reads JSON and gives the value it describes.",
            type_of,
            decode,
        )
        .with(string("str"))
        .nullable(),
        Function::new(
            "jsonencode",
            "Writes a value as JSON.",
            super::arguments::gives_string,
            encode,
        )
        .with(Parameter::new("val", Type::Dynamic).null().unknown().dynamic()),
    ]
}

fn encode(_: &FunctionContext<'_>, arguments: &[Value]) -> Result<Value, FunctionError> {
    let value = &arguments[0];
    if !value.is_wholly_known() {
        return Ok(unknown_document(value));
    }
    encode::to_text(value).map(Value::string).map_err(FunctionError::new)
}

/// The encoding of a value that is not wholly known: how it begins can be told from its type, if
/// it is not null.
fn unknown_document(value: &Value) -> Value {
    let (ty, not_null) = match value {
        Value::Unknown(unknown) => (unknown.ty().clone(), unknown.refinements().not_null),
        value => (value.ty(), true),
    };
    let prefix = match ty {
        _ if !not_null => None,
        Type::String => Some("\""),
        Type::Object(_) | Type::Map(_) => Some("{"),
        Type::Tuple(_) | Type::List(_) | Type::Set(_) => Some("["),
        Type::Dynamic | Type::Bool | Type::Number => None,
    };
    Value::refined(
        Type::String,
        Refinements { prefix: prefix.map(Str::from), ..Refinements::default() },
    )
}

/// What can be said of the type of an unknown document: its first character may tell.
fn type_of(arguments: &[Value]) -> Result<Type, FunctionError> {
    let Some(Value::Unknown(unknown)) = arguments.first() else { return Ok(Type::Dynamic) };
    let prefix = unknown.refinements().prefix.as_deref().unwrap_or_default().trim();
    match prefix.chars().next() {
        None | Some('{' | '[' | 'n') => Ok(Type::Dynamic),
        Some('"') => Ok(Type::String),
        Some('t' | 'f') => Ok(Type::Bool),
        Some('-' | '.' | '0'..='9') => Ok(Type::Number),
        Some(other) => Err(FunctionError::argument(
            0,
            format!("a JSON document cannot begin with the character {other:?}"),
        )),
    }
}

fn decode(_: &FunctionContext<'_>, arguments: &[Value]) -> Result<Value, FunctionError> {
    decode::parse(text(arguments, 0)).map_err(FunctionError::new)
}

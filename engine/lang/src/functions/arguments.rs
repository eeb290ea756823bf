//! Reading arguments that [`super::call`] has converted already.

use kprov_core::{Number, Type, Value};

use super::{Function, FunctionError, Parameter};

/// A parameter that wants a known string.
pub(super) fn string(name: &'static str) -> Parameter {
    Parameter::new(name, Type::String)
}

/// A parameter that wants a known number.
pub(super) fn number(name: &'static str) -> Parameter {
    Parameter::new(name, Type::Number)
}

/// The type function of everything that gives a string.
pub(super) fn gives_string(_: &[Value]) -> Result<Type, FunctionError> {
    Ok(Type::String)
}

/// The type function of everything that gives a bool.
pub(super) fn gives_bool(_: &[Value]) -> Result<Type, FunctionError> {
    Ok(Type::Bool)
}

/// A function from one string to another.
pub(super) fn string_to_string(
    name: &'static str,
    parameter: &'static str,
    description: &'static str,
    call: super::Code,
) -> Function {
    Function::new(name, description, gives_string, call).with(string(parameter))
}

/// The text of a string argument. The parameter's type and flags guarantee that it is one.
pub(super) fn text(arguments: &[Value], index: usize) -> &str {
    arguments.get(index).and_then(Value::as_str).unwrap_or_default()
}

/// A number argument as a machine integer.
pub(super) fn whole(arguments: &[Value], index: usize) -> Result<i64, FunctionError> {
    arguments.get(index).and_then(Value::as_number).and_then(Number::to_i64).ok_or_else(|| {
        FunctionError::new(format!(
            "value must be a whole number, between {} and {}",
            i64::MIN,
            i64::MAX
        ))
    })
}

//! [`signature`]: what `metadata functions -json` prints of a function.

use kprov_core::{Type, Value};

use super::{Function, Parameter, lookup};

/// A function's signature, as far as it can be told without arguments.
#[derive(Clone, Debug)]
pub struct Signature {
    /// `upper`
    pub name: &'static str,
    /// One sentence.
    pub description: &'static str,
    /// Type of the result; `Dynamic` where it depends on the arguments.
    pub return_type: Type,
    /// Positional parameters.
    pub parameters: &'static [Parameter],
    /// Takes any number more of these.
    pub variadic_parameter: Option<&'static Parameter>,
}

/// The signature of a function; `core::` in front of the name is accepted.
pub fn signature(name: &str) -> Option<Signature> {
    let function = lookup(name)?;
    Some(Signature {
        name: function.name,
        description: function.description,
        return_type: return_type(function),
        parameters: &function.parameters,
        variadic_parameter: function.variadic.as_ref(),
    })
}

/// The type of the result where of the arguments only the parameters' types are known.
fn return_type(function: &Function) -> Type {
    let all = || function.parameters.iter().chain(&function.variadic);
    if all().any(|parameter| parameter.ty == Type::Dynamic && !parameter.allow_dynamic) {
        return Type::Dynamic;
    }
    let arguments: Vec<Value> =
        all().map(|parameter| Value::unknown(parameter.ty.clone())).collect();
    (function.returns)(&arguments).unwrap_or(Type::Dynamic)
}

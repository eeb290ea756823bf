//! `yamlencode` and `yamldecode`.

mod decode;
mod encode;
mod scalar;
#[cfg(test)]
mod tests;

use kprov_core::{Type, Value};

use super::arguments::{gives_string, string, text};
use super::{Function, FunctionError, Parameter};

pub(super) fn functions() -> Vec<Function> {
    vec![
        Function::new(
            "yamldecode",
            "Reads YAML and gives the value it describes.",
            |_| Ok(Type::Dynamic),
            |_, arguments| decode::parse(text(arguments, 0)).map_err(FunctionError::new),
        )
        .with(string("src"))
        .nullable(),
        Function::new("yamlencode", "Writes a value as YAML.", gives_string, |_, arguments| {
            let value = &arguments[0];
            if !value.is_wholly_known() {
                return Ok(Value::unknown(Type::String));
            }
            encode::to_text(value).map(Value::string).map_err(FunctionError::new)
        })
        .with(Parameter::new("value", Type::Dynamic).null().unknown().dynamic()),
    ]
}

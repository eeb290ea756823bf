//! `uuid` and `uuidv5`.

#[cfg(test)]
mod tests;

use kprov_core::{Type, Value};
use uuid::Uuid;

use super::arguments::{gives_string, string, text};
use super::redact::data;
use super::{Function, FunctionContext, FunctionError};

type Outcome = Result<Value, FunctionError>;

pub(super) fn functions() -> Vec<Function> {
    vec![
        Function::new("uuid", "Makes a random UUID.", gives_string, random),
        Function::new(
            "uuidv5",
            "Gives the version 5 UUID of a name within a namespace.",
            gives_string,
            version_5,
        )
        .with(string("namespace"))
        .with(string("name")),
    ]
}

fn random(context: &FunctionContext<'_>, _: &[Value]) -> Outcome {
    if context.pure_only {
        return Ok(Value::unknown(Type::String));
    }
    Ok(Value::string(context.host.uuid()))
}

fn version_5(_: &FunctionContext<'_>, arguments: &[Value]) -> Outcome {
    let namespace = match text(arguments, 0) {
        "dns" => Uuid::NAMESPACE_DNS,
        "url" => Uuid::NAMESPACE_URL,
        "oid" => Uuid::NAMESPACE_OID,
        "x500" => Uuid::NAMESPACE_X500,
        other => parse(other).map_err(|reason| {
            FunctionError::new(format!(
                "uuidv5() doesn't support namespace {} ({reason})",
                data(other)
            ))
        })?,
    };
    Ok(Value::string(Uuid::new_v5(&namespace, text(arguments, 1).as_bytes()).to_string()))
}

/// The four ways to write a UUID: plain, `{...}`, `urn:uuid:...`, or 32 digits.
fn parse(text: &str) -> Result<Uuid, String> {
    let digits = match text.len() {
        32 | 36 => text,
        38 => text.get(1..37).unwrap_or_default(),
        45 if text.get(..9).is_some_and(|scheme| scheme.eq_ignore_ascii_case("urn:uuid:")) => {
            text.get(9..).unwrap_or_default()
        }
        45 => return Err(format!("invalid urn prefix: {:?}", text.get(..9).unwrap_or_default())),
        length => return Err(format!("invalid UUID length: {length}")),
    };
    Uuid::try_parse(digits).map_err(|_| "invalid UUID format".to_owned())
}

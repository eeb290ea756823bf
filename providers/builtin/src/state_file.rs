//! Outputs of a Terraform state file, format version 4. Of the rest of the file nothing is asked.

use std::collections::BTreeMap;

use kprov_core::value::{from_json, type_from_json};
use kprov_core::{Str, Value};
use serde_json::{Map, Value as Json};

/// The outputs in `bytes`, without marks: Terraform forgets which were sensitive, too.
///
/// # Errors
/// A sentence for people; never a value.
pub(crate) fn outputs(bytes: &[u8]) -> Result<BTreeMap<Str, Value>, String> {
    let state: Json = serde_json::from_slice(bytes).map_err(|error| {
        let place = format!("line {}, column {}", error.line(), error.column());
        format!(
            "The state file could not be parsed as JSON: {:?} error at {place}.",
            error.classify()
        )
    })?;
    let Some(version) = state.get("version") else {
        return Err("The state file does not have a \"version\" attribute, which is required to \
                    identify the format version."
            .to_owned());
    };
    match version.as_u64() {
        Some(4) => {}
        Some(version @ 0..4) => {
            return Err(format!(
                "The state file uses format version {version}. Format 4 is the only one that can be \
                 read; apply the other configuration once with Terraform 0.12 or later."
            ));
        }
        _ => {
            return Err(
                "The state file uses a format version that is not known here; format 4 is \
                        the only one that can be read. It may be of a newer version of Terraform."
                    .to_owned(),
            );
        }
    }
    match state.get("outputs") {
        None | Some(Json::Null) => Ok(BTreeMap::new()),
        Some(Json::Object(outputs)) => read_outputs(outputs),
        Some(_) => Err("The \"outputs\" of the state file are not an object.".to_owned()),
    }
}

fn read_outputs(outputs: &Map<String, Json>) -> Result<BTreeMap<Str, Value>, String> {
    let read = |(name, output): (&String, &Json)| {
        let ty = output.get("type").and_then(type_from_json);
        let ty = ty.ok_or_else(|| format!("The output {name:?} has no valid type."))?;
        let value = output.get("value").unwrap_or(&Json::Null);
        let value = from_json(value, &ty).map_err(|error| {
            format!("The output {name:?} has a value that is not of its type{}.", at(&error.path))
        })?;
        Ok((Str::from(name), value))
    };
    outputs.iter().map(read).collect()
}

fn at(path: &kprov_core::Path) -> String {
    if path.0.is_empty() { String::new() } else { format!(", at {path}") }
}

//! `metadata functions -json` (format 1.0).

use kprov_core::value::type_to_json;
use kprov_lang::functions::{Parameter, names, signature};
use serde_json::{Map, Value as Json, json};

/// Signatures of all functions.
pub fn functions_json() -> Json {
    let mut all = Map::new();
    for name in names() {
        let Some(signature) = signature(name) else { continue };
        let mut out = Map::new();
        out.insert("description".to_owned(), json!(signature.description));
        out.insert("return_type".to_owned(), type_to_json(&signature.return_type));
        if !signature.parameters.is_empty() {
            let parameters = signature.parameters.iter().map(parameter).collect();
            out.insert("parameters".to_owned(), Json::Array(parameters));
        }
        if let Some(variadic) = &signature.variadic_parameter {
            out.insert("variadic_parameter".to_owned(), parameter(variadic));
        }
        all.insert(signature.name.to_owned(), Json::Object(out));
    }
    json!({"format_version": "1.0", "function_signatures": all})
}

fn parameter(parameter: &Parameter) -> Json {
    let mut out = Map::new();
    out.insert("name".to_owned(), json!(parameter.name));
    if parameter.allow_null {
        out.insert("is_nullable".to_owned(), json!(true));
    }
    out.insert("type".to_owned(), type_to_json(&parameter.ty));
    Json::Object(out)
}

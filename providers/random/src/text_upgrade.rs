//! Stored objects of older versions of the two text types.
//!
//! What was added since, and what old imports left null, gets the value that replaces nothing.

use kprov_provider::ProviderError;
use serde_json::{Map, Value as Json};

/// The object with all that `random_string` has now.
pub(crate) fn upgrade(stored: &str) -> Result<Map<String, Json>, ProviderError> {
    let Ok(Json::Object(mut object)) = serde_json::from_str(stored) else {
        return Err(ProviderError::rejected(
            "Failed to upgrade stored object",
            "The stored object is not a JSON object.",
        ));
    };
    let length = object.get("result").and_then(Json::as_str).map(|text| text.chars().count());
    let mut default = |name: &str, value: Json| {
        let slot = object.entry(name).or_insert(Json::Null);
        if slot.is_null() {
            *slot = value;
        }
        slot.clone()
    };
    default("length", length.map_or(Json::Null, Json::from));
    for name in ["special", "upper", "lower"] {
        default(name, Json::Bool(true));
    }
    for name in ["min_numeric", "min_upper", "min_lower", "min_special"] {
        default(name, Json::from(0));
    }
    for name in ["keepers", "override_special"] {
        default(name, Json::Null);
    }
    let number = default("number", Json::Bool(true));
    default("numeric", number);
    Ok(object)
}

/// As text.
pub(crate) fn to_text(object: Map<String, Json>) -> String {
    Json::Object(object).to_string()
}

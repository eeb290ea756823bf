//! Values with unknowns and marks as Terraform's plan JSON shows them: the known part, and two
//! shadows of booleans saying what is unknown and what is sensitive.

use kprov_core::{Entries, Marks, Type, Value, value};
use serde_json::{Map, Value as Json};

/// The value as JSON, marks dropped. Unknown attributes are left out, unknown items are null (their
/// place in the list matters). `None`: all of it is unknown.
pub(super) fn known_part(value: &Value) -> Option<Json> {
    let of_entries = |entries: &Entries| {
        let known = |(name, item): &(kprov_core::Str, Value)| {
            known_part(item).map(|json| (name.as_str().to_owned(), json))
        };
        Json::Object(entries.iter().filter_map(known).collect::<Map<_, _>>())
    };
    let of_items = |items: &[Value]| {
        Json::Array(items.iter().map(|item| known_part(item).unwrap_or(Json::Null)).collect())
    };
    match value.bare() {
        Value::Unknown(_) => None,
        Value::Null(_) => Some(Json::Null),
        Value::List(list) => Some(of_items(list.items())),
        Value::Set(set) => Some(of_items(set.items())),
        Value::Tuple(items) => Some(of_items(items)),
        Value::Map(map) => Some(of_entries(map.entries())),
        Value::Object(entries) => Some(of_entries(entries)),
        Value::Bool(truth) => Some(Json::Bool(*truth)),
        Value::String(text) => Some(Json::String(text.as_str().to_owned())),
        number => Some(value::to_json(number, &Type::Number).unwrap_or(Json::Null)),
    }
}

/// What is unknown: true, false, or the same shape with true where something is. Attributes without
/// anything unknown are left out.
pub(super) fn unknown_shadow(value: &Value) -> Json {
    shadow(value, &|part| match part {
        Value::Unknown(_) => Some(Json::Bool(true)),
        _ => None,
    })
}

/// What is sensitive, in the same form. Of an unknown collection nothing can be said: it is empty.
pub(super) fn sensitive_shadow(value: &Value) -> Json {
    shadow(value, &|part| {
        if part.marks().contains(Marks::SENSITIVE) {
            return Some(Json::Bool(true));
        }
        let Value::Unknown(unknown) = part.bare() else { return None };
        Some(match unknown.ty() {
            Type::List(_) | Type::Set(_) | Type::Tuple(_) => Json::Array(Vec::new()),
            Type::Map(_) | Type::Object(_) => Json::Object(Map::new()),
            Type::Dynamic | Type::Bool | Type::Number | Type::String => Json::Bool(false),
        })
    })
}

fn shadow(value: &Value, decide: &dyn Fn(&Value) -> Option<Json>) -> Json {
    if let Some(decided) = decide(value).or_else(|| decide(value.bare())) {
        return decided;
    }
    let of_entries = |entries: &Entries| {
        let inner = entries.iter().map(|(name, item)| (name.to_string(), shadow(item, decide)));
        Json::Object(inner.filter(|(_, json)| *json != Json::Bool(false)).collect())
    };
    let of_items =
        |items: &[Value]| Json::Array(items.iter().map(|item| shadow(item, decide)).collect());
    match value.bare() {
        Value::List(list) => of_items(list.items()),
        Value::Set(set) => of_items(set.items()),
        Value::Tuple(items) => of_items(items),
        Value::Map(map) => of_entries(map.entries()),
        Value::Object(entries) => of_entries(entries),
        _ => Json::Bool(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn shadows_follow_the_shape_of_the_value() {
        let unknown = Value::unknown(Type::String);
        let secret = Value::from("x").with_marks(Marks::SENSITIVE);
        let value = Value::object([
            ("id", unknown.clone()),
            ("list", Value::tuple([Value::int(1), unknown, secret.clone()])),
            ("known", Value::from("k")),
            ("empty", Value::tuple([])),
            ("later", Value::unknown(Type::list(Type::String))),
            ("secret", secret),
        ]);
        assert_eq!(
            known_part(&value),
            Some(json!({"list": [1, null, "x"], "known": "k", "empty": [], "secret": "x"}))
        );
        let unknown = json!({"id": true, "list": [false, true, false], "empty": [], "later": true});
        assert_eq!(unknown_shadow(&value), unknown);
        assert_eq!(
            sensitive_shadow(&value),
            json!({"list": [false, false, true], "empty": [], "later": [], "secret": true})
        );
    }
}

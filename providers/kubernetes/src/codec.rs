//! Between values and the JSON of the API, by type: `non_resource_urls` is `nonResourceURLs`, the block `rule` is an
//! item of the list `rules`, a block that stands once is an object.

use kprov_core::value::{from_json, implied_type, to_json};
use kprov_core::{Str, Type, Value};
use serde_json::{Map, Value as Json};

/// Names that are not just written otherwise, of blocks.
const BLOCKS: [(&str, &str); 5] = [
    ("image_pull_secret", "imagePullSecrets"),
    ("port", "ports"),
    ("rule", "rules"),
    ("secret", "secrets"),
    ("subject", "subjects"),
];
/// And of attributes.
const ATTRIBUTES: [(&str, &str); 11] = [
    ("boot_id", "bootID"),
    ("client_ip", "clientIP"),
    ("cluster_ip", "clusterIP"),
    ("cluster_ips", "clusterIPs"),
    ("external_ips", "externalIPs"),
    ("load_balancer_ip", "loadBalancerIP"),
    ("machine_id", "machineID"),
    ("non_resource_urls", "nonResourceURLs"),
    ("pod_cidr", "podCIDR"),
    ("pod_cidrs", "podCIDRs"),
    ("provider_id", "providerID"),
];
/// Blocks that are one object.
const SINGLE: [&str; 2] = ["aggregation_rule", "role_ref"];

fn is_blocks(ty: &Type) -> bool {
    ty.element().is_some_and(|element| matches!(element, Type::Object(_)))
}

/// The API's name of an attribute or block.
pub(crate) fn json_name(name: &str, ty: &Type) -> String {
    let table: &[(&str, &str)] = if is_blocks(ty) { &BLOCKS } else { &ATTRIBUTES };
    if let Some((_, special)) = table.iter().chain(&ATTRIBUTES).find(|(known, _)| *known == name) {
        return (*special).to_owned();
    }
    if name == "system_uuid" {
        return "systemUUID".to_owned();
    }
    let mut parts = name.split('_');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let mut letters = part.chars();
        text.extend(letters.next().into_iter().flat_map(char::to_uppercase));
        text.push_str(letters.as_str());
    }
    text
}

/// A known value as the API writes it. What is null or not known is left out.
pub(crate) fn write(name: &str, value: &Value) -> Option<Json> {
    let value = value.bare();
    if value.is_null() || !value.is_known() {
        return None;
    }
    match value {
        Value::Object(entries) => Some(Json::Object(
            entries
                .iter()
                .filter_map(|(name, value)| {
                    Some((json_name(name, &value.ty()), write(name, value)?))
                })
                .collect::<Map<_, _>>(),
        )),
        Value::List(_) | Value::Set(_) | Value::Tuple(_) => {
            let items: Vec<Json> =
                value.as_items().into_iter().flatten().filter_map(|item| write("", item)).collect();
            if !is_blocks(&value.ty()) {
                return Some(Json::Array(items));
            }
            match SINGLE.contains(&name) {
                true => items.into_iter().next(),
                false => (!items.is_empty()).then_some(Json::Array(items)),
            }
        }
        other => to_json(other, &other.ty()).ok(),
    }
}

/// A value of that type. What is not there is null, or no blocks.
pub(crate) fn read(json: &Json, ty: &Type) -> Value {
    match ty {
        Type::List(element) | Type::Set(element) => {
            let items: Vec<Value> = match json {
                Json::Array(items) => items.iter().map(|item| read(item, element)).collect(),
                Json::Object(_) if is_blocks(ty) => vec![read(json, element)],
                _ if is_blocks(ty) => Vec::new(),
                _ => return Value::Null(ty.clone()),
            };
            match ty {
                Type::Set(_) => Value::set((**element).clone(), items),
                _ => Value::list((**element).clone(), items),
            }
        }
        _ if json.is_null() => Value::Null(ty.clone()),
        Type::Object(object) => Value::object(
            object
                .attributes()
                .iter()
                .map(|(name, ty)| (name.clone(), read(&json[json_name(name, ty).as_str()], ty))),
        ),
        Type::Map(element) => {
            let entries = json.as_object().into_iter().flatten();
            let entries = entries.map(|(key, item)| (Str::from(key), read(item, element)));
            Value::map((**element).clone(), entries.collect())
        }
        Type::Dynamic => from_json(json, &implied_type(json)).unwrap_or(Value::NULL),
        _ => from_json(json, ty).unwrap_or(Value::Null(ty.clone())),
    }
}

/// As the API leaves out what is empty, `live` is spelled as in `reference` where both say the same.
pub(crate) fn spelled(live: &Value, reference: &Value) -> Value {
    if is_empty(live) && is_empty(reference) && reference.is_known() {
        return reference.clone();
    }
    match (live, reference) {
        (Value::Object(live), Value::Object(reference)) => {
            Value::object(live.iter().map(|(name, value)| {
                let value =
                    reference.get(name).map_or_else(|| value.clone(), |r| spelled(value, r));
                (name.clone(), value)
            }))
        }
        (Value::List(list), Value::List(reference))
            if list.items().len() == reference.items().len() =>
        {
            let items = list.items().iter().zip(reference.items()).map(|(a, b)| spelled(a, b));
            Value::list(list.element().clone(), items.collect())
        }
        _ => live.clone(),
    }
}

fn is_empty(value: &Value) -> bool {
    value.is_null()
        || value.as_str() == Some("")
        || value.as_items().is_some_and(<[Value]>::is_empty)
        || matches!(value, Value::Map(map) if map.entries().is_empty())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_are_the_apis() {
        let blocks = Type::list(Type::object([("a", Type::String)]));
        assert_eq!(json_name("rule", &blocks), "rules");
        assert_eq!(json_name("port", &Type::Number), "port");
        assert_eq!(json_name("non_resource_urls", &Type::list(Type::String)), "nonResourceURLs");
        assert_eq!(
            json_name("automount_service_account_token", &Type::Bool),
            "automountServiceAccountToken"
        );
    }

    #[test]
    fn what_is_written_is_read() {
        let reference = Type::object([("kind", Type::String), ("api_group", Type::String)]);
        let ty = Type::object([("role_ref", Type::list(reference.clone()))]);
        let role = Value::object([
            ("kind", Value::string("Role")),
            ("api_group", Value::Null(Type::String)),
        ]);
        let value = Value::object([("role_ref", Value::list(reference, vec![role]))]);
        let json = write("", &value).expect("known");
        assert_eq!(json, json!({"roleRef": {"kind": "Role"}}));
        assert_eq!(read(&json, &ty), value);
    }
}

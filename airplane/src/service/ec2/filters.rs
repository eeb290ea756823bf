//! Filters of describes: names map to paths in the answer, values may hold `*` and `?`, tags work everywhere.
use crate::around::call::Call;
use crate::around::faults::glob;
use crate::wire::fault::Fault;
use serde_json::Value;

/// A filter's name, and the members that lead to its values; lists on the way are looked through.
pub(crate) type FilterMap = &'static [(&'static str, &'static str)];

/// Keeps the items that every filter of the call accepts.
pub(crate) fn apply(
    call: &Call<'_>,
    map: FilterMap,
    items: Vec<Value>,
) -> Result<Vec<Value>, Fault> {
    let mut rules = Vec::new();
    for filter in call.list("Filters") {
        let name = filter["Name"].as_str().unwrap_or_default().to_owned();
        let texts = filter["Values"].as_array().cloned().unwrap_or_default();
        let values: Vec<String> =
            texts.iter().filter_map(|v| v.as_str().map(str::to_owned)).collect();
        let path = map.iter().find(|(n, _)| *n == name).map(|(_, p)| *p);
        if path.is_none()
            && !name.starts_with("tag:")
            && !matches!(name.as_str(), "tag-key" | "tag-value")
        {
            return Err(Fault::new(
                "InvalidParameterValue",
                format!("The filter '{name}' is invalid"),
            ));
        }
        if values.is_empty() {
            let message = format!("The filter '{name}' has no values");
            return Err(Fault::new("InvalidParameterValue", message));
        }
        rules.push((name, path, values));
    }
    let accepts = |item: &Value| {
        rules.iter().all(|(name, path, values)| {
            found(item, name, *path)
                .iter()
                .any(|text| values.iter().any(|pattern| glob(pattern, text)))
        })
    };
    Ok(items.into_iter().filter(accepts).collect())
}

fn found(item: &Value, name: &str, path: Option<&str>) -> Vec<String> {
    let mut out = Vec::new();
    if let Some(path) = path {
        walk(item, path, &mut out);
        return out;
    }
    let (want, member) = match (name.strip_prefix("tag:"), name) {
        (Some(key), _) => (Some(key), "Value"),
        (_, "tag-key") => (None, "Key"),
        _ => (None, "Value"),
    };
    for tag in item["Tags"].as_array().into_iter().flatten() {
        if want.is_none_or(|key| tag["Key"] == key) {
            out.extend(tag[member].as_str().map(str::to_owned));
        }
    }
    out
}

fn walk(value: &Value, path: &str, out: &mut Vec<String>) {
    if let Value::Array(items) = value {
        items.iter().for_each(|item| walk(item, path, out));
        return;
    }
    if path.is_empty() {
        match value {
            Value::String(s) => out.push(s.clone()),
            Value::Null => {}
            other => out.push(other.to_string()),
        }
        return;
    }
    let (head, rest) = path.split_once('.').unwrap_or((path, ""));
    walk(&value[head], rest, out);
}

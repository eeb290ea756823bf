//! Functions of the provider: `provider::kubernetes::deep_merge`.

use kprov_core::{Str, Value};

/// `None` where there is no such function.
pub(crate) fn call(name: &str, arguments: &[Value]) -> Option<Result<Value, String>> {
    (name == "deep_merge").then(|| match arguments {
        [] => Err("deep_merge needs a manifest and what to change in it".to_owned()),
        [first, rest @ ..] => {
            Ok(rest.iter().fold(first.clone(), |base, over| deep_merge(&base, over)))
        }
    })
}

/// `over` counts more. Objects are merged by name, lists of objects with names by these (containers, ports, variables),
/// anything else is replaced; null takes a field off.
fn deep_merge(base: &Value, over: &Value) -> Value {
    match (base.as_entries(), over.as_entries()) {
        (Some(before), Some(changes)) => {
            let mut all: Vec<(Str, Value)> = Vec::new();
            for (name, value) in before.iter() {
                match changes.get(name) {
                    Some(change) if change.is_null() => {}
                    Some(change) => all.push((name.clone(), deep_merge(value, change))),
                    None => all.push((name.clone(), value.clone())),
                }
            }
            let new = changes
                .iter()
                .filter(|(name, value)| before.get(name).is_none() && !value.is_null());
            all.extend(new.cloned());
            Value::object(all)
        }
        _ if over.is_null() => base.clone(),
        _ => match (named(base), named(over)) {
            (Some(before), Some(changes)) => {
                let mut all: Vec<Value> = Vec::new();
                for (name, item) in &before {
                    let change = changes.iter().find(|(changed, _)| changed == name);
                    all.push(
                        change.map_or_else(|| item.clone(), |(_, change)| deep_merge(item, change)),
                    );
                }
                let new = changes
                    .iter()
                    .filter(|(name, _)| before.iter().all(|(known, _)| known != name));
                all.extend(new.map(|(_, item)| item.clone()));
                Value::tuple(all)
            }
            _ => over.clone(),
        },
    }
}

/// Items by their names, where all have one.
fn named(list: &Value) -> Option<Vec<(String, Value)>> {
    let items = list.as_items().filter(|items| !items.is_empty())?;
    items.iter().map(|item| Some((item.get("name")?.as_str()?.to_owned(), item.clone()))).collect()
}

#[cfg(test)]
mod tests {
    use kprov_core::value::{from_json, implied_type};
    use serde_json::{Value as Json, json};

    use super::*;

    fn any(json: Json) -> Value {
        from_json(&json, &implied_type(&json)).expect("a value")
    }

    #[test]
    fn changes_go_deep() {
        let base = json!({"a": 1, "b": {"c": [1, 2], "d": "x"}, "containers": [
            {"name": "x", "image": "i", "args": ["-a"]}, {"name": "y"}]});
        let over = json!({"b": {"c": [3], "d": null}, "e": {"f": null}, "containers": [
            {"name": "x", "args": ["-b"]}, {"name": "z"}]});
        let expect = json!({"a": 1, "b": {"c": [3]}, "e": {"f": null}, "containers": [
            {"name": "x", "image": "i", "args": ["-b"]}, {"name": "y"}, {"name": "z"}]});
        let merged =
            call("deep_merge", &[any(base.clone()), any(over), Value::NULL]).expect("a function");
        assert_eq!(merged, Ok(any(expect)));
        let same = call("deep_merge", &[any(base.clone()), any(json!({}))]).expect("a function");
        assert_eq!(same, Ok(any(base)));
        assert!(call("deep_merge", &[]).expect("a function").is_err());
        assert!(call("other", &[]).is_none());
    }
}

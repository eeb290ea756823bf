//! What of a live object is a manifest's: pure.
//!
//! A manifest names the fields that it owns. [`Live::as_manifest`] gives the manifest as the live object has it: where a
//! field is as it was when it was applied, the manifest's own spelling (`1000m`, though the server says `1`), else what
//! is there now. Defaults by the server and fields of others are not in it. Items of lists are told by the keys that
//! the server itself goes by (`managedFields`).

use kprov_core::value::{from_json, implied_type, to_json};
use kprov_core::{Str, Value};
use serde_json::{Map, Value as Json, json};
use sha2::{Digest, Sha256};

use crate::failure::steps;
use crate::objects::MADE_BY;

/// A live object, without what only the server writes.
#[derive(Clone, Debug)]
pub(crate) struct Live {
    pub(crate) object: Json,
    /// Fields of all owners, as one tree.
    fields: Json,
    managers: Vec<(String, Json)>,
}

/// Counters that controllers keep in annotations.
const REVISION: &str = "deployment.kubernetes.io/revision";
const TEMPLATE: &str = "deprecated.daemonset.template.generation";

const SERVERS_OWN: [&str; 6] =
    ["creationTimestamp", "generation", "managedFields", "resourceVersion", "selfLink", "uid"];

/// What stands for a secret: the same for the same bytes, and nothing to read.
fn fingerprint(text: &str) -> String {
    let digest = Sha256::digest(text.as_bytes());
    let hex: String = digest.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{hex}")
}

impl Live {
    pub(crate) fn new(raw: Json) -> Live {
        let mut object = raw;
        let mut fields = json!({});
        let mut managers = Vec::new();
        for entry in object["metadata"]["managedFields"].as_array().into_iter().flatten() {
            merge(&mut fields, &entry["fieldsV1"]);
            if entry["operation"] == "Apply" {
                let name = entry["manager"].as_str().unwrap_or_default().to_owned();
                managers.push((name, entry["fieldsV1"].clone()));
            }
        }
        let is_secret = object["kind"] == "Secret" && object["apiVersion"] == "v1";
        if let Some(entries) = object.as_object_mut() {
            entries.remove("status");
        }
        if let Some(metadata) = object["metadata"].as_object_mut() {
            for name in SERVERS_OWN {
                metadata.remove(name);
            }
            if let Some(annotations) = metadata.get_mut("annotations").and_then(Json::as_object_mut)
            {
                for name in [MADE_BY, REVISION, TEMPLATE] {
                    annotations.remove(name);
                }
                if annotations.is_empty() {
                    metadata.remove("annotations");
                }
            }
        }
        if let Some(data) =
            object.get_mut("data").and_then(Json::as_object_mut).filter(|_| is_secret)
        {
            for value in data.values_mut() {
                *value = Json::from(fingerprint(value.as_str().unwrap_or_default()));
            }
        }
        Live { object, fields, managers }
    }

    /// The attribute `object`.
    pub(crate) fn value(&self) -> Value {
        any(&self.object)
    }

    /// `manifest` as it is here; `applied` is `object` as of its apply, where known.
    pub(crate) fn as_manifest(
        &self,
        manifest: &Value,
        applied: Option<&Json>,
        ignored: &[String],
    ) -> Value {
        let ignored = ignored.iter().map(|path| names(path)).collect::<Vec<_>>();
        let look = Look { ignored: &ignored };
        look.project(manifest, applied, &self.object, &self.fields, &mut Vec::new())
    }

    /// A manifest for an object that has none yet: what `managers` applied, or else all.
    pub(crate) fn adopted(&self, managers: &[&str]) -> Value {
        let own = self.managers.iter().find(|(name, _)| managers.contains(&name.as_str()));
        let Some((_, fields)) = own else { return self.value() };
        let mut object = owned(&self.object, fields);
        for name in ["apiVersion", "kind"] {
            object[name] = self.object[name].clone();
        }
        for name in ["name", "namespace"] {
            if !self.object["metadata"][name].is_null() {
                object["metadata"][name] = self.object["metadata"][name].clone();
            }
        }
        if let Some(annotations) = object["metadata"]["annotations"].as_object()
            && annotations.is_empty()
            && let Some(metadata) = object["metadata"].as_object_mut()
        {
            metadata.remove("annotations");
        }
        any(&object)
    }
}

fn any(json: &Json) -> Value {
    from_json(json, &implied_type(json)).unwrap_or(Value::NULL)
}

fn names(path: &str) -> Vec<String> {
    steps(path).iter().filter_map(|step| Some(step.to_value().as_str()?.to_owned())).collect()
}

fn merge(into: &mut Json, from: &Json) {
    let (Some(into), Some(from)) = (into.as_object_mut(), from.as_object()) else { return };
    for (key, value) in from {
        merge(into.entry(key.clone()).or_insert_with(|| json!({})), value);
    }
}

/// The part of an object that a set of fields names.
fn owned(object: &Json, fields: &Json) -> Json {
    let Some(fields) = fields.as_object().filter(|fields| fields.keys().any(|key| key != "."))
    else {
        return object.clone();
    };
    match object {
        Json::Object(entries) => {
            let part = entries.iter().filter_map(|(key, value)| {
                let field = fields.get(&format!("f:{key}"))?;
                Some((key.clone(), owned(value, field)))
            });
            Json::Object(part.collect::<Map<_, _>>())
        }
        Json::Array(items) => {
            let part = items.iter().filter_map(|item| {
                let field = fields.iter().find(|(key, _)| is_item(key, item))?;
                Some(owned(item, field.1))
            });
            Json::Array(part.collect())
        }
        other => other.clone(),
    }
}

/// Does `k:{"name":"x"}` or `v:"x"` name that item?
fn is_item(key: &str, item: &Json) -> bool {
    if let Some(text) = key.strip_prefix("v:") {
        return serde_json::from_str::<Json>(text).is_ok_and(|value| value == *item);
    }
    let Some(keys) =
        key.strip_prefix("k:").and_then(|text| serde_json::from_str::<Json>(text).ok())
    else {
        return false;
    };
    keys.as_object()
        .is_some_and(|keys| keys.iter().all(|(name, value)| item[name.as_str()] == *value))
}

struct Look<'a> {
    ignored: &'a [Vec<String>],
}

impl Look<'_> {
    fn project(
        &self,
        manifest: &Value,
        applied: Option<&Json>,
        live: &Json,
        fields: &Json,
        path: &mut Vec<String>,
    ) -> Value {
        let ignored = self.ignored.iter().any(|ignored| ignored == path);
        if ignored || manifest.is_null() || !manifest.is_known() || applied == Some(live) {
            return manifest.clone();
        }
        match manifest {
            Value::Object(entries) => {
                self.project_entries(manifest, entries.iter(), applied, live, fields, path)
            }
            Value::Map(map) => {
                self.project_entries(manifest, map.entries().iter(), applied, live, fields, path)
            }
            Value::List(_) | Value::Set(_) | Value::Tuple(_) => {
                self.project_items(manifest, applied, live, fields, path)
            }
            scalar => match to_json(scalar, &scalar.ty()) {
                Ok(json) if same(&json, live) => manifest.clone(),
                _ => any(live),
            },
        }
    }

    fn project_entries<'v>(
        &self,
        manifest: &Value,
        entries: impl Iterator<Item = &'v (Str, Value)>,
        applied: Option<&Json>,
        live: &Json,
        fields: &Json,
        path: &mut Vec<String>,
    ) -> Value {
        let Some(live) = live.as_object() else {
            return if live.is_null() && is_empty(manifest) { manifest.clone() } else { any(live) };
        };
        let mut changed = false;
        let mut all = Vec::new();
        for (key, value) in entries {
            let there = live.get(key.as_str());
            let before = applied.map(|applied| applied.get(key.as_str()).unwrap_or(&Json::Null));
            let kept = match (there, before) {
                // What is empty is left out by the server, and what it never shows was not there before either.
                (None, before) if is_empty(value) || before == Some(&Json::Null) => value.clone(),
                (None, _) => {
                    path.push(key.as_str().to_owned());
                    let none = self.project(value, before, &Json::Null, &Json::Null, path);
                    path.pop();
                    none
                }
                (Some(there), before) => {
                    path.push(key.as_str().to_owned());
                    let field = &fields[format!("f:{key}").as_str()];
                    let kept = self.project(value, before, there, field, path);
                    path.pop();
                    kept
                }
            };
            changed |= kept != *value;
            all.push((key.clone(), kept));
        }
        if changed { Value::object(all) } else { manifest.clone() }
    }

    fn project_items(
        &self,
        manifest: &Value,
        applied: Option<&Json>,
        live: &Json,
        fields: &Json,
        path: &mut Vec<String>,
    ) -> Value {
        let items = manifest.as_items().unwrap_or_default();
        let Some(there) = live.as_array() else {
            return if live.is_null() && items.is_empty() { manifest.clone() } else { any(live) };
        };
        let keys: Vec<&String> =
            fields.as_object().into_iter().flatten().map(|(key, _)| key).collect();
        let by_key = keys.iter().find_map(|key| {
            serde_json::from_str::<Map<String, Json>>(key.strip_prefix("k:")?).ok()
        });
        let by_value = keys.iter().any(|key| key.starts_with("v:"));
        if by_key.is_none() && !by_value && items.len() != there.len() {
            return any(live);
        }
        let mut all = Vec::new();
        for (at, item) in items.iter().enumerate() {
            let find = |all: &[Json]| -> Option<Json> {
                let json = to_json(item, &item.ty()).ok()?;
                match &by_key {
                    Some(names) => all
                        .iter()
                        .find(|other| {
                            names.keys().all(|name| {
                                json[name.as_str()].is_null()
                                    || same(&json[name.as_str()], &other[name.as_str()])
                            })
                        })
                        .cloned(),
                    None if by_value => all.iter().find(|other| same(&json, other)).cloned(),
                    None => all.get(at).cloned(),
                }
            };
            let field = find(there).and_then(|found| {
                let (_, field) =
                    fields.as_object()?.iter().find(|(key, _)| is_item(key, &found))?;
                Some(field.clone())
            });
            let before = applied.and_then(|applied| find(applied.as_array()?));
            all.push(match find(there) {
                Some(found) => {
                    self.project(item, before.as_ref(), &found, &field.unwrap_or(Json::Null), path)
                }
                None => Value::NULL,
            });
        }
        if all == items { manifest.clone() } else { Value::tuple(all) }
    }
}

fn is_empty(value: &Value) -> bool {
    value.is_null()
        || value.as_str() == Some("")
        || value.as_items().is_some_and(<[Value]>::is_empty)
        || value.as_entries().is_some_and(|entries| entries.values().all(is_empty))
}

/// Equal, where numbers and their texts are told by the API as it likes.
fn same(wanted: &Json, live: &Json) -> bool {
    let text = |json: &Json| match json {
        Json::Number(number) => Some(number.to_string()),
        Json::String(text) => Some(text.clone()),
        _ => None,
    };
    wanted == live
        || matches!((text(wanted), text(live)), (Some(a), Some(b)) if a == b || fingerprint(&a) == b)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn live(fields: Json, object: Json) -> Live {
        let mut object = object;
        object["metadata"]["managedFields"] =
            json!([{"manager": "kprov", "operation": "Apply", "fieldsV1": fields}]);
        Live::new(object)
    }

    #[test]
    fn defaults_and_spelling_are_no_drift() {
        let manifest =
            any(&json!({"spec": {"cpu": "1000m", "empty": {}, "ports": [{"port": 80}]}}));
        let fields = json!({"f:spec": {"f:cpu": {}, "f:ports": {"k:{\"port\":80,\"protocol\":\"TCP\"}": {"f:port": {}}}}});
        let object = json!({"metadata": {"uid": "1"}, "spec": {"cpu": "1", "ports": [
            {"port": 79, "protocol": "TCP"}, {"port": 80, "protocol": "TCP"}], "more": true}});
        let seen = live(fields, object.clone());
        assert_eq!(seen.as_manifest(&manifest, Some(&seen.object), &[]), manifest);
        let mut other = object;
        other["spec"]["more"] = json!(false);
        let other = live(seen.fields.clone(), other);
        assert_eq!(other.as_manifest(&manifest, Some(&seen.object), &[]), manifest);
    }

    #[test]
    fn what_changed_is_seen_at_its_place() {
        let manifest =
            any(&json!({"data": {"a": "1", "b": "2"}, "list": ["x"], "set": ["m", "n"]}));
        let fields = json!({"f:data": {"f:a": {}}, "f:set": {"v:\"m\"": {}}});
        let seen = live(
            fields,
            json!({"data": {"a": "9", "c": "3"}, "list": ["x", "y"], "set": ["o", "m"]}),
        );
        let expect =
            any(&json!({"data": {"a": "9", "b": null}, "list": ["x", "y"], "set": ["m", null]}));
        assert_eq!(seen.as_manifest(&manifest, None, &[]), expect);
        let ignored =
            ["data.a".to_owned(), "data[b]".to_owned(), "list".to_owned(), "set".to_owned()];
        assert_eq!(seen.as_manifest(&manifest, None, &ignored), manifest);
    }

    #[test]
    fn secrets_are_not_in_it() {
        let secret = |value: &str| {
            live(json!({}), json!({"apiVersion": "v1", "kind": "Secret", "data": {"a": value}}))
        };
        let manifest = any(&json!({"data": {"a": "c2VjcmV0"}}));
        let seen = secret("c2VjcmV0");
        assert!(!seen.object.to_string().contains("c2VjcmV0"));
        assert_eq!(seen.as_manifest(&manifest, None, &[]), manifest);
        let changed = secret("b3RoZXI=").as_manifest(&manifest, Some(&seen.object), &[]);
        assert_ne!(changed, manifest);
        assert!(!format!("{changed:?}").contains("b3RoZXI="));
    }

    #[test]
    fn what_was_applied_is_adopted() {
        let fields = json!({"f:metadata": {"f:labels": {"f:a": {}}}, "f:spec": {"f:items": {"k:{\"name\":\"x\"}": {".": {}, "f:name": {}}}}});
        let object = json!({"apiVersion": "v1", "kind": "K", "metadata": {"name": "n", "labels": {"a": "1", "b": "2"}},
            "spec": {"items": [{"name": "x", "more": 1}, {"name": "y"}], "other": 1}});
        let expect = json!({"apiVersion": "v1", "kind": "K", "metadata": {"name": "n", "labels": {"a": "1"}},
            "spec": {"items": [{"name": "x"}]}});
        assert_eq!(live(fields, object).adopted(&["kprov"]), any(&expect));
    }
}

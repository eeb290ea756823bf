//! Our state as Terraform writes its own.

use std::collections::BTreeMap;

use kprov_core::{InstanceKey, ObjectAddr, ResourceMode};
use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::Closure;
use crate::{ObjectStatus, OutputRecord, State, StateError, StoredObject};

/// The Terraform whose format this is; it is written into the file.
const TERRAFORM: &str = "1.11.4";

/// What one entry of `resources` holds together: module, mode, type, name, provider, as text and in
/// Terraform's order.
type Group<'a> = (String, &'static str, &'a str, &'a str, String);

/// The state as a version 4 file. `closure` is [`super::closure`] of the same state.
///
/// # Errors
/// When something in the state is JSON that cannot be handled: nested too deeply.
pub fn export(state: &State, closure: &Closure) -> Result<Value, StateError> {
    let mut groups: BTreeMap<Group<'_>, Vec<Value>> = BTreeMap::new();
    for (address, object) in &state.objects {
        let instance = instance(address, object, closure)?;
        groups.entry(group(address, object)).or_default().push(instance);
    }
    let resources: Vec<Value> = groups.into_iter().map(resource).collect();
    let mut outputs = Map::new();
    for (name, record) in &state.outputs {
        outputs.insert(name.to_string(), output(name, record)?);
    }
    let checks: Vec<Value> = state
        .checks
        .iter()
        .map(|check| parse("the check results", check))
        .collect::<Result<_, _>>()?;
    Ok(json!({
        "version": 4,
        "terraform_version": TERRAFORM,
        "serial": state.serial,
        "lineage": state.lineage,
        "outputs": outputs,
        "resources": resources,
        "check_results": if checks.is_empty() { Value::Null } else { Value::Array(checks) },
    }))
}

fn group<'a>(address: &'a ObjectAddr, object: &StoredObject) -> Group<'a> {
    let resource = &address.instance.resource;
    let mode = match resource.mode {
        ResourceMode::Data => "data",
        ResourceMode::Ephemeral => "ephemeral",
        ResourceMode::Managed => "managed",
    };
    let module = address.instance.module.to_string();
    (module, mode, &resource.ty, &resource.name, object.provider.to_string())
}

fn resource(((module, mode, ty, name, provider), instances): (Group<'_>, Vec<Value>)) -> Value {
    let mut map = Map::new();
    if !module.is_empty() {
        map.insert("module".to_owned(), module.into());
    }
    map.insert("mode".to_owned(), mode.into());
    map.insert("type".to_owned(), ty.into());
    map.insert("name".to_owned(), name.into());
    map.insert("provider".to_owned(), provider.into());
    map.insert("instances".to_owned(), Value::Array(instances));
    Value::Object(map)
}

fn instance(
    address: &ObjectAddr,
    object: &StoredObject,
    closure: &Closure,
) -> Result<Value, StateError> {
    let mut map = Map::new();
    let mut put = |name: &str, value: Value| map.insert(name.to_owned(), value);
    match &address.instance.key {
        InstanceKey::None => None,
        InstanceKey::Int(index) => put("index_key", (*index).into()),
        InstanceKey::String(key) => put("index_key", key.as_str().into()),
    };
    if object.status == ObjectStatus::Tainted {
        put("status", "tainted".into());
    }
    if let Some(key) = &address.deposed {
        put("deposed", key.0.as_str().into());
    }
    put("schema_version", object.schema_version.into());
    put("attributes", parse(&address.to_string(), &object.attributes)?);
    let sensitive = match &object.sensitive_paths {
        Some(paths) => parse(&address.to_string(), paths)?,
        None => Value::Array(Vec::new()),
    };
    put("sensitive_attributes", sensitive);
    if !object.private.is_empty() {
        put("private", crate::bytes::encode(&object.private).into());
    }
    let dependencies: Vec<Value> = closure.texts(address, object).map(Value::from).collect();
    if !dependencies.is_empty() {
        put("dependencies", Value::Array(dependencies));
    }
    if object.create_before_destroy {
        put("create_before_destroy", true.into());
    }
    Ok(Value::Object(map))
}

fn output(name: &str, record: &OutputRecord) -> Result<Value, StateError> {
    let subject = format!("output {name:?}");
    let mut map = Map::new();
    map.insert("value".to_owned(), parse(&subject, &record.value)?);
    map.insert("type".to_owned(), parse(&subject, &record.ty)?);
    if record.sensitive {
        map.insert("sensitive".to_owned(), true.into());
    }
    Ok(Value::Object(map))
}

fn parse(subject: &str, raw: &RawValue) -> Result<Value, StateError> {
    serde_json::from_str(raw.get()).map_err(|error| {
        // Neither the value nor serde's message, which may quote it.
        let line = error.line();
        let what = format!("{subject} cannot be written as JSON: nested too deeply (line {line})");
        StateError::NotTerraformState(what)
    })
}

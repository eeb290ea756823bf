//! What is stored of an object, an output and a check: from the engine's values to the state's rows.

use kprov_core::{InstanceAddr, Marks, Path, Str, Value, value};
use kprov_plan::{Change, CheckKind, CheckObject, CheckReport, CheckStatus, mark_by_schema};
use kprov_provider::Registry;
use kprov_state::{CheckRecord, ObjectStatus, OutputRecord, StoredObject};
use serde_json::json;

use crate::stored::{self, StoredTypes};

/// Everything of an object but its content.
pub(crate) fn shell(
    registry: &Registry,
    change: &Change,
    status: ObjectStatus,
    sensitive: &[Path],
) -> Result<StoredObject, String> {
    let schema = stored::stored_schema(registry, &change.provider, &change.addr.resource)?;
    let sensitive_paths = match sensitive {
        [] => None,
        paths => Some(stored::raw(&paths.iter().map(stored::path_to_json).collect())?),
    };
    Ok(StoredObject {
        provider: change.provider.clone(),
        schema_version: schema.version,
        attributes: stored::raw(&json!({}))?,
        sensitive_paths,
        status,
        dependencies: change.dependencies.clone(),
        create_before_destroy: change.create_before_destroy,
        private: Vec::new(),
    })
}

/// `shell` with a content; the content's marks and the schema say what is sensitive.
pub(crate) fn filled(
    registry: &Registry,
    types: &mut StoredTypes,
    instance: &InstanceAddr,
    shell: &StoredObject,
    content: &Value,
    private: Vec<u8>,
) -> Result<StoredObject, String> {
    let schema = stored::stored_schema(registry, &shell.provider, &instance.resource)?;
    let ty = types.of(&shell.provider.provider, &instance.resource, &schema.block);
    // Of what a plan did not know yet (blocks that the provider made, data read now) nobody has put
    // the schema's marks on.
    let content = mark_by_schema(&schema.block, content);
    let (attributes, sensitive_paths) = stored::encode(&content, ty)?;
    Ok(StoredObject {
        schema_version: schema.version,
        attributes,
        sensitive_paths,
        private,
        ..shell.clone()
    })
}

/// An object as a change leaves it.
pub(crate) fn object(
    registry: &Registry,
    types: &mut StoredTypes,
    change: &Change,
    content: &Value,
    private: Vec<u8>,
    status: ObjectStatus,
) -> Result<StoredObject, String> {
    let shell = shell(registry, change, status, &[])?;
    filled(registry, types, &change.addr, &shell, content, private)
}

/// A root output.
pub(crate) fn output(content: &Value) -> Result<OutputRecord, String> {
    let (bare, marks) = content.clone().unmark_deep();
    if marks.contains(Marks::EPHEMERAL) {
        return Err("an ephemeral value cannot be stored".to_owned());
    }
    let ty = bare.ty();
    Ok(OutputRecord {
        value: stored::raw(&value::to_json(&bare, &ty).map_err(|error| error.to_string())?)?,
        ty: stored::raw(&value::type_to_json(&ty))?,
        sensitive: marks.contains(Marks::SENSITIVE),
    })
}

/// How an object is named to people: its id, or else its name. Nothing that is sensitive.
pub(crate) fn identity(content: &Value) -> Option<(Str, Str)> {
    if !content.marks().is_empty() {
        return None;
    }
    ["id", "name"].into_iter().find_map(|key| match content.get(key) {
        Some(Value::String(text)) if !text.is_empty() => Some((key.into(), text.clone())),
        _ => None,
    })
}

/// A block's checks in the form of state v4.
pub(crate) fn check(report: &CheckReport) -> Result<CheckRecord, String> {
    let name = |module: &str| {
        let dot = if module.is_empty() { "" } else { "." };
        let own = match (report.kind, &report.resource) {
            (CheckKind::Resource, Some(resource)) => resource.to_string(),
            (CheckKind::Resource, None) => report.name.to_string(),
            (CheckKind::OutputValue, _) => format!("output.{}", report.name),
            (CheckKind::Check, _) => format!("check.{}", report.name),
            (CheckKind::Var, _) => format!("var.{}", report.name),
        };
        format!("{module}{dot}{own}")
    };
    let kind = match report.kind {
        CheckKind::Resource => "resource",
        CheckKind::OutputValue => "output",
        CheckKind::Check => "check",
        CheckKind::Var => "var",
    };
    let objects: Vec<serde_json::Value> = report
        .objects
        .iter()
        .map(|object| check_object(object, &name(&object.module.to_string())))
        .collect();
    let objects = if objects.is_empty() { json!(null) } else { json!(objects) };
    stored::raw(&json!({
        "object_kind": kind,
        "config_addr": name(&report.module.to_string()),
        "status": status_word(report.status),
        "objects": objects,
    }))
}

fn check_object(object: &CheckObject, name: &str) -> serde_json::Value {
    let key = &object.key;
    let mut json = json!({
        "object_addr": format!("{name}{key}"),
        "status": status_word(object.status),
    });
    if !object.problems.is_empty() {
        json["failure_messages"] = json!(object.problems);
    }
    json
}

fn status_word(status: CheckStatus) -> &'static str {
    match status {
        CheckStatus::Pass => "pass",
        CheckStatus::Fail => "fail",
        CheckStatus::Error => "error",
        CheckStatus::Unknown => "unknown",
    }
}

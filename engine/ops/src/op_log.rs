//! The operation log: runs, their operations, what they changed.

use std::collections::BTreeMap;

use kprov_core::value::{self, Secrets};
use kprov_core::{Diagnostic, Marks, ObjectAddr, Value};
use kprov_state::{LogFilter, OpRecord, RunId, RunRecord, State, StoredObject};
use serde::Serialize;
use serde_json::Value as Json;

use crate::{OpsError, Project};

/// Runs, newest first.
///
/// # Errors
/// When they cannot be read.
pub fn op_log(project: &Project, limit: Option<usize>) -> Result<Vec<RunRecord>, OpsError> {
    Ok(project.store.runs(&project.workspace, LogFilter { run: None, limit })?)
}

/// A run and its operations; the newest run if none is named.
///
/// # Errors
/// When there is no such run.
pub fn op_show(
    project: &Project,
    run: Option<u64>,
) -> Result<(RunRecord, Vec<OpRecord>), OpsError> {
    let record = find(project, run)?;
    let filter = LogFilter { run: Some(record.run), limit: None };
    let ops = project.store.ops(&project.workspace, filter)?;
    Ok((record, ops))
}

/// What a run did to one object of the state.
#[derive(Clone, Debug, Serialize)]
pub struct ObjectDiff {
    /// Which.
    pub address: String,
    /// `create`, `update`, `delete`
    pub action: &'static str,
    /// Attributes that differ, by name.
    pub attributes: BTreeMap<String, AttributeDiff>,
}

/// An attribute before and after.
#[derive(Clone, Debug, Serialize)]
pub struct AttributeDiff {
    /// Is it secret? Then the values are not told.
    pub sensitive: bool,
    /// Before.
    pub before: Json,
    /// After.
    pub after: Json,
}

/// What a run changed in the state; the newest run if none is named.
///
/// # Errors
/// When there is no such run, or the journal contradicts itself.
pub fn op_diff(
    project: &Project,
    run: Option<u64>,
) -> Result<(RunRecord, Vec<ObjectDiff>), OpsError> {
    let record = find(project, run)?;
    let journal = project.store.journal(&project.workspace, LogFilter::default())?;
    let mut before = State::default();
    let mut after = State::default();
    for stored in journal.iter().filter(|stored| stored.run <= record.run) {
        after.apply(stored.run, &stored.entry)?;
        if stored.run < record.run {
            before.apply(stored.run, &stored.entry)?;
        }
    }
    let mut all: Vec<&ObjectAddr> = before.objects.keys().chain(after.objects.keys()).collect();
    all.sort();
    all.dedup();
    let changed = all.into_iter().filter_map(|address| {
        let (old, new) = (before.objects.get(address), after.objects.get(address));
        let action = match (old, new) {
            (None, _) => "create",
            (_, None) => "delete",
            (Some(old), Some(new)) if old == new => return None,
            _ => "update",
        };
        let attributes = attributes(old, new);
        Some(ObjectDiff { address: address.to_string(), action, attributes })
    });
    Ok((record, changed.collect()))
}

fn find(project: &Project, run: Option<u64>) -> Result<RunRecord, OpsError> {
    let limit = if run.is_none() { Some(1) } else { None };
    let filter = LogFilter { run: run.map(RunId), limit };
    let mut runs = project.store.runs(&project.workspace, filter)?;
    runs.retain(|record| run.is_none_or(|run| record.run.0 == run));
    runs.into_iter().next().ok_or_else(|| {
        let detail = match run {
            Some(run) => format!("There is no run {run}. \"kprov op log\" shows all."),
            None => "Nothing was ever run in this workspace.".to_owned(),
        };
        Diagnostic::error("No such run", detail).into()
    })
}

fn attributes(
    old: Option<&StoredObject>,
    new: Option<&StoredObject>,
) -> BTreeMap<String, AttributeDiff> {
    let read = |object: Option<&StoredObject>| -> serde_json::Map<String, Json> {
        let json = object.and_then(|object| serde_json::from_str(object.attributes.get()).ok());
        json.unwrap_or_default()
    };
    let secret = |object: Option<&StoredObject>, name: &str| {
        let paths = object.and_then(|object| object.sensitive_paths.as_ref());
        paths.is_some_and(|paths| paths.get().contains(&format!("{name:?}")))
    };
    let (before, after) = (read(old), read(new));
    let marked = |attributes: &serde_json::Map<String, Json>, object| -> Vec<Value> {
        let sensitive = attributes.iter().filter(|(name, _)| secret(object, name));
        sensitive.map(|(_, json)| from_json(json).with_marks(Marks::SENSITIVE)).collect()
    };
    let known: Vec<Value> = [marked(&before, old), marked(&after, new)].concat();
    // A provider may repeat a secret in an attribute that nothing marks.
    let secrets = Secrets::of(&known);
    let repeats = |json: Option<&Json>| {
        json.is_some_and(|json| !secrets.conceal(&from_json(json)).marks_deep().is_empty())
    };
    let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
    names.sort();
    names.dedup();
    let differing = names.into_iter().filter_map(|name| {
        let values = (before.get(name), after.get(name));
        if values.0 == values.1 {
            return None;
        }
        let sensitive =
            secret(old, name) || secret(new, name) || repeats(values.0) || repeats(values.1);
        let told = |value: Option<&Json>| match value {
            Some(value) if !sensitive => value.clone(),
            _ => Json::Null,
        };
        let diff = AttributeDiff { sensitive, before: told(values.0), after: told(values.1) };
        Some((name.clone(), diff))
    });
    differing.collect()
}

/// The value that JSON is, without a schema.
fn from_json(json: &Json) -> Value {
    value::from_json(json, &value::implied_type(json)).unwrap_or(Value::NULL)
}

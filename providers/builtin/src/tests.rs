//! The kit over `terraform_data`, reading states, and functions from outside.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use kprov_core::{Str, Type, Value};
use kprov_provider::testing::{FakeHost, block_on, complete, kit};
use kprov_provider::{CallContext, Provider, ProviderError, attribute};
use tempfile::TempDir;

use super::{Builtin, StateReader};

const STATE: &str = r#"{"version":4,"terraform_version":"1.11.4","serial":3,"lineage":"x","outputs":{
    "list":{"value":[1,"x"],"type":["tuple",["number","string"]]},
    "sec":{"value":"s","type":"string","sensitive":true},
    "y":{"value":2,"type":"number"}},"resources":[]}"#;

#[test]
fn terraform_data_conforms() {
    let data = |entries: &[(&str, Value)]| Value::object(entries.iter().cloned());
    let cases = kit::Cases::new(data(&[("input", "a".into())]))
        .update(data(&[("input", Value::int(2))]))
        .update(data(&[]))
        .replace(data(&[("triggers_replace", Value::int(1))]), "triggers_replace")
        .import(|value| attribute(value, "id").as_str().unwrap_or_default().to_owned())
        .import_misses(&["input", "output"]);
    kit::check(&Builtin::new(), "terraform_data", &cases);
}

fn config(entries: &[(&str, Value)]) -> Value {
    let schema = &Builtin::new().schema().data_sources["terraform_remote_state"].block.clone();
    let local = [("backend", Value::string("local"))];
    complete(schema, &Value::object(local.into_iter().chain(entries.iter().cloned())))
}

fn at(path: &Path) -> (&'static str, Value) {
    let text = path.to_str().expect("a Unicode path");
    ("config", Value::object([("path", Value::string(text))]))
}

fn read(builtin: &Builtin, config: &Value) -> Result<Value, ProviderError> {
    let source = builtin.data_source("terraform_remote_state").expect("a known type");
    let context = CallContext { client: Arc::new(()), host: Arc::new(FakeHost::new(1)) };
    block_on(source.read(&context, config)).map(|value| attribute(&value, "outputs"))
}

#[test]
fn outputs_come_from_a_state_file() {
    let dir = TempDir::new().expect("a directory");
    let file = dir.path().join("terraform.tfstate");
    std::fs::write(&file, STATE).expect("writable");
    let list = Value::tuple([Value::int(1), "x".into()]);
    let plain = [("list", list), ("sec", "s".into()), ("y", Value::int(2))];
    let outputs = read(&Builtin::new(), &config(&[at(&file)])).expect("outputs");
    assert_eq!(outputs, Value::object(plain.clone()));

    let defaults = Value::object([("x", Value::int(1)), ("y", Value::int(9))]);
    let config = config(&[at(&file), ("defaults", defaults)]);
    let outputs = read(&Builtin::new(), &config).expect("outputs");
    assert_eq!(outputs, Value::object([("x", Value::int(1))].into_iter().chain(plain)));
}

#[test]
fn states_that_cannot_be_read_are_explained() {
    let dir = TempDir::new().expect("a directory");
    let check = |content: Option<&str>, summary: &str, detail: &str| {
        let file = dir.path().join("state");
        let _ = std::fs::remove_file(&file);
        if let Some(content) = content {
            std::fs::write(&file, content).expect("writable");
        }
        let error = read(&Builtin::new(), &config(&[at(&file)])).expect_err("no state");
        assert_eq!(error.summary, summary, "{content:?}");
        assert!(error.message.contains(detail), "{content:?}: {error}");
        assert!(!error.message.contains("hunter2"), "{error}");
    };
    let format = "Unsupported state file format";
    check(None, "Unable to find remote state", "No stored state was found");
    check(Some(""), "Unable to find remote state", "No stored state was found");
    check(Some("garbage"), format, "parsed as JSON");
    check(Some("[1]"), format, "\"version\"");
    check(Some(r#"{"version":3}"#), format, "version 3");
    check(Some(r#"{"version":9}"#), format, "newer");
    check(Some(r#"{"version":"x"}"#), format, "not known");
    check(Some(r#"{"version":4,"outputs":[]}"#), format, "not an object");
    check(Some(r#"{"version":4,"outputs":{"a":{"value":1}}}"#), format, "\"a\"");
    let wrong = r#"{"version":4,"outputs":{"a":{"value":"hunter2","type":"number"}}}"#;
    check(Some(wrong), format, "\"a\"");
    check(Some("SQLite format 3\0..."), "Failed to read state file", "kprov state pull");
    let error = read(&Builtin::new(), &config(&[at(dir.path())])).expect_err("a directory");
    assert_eq!(error.summary, "Failed to read state file");
}

/// Knows one workspace of one database.
#[derive(Debug)]
struct OneWorkspace;

#[async_trait]
impl StateReader for OneWorkspace {
    async fn outputs(
        &self,
        database: &Path,
        workspace: &str,
    ) -> Result<Option<BTreeMap<Str, Value>>, String> {
        match (database.file_name().and_then(|name| name.to_str()), workspace) {
            (Some("kprov.db"), "default") => Ok(Some([("a".into(), Value::int(1))].into())),
            (Some("kprov.db"), "broken") => Err("it is locked.".to_owned()),
            _ => Ok(None),
        }
    }
}

#[test]
fn a_database_beside_the_missing_file_is_read() {
    let dir = TempDir::new().expect("a directory");
    std::fs::write(dir.path().join("kprov.db"), "SQLite format 3\0").expect("writable");
    let builtin = Builtin::new().with_state_reader(Arc::new(OneWorkspace));
    for name in ["terraform.tfstate", "kprov.db"] {
        let outputs = read(&builtin, &config(&[at(&dir.path().join(name))])).expect("outputs");
        assert_eq!(outputs, Value::object([("a", Value::int(1))]), "{name}");
    }
    // A file of another name is meant as it is.
    let error = read(&builtin, &config(&[at(&dir.path().join("other.tfstate"))]));
    assert_eq!(error.expect_err("no such file").summary, "Unable to find remote state");
    let of = |workspace: &str| {
        let file = dir.path().join("terraform.tfstate");
        let error = read(&builtin, &config(&[at(&file), ("workspace", workspace.into())]));
        error.expect_err("no outputs")
    };
    assert_eq!(of("other").summary, "Unable to find remote state");
    assert!(of("broken").message.contains("it is locked"));
    // Without a reader, people are told what to do.
    let error = read(&Builtin::new(), &config(&[at(&dir.path().join("terraform.tfstate"))]));
    assert!(error.expect_err("no reader").message.contains("kprov state pull"));
}

#[test]
fn wrong_arguments_are_found_at_once() {
    let builtin = Builtin::new();
    let source = builtin.data_source("terraform_remote_state").expect("a known type");
    let check = |name: &'static str, value: Value, expect: Option<(&str, &str)>| {
        let problems = source.validate(&config(&[(name, value.clone())]));
        let found = problems.first().map(|problem| (problem.path.to_string(), &problem.message));
        match (found, expect) {
            (None, None) => {}
            (Some((path, message)), Some((at, part))) if path == at => {
                assert!(message.contains(part), "{message}");
            }
            (found, _) => panic!("{name} = {value:?}: {found:?}"),
        }
    };
    let object = |name: &str, value: Value| Value::object([(name, value)]);
    check("backend", "nope".into(), Some((".backend", "no backend type")));
    check("backend", "s3".into(), Some((".backend", "only that of \"local\"")));
    check("backend", Value::unknown(Type::String), None);
    check("config", "x".into(), Some((".config", "an object is required")));
    check("config", object("pathh", "x".into()), Some((".config.pathh", "unexpected attribute")));
    check("config", object("path", "".into()), Some((".config.path", "must not be empty")));
    check("config", object("path", Value::tuple([])), Some((".config.path", "string required")));
    check("config", object("path", Value::unknown(Type::String)), None);
    check("config", Value::unknown(Type::Dynamic), None);
    check("defaults", "x".into(), Some((".defaults", "object value")));
    check("defaults", object("a", "x".into()), None);
}

#[test]
fn functions_come_from_outside() {
    assert!(Builtin::new().function("encode_expr", &["x".into()]).is_none());
    let builtin = Builtin::new().with_functions(|name, arguments| {
        (name == "first").then(|| arguments.first().cloned().ok_or_else(|| "none".to_owned()))
    });
    assert_eq!(builtin.function("first", &["x".into()]), Some(Ok("x".into())));
    assert_eq!(builtin.function("first", &[]), Some(Err("none".to_owned())));
    assert_eq!(builtin.function("other", &[]), None);
}

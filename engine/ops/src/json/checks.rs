//! `checks` of the plan and state formats.

use kprov_core::InstanceKey;
use kprov_plan::{CheckKind, CheckObject, CheckReport, CheckStatus};
use serde_json::{Map, Value as Json, json};

/// All checks.
pub(super) fn checks(reports: &[CheckReport]) -> Json {
    Json::Array(reports.iter().map(report).collect())
}

fn report(report: &CheckReport) -> Json {
    let instances: Vec<Json> =
        report.objects.iter().map(|object| instance(report, object)).collect();
    let mut out = Map::new();
    out.insert("address".to_owned(), Json::Object(address(report)));
    out.insert("status".to_owned(), json!(status(report.status)));
    if !instances.is_empty() {
        out.insert("instances".to_owned(), Json::Array(instances));
    }
    Json::Object(out)
}

fn kind(kind: CheckKind) -> &'static str {
    match kind {
        CheckKind::Resource => "resource",
        CheckKind::OutputValue => "output_value",
        CheckKind::Check => "check",
        CheckKind::Var => "var",
    }
}

fn status(status: CheckStatus) -> &'static str {
    match status {
        CheckStatus::Pass => "pass",
        CheckStatus::Fail => "fail",
        CheckStatus::Error => "error",
        CheckStatus::Unknown => "unknown",
    }
}

/// The object's own name without its module: `output.x`, `check.x`, `var.x`, `aws_vpc.main`.
fn local_name(report: &CheckReport) -> String {
    match report.kind {
        CheckKind::Resource => {
            report.resource.as_ref().map_or_else(|| report.name.to_string(), ToString::to_string)
        }
        CheckKind::OutputValue => format!("output.{}", report.name),
        CheckKind::Check => format!("check.{}", report.name),
        CheckKind::Var => format!("var.{}", report.name),
    }
}

fn in_module(module: &str, name: &str) -> String {
    if module.is_empty() { name.to_owned() } else { format!("{module}.{name}") }
}

fn address(report: &CheckReport) -> Map<String, Json> {
    let module = report.module.to_string();
    let mut out = Map::new();
    out.insert("kind".to_owned(), json!(kind(report.kind)));
    match &report.resource {
        Some(resource) if report.kind == CheckKind::Resource => {
            out.insert("mode".to_owned(), json!(super::values::mode(resource.mode)));
            out.insert("name".to_owned(), json!(resource.name.as_str()));
            out.insert("type".to_owned(), json!(resource.ty.as_str()));
        }
        _ => {
            out.insert("name".to_owned(), json!(report.name.as_str()));
        }
    }
    out.insert("to_display".to_owned(), json!(in_module(&module, &local_name(report))));
    if !module.is_empty() {
        out.insert("module".to_owned(), json!(module));
    }
    out
}

fn instance(report: &CheckReport, object: &CheckObject) -> Json {
    let module = object.module.to_string();
    let mut address = Map::new();
    let name = format!("{}{}", local_name(report), object.key);
    address.insert("to_display".to_owned(), json!(in_module(&module, &name)));
    match &object.key {
        InstanceKey::None => {}
        InstanceKey::Int(index) => {
            address.insert("instance_key".to_owned(), json!(index));
        }
        InstanceKey::String(key) => {
            address.insert("instance_key".to_owned(), json!(key.as_str()));
        }
    }
    if !module.is_empty() {
        address.insert("module".to_owned(), json!(module));
    }
    let mut out = Map::new();
    out.insert("address".to_owned(), Json::Object(address));
    out.insert("status".to_owned(), json!(status(object.status)));
    if !object.problems.is_empty() {
        let problems = object.problems.iter().map(|message| json!({"message": message}));
        out.insert("problems".to_owned(), Json::Array(problems.collect()));
    }
    Json::Object(out)
}

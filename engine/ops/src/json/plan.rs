//! `show -json` of a plan (format 1.2).

use kprov_core::{Path, ResourceMode, Value, value};
use kprov_plan::{Action, Change, Deferred, OutputChange, Plan, ReplaceOrder};
use serde_json::{Map, Value as Json, json};

use super::bools::{known_part, sensitive_shadow, unknown_shadow};
use super::values::{Shown, identify, outputs, values};
use super::{TERRAFORM_VERSION, checks};

/// The plan as JSON. `prior_values` is the `values` part of the prior state, `configuration` the
/// configuration's own representation.
pub fn plan_json(plan: &Plan, prior_values: Option<Json>, configuration: Json) -> Json {
    let mut out = Map::new();
    let mut put = |name: &str, value: Json| out.insert(name.to_owned(), value);
    put("format_version", json!("1.2"));
    put("terraform_version", json!(TERRAFORM_VERSION));
    if !plan.variables.is_empty() {
        put("variables", variables(plan));
    }
    put("planned_values", Json::Object(planned_values(plan)));
    // All of it, as in Terraform; what is relevant is told to people only.
    let drift = plan.drift.iter().filter(|drift| drift.change.deposed.is_none());
    let drift: Vec<Json> = drift.map(|drift| change(&drift.change)).collect();
    if !drift.is_empty() {
        put("resource_drift", Json::Array(drift));
    }
    let changes: Vec<Json> = plan.changes.iter().filter(|c| is_shown(c)).map(change).collect();
    if !changes.is_empty() {
        put("resource_changes", Json::Array(changes));
    }
    if !plan.deferred.is_empty() {
        put("deferred_changes", Json::Array(plan.deferred.iter().map(deferred).collect()));
    }
    if !plan.outputs.is_empty() {
        let changes = plan.outputs.iter().map(|(name, o)| (name.to_string(), output_change(o)));
        put("output_changes", Json::Object(changes.collect()));
    }
    if let Some(prior) = prior_values {
        put(
            "prior_state",
            json!({
                "format_version": "1.0",
                "terraform_version": TERRAFORM_VERSION,
                "values": prior,
            }),
        );
    }
    put("configuration", configuration);
    if !plan.checks.is_empty() {
        put("checks", checks::checks(&plan.checks));
    }
    put("timestamp", json!(plan.timestamp));
    put("applyable", json!(plan.applyable));
    put("complete", json!(plan.complete));
    put("errored", json!(plan.errored));
    Json::Object(out)
}

/// Of data sources only reads during apply are shown; they come and go without notice.
fn is_shown(change: &Change) -> bool {
    change.addr.resource.mode == ResourceMode::Managed || change.action == Action::Read
}

fn variables(plan: &Plan) -> Json {
    let stored = plan
        .variables
        .iter()
        .filter_map(|(name, variable)| variable.value.as_ref().map(|value| (name, value)));
    let shown = stored.map(|(name, value)| {
        let mut entry = Map::new();
        if !value.is_null() {
            entry.insert("value".to_owned(), known_part(value).unwrap_or(Json::Null));
        }
        (name.to_string(), Json::Object(entry))
    });
    Json::Object(shown.collect())
}

fn planned_values(plan: &Plan) -> Map<String, Json> {
    let remains = |change: &&Change| {
        change.deposed.is_none()
            && is_shown(change)
            && (change.action == Action::Forget
                || change.action != Action::Delete && !change.after.is_null())
    };
    let mut shown: Vec<Shown<'_>> = plan
        .changes
        .iter()
        .filter(remains)
        .map(|change| Shown {
            addr: &change.addr,
            deposed: None,
            provider: &change.provider.provider,
            schema_version: 0,
            value: &change.after,
            depends_on: Vec::new(),
            tainted: false,
        })
        .collect();
    // By their text, as Terraform does here and only here.
    shown.sort_by_cached_key(|object| object.addr.to_string());
    let planned = plan.outputs.iter().filter(|(_, output)| output.action != Action::Delete);
    let shown_outputs = outputs(planned.map(|(name, o)| (name, &o.after, o.sensitive)));
    let any = shown_outputs.as_object().is_some_and(|outputs| !outputs.is_empty());
    values(any.then_some(shown_outputs), &shown)
}

/// One entry of `resource_changes` or `resource_drift`.
fn change(change: &Change) -> Json {
    let mut out = Map::new();
    identify(&mut out, &change.addr);
    if let Some(previous) = &change.previous_addr {
        out.insert("previous_address".to_owned(), json!(previous.to_string()));
    }
    if !change.addr.module.is_root() {
        out.insert("module_address".to_owned(), json!(change.addr.module.to_string()));
    }
    if let Some(key) = &change.deposed {
        out.insert("deposed".to_owned(), json!(key.to_string()));
    }
    out.insert("provider_name".to_owned(), json!(change.provider.provider.to_string()));
    let mut inner = difference(change.action, &change.before, &change.after);
    if !change.replace_paths.is_empty() {
        let paths = change.replace_paths.iter().map(path).collect();
        inner.insert("replace_paths".to_owned(), Json::Array(paths));
    }
    if let Some(importing) = &change.importing {
        inner.insert("importing".to_owned(), json!({"id": importing.id}));
    }
    out.insert("change".to_owned(), Json::Object(inner));
    if let Some(reason) = change.reason {
        out.insert("action_reason".to_owned(), json!(reason));
    }
    Json::Object(out)
}

fn actions(action: Action) -> Json {
    match action {
        Action::NoOp => json!(["no-op"]),
        Action::Create => json!(["create"]),
        Action::Read => json!(["read"]),
        Action::Update => json!(["update"]),
        Action::Replace(ReplaceOrder::DeleteFirst) => json!(["delete", "create"]),
        Action::Replace(ReplaceOrder::CreateFirst) => json!(["create", "delete"]),
        Action::Delete => json!(["delete"]),
        Action::Forget => json!(["forget"]),
    }
}

/// `actions`, `before`, `after` and their shadows.
fn difference(action: Action, before: &Value, after: &Value) -> Map<String, Json> {
    let mut out = Map::new();
    let mut put = |name: &str, value: Json| out.insert(name.to_owned(), value);
    put("actions", actions(action));
    put("before", known_part(before).unwrap_or(Json::Null));
    put("after", known_part(after).unwrap_or(Json::Null));
    let wholly_known = after.is_wholly_known();
    put("after_unknown", if wholly_known { json!({}) } else { unknown_shadow(after) });
    put("before_sensitive", sensitive_shadow(before));
    put("after_sensitive", sensitive_shadow(after));
    out
}

/// An output's sensitivity is one truth for both sides.
fn output_change(output: &OutputChange) -> Json {
    let mut out = Map::new();
    let mut put = |name: &str, value: Json| out.insert(name.to_owned(), value);
    put("actions", actions(output.action));
    put("before", known_part(&output.before).unwrap_or(Json::Null));
    if output.after.is_wholly_known() {
        put("after", known_part(&output.after).unwrap_or(Json::Null));
        put("after_unknown", json!(false));
    } else {
        if let Some(known) = known_part(&output.after) {
            put("after", known);
        }
        put("after_unknown", unknown_shadow(&output.after));
    }
    put("before_sensitive", json!(output.sensitive));
    put("after_sensitive", json!(output.sensitive));
    Json::Object(out)
}

fn deferred(deferred: &Deferred) -> Json {
    let mut out = Map::new();
    identify(&mut out, &deferred.addr);
    let inner = difference(Action::Create, &Value::NULL, &deferred.after);
    out.insert("change".to_owned(), Json::Object(inner));
    json!({"reason": deferred.reason, "resource_change": out})
}

fn path(path: &Path) -> Json {
    let steps = path.0.iter().map(|step| {
        let step = step.to_value();
        value::to_json(&step, &step.ty()).unwrap_or(Json::Null)
    });
    Json::Array(steps.collect())
}

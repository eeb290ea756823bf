//! Until an object is of use: `wait`, `wait_for`, and what others could not build upon without.

use std::time::Duration;

use kprov_core::{PathStep, Value};
use kprov_provider::{ProviderError, attribute};
use regex::Regex;
use serde_json::Value as Json;

use super::schema::one;
use crate::cluster::Cluster;
use crate::failure::steps;
use crate::kind::Kind;
use crate::objects::{Name, borrowed};
use crate::pace::Pace;

/// Waits for what the configuration says. `live` is the object as it was applied.
pub(crate) async fn wait(
    cluster: &Cluster,
    kind: &Kind,
    name: &Name,
    value: &Value,
    live: Json,
    limit: Duration,
) -> Result<Json, ProviderError> {
    let mut pace = Pace::looks(&cluster.host, limit);
    let mut live = live;
    let (namespace, own) = borrowed(name);
    let what = kind.named(namespace, own);
    loop {
        let Some(missing) = missing(kind, value, &live) else { return Ok(live) };
        if !pace.pause().await {
            let message = format!(
                "After {} s {missing}. Allow more time in its \"timeouts\" block, or look at what holds it: kubectl \
                 describe {} {}{own}.",
                limit.as_secs(),
                kind.plural,
                namespace.map(|namespace| format!("-n {namespace} ")).unwrap_or_default(),
            );
            return Err(ProviderError::ambiguous(format!("{what} is not ready"), message));
        }
        let found = cluster.object(kind, name).await;
        let found = found.map_err(|error| error.plain(format!("Failed to read {what}")))?;
        live = found.ok_or_else(|| {
            ProviderError::ambiguous(
                format!("{what} is gone"),
                "Somebody deleted it while it was waited for.",
            )
        })?;
    }
}

/// What is not there yet, for people.
fn missing(kind: &Kind, value: &Value, live: &Json) -> Option<String> {
    if kind.kind == "CustomResourceDefinition"
        && let Some(missing) = condition(live, "Established", "True")
    {
        return Some(missing);
    }
    let conditions = one(value, "wait", "condition");
    for wanted in conditions.as_items().into_iter().flatten() {
        let text = |name: &str| attribute(wanted, name).as_str().map(str::to_owned);
        let (ty, status) =
            (text("type").unwrap_or_default(), text("status").unwrap_or("True".to_owned()));
        if let Some(missing) = condition(live, &ty, &status) {
            return Some(missing);
        }
    }
    if one(value, "wait", "rollout").as_bool() == Some(true)
        && let Some(missing) = rollout(kind, live)
    {
        return Some(missing);
    }
    let older = attribute(&attribute(value, "wait_for"), "fields");
    for fields in [one(value, "wait", "fields"), older] {
        for (path, pattern) in fields.as_entries().into_iter().flatten() {
            if let Some(missing) = field(live, path, pattern.as_str().unwrap_or("*")) {
                return Some(missing);
            }
        }
    }
    None
}

fn condition(live: &Json, ty: &str, status: &str) -> Option<String> {
    let all = live["status"]["conditions"].as_array();
    let found = all.into_iter().flatten().find(|condition| condition["type"] == ty);
    let Some(found) = found else { return Some(format!("it has no condition {ty}")) };
    if found["status"] == status {
        return None;
    }
    let text = |name: &str| found[name].as_str().unwrap_or_default().to_owned();
    Some(format!(
        "its condition {ty} is {}: {} {}",
        text("status"),
        text("reason"),
        text("message")
    ))
}

fn field(live: &Json, path: &str, pattern: &str) -> Option<String> {
    let mut here = live;
    for step in steps(path) {
        here = match &step {
            PathStep::Index(index) => {
                here.get(usize::try_from(*index).ok()?).unwrap_or(&Json::Null)
            }
            step => here.get(step.to_value().as_str()?).unwrap_or(&Json::Null),
        };
    }
    let text = match here {
        Json::Null => String::new(),
        Json::String(text) => text.clone(),
        other => other.to_string(),
    };
    let fits = match pattern {
        "*" => !text.is_empty(),
        pattern => Regex::new(pattern).is_ok_and(|regex| !here.is_null() && regex.is_match(&text)),
    };
    (!fits).then(|| format!("{path} does not match {pattern:?}"))
}

/// As `kubectl rollout status` sees it.
fn rollout(kind: &Kind, live: &Json) -> Option<String> {
    let count = |part: &str, name: &str| live[part][name].as_u64().unwrap_or(0);
    let observed = live["status"]["observedGeneration"].as_u64().unwrap_or(0);
    if observed < live["metadata"]["generation"].as_u64().unwrap_or(0) {
        return Some("its controller has not seen the change".to_owned());
    }
    let (wanted, updated, available) = match kind.kind.as_str() {
        "DaemonSet" => (
            count("status", "desiredNumberScheduled"),
            count("status", "updatedNumberScheduled"),
            count("status", "numberAvailable"),
        ),
        "Deployment" | "StatefulSet" => {
            let wanted = live["spec"]["replicas"].as_u64().unwrap_or(1);
            let available =
                if kind.kind == "Deployment" { "availableReplicas" } else { "readyReplicas" };
            (wanted, count("status", "updatedReplicas"), count("status", available))
        }
        other => return Some(format!("a {other} has no rollout; leave rollout out")),
    };
    let old = count("status", "replicas").saturating_sub(updated);
    let done = updated >= wanted && available >= wanted && (kind.kind != "Deployment" || old == 0);
    (!done).then(|| format!("{updated} of {wanted} pods are new, and {available} available"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn fields_match() {
        let live = json!({"status": {"phase": "Active", "list": [{"ip": "1.2.3.4"}], "n": 3}});
        assert_eq!(field(&live, "status.phase", "^Act"), None);
        assert_eq!(field(&live, "status.list[0].ip", "*"), None);
        assert_eq!(field(&live, "status.n", "3"), None);
        assert!(field(&live, "status.list[1].ip", "*").is_some());
        assert!(field(&live, "status.none", "").is_some());
    }

    #[test]
    fn rollouts_end() {
        let kind = Kind::new("apps/v1", "Deployment", "deployments", true);
        let live = |status: Json| json!({"metadata": {"generation": 2}, "spec": {"replicas": 2}, "status": status});
        let done = json!({"observedGeneration": 2, "updatedReplicas": 2, "availableReplicas": 2, "replicas": 2});
        assert_eq!(rollout(&kind, &live(done)), None);
        assert!(rollout(&kind, &live(json!({"observedGeneration": 1}))).is_some());
        let old = json!({"observedGeneration": 2, "updatedReplicas": 2, "availableReplicas": 2, "replicas": 3});
        assert!(rollout(&kind, &live(old)).is_some());
    }
}

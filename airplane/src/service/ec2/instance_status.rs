//! How instances are doing: their status checks, and what they wrote on their console.
use super::filters::{Filters, view};
use super::instance::{Instance, state};
use super::{ec2, find};
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::Outcome;
use crate::world::scope::Scope;
use crate::world::{Millis, machines, timing};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

pub(crate) const ACTIONS: &[Action] =
    &[("DescribeInstanceStatus", describe_status), ("GetConsoleOutput", console)];

const STATUS_FILTERS: &[(&str, &str)] = &[
    ("instance-state-name", "InstanceState.Name"),
    ("instance-state-code", "InstanceState.Code"),
    ("instance-status.status", "InstanceStatus.Status"),
    ("system-status.status", "SystemStatus.Status"),
    ("availability-zone", "AvailabilityZone"),
];

/// Has a fault broken the instance's status checks?
pub(crate) fn is_impaired(scope: &Scope<'_>, id: &str) -> bool {
    scope.condition(&format!("impaired:{id}")) || machines::has_failed(scope.world, id)
}

fn status_words(i: &Instance, impaired: bool, now: Millis) -> (&'static str, &'static str) {
    match (i.state.as_str(), impaired) {
        ("running", true) => ("impaired", "failed"),
        ("running", false) if now >= i.started + timing::INSTANCE_CHECKS => ("ok", "passed"),
        ("running", false) => ("initializing", "initializing"),
        _ => ("not-applicable", "insufficient-data"),
    }
}

fn describe_status(call: &mut Call<'_>) -> Outcome {
    let filters = Filters::of(call, STATUS_FILTERS)?;
    let (ids, all) =
        (call.strings("InstanceIds"), call.opt_bool("IncludeAllInstances").unwrap_or(false));
    for id in &ids {
        find(call, |s| &s.instances, "i", id)?;
    }
    let conditions = call.world.conditions.clone();
    let known = ec2(call).instances.ids();
    let failed: Vec<String> =
        known.into_iter().filter(|id| machines::has_failed(call.world, id)).collect();
    let broken = |id: &str, i: &Instance| {
        conditions.contains(&format!("impaired:{id}"))
            || failed.iter().any(|known| known == id)
            || conditions.contains(&format!("zone-down:{}", i.zone))
    };
    let view = view(&mut call.scope);
    let mut found = Vec::new();
    for (id, i) in view.ec2.instances.seen(view.now) {
        if !ids.is_empty() && !ids.iter().any(|wanted| wanted == id) || !all && i.state != "running"
        {
            continue;
        }
        let (status, detail) = status_words(i, broken(id, i), view.now);
        let summary =
            json!({"Status": status, "Details": [{"Name": "reachability", "Status": detail}]});
        let out = json!({
            "InstanceId": id, "AvailabilityZone": i.zone, "InstanceState": state(&i.state),
            "InstanceStatus": summary, "SystemStatus": summary,
        });
        if filters.pass(STATUS_FILTERS, &out) {
            found.push(out);
        }
    }
    Ok(json!({"InstanceStatuses": found}))
}

fn console(call: &mut Call<'_>) -> Outcome {
    let id = call.str("InstanceId");
    find(call, |s| &s.instances, "i", &id)?;
    let output = call.world.consoles.get(&id).map(|text| STANDARD.encode(text)).unwrap_or_default();
    Ok(json!({"InstanceId": id, "Timestamp": call.now(), "Output": output}))
}

//! Processes that can be suspended, and metrics that can be collected.
use serde_json::json;

use super::group::{edit, staying};
use super::{invalid, reconcile};
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};

pub(crate) const ACTIONS: &[Action] = &[
    ("SuspendProcesses", suspend),
    ("ResumeProcesses", resume),
    ("EnableMetricsCollection", enable_metrics),
    ("DisableMetricsCollection", disable_metrics),
];

const PROCESSES: &[&str] = &[
    "AZRebalance",
    "AddToLoadBalancer",
    "AlarmNotification",
    "HealthCheck",
    "InstanceRefresh",
    "Launch",
    "ReplaceUnhealthy",
    "ScheduledActions",
    "Terminate",
];

const METRICS: &[&str] = &[
    "GroupMinSize",
    "GroupMaxSize",
    "GroupDesiredCapacity",
    "GroupInServiceInstances",
    "GroupPendingInstances",
    "GroupStandbyInstances",
    "GroupTerminatingInstances",
    "GroupTotalInstances",
    "GroupInServiceCapacity",
    "GroupPendingCapacity",
    "GroupStandbyCapacity",
    "GroupTerminatingCapacity",
    "GroupTotalCapacity",
    "WarmPoolDesiredCapacity",
    "WarmPoolWarmedCapacity",
    "WarmPoolPendingCapacity",
    "WarmPoolTerminatingCapacity",
    "WarmPoolTotalCapacity",
    "GroupAndWarmPoolDesiredCapacity",
    "GroupAndWarmPoolTotalCapacity",
];

/// What a call names, or all there are.
fn named(call: &Call<'_>, member: &str, all: &[&str]) -> Result<Vec<String>, Fault> {
    let given = call.strings(member);
    if given.is_empty() {
        return Ok(all.iter().map(|name| (*name).to_owned()).collect());
    }
    match given.iter().find(|name| !all.contains(&name.as_str())) {
        Some(unknown) => {
            Err(invalid(format!("Invalid value: {unknown} is not one of {}", all.join(", "))))
        }
        None => Ok(given),
    }
}

fn suspend(call: &mut Call<'_>) -> Outcome {
    let (name, _) = staying(call)?;
    let processes = named(call, "ScalingProcesses", PROCESSES)?;
    let at = crate::wire::scalar::iso(call.now());
    edit(call, &name, |group| {
        for process in processes {
            if !group.is_suspended(&process) {
                group.suspended.push((process, format!("User suspended at {at}")));
            }
        }
    });
    Ok(json!({}))
}

fn resume(call: &mut Call<'_>) -> Outcome {
    let (name, _) = staying(call)?;
    let processes = named(call, "ScalingProcesses", PROCESSES)?;
    edit(call, &name, |group| group.suspended.retain(|(process, _)| !processes.contains(process)));
    reconcile::soon(call, &name);
    Ok(json!({}))
}

fn enable_metrics(call: &mut Call<'_>) -> Outcome {
    let (name, _) = staying(call)?;
    let metrics = named(call, "Metrics", METRICS)?;
    edit(call, &name, |group| {
        for metric in metrics {
            if !group.metrics.contains(&metric) {
                group.metrics.push(metric);
            }
        }
    });
    Ok(json!({}))
}

fn disable_metrics(call: &mut Call<'_>) -> Outcome {
    let (name, _) = staying(call)?;
    let metrics = named(call, "Metrics", METRICS)?;
    edit(call, &name, |group| group.metrics.retain(|metric| !metrics.contains(metric)));
    Ok(json!({}))
}

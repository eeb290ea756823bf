//! Scaling policies and scheduled actions: kept and shown; nothing here measures load.
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::group::{missing, named, staying};
use super::invalid;
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};
use crate::world::scope::Scope;

pub(crate) const ACTIONS: &[Action] = &[
    ("PutScalingPolicy", put_policy),
    ("DeletePolicy", delete_policy),
    ("DescribePolicies", describe_policies),
    ("PutScheduledUpdateGroupAction", put_schedule),
    ("DeleteScheduledAction", delete_schedule),
    ("DescribeScheduledActions", describe_schedules),
];

/// A policy, as it is shown; by group and name.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Policy(Map<String, Value>);

/// A scheduled action, as it is shown; by group and name.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Schedule(Map<String, Value>);

/// Everything of a group goes with it.
pub(super) fn forget(scope: &mut Scope<'_>, group: &str) {
    let prefix = format!("{group}/");
    let state = &mut scope.realm().autoscaling;
    for id in state.policies.ids().into_iter().filter(|id| id.starts_with(&prefix)) {
        state.policies.remove(&id);
    }
    for id in state.schedules.ids().into_iter().filter(|id| id.starts_with(&prefix)) {
        state.schedules.remove(&id);
    }
}

fn put_policy(call: &mut Call<'_>) -> Outcome {
    let (group, _) = staying(call)?;
    let name = call.str("PolicyName");
    let kind = call.opt_str("PolicyType").unwrap_or_else(|| "SimpleScaling".to_owned());
    let needs = match kind.as_str() {
        "SimpleScaling" => "ScalingAdjustment",
        "StepScaling" => "StepAdjustments",
        "TargetTrackingScaling" => "TargetTrackingConfiguration",
        "PredictiveScaling" => "PredictiveScalingConfiguration",
        other => return Err(invalid(format!("Invalid policy type: {other}"))),
    };
    if call.get(needs).is_none() {
        return Err(invalid(format!("{needs} must be specified for policy type {kind}")));
    }
    let key = format!("{group}/{name}");
    let known = call
        .realm()
        .autoscaling
        .policies
        .get(&key)
        .and_then(|policy| policy.0["PolicyARN"].as_str().map(str::to_owned));
    let uuid = call.world.ids.uuid();
    let arn = known.unwrap_or_else(|| {
        call.arn(
            "autoscaling",
            &format!("scalingPolicy:{uuid}:autoScalingGroupName/{group}:policyName/{name}"),
        )
    });
    let mut policy: Map<String, Value> = call.input.clone();
    policy.insert("PolicyARN".to_owned(), json!(arn));
    policy.insert("PolicyType".to_owned(), json!(kind));
    policy.entry("Enabled").or_insert(json!(true));
    policy.entry("Alarms").or_insert(json!([]));
    let now = call.now();
    call.realm().autoscaling.policies.insert(&key, Policy(policy), now, now);
    Ok(json!({"PolicyARN": arn, "Alarms": []}))
}

fn delete_policy(call: &mut Call<'_>) -> Outcome {
    let wanted = call.str("PolicyName");
    let group = call.opt_str("AutoScalingGroupName");
    let all = call.realm().autoscaling.policies.iter();
    let mut found = all.filter(|(_, policy)| {
        policy.0["PolicyARN"] == wanted
            || policy.0["PolicyName"] == wanted
                && group.as_ref().is_some_and(|group| policy.0["AutoScalingGroupName"] == **group)
    });
    let id = found.next().map(|(id, _)| id.to_owned());
    drop(found);
    let id = id.ok_or_else(|| invalid(format!("No scaling policy found with name {wanted}")))?;
    call.realm().autoscaling.policies.remove(&id);
    Ok(json!({}))
}

fn describe_policies(call: &mut Call<'_>) -> Outcome {
    let group = call.opt_str("AutoScalingGroupName");
    if let Some(group) = &group
        && !call.realm().autoscaling.groups.contains(group)
    {
        return Err(missing(group));
    }
    let (names, kinds) = (call.strings("PolicyNames"), call.strings("PolicyTypes"));
    let has = |wanted: &[String], value: &Value| {
        wanted.is_empty() || wanted.iter().any(|one| value == one.as_str())
    };
    let all = call.realm().autoscaling.policies.values();
    let found: Vec<Value> = all
        .filter(|policy| {
            group.as_ref().is_none_or(|group| policy.0["AutoScalingGroupName"] == **group)
        })
        .filter(|policy| {
            has(&names, &policy.0["PolicyName"]) || has(&names, &policy.0["PolicyARN"])
        })
        .filter(|policy| has(&kinds, &policy.0["PolicyType"]))
        .map(|policy| Value::Object(policy.0.clone()))
        .collect();
    Ok(json!({"ScalingPolicies": found}))
}

fn put_schedule(call: &mut Call<'_>) -> Outcome {
    let (group, _) = staying(call)?;
    let name = call.str("ScheduledActionName");
    if ["MinSize", "MaxSize", "DesiredCapacity"].iter().all(|size| call.get(size).is_none()) {
        return Err(invalid(
            "At least one of min size, max size or desired capacity must be specified",
        ));
    }
    if ["Recurrence", "StartTime", "Time"].iter().all(|when| call.get(when).is_none()) {
        return Err(invalid("Either a recurrence or a start time must be specified"));
    }
    let known = call.realm().autoscaling.schedules.get(&format!("{group}/{name}"));
    let known = known.and_then(|schedule| schedule.0.get("ScheduledActionARN").cloned());
    let arn = known.unwrap_or_else(|| {
        let uuid = call.world.ids.uuid();
        let what = format!(
            "scheduledUpdateGroupAction:{uuid}:autoScalingGroupName/{group}:scheduledActionName/{name}"
        );
        json!(call.arn("autoscaling", &what))
    });
    let mut schedule: Map<String, Value> = call.input.clone();
    schedule.insert("ScheduledActionARN".to_owned(), arn);
    let now = call.now();
    call.realm().autoscaling.schedules.insert(
        &format!("{group}/{name}"),
        Schedule(schedule),
        now,
        now,
    );
    Ok(json!({}))
}

fn delete_schedule(call: &mut Call<'_>) -> Outcome {
    let (group, _) = named(call)?;
    let name = call.str("ScheduledActionName");
    let gone = call.realm().autoscaling.schedules.remove(&format!("{group}/{name}"));
    let unknown = || -> Fault { invalid(format!("Scheduled action name not found: {name}")) };
    gone.map(|_| json!({})).ok_or_else(unknown)
}

fn describe_schedules(call: &mut Call<'_>) -> Outcome {
    let (group, names) =
        (call.opt_str("AutoScalingGroupName"), call.strings("ScheduledActionNames"));
    let all = call.realm().autoscaling.schedules.values();
    let found: Vec<Value> = all
        .filter(|schedule| {
            group.as_ref().is_none_or(|group| schedule.0["AutoScalingGroupName"] == **group)
        })
        .filter(|schedule| {
            names.is_empty() || names.iter().any(|name| schedule.0["ScheduledActionName"] == **name)
        })
        .map(|schedule| Value::Object(schedule.0.clone()))
        .collect();
    Ok(json!({"ScheduledUpdateGroupActions": found}))
}

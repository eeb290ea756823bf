//! Target groups of a group, under both names that the API has for them.
use serde_json::{Value, json};

use super::group::{edit, named, staying};
use super::invalid;
use super::members::of_group;
use crate::around::call::Call;
use crate::service::{Action, elbv2};
use crate::wire::fault::{Fault, Outcome};

pub(crate) const ACTIONS: &[Action] = &[
    ("AttachLoadBalancerTargetGroups", attach_groups),
    ("DetachLoadBalancerTargetGroups", detach_groups),
    ("DescribeLoadBalancerTargetGroups", describe_groups),
    ("AttachTrafficSources", attach_sources),
    ("DetachTrafficSources", detach_sources),
    ("DescribeTrafficSources", describe_sources),
];

fn attach(call: &mut Call<'_>, arns: Vec<String>) -> Result<(), Fault> {
    let (name, _) = staying(call)?;
    for arn in arns {
        if !elbv2::targets::exists(call, &arn) {
            return Err(invalid(
                "Provided Target Groups may not be valid. Please ensure they exist and try again.",
            ));
        }
        for (id, member) in of_group(call, &name) {
            if member.state == "InService" {
                elbv2::targets::register(call, &arn, &id);
            }
        }
        edit(call, &name, |group| {
            if !group.target_groups.contains(&arn) {
                group.target_groups.push(arn);
            }
        });
    }
    Ok(())
}

fn detach(call: &mut Call<'_>, arns: &[String]) -> Result<(), Fault> {
    let (name, group) = named(call)?;
    if arns.iter().any(|arn| !group.target_groups.contains(arn)) {
        return Err(invalid("Trying to remove Target Groups that are not part of the group"));
    }
    for arn in arns {
        for (id, _) in of_group(call, &name) {
            elbv2::targets::deregister(call, arn, &id);
        }
    }
    edit(call, &name, |group| group.target_groups.retain(|arn| !arns.contains(arn)));
    Ok(())
}

fn sources(call: &Call<'_>) -> Vec<String> {
    let given = call.list("TrafficSources");
    given.iter().filter_map(|source| source["Identifier"].as_str().map(str::to_owned)).collect()
}

fn attach_groups(call: &mut Call<'_>) -> Outcome {
    let arns = call.strings("TargetGroupARNs");
    attach(call, arns).map(|()| json!({}))
}

fn detach_groups(call: &mut Call<'_>) -> Outcome {
    let arns = call.strings("TargetGroupARNs");
    detach(call, &arns).map(|()| json!({}))
}

fn attach_sources(call: &mut Call<'_>) -> Outcome {
    let arns = sources(call);
    attach(call, arns).map(|()| json!({}))
}

fn detach_sources(call: &mut Call<'_>) -> Outcome {
    let arns = sources(call);
    detach(call, &arns).map(|()| json!({}))
}

fn describe_groups(call: &mut Call<'_>) -> Outcome {
    let (_, group) = named(call)?;
    let found: Vec<Value> = group
        .target_groups
        .iter()
        .map(|arn| json!({"LoadBalancerTargetGroupARN": arn, "State": "InService"}))
        .collect();
    Ok(json!({"LoadBalancerTargetGroups": found}))
}

fn describe_sources(call: &mut Call<'_>) -> Outcome {
    let (_, group) = named(call)?;
    let found: Vec<Value> = group
        .target_groups
        .iter()
        .map(|arn| json!({"TrafficSource": arn, "Identifier": arn, "State": "InService", "Type": "elbv2"}))
        .collect();
    Ok(json!({"TrafficSources": found}))
}

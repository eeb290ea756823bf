//! Standby: members that stay but do not serve.
use serde_json::json;

use super::group::{self, staying};
use super::members::{edit, given, lower};
use super::{activities, invalid, reconcile};
use crate::around::call::Call;
use crate::service::{Action, elbv2};
use crate::wire::fault::Outcome;

pub(crate) const ACTIONS: &[Action] = &[("EnterStandby", enter), ("ExitStandby", exit)];

fn enter(call: &mut Call<'_>) -> Outcome {
    let (name, group) = staying(call)?;
    let members = given(call, &name)?;
    if let Some((id, member)) = members.iter().find(|(_, member)| member.state != "InService") {
        return Err(invalid(format!(
            "The instance {id} is not in InService, but in {}.",
            member.state
        )));
    }
    let decrement = call.opt_bool("ShouldDecrementDesiredCapacity").unwrap_or(false);
    let count = i64::try_from(members.len()).unwrap_or(0);
    lower(call, &name, if decrement { count } else { 0 })?;
    let mut shown = Vec::new();
    for (id, _) in members {
        for arn in &group.target_groups {
            elbv2::targets::deregister(call, arn, &id);
        }
        edit(call, &id, |member| member.state = "Standby".to_owned());
        let at = crate::wire::scalar::iso(call.now());
        let cause =
            format!("At {at} instance {id} was moved to standby in response to a user request.");
        let activity = activities::begin(
            call,
            &name,
            &format!("Moving EC2 instance to Standby: {id}"),
            &cause,
        );
        activities::finish(call, &activity, Ok(()));
        shown.push(activities::shown(call, &activity));
    }
    reconcile::soon(call, &name);
    Ok(json!({"Activities": shown}))
}

fn exit(call: &mut Call<'_>) -> Outcome {
    let (name, group) = staying(call)?;
    let members = given(call, &name)?;
    if let Some((id, member)) = members.iter().find(|(_, member)| member.state != "Standby") {
        return Err(invalid(format!(
            "The instance {id} is not in Standby, but in {}.",
            member.state
        )));
    }
    let count = i64::try_from(members.len()).unwrap_or(0);
    if group.desired + count > group.max {
        return Err(invalid(format!(
            "AutoScalingGroup {name} has no room: its max size is {}.",
            group.max
        )));
    }
    group::edit(call, &name, |group| group.desired += count);
    let mut shown = Vec::new();
    for (id, _) in members {
        edit(call, &id, |member| member.state = "Pending".to_owned());
        let at = crate::wire::scalar::iso(call.now());
        let cause = format!(
            "At {at} instance {id} was moved out of standby in response to a user request."
        );
        let activity = activities::begin(
            call,
            &name,
            &format!("Moving EC2 instance out of Standby: {id}"),
            &cause,
        );
        edit(call, &id, |member| member.activity = activity.clone());
        shown.push(activities::shown(call, &activity));
    }
    reconcile::soon(call, &name);
    Ok(json!({"Activities": shown}))
}

//! Members: instances as their group sees them, and the actions on single ones.
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::group::{self, named, staying};
use super::{activities, invalid, launching, reconcile};
use crate::around::call::Call;
use crate::service::Action;
use crate::service::ec2::instance;
use crate::wire::fault::{Fault, Outcome};
use crate::world::Millis;
use crate::world::scope::Scope;

pub(crate) const ACTIONS: &[Action] = &[
    ("DescribeAutoScalingInstances", describe),
    ("TerminateInstanceInAutoScalingGroup", terminate),
    ("AttachInstances", attach),
    ("DetachInstances", detach),
    ("SetInstanceProtection", protect),
    ("SetInstanceHealth", set_health),
];

/// A lifecycle action that somebody has to complete.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Wait {
    pub(super) hook: String,
    pub(super) token: String,
    pub(super) until: Millis,
    /// No heartbeat goes beyond it.
    pub(super) at_most: Millis,
}

/// A member.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Member {
    pub(super) group: String,
    pub(super) kind: String,
    pub(super) zone: String,
    pub(super) image: String,
    pub(super) template: Value,
    pub(super) spot: bool,
    /// `Pending`, `Pending:Wait`, `Pending:Proceed`, `InService`, `Terminating` ...
    pub(super) state: String,
    pub(super) healthy: bool,
    pub(super) protected: bool,
    pub(super) launched: Millis,
    pub(super) in_service: Millis,
    pub(super) wait: Option<Wait>,
    /// Hooks of the transition that are done.
    pub(super) done: Vec<String>,
    /// The activity that made it or ends it.
    pub(super) activity: String,
    /// Made for more than the desired capacity: the rebalancing of zones, a refresh.
    pub(super) extra: bool,
    pub(super) health_message: String,
}

impl Member {
    /// Does it count for the desired capacity?
    pub(super) fn counts(&self) -> bool {
        self.state.starts_with("Pending") || self.state == "InService"
    }

    /// Is it on its way out?
    pub(super) fn is_leaving(&self) -> bool {
        self.state.starts_with("Terminating") || self.state.starts_with("Detach")
    }

    /// Is it in the warm pool?
    pub(super) fn is_warm(&self) -> bool {
        self.state.starts_with("Warmed")
    }

    /// As a group shows it, or as it is shown by itself.
    pub(super) fn render(&self, id: &str, alone: bool) -> Value {
        let mut out = json!({
            "InstanceId": id, "InstanceType": self.kind, "AvailabilityZone": self.zone, "LifecycleState": self.state,
            "HealthStatus": if self.healthy { "Healthy" } else { "Unhealthy" }, "ProtectedFromScaleIn": self.protected,
            "LaunchTemplate": self.template,
        });
        if alone {
            out["AutoScalingGroupName"] = json!(self.group);
            out["HealthStatus"] = json!(if self.healthy { "HEALTHY" } else { "UNHEALTHY" });
        }
        out
    }
}

/// The members of a group, oldest first.
pub(super) fn of_group(scope: &mut Scope<'_>, group: &str) -> Vec<(String, Member)> {
    let all = scope.realm().autoscaling.members.iter();
    all.filter(|(_, member)| member.group == group)
        .map(|(id, member)| (id.to_owned(), member.clone()))
        .collect()
}

/// Changes a member that is there.
pub(super) fn edit(scope: &mut Scope<'_>, id: &str, change: impl FnOnce(&mut Member)) {
    if let Some(member) = scope.realm().autoscaling.members.get_mut(id) {
        change(member);
    }
}

fn not_in_group(id: &str) -> Fault {
    invalid(format!("Instance Id not found - No managed instance found for instance ID: {id}"))
}

/// The members that a call names, all of one group.
pub(super) fn given(call: &mut Call<'_>, group: &str) -> Result<Vec<(String, Member)>, Fault> {
    let mut found = Vec::new();
    for id in call.strings("InstanceIds") {
        let member = call.realm().autoscaling.members.get(&id).cloned();
        match member.filter(|member| member.group == group) {
            Some(member) => found.push((id, member)),
            None => {
                return Err(invalid(format!(
                    "The instance {id} is not part of Auto Scaling group {group}."
                )));
            }
        }
    }
    Ok(found)
}

fn describe(call: &mut Call<'_>) -> Outcome {
    let ids = call.strings("InstanceIds");
    let all = call.realm().autoscaling.members.iter();
    let found: Vec<Value> = all
        .filter(|(id, _)| ids.is_empty() || ids.iter().any(|wanted| wanted == id))
        .map(|(id, member)| member.render(id, true))
        .collect();
    Ok(json!({"AutoScalingInstances": found}))
}

fn terminate(call: &mut Call<'_>) -> Outcome {
    let id = call.str("InstanceId");
    let member =
        call.realm().autoscaling.members.get(&id).cloned().ok_or_else(|| not_in_group(&id))?;
    if member.is_leaving() {
        let message = format!("The instance {id} is being terminated already.");
        return Err(Fault::new("ScalingActivityInProgress", message));
    }
    let decrement = call.opt_bool("ShouldDecrementDesiredCapacity").unwrap_or(false);
    let name = member.group.clone();
    lower(call, &name, i64::from(decrement))?;
    let at = crate::wire::scalar::iso(call.now());
    let cause =
        format!("At {at} instance {id} was taken out of service in response to a user request.");
    let activity = launching::end(call, &id, &cause);
    reconcile::soon(call, &name);
    Ok(json!({"Activity": activities::shown(call, &activity)}))
}

/// Lowers the desired capacity, but not below the minimum.
pub(super) fn lower(call: &mut Call<'_>, name: &str, by: i64) -> Result<(), Fault> {
    let group =
        call.realm().autoscaling.groups.get(name).cloned().ok_or_else(|| group::missing(name))?;
    if group.desired - by < group.min {
        let message = format!(
            "Currently, desiredSize equals minSize ({}). Terminating instance without replacement will violate \
                               group's min size constraint. Either set shouldDecrementDesiredCapacity flag to false or lower group's min size.",
            group.min
        );
        return Err(invalid(message));
    }
    group::edit(call, name, |group| group.desired -= by);
    Ok(())
}

fn attach(call: &mut Call<'_>) -> Outcome {
    let (name, group) = staying(call)?;
    let ids = call.strings("InstanceIds");
    let count = i64::try_from(ids.len()).unwrap_or(i64::MAX);
    if group.desired + count > group.max {
        let message = format!(
            "AutoScalingGroup '{name}' has min-size={}, max-size={}, and desired-size={}. To attach {count} more instance, please update the AutoScalingGroup sizes appropriately.",
            group.min, group.max, group.desired
        );
        return Err(invalid(message));
    }
    for id in ids {
        let found = call.realm().ec2.instances.get(&id).cloned();
        let found = found.filter(|i| i.state == "running");
        let Some(found) = found else {
            return Err(invalid(format!(
                "Invalid Instance ID(s): [{id}] specified. The instance is not running."
            )));
        };
        if call.realm().autoscaling.members.contains(&id) {
            return Err(invalid(format!(
                "Instance {id} is already part of an Auto Scaling group."
            )));
        }
        if !group.zones.contains(&found.zone) {
            return Err(invalid(format!(
                "The availability zone {} of instance {id} is not part of the group.",
                found.zone
            )));
        }
        let now = call.now();
        let member = Member {
            group: name.clone(),
            kind: found.kind,
            zone: found.zone,
            image: found.image,
            state: "Pending".to_owned(),
            healthy: true,
            protected: group.protect_new,
            launched: now,
            ..Member::default()
        };
        call.realm().autoscaling.members.insert_implicit(&id, member, now);
    }
    group::edit(call, &name, |group| group.desired += count);
    reconcile::soon(call, &name);
    Ok(json!({}))
}

fn detach(call: &mut Call<'_>) -> Outcome {
    let (name, group) = staying(call)?;
    let members = given(call, &name)?;
    let decrement = call.opt_bool("ShouldDecrementDesiredCapacity").unwrap_or(false);
    let count = i64::try_from(members.len()).unwrap_or(0);
    lower(call, &name, if decrement { count } else { 0 })?;
    let mut shown = Vec::new();
    for (id, _) in members {
        for arn in &group.target_groups {
            crate::service::elbv2::targets::deregister(call, arn, &id);
        }
        call.realm().autoscaling.members.remove(&id);
        let at = crate::wire::scalar::iso(call.now());
        let cause = format!("At {at} instance {id} was detached in response to a user request.");
        let activity =
            activities::begin(call, &name, &format!("Detaching EC2 instance: {id}"), &cause);
        activities::finish(call, &activity, Ok(()));
        shown.push(activities::shown(call, &activity));
    }
    reconcile::soon(call, &name);
    Ok(json!({"Activities": shown}))
}

fn protect(call: &mut Call<'_>) -> Outcome {
    let (name, _) = named(call)?;
    let on = call.opt_bool("ProtectedFromScaleIn").unwrap_or(false);
    let members = given(call, &name)?;
    // Protection begins when a member is in service, and is nothing to be set before or after.
    let settable = ["InService", "EnteringStandby", "Standby"];
    if let Some((id, _)) = members.iter().find(|(_, it)| !settable.contains(&it.state.as_str())) {
        return Err(invalid(format!(
            "The instance {id} is not in InService or EnteringStandby or Standby."
        )));
    }
    for (id, _) in members {
        edit(call, &id, |member| member.protected = on);
    }
    Ok(json!({}))
}

fn set_health(call: &mut Call<'_>) -> Outcome {
    let id = call.str("InstanceId");
    let member =
        call.realm().autoscaling.members.get(&id).cloned().ok_or_else(|| not_in_group(&id))?;
    let healthy = match call.str("HealthStatus").as_str() {
        "Healthy" => true,
        "Unhealthy" => false,
        other => {
            return Err(invalid(format!(
                "Value '{other}' at 'healthStatus' is not Healthy or Unhealthy"
            )));
        }
    };
    let respect = call.opt_bool("ShouldRespectGracePeriod").unwrap_or(true);
    let grace =
        call.realm().autoscaling.groups.get(&member.group).map_or(0, |group| group.grace_seconds)
            * 1000;
    if !healthy && respect && call.now() < member.in_service + grace {
        return Ok(json!({}));
    }
    edit(call, &id, |member| {
        member.healthy = healthy;
        member.health_message = "a user health-check".to_owned();
    });
    reconcile::soon(call, &member.group);
    Ok(json!({}))
}

/// Is the instance there, and not ending?
pub(super) fn is_alive(scope: &mut Scope<'_>, id: &str) -> bool {
    instance::is_alive(scope, id)
}

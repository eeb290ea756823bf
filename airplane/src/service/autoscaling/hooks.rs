//! Lifecycle hooks: instances wait in Pending:Wait or Terminating:Wait until somebody completes the action, the heartbeat
//! runs out, or the global timeout (100 heartbeats, 48 hours at most) is over.
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::group::{Group, edit as edit_group, named, staying};
use super::members::{Member, Wait, edit, of_group};
use super::{invalid, reconcile};
use crate::around::call::Call;
use crate::service::Action;
use crate::service::sqs::{Delivery, deliver};
use crate::wire::fault::{Fault, Outcome};
use crate::world::scope::Scope;

pub(crate) const ACTIONS: &[Action] = &[
    ("PutLifecycleHook", put),
    ("DeleteLifecycleHook", delete),
    ("DescribeLifecycleHooks", describe),
    ("DescribeLifecycleHookTypes", types),
    ("CompleteLifecycleAction", complete),
    ("RecordLifecycleActionHeartbeat", heartbeat),
];

const LAUNCHING: &str = "autoscaling:EC2_INSTANCE_LAUNCHING";
const TERMINATING: &str = "autoscaling:EC2_INSTANCE_TERMINATING";
const MOST_SECONDS: i64 = 48 * 60 * 60;

/// A hook.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Hook {
    pub(super) name: String,
    transition: String,
    heartbeat: i64,
    pub(super) continues: bool,
    metadata: Option<String>,
    target: Option<String>,
    role: Option<String>,
}

impl Hook {
    /// As a create or a put describes it.
    pub(super) fn of(given: &Value) -> Result<Hook, Fault> {
        let text = |name: &str| given[name].as_str().map(str::to_owned);
        let transition = text("LifecycleTransition").unwrap_or_default();
        if transition != LAUNCHING && transition != TERMINATING {
            return Err(invalid(format!("Invalid lifecycle transition: {transition}")));
        }
        let heartbeat = given["HeartbeatTimeout"].as_i64().unwrap_or(3600);
        if !(30..=7200).contains(&heartbeat) {
            return Err(invalid("HeartbeatTimeout must be between 30 and 7200 seconds"));
        }
        let result = text("DefaultResult").unwrap_or_else(|| "ABANDON".to_owned());
        if result != "CONTINUE" && result != "ABANDON" {
            return Err(invalid("DefaultResult must be CONTINUE or ABANDON"));
        }
        Ok(Hook {
            name: text("LifecycleHookName").unwrap_or_default(),
            transition,
            heartbeat,
            continues: result == "CONTINUE",
            metadata: text("NotificationMetadata"),
            target: text("NotificationTargetARN").filter(|arn| !arn.is_empty()),
            role: text("RoleARN").filter(|arn| !arn.is_empty()),
        })
    }

    fn global(&self) -> i64 {
        (self.heartbeat * 100).min(MOST_SECONDS)
    }

    fn render(&self, group: &str) -> Value {
        let mut out = json!({
            "LifecycleHookName": self.name, "AutoScalingGroupName": group, "LifecycleTransition": self.transition,
            "HeartbeatTimeout": self.heartbeat, "GlobalTimeout": self.global(),
            "DefaultResult": if self.continues { "CONTINUE" } else { "ABANDON" },
        });
        for (member, value) in [
            ("NotificationMetadata", &self.metadata),
            ("NotificationTargetARN", &self.target),
            ("RoleARN", &self.role),
        ] {
            if let Some(value) = value {
                out[member] = json!(value);
            }
        }
        out
    }
}

/// The next hook that holds this member, if one does.
pub(super) fn next<'g>(group: &'g Group, member: &Member) -> Option<&'g Hook> {
    let wanted = if member.state.starts_with("Terminating") { TERMINATING } else { LAUNCHING };
    group.hooks.iter().find(|hook| hook.transition == wanted && !member.done.contains(&hook.name))
}

/// Lets a member wait for a hook, and tells the world.
pub(super) fn hold(scope: &mut Scope<'_>, group_name: &str, hook: &Hook, id: &str) {
    let (now, token) = (scope.now(), scope.world.ids.uuid());
    let wait = Wait {
        hook: hook.name.clone(),
        token: token.clone(),
        until: now + hook.heartbeat * 1000,
        at_most: now + hook.global() * 1000,
    };
    edit(scope, id, |member| {
        let prefix =
            if member.state.starts_with("Terminating") { "Terminating" } else { "Pending" };
        member.state = format!("{prefix}:Wait");
        member.wait = Some(wait);
    });
    let launching = hook.transition == LAUNCHING;
    let kind = if launching {
        "EC2 Instance-launch Lifecycle Action"
    } else {
        "EC2 Instance-terminate Lifecycle Action"
    };
    let mut detail = json!({
        "LifecycleActionToken": token, "AutoScalingGroupName": group_name, "LifecycleHookName": hook.name,
        "EC2InstanceId": id, "LifecycleTransition": hook.transition,
    });
    if let Some(metadata) = &hook.metadata {
        detail["NotificationMetadata"] = json!(metadata);
    }
    let arn = scope.realm().autoscaling.groups.get(group_name).map(|group| group.arn.clone());
    let resources: Vec<String> = arn.into_iter().collect();
    notify(scope, hook, resources.first().map(String::as_str).unwrap_or_default(), &detail);
    let (group, machines) = ("AutoScalingGroup", "EC2");
    (detail["Origin"], detail["Destination"]) = match launching {
        true => (json!(machines), json!(group)),
        false => (json!(group), json!(machines)),
    };
    crate::service::events::publish(scope, "aws.autoscaling", kind, &resources, detail);
}

// Sends to the hook's own target, as the role that it names.
fn notify(scope: &mut Scope<'_>, hook: &Hook, group_arn: &str, about: &Value) {
    let Some(target) = &hook.target else { return };
    let mut body = about.clone();
    body["Service"] = json!("AWS Auto Scaling");
    body["Time"] = json!(crate::wire::scalar::iso(scope.now()));
    body["RequestId"] = json!(scope.world.ids.uuid());
    body["AccountId"] = json!(scope.account);
    body["AutoScalingGroupARN"] = json!(group_arn);
    let body = body.to_string();
    deliver(scope, &Delivery { arn: target, rule: None, group: None, body: &body });
}

fn put(call: &mut Call<'_>) -> Outcome {
    let (name, group) = staying(call)?;
    let mut given = Value::Object(call.input.clone());
    let hook = call.str("LifecycleHookName");
    let known = group.hooks.iter().find(|known| known.name == hook);
    if let Some(known) = known {
        // What is not said stays as it is.
        let before = known.render(&name);
        for (member, value) in before.as_object().into_iter().flatten() {
            if given.get(member).is_none_or(Value::is_null) {
                given[member] = value.clone();
            }
        }
    } else if call.opt_str("LifecycleTransition").is_none() {
        return Err(invalid("LifecycleTransition is required for a new lifecycle hook."));
    } else if group.hooks.len() >= call.quota("lifecycle-hooks-per-group") {
        return Err(Fault::new(
            "LimitExceeded",
            "The group has as many lifecycle hooks as it may have.",
        ));
    }
    let hook = Hook::of(&given)?;
    let test = json!({"AutoScalingGroupName": name, "Event": "autoscaling:TEST_NOTIFICATION"});
    notify(call, &hook, &group.arn, &test);
    edit_group(call, &name, |group| {
        match group.hooks.iter_mut().find(|known| known.name == hook.name) {
            Some(known) => *known = hook,
            None => group.hooks.push(hook),
        }
    });
    Ok(json!({}))
}

fn delete(call: &mut Call<'_>) -> Outcome {
    let (name, group) = named(call)?;
    let hook = call.str("LifecycleHookName");
    if !group.hooks.iter().any(|known| known.name == hook) {
        return Err(invalid(format!("No Lifecycle Hook found with name {hook} in group {name}")));
    }
    edit_group(call, &name, |group| group.hooks.retain(|known| known.name != hook));
    // Whoever waits for it is let go: launches are abandoned, terminations go on.
    for (id, member) in of_group(call, &name) {
        if member.wait.as_ref().is_some_and(|wait| wait.hook == hook) {
            let go_on = member.state.starts_with("Terminating");
            reconcile::proceed(call, &id, go_on);
        }
    }
    Ok(json!({}))
}

fn describe(call: &mut Call<'_>) -> Outcome {
    let (name, group) = named(call)?;
    let wanted = call.strings("LifecycleHookNames");
    let hooks = group.hooks.iter().filter(|hook| wanted.is_empty() || wanted.contains(&hook.name));
    Ok(json!({"LifecycleHooks": hooks.map(|hook| hook.render(&name)).collect::<Vec<_>>()}))
}

fn types(_call: &mut Call<'_>) -> Outcome {
    Ok(json!({"LifecycleHookTypes": [LAUNCHING, TERMINATING]}))
}

/// The member whose action a call means: by token, or by instance and hook.
fn waiting(call: &mut Call<'_>) -> Result<(String, Member, Hook), Fault> {
    let (name, group) = named(call)?;
    let hook_name = call.str("LifecycleHookName");
    let hook = group.hooks.iter().find(|hook| hook.name == hook_name).cloned();
    let hook =
        hook.ok_or_else(|| invalid(format!("No Lifecycle Hook found with name {hook_name}")))?;
    let (token, instance) = (call.opt_str("LifecycleActionToken"), call.opt_str("InstanceId"));
    let found = of_group(call, &name).into_iter().find(|(id, member)| {
        member.wait.as_ref().is_some_and(|wait| {
            wait.hook == hook_name
                && token.as_ref().is_none_or(|token| *token == wait.token)
                && instance.as_ref().is_none_or(|wanted| wanted == id)
        })
    });
    match found {
        Some((id, member)) if token.is_some() || instance.is_some() => Ok((id, member, hook)),
        _ => {
            let which = instance.map_or_else(
                || format!("token {}", token.unwrap_or_default()),
                |id| format!("instance ID {id}"),
            );
            Err(invalid(format!("No active Lifecycle Action found with {which}")))
        }
    }
}

fn complete(call: &mut Call<'_>) -> Outcome {
    let go_on = match call.str("LifecycleActionResult").as_str() {
        "CONTINUE" => true,
        "ABANDON" => false,
        other => return Err(invalid(format!("Invalid lifecycle action result: {other}"))),
    };
    let (id, member, _) = waiting(call)?;
    reconcile::proceed(call, &id, go_on);
    reconcile::soon(call, &member.group);
    Ok(json!({}))
}

fn heartbeat(call: &mut Call<'_>) -> Outcome {
    let (id, _, hook) = waiting(call)?;
    let now = call.now();
    edit(call, &id, |member| {
        if let Some(wait) = &mut member.wait {
            wait.until = (now + hook.heartbeat * 1000).min(wait.at_most);
        }
    });
    Ok(json!({}))
}

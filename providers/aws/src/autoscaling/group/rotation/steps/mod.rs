//! Steps: one file for each, or for those that share what they change. None waits for its effect: the next look sees it.

mod arrive;
mod deregister;
mod launch;
mod mark;
mod restore;
mod suspend;
mod terminate;

use aws_sdk_autoscaling::types::{AutoScalingGroup, LifecycleState};
use kprov_provider::rotation::{GroupId, Step, StepCall};

use crate::api::{Api, AwsError};
use crate::autoscaling::lifecycle_hook::hooks;
use crate::resource::Result;

pub(super) use arrive::keep_waiting;

/// `autoscaling:EC2_INSTANCE_LAUNCHING`
const LAUNCHING: &str = "autoscaling:EC2_INSTANCE_LAUNCHING";

/// `autoscaling:EC2_INSTANCE_TERMINATING`
const TERMINATING: &str = "autoscaling:EC2_INSTANCE_TERMINATING";

/// Carries out one step.
pub(super) async fn carry_out(api: &Api, call: &StepCall<'_>) -> Result<()> {
    match call.step {
        Step::SuspendProcesses { group } => suspend::suspend(api, group, call).await,
        Step::UseTemplate { group, template } => launch::use_template(api, group, template).await,
        Step::Launch { group, template, desired, zone } => {
            let wanted = launch::Wanted { template, desired: *desired, zone: zone.as_ref() };
            launch::launch(api, group, &wanted).await
        }
        Step::CompleteLaunch { member } => {
            arrive::complete(api, group_of(call)?, member.as_str()).await
        }
        Step::Mark { member } => mark::mark(api, member.as_str(), call.rotation.as_str()).await,
        Step::Deregister { member } => {
            deregister::deregister(api, group_of(call)?, member.as_str()).await
        }
        Step::Terminate { member, decrement } => {
            terminate::terminate(api, group_of(call)?, member.as_str(), *decrement).await
        }
        Step::Return { member } => mark::give_back(api, group_of(call)?, member.as_str()).await,
        Step::RestoreGroup { group } => restore::restore(api, group, call.base).await,
        Step::Snapshot
        | Step::Hook { .. }
        | Step::Cordon { .. }
        | Step::Exclude { .. }
        | Step::MoveLeader { .. }
        | Step::Drain { .. }
        | Step::StopApi { .. }
        | Step::RemoveEtcdMember { .. }
        | Step::DeleteNode { .. } => {
            let message =
                "This step is Kubernetes' or a node's to carry out, not AWS's: a bug in kprov.";
            Err(AwsError::refused("NotOurs", message))
        }
    }
}

/// The group whose machine a step is about.
fn group_of<'c>(call: &StepCall<'c>) -> Result<&'c str> {
    let seen = call.group.map(|group| &group.id);
    let group = seen.or_else(|| call.member.map(|member| &member.group)).map(GroupId::as_str);
    group.ok_or_else(|| {
        let message = "The machine is in no group that was seen: it has gone meanwhile.";
        AwsError::refused("NotFound", message)
    })
}

/// The state that a group has a machine in; none where it is not in the group.
fn state_of<'g>(group: &'g AutoScalingGroup, machine: &str) -> Option<&'g LifecycleState> {
    let found = group.instances().iter().find(|it| it.instance_id() == Some(machine));
    found.and_then(|it| it.lifecycle_state())
}

/// The names of a group's hooks of one transition.
async fn hooks_of(api: &Api, group: &str, transition: &str) -> Result<Vec<String>> {
    let all = api.load("lifecycle hooks", group, hooks).await?.unwrap_or_default();
    let of = all.into_iter().filter(|hook| hook.lifecycle_transition() == Some(transition));
    Ok(of.filter_map(|hook| hook.lifecycle_hook_name).collect())
}

/// Lets a machine go on from a hook. False: it does not wait for that hook (any more).
pub(crate) async fn go_on(api: &Api, group: &str, hook: &str, machine: &str) -> Result<bool> {
    let make = || {
        let call = api.autoscaling().complete_lifecycle_action().auto_scaling_group_name(group);
        let call = call.lifecycle_hook_name(hook).instance_id(machine);
        call.lifecycle_action_result("CONTINUE").send()
    };
    waits(api.call("autoscaling", "CompleteLifecycleAction", make).await)
}

/// Whether the machine waited for the hook that a call was about.
fn waits<T>(answer: Result<T>) -> Result<bool> {
    match answer {
        Ok(_) => Ok(true),
        Err(error) if error.code == "ValidationError" && is_no_wait(&error.message) => Ok(false),
        Err(error) => Err(error),
    }
}

/// AWS says in words only that nobody waits, or that there is no such hook.
fn is_no_wait(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    message.contains("no active lifecycle action") || message.contains("no lifecycle hook found")
}

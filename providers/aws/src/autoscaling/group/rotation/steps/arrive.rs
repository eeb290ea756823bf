//! `CompleteLaunch`, and heartbeats: machines that a hook holds go on when they are let, and wait until then.

use aws_sdk_autoscaling::types::LifecycleState as State;
use futures::future::try_join_all;
use kprov_provider::rotation::{GroupId, MachineId};

use super::super::{HOOK, find};
use super::{LAUNCHING, TERMINATING, go_on, hooks_of, state_of, waits};
use crate::api::{Api, AwsError};
use crate::resource::Result;

/// Lets a machine into service. Where another launching hook holds it before ours does, it is not our turn yet.
pub(super) async fn complete(api: &Api, group: &str, machine: &str) -> Result<()> {
    if go_on(api, group, HOOK, machine).await? {
        return Ok(());
    }
    let seen = find(api, group).await?;
    let held = state_of(&seen, machine) == Some(&State::PendingWait);
    let others = hooks_of(api, group, LAUNCHING).await?;
    if held && others.iter().any(|hook| hook == HOOK) && others.len() > 1 {
        let others: Vec<String> = others.into_iter().filter(|hook| hook != HOOK).collect();
        let message = format!(
            "{machine} is held by another launching hook of {group} ({}), and comes into service after that.",
            others.join(", ")
        );
        return Err(AwsError::refused("HeldByAnotherHook", message));
    }
    Ok(())
}

/// Sends heartbeats for those of these machines that wait, for each hook that may hold them.
pub(in crate::autoscaling::group::rotation) async fn keep_waiting(
    api: &Api,
    group: &GroupId,
    members: &[MachineId],
) -> Result<()> {
    if members.is_empty() {
        return Ok(());
    }
    let name = group.as_str();
    let seen = find(api, name).await?;
    let mut beats = Vec::new();
    for (state, transition) in
        [(State::PendingWait, LAUNCHING), (State::TerminatingWait, TERMINATING)]
    {
        let held = members.iter().filter(|id| state_of(&seen, id.as_str()) == Some(&state));
        let held: Vec<&str> = held.map(MachineId::as_str).collect();
        if held.is_empty() {
            continue;
        }
        for hook in hooks_of(api, name, transition).await? {
            beats.extend(held.iter().map(|id| (hook.clone(), (*id).to_owned())));
        }
    }
    try_join_all(beats.iter().map(|(hook, machine)| beat(api, name, hook, machine))).await?;
    Ok(())
}

async fn beat(api: &Api, group: &str, hook: &str, machine: &str) -> Result<()> {
    let make = || {
        let call = api.autoscaling().record_lifecycle_action_heartbeat();
        let call = call.auto_scaling_group_name(group).lifecycle_hook_name(hook);
        call.instance_id(machine).send()
    };
    waits(api.call("autoscaling", "RecordLifecycleActionHeartbeat", make).await).map(|_| ())
}

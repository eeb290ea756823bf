//! `SuspendProcesses`: AWS leaves the group's machines alone, and new ones wait until they are let in.

use aws_sdk_autoscaling::types::AutoScalingGroup;
use kprov_provider::rotation::world::{Kind, MASTER_PROCESSES, Process, WORKER_PROCESSES};
use kprov_provider::rotation::{Base, GroupId, StepCall};

use super::super::{HOOK, find, marks, observe, target_groups};
use super::LAUNCHING;
use crate::api::Api;
use crate::resource::Result;

/// How long a machine is held without a word of ours, in seconds.
const HEARTBEAT: i32 = 300;

/// How many machines a call takes.
const PAGE: usize = 50;

pub(super) async fn suspend(api: &Api, id: &GroupId, call: &StepCall<'_>) -> Result<()> {
    let name = id.as_str();
    let group = find(api, name).await?;
    let seen = call.group.map(|group| Base {
        desired: group.desired,
        max: group.max,
        suspended: group.suspended.clone(),
        protected: group.protected,
    });
    if let Some(base) = call.base.or(seen.as_ref()) {
        marks::note(api, &group, base).await?;
    }
    put_hook(api, name).await?;
    let masters = call.group.is_some_and(|group| group.kind == Kind::Master);
    if masters {
        protect(api, &group, true).await?;
    }
    // Last, because by this it is seen that the step is done.
    let rest = if masters { MASTER_PROCESSES.to_vec() } else { resting_workers(&group) };
    let rest: Vec<String> =
        rest.into_iter().map(|process| marks::name_of(process).to_owned()).collect();
    self::rest(api, name, &rest).await
}

/// Has processes of a group rest.
pub(super) async fn rest(api: &Api, group: &str, processes: &[String]) -> Result<()> {
    let make = || {
        let call = api.autoscaling().suspend_processes().auto_scaling_group_name(group);
        call.set_scaling_processes(Some(processes.to_vec())).send()
    };
    api.call("autoscaling", "SuspendProcesses", make).await.map(|_| ())
}

/// Where AWS replaces whom the balancer does not find healthy, it would end who was deregistered to be drained.
fn resting_workers(group: &AutoScalingGroup) -> Vec<Process> {
    let mut rest = WORKER_PROCESSES.to_vec();
    let by_balancer = group.health_check_type().is_some_and(|kinds| kinds.contains("ELB"));
    if by_balancer && !target_groups(group).is_empty() {
        rest.push(Process::ReplaceUnhealthy);
    }
    rest
}

/// Holds new machines. Nothing waits for a kprov that is not there: after the heartbeat they go on.
async fn put_hook(api: &Api, group: &str) -> Result<()> {
    let make = || {
        api.autoscaling()
            .put_lifecycle_hook()
            .auto_scaling_group_name(group)
            .lifecycle_hook_name(HOOK)
            .lifecycle_transition(LAUNCHING)
            .heartbeat_timeout(HEARTBEAT)
            .default_result("CONTINUE")
            .send()
    };
    api.call("autoscaling", "PutLifecycleHook", make).await.map(|_| ())
}

/// Protects all machines of the group from scale-in, those that are yet to come among them, or none.
pub(super) async fn protect(api: &Api, group: &AutoScalingGroup, on: bool) -> Result<()> {
    let name = group.auto_scaling_group_name().unwrap_or_default();
    if group.new_instances_protected_from_scale_in() != Some(on) {
        let make = || {
            let call = api.autoscaling().update_auto_scaling_group().auto_scaling_group_name(name);
            call.new_instances_protected_from_scale_in(on).send()
        };
        api.call("autoscaling", "UpdateAutoScalingGroup", make).await?;
    }
    let others = group.instances().iter().filter(|it| observe::is_protectable(it));
    let others = others.filter(|it| it.protected_from_scale_in() != Some(on));
    let others: Vec<String> = others.filter_map(|it| it.instance_id.clone()).collect();
    for page in others.chunks(PAGE) {
        let make = || {
            let call = api.autoscaling().set_instance_protection().auto_scaling_group_name(name);
            call.set_instance_ids(Some(page.to_vec())).protected_from_scale_in(on).send()
        };
        api.call("autoscaling", "SetInstanceProtection", make).await?;
    }
    Ok(())
}

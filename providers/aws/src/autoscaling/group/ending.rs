//! Deleting a group: nothing may hold its instances back, then they go, then it goes.

use std::time::Duration;

use aws_sdk_autoscaling::types::AutoScalingGroup;

use super::shown::live_warm_pool;
use crate::api::{Api, Progress};
use crate::autoscaling::lifecycle_hook::{delete as delete_hook, hooks};
use crate::autoscaling::{groups, or_gone};
use crate::fields::Fields;
use crate::resource::Result;

/// How long draining, and then deleting, may take.
const PATIENCE: Duration = Duration::from_secs(10 * 60);

/// How many instances a call takes.
const PAGE: usize = 50;

/// Makes the group be gone.
pub(super) async fn delete(api: &Api, prior: Fields<'_>) -> Result<()> {
    let name = prior.id();
    let patience = prior.timeout("delete", PATIENCE);
    let force = prior.bool("force_delete") == Some(true);
    let Some(group) = api.load("autoscaling group", name, groups).await? else { return Ok(()) };
    if group.status().is_none() {
        if group.warm_pool_configuration().is_some() {
            let force = force || prior.bool("force_delete_warm_pool") == Some(true);
            delete_warm_pool(api, name, force, patience).await?;
        }
        if !force {
            drain(api, &group, name, patience).await?;
        }
        let delete = || {
            let call = api.autoscaling().delete_auto_scaling_group().auto_scaling_group_name(name);
            call.set_force_delete(force.then_some(true)).send()
        };
        or_gone(api.call("autoscaling", "DeleteAutoScalingGroup", delete).await)?;
    }
    let judge = |group: Option<&AutoScalingGroup>| match group {
        None => Progress::Done(()),
        Some(group) => Progress::Pending(group.status().unwrap_or("there").to_owned()),
    };
    api.wait("autoscaling group", name, patience, groups, judge).await
}

async fn drain(api: &Api, group: &AutoScalingGroup, name: &str, patience: Duration) -> Result<()> {
    // Who should complete a hook may be gone already, as a controller in the very cluster that is
    // being destroyed. Without its hooks, instances that wait go on.
    let hooks = api.load("lifecycle hooks", name, hooks).await?.unwrap_or_default();
    for hook in hooks.iter().filter_map(|hook| hook.lifecycle_hook_name()) {
        delete_hook(api, name, hook).await?;
    }
    let protected: Vec<String> = group
        .instances()
        .iter()
        .filter(|it| it.protected_from_scale_in() == Some(true))
        .filter_map(|it| it.instance_id.clone())
        .collect();
    for page in protected.chunks(PAGE) {
        let make = || {
            let call = api.autoscaling().set_instance_protection().auto_scaling_group_name(name);
            call.set_instance_ids(Some(page.to_vec())).protected_from_scale_in(false).send()
        };
        or_gone(api.call("autoscaling", "SetInstanceProtection", make).await)?;
    }
    let stuck = group.suspended_processes().iter().any(|it| it.process_name() == Some("Terminate"));
    if stuck {
        let make = || {
            let call = api.autoscaling().resume_processes().auto_scaling_group_name(name);
            call.scaling_processes("Terminate").send()
        };
        or_gone(api.call("autoscaling", "ResumeProcesses", make).await)?;
    }
    let make = || {
        let call = api.autoscaling().update_auto_scaling_group().auto_scaling_group_name(name);
        call.min_size(0).max_size(0).desired_capacity(0).send()
    };
    or_gone(api.call("autoscaling", "UpdateAutoScalingGroup", make).await)?;
    let judge = |group: Option<&AutoScalingGroup>| match group.map(|it| it.instances().len()) {
        None | Some(0) => Progress::Done(()),
        Some(count) => Progress::Pending(format!("ending {count} instances")),
    };
    api.wait("autoscaling group", name, patience, groups, judge).await
}

/// Removes the warm pool, and waits for it.
pub(super) async fn delete_warm_pool(
    api: &Api,
    name: &str,
    force: bool,
    patience: Duration,
) -> Result<()> {
    let make = || {
        let call = api.autoscaling().delete_warm_pool().auto_scaling_group_name(name);
        call.set_force_delete(force.then_some(true)).send()
    };
    match api.call("autoscaling", "DeleteWarmPool", make).await {
        Err(error) if error.message.contains("No warm pool found") => return Ok(()),
        result => or_gone(result)?,
    }
    let judge = |group: Option<&AutoScalingGroup>| match group {
        Some(group) if group.warm_pool_configuration().is_some() => {
            let state = if live_warm_pool(group).is_some() { "there" } else { "deleting" };
            Progress::Pending(format!("with a warm pool that is {state}"))
        }
        _ => Progress::Done(()),
    };
    api.wait("autoscaling group", name, patience, groups, judge).await
}

//! Deleting a group: nothing may hold its instances back, then they go, then it goes.

use std::time::Duration;

use aws_sdk_autoscaling::types::{AutoScalingGroup, Instance};

use super::rotation::is_protectable;
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
    let (launching, others): (Vec<_>, Vec<_>) = hooks.iter().partition(|hook| {
        hook.lifecycle_transition().is_some_and(|transition| transition.ends_with("LAUNCHING"))
    });
    for hook in others.iter().filter_map(|hook| hook.lifecycle_hook_name()) {
        delete_hook(api, name, hook).await?;
    }
    let make = || {
        let call = api.autoscaling().update_auto_scaling_group().auto_scaling_group_name(name);
        let call = call.min_size(0).max_size(0).desired_capacity(0);
        call.new_instances_protected_from_scale_in(false).send()
    };
    or_gone(api.call("autoscaling", "UpdateAutoScalingGroup", make).await)?;
    // Now: whom a launching hook holds ends with it, and would have been replaced.
    for hook in launching.iter().filter_map(|hook| hook.lifecycle_hook_name()) {
        delete_hook(api, name, hook).await?;
    }
    let stuck = group.suspended_processes().iter().any(|it| it.process_name() == Some("Terminate"));
    if stuck {
        let make = || {
            let call = api.autoscaling().resume_processes().auto_scaling_group_name(name);
            call.scaling_processes("Terminate").send()
        };
        or_gone(api.call("autoscaling", "ResumeProcesses", make).await)?;
    }
    let start = api.now();
    loop {
        // A machine that was launched under protection is protected once it is in service, and not before.
        let seen = api.load("autoscaling group", name, groups).await?;
        unprotect(api, seen.as_ref(), name).await?;
        let rest = patience.saturating_sub(api.since(start));
        let judge = |group: Option<&AutoScalingGroup>| match group {
            None => Progress::Done(true),
            Some(group) if group.instances().is_empty() => Progress::Done(true),
            Some(group) if !rest.is_zero() && protected(group).next().is_some() => {
                Progress::Done(false)
            }
            Some(group) => {
                Progress::Pending(format!("ending {} instances", group.instances().len()))
            }
        };
        if api.wait_since(start, "autoscaling group", name, rest, groups, judge).await? {
            return Ok(());
        }
    }
}

/// Machines that AWS would not end because they are protected, as far as that can be taken from them.
fn protected(group: &AutoScalingGroup) -> impl Iterator<Item = &Instance> {
    let all = group.instances().iter().filter(|it| it.protected_from_scale_in() == Some(true));
    all.filter(|it| is_protectable(it))
}

async fn unprotect(api: &Api, group: Option<&AutoScalingGroup>, name: &str) -> Result<()> {
    let protected = group.into_iter().flat_map(protected);
    let protected: Vec<String> = protected.filter_map(|it| it.instance_id.clone()).collect();
    for page in protected.chunks(PAGE) {
        let make = || {
            let call = api.autoscaling().set_instance_protection().auto_scaling_group_name(name);
            call.set_instance_ids(Some(page.to_vec())).protected_from_scale_in(false).send()
        };
        or_gone(api.call("autoscaling", "SetInstanceProtection", make).await)?;
    }
    Ok(())
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

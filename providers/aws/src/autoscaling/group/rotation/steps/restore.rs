//! `RestoreGroup`: the group is as it was, and AWS's again.
//!
//! What the group was is told by the journal, or, where there is none any more, by the group's own tag. Its processes go on
//! last: by them it is seen that the step is done.

use std::collections::BTreeSet;

use aws_sdk_autoscaling::types::{AutoScalingGroup, LifecycleState as State};
use futures::future::try_join_all;
use kprov_provider::rotation::world::{Lifecycle, Process, Target};
use kprov_provider::rotation::{Base, GroupId};

use super::super::marks::{self, BEFORE, SUBNETS};
use super::super::{HOOK, find, observe};
use super::{go_on, mark, suspend};
use crate::api::{Api, AwsError};
use crate::autoscaling::lifecycle_hook::delete as delete_hook;
use crate::resource::Result;

pub(super) async fn restore(api: &Api, id: &GroupId, base: Option<&Base>) -> Result<()> {
    let name = id.as_str();
    let group = find(api, name).await?;
    let Some(base) = base.cloned().or_else(|| marks::before(&group)) else {
        let message = format!("It is not known what {name} was before it was rotated.");
        return Err(AwsError::refused("NotKnown", message));
    };
    may_be_limited(&group, &base)?;
    let_in(api, &group).await?;
    delete_hook(api, name, HOOK).await?;
    numbers(api, &group, &base).await?;
    if observe::is_protected(&group) != base.protected {
        suspend::protect(api, &group, base.protected).await?;
    }
    if !base.suspended.contains(&Process::ReplaceUnhealthy) {
        forgive(api, id, &group).await?;
    }
    marks::erase(api, &group, &[SUBNETS, BEFORE]).await?;
    resume(api, &group, &base).await
}

/// AWS ends machines when the limit goes below the number, which nobody drained.
fn may_be_limited(group: &AutoScalingGroup, base: &Base) -> Result<()> {
    let desired = group.desired_capacity().and_then(|it| u32::try_from(it).ok()).unwrap_or(0);
    if desired <= base.max {
        return Ok(());
    }
    let name = group.auto_scaling_group_name().unwrap_or_default();
    let message = format!(
        "{name} is to have {desired} machines, and had a limit of {} before it was rotated: somebody asked for more \
         meanwhile. Lower its number (its autoscaler's limit, if it has one), or raise max_size after kprov rotation abort.",
        base.max
    );
    Err(AwsError::refused("MoreThanItsLimit", message))
}

/// Machines that our hook holds come into service: when a hook is deleted, AWS ends those that it holds.
async fn let_in(api: &Api, group: &AutoScalingGroup) -> Result<()> {
    let name = group.auto_scaling_group_name().unwrap_or_default();
    let held =
        group.instances().iter().filter(|it| it.lifecycle_state() == Some(&State::PendingWait));
    let held = held.filter_map(|it| it.instance_id());
    try_join_all(held.map(|machine| go_on(api, name, HOOK, machine))).await.map(|_| ())
}

/// Limit and subnets. The number is raised where machines are missing, and never lowered: that would end one.
async fn numbers(api: &Api, group: &AutoScalingGroup, base: &Base) -> Result<()> {
    let number = |number: u32| i32::try_from(number).unwrap_or(i32::MAX);
    let max = Some(number(base.max)).filter(|max| group.max_size() != Some(*max));
    let desired = Some(number(base.desired)).filter(|it| Some(*it) > group.desired_capacity());
    let all = marks::noted_subnets(group).filter(|all| *all != marks::current_subnets(group));
    if max.is_none() && desired.is_none() && all.is_none() {
        return Ok(());
    }
    let name = group.auto_scaling_group_name().unwrap_or_default();
    let subnets = all.map(|all| all.join(","));
    let make = || {
        api.autoscaling()
            .update_auto_scaling_group()
            .auto_scaling_group_name(name)
            .set_max_size(max)
            .set_desired_capacity(desired)
            .set_vpc_zone_identifier(subnets.clone())
            .send()
    };
    api.call("autoscaling", "UpdateAutoScalingGroup", make).await.map(|_| ())
}

/// While AWS replaced nobody, its checks went on, and what they found stays found: a new machine that was up later than
/// its grace period would be ended now, however well it is.
async fn forgive(api: &Api, id: &GroupId, group: &AutoScalingGroup) -> Result<()> {
    let sick = |it: &aws_sdk_autoscaling::types::Instance| {
        it.lifecycle_state() == Some(&State::InService)
            && it.health_status().is_some_and(|word| !word.eq_ignore_ascii_case("healthy"))
    };
    let sick: Vec<&str> =
        group.instances().iter().filter(|it| sick(it)).filter_map(|it| it.instance_id()).collect();
    if sick.is_empty() {
        return Ok(());
    }
    let view = observe::observe(api, std::slice::from_ref(id)).await?.pop().flatten();
    let members = view.map(|view| view.members).unwrap_or_default();
    let well = members.iter().filter(|member| {
        member.alive
            && member.lifecycle == Lifecycle::InService
            && matches!(member.target, Target::Healthy | Target::NotRegistered)
    });
    let well = well.map(|member| member.id.as_str()).filter(|machine| sick.contains(machine));
    try_join_all(well.map(|machine| mark::healthy(api, machine))).await.map(|_| ())
}

async fn resume(api: &Api, group: &AutoScalingGroup, base: &Base) -> Result<()> {
    let resting = group.suspended_processes().iter().filter_map(|it| it.process_name());
    let resting: BTreeSet<Process> = resting.filter_map(marks::process).collect();
    let names = |processes: &mut dyn Iterator<Item = &Process>| {
        processes.map(|process| marks::name_of(*process).to_owned()).collect::<Vec<String>>()
    };
    let ours = names(&mut resting.difference(&base.suspended));
    let missing = names(&mut base.suspended.difference(&resting));
    let name = group.auto_scaling_group_name().unwrap_or_default();
    // Somebody had them run meanwhile.
    if !missing.is_empty() {
        suspend::rest(api, name, &missing).await?;
    }
    if ours.is_empty() {
        return Ok(());
    }
    let make = || {
        let call = api.autoscaling().resume_processes().auto_scaling_group_name(name);
        call.set_scaling_processes(Some(ours.clone())).send()
    };
    api.call("autoscaling", "ResumeProcesses", make).await.map(|_| ())
}

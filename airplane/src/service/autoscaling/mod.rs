//! Auto Scaling: groups that look after themselves whenever something can happen. Members follow their instances through the lifecycle
//! states; everything that is done for a group is an activity.

mod activities;
mod config;
mod create;
mod group;
mod hooks;
mod launching;
mod members;
mod policies;
mod processes;
mod reconcile;
mod refresh;
mod refresh_step;
mod standby;
mod tags;
mod targets;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_sleep;
mod warm_pool;

use serde::{Deserialize, Serialize};

use crate::service::Action;
use crate::wire::fault::Fault;
use crate::world::World;
use crate::world::scope::Scope;
use crate::world::table::tables;

/// Actions by family file; one line per family here, one line per action there.
pub(crate) const ACTIONS: &[&[Action]] = &[
    create::ACTIONS,
    group::ACTIONS,
    members::ACTIONS,
    standby::ACTIONS,
    hooks::ACTIONS,
    activities::ACTIONS,
    refresh::ACTIONS,
    processes::ACTIONS,
    targets::ACTIONS,
    tags::ACTIONS,
    policies::ACTIONS,
    warm_pool::ACTIONS,
];

tables! {
    /// What the service keeps: groups by name, members by instance id, the rest by its own id.
    pub(crate) struct State {
        table groups: group::Group,
        table members: members::Member,
        table activities: activities::Activity,
        table refreshes: refresh::Refresh,
        table policies: policies::Policy,
        table schedules: policies::Schedule,
    }
}

/// A call that says something that cannot be.
fn invalid(message: impl Into<String>) -> Fault {
    Fault::new("ValidationError", message)
}

/// Something changed in this place that groups may have to answer.
pub(crate) fn wake(scope: &mut Scope<'_>) {
    for name in scope.realm().autoscaling.groups.ids() {
        reconcile::wake(scope, &name);
    }
}

/// An instance changed; its group, if it has one, may have to answer.
pub(crate) fn instance_changed(scope: &mut Scope<'_>, id: &str) {
    let group = scope.realm().autoscaling.members.get(id).map(|member| member.group.clone());
    if let Some(group) = group {
        reconcile::wake(scope, &group);
    }
}

// The group of this name, or of this member.
fn meant<'s>(
    scope: &'s mut Scope<'_>,
    group: Option<&str>,
    instance: Option<&str>,
) -> Option<&'s group::Group> {
    let state = &scope.realm().autoscaling;
    let of_member = || Some(state.members.get(instance?)?.group.as_str());
    state.groups.get(group.or_else(of_member)?)
}

/// The ARN of the group of this name, or of this member.
pub(crate) fn arn_of(
    scope: &mut Scope<'_>,
    group: Option<&str>,
    instance: Option<&str>,
) -> Option<String> {
    meant(scope, group, instance).map(|group| group.arn.clone())
}

/// The tags of the group of this name, or of this member.
pub(crate) fn tags_of(
    scope: &mut Scope<'_>,
    group: Option<&str>,
    instance: Option<&str>,
) -> Vec<(String, String)> {
    let group = meant(scope, group, instance);
    let tags = group.into_iter().flat_map(|group| &group.tags);
    tags.map(|tag| (tag.key.clone(), tag.value.clone())).collect()
}

/// The state that a group takes a member to, as the member's metadata says it.
pub(crate) fn target_lifecycle_state(scope: &mut Scope<'_>, id: &str) -> Option<&'static str> {
    let member = scope.realm().autoscaling.members.get(id)?;
    Some(match member.state.as_str() {
        state if state.starts_with("Warmed:Terminat") => "Terminated",
        "Warmed:Running" => "Warmed:Running",
        "Warmed:Hibernated" => "Warmed:Hibernated",
        state if state.starts_with("Warmed:") => "Warmed:Stopped",
        state if state.starts_with("Terminat") => "Terminated",
        "Standby" | "EnteringStandby" => "Standby",
        "Detached" | "Detaching" => "Detached",
        _ => "InService",
    })
}

/// Something changed everywhere: a condition, a quota.
pub(crate) fn wake_all(world: &mut World) {
    let places = world.accounts.iter().flat_map(|(account, kept)| {
        kept.realms.keys().map(move |region| (account.clone(), region.clone()))
    });
    for (account, region) in places.collect::<Vec<_>>() {
        wake(&mut Scope { world: &mut *world, account, region });
    }
}

/// What happens later.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Event {
    /// A group looks after itself. The number tells a group from a later one of the same name.
    Tick { group: String, number: u64 },
}

impl Event {
    /// Lets it happen.
    pub(crate) fn run(self, scope: &mut Scope<'_>) {
        let Event::Tick { group, number } = self;
        reconcile::tick(scope, &group, number);
    }
}

//! Auto Scaling: groups that look after themselves on a steady tick. Members follow their instances through the lifecycle
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
mod warm_pool;

use serde::{Deserialize, Serialize};

use crate::service::Action;
use crate::wire::fault::Fault;
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

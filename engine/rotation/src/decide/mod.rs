//! [`decide`]: the next safe steps, or why there are none.
//!
//! Candidates are proposed generously, and the invariants choose: for a member that leaves, everything that is still
//! to be taken from it is tried, and the first that breaks nothing is the step. So the order of a member's life is not
//! written down here a second time; it follows from what must hold.

mod begin;
mod leave;
mod machine;
mod pause;

use serde::{Deserialize, Serialize};

pub use pause::{Code, Pause};

use crate::index::Index;
use crate::invariants::{INVARIANTS, Invariant};
use crate::progress::Progress;
use crate::strategy::Strategies;
use crate::world::World;
use crate::{GroupId, MachineId, Seconds, Step};

/// What is next.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    /// Start these now. Each was checked on the world as the ones before it leave it at worst.
    Steps(Vec<Step>),
    /// Look again in a while.
    Waiting(Vec<Waiting>),
    /// A person is wanted.
    Paused(Pause),
    /// All is as the plan wants it, and well.
    Finished,
}

/// What is waited for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Waiting {
    /// In which group.
    pub group: Option<GroupId>,
    /// Of which member.
    pub member: Option<MachineId>,
    /// What, for people.
    pub says: String,
    /// Since when.
    pub since: Option<Seconds>,
    /// Until when at most.
    pub until: Option<Seconds>,
}

/// The next safe steps, or why there are none. [`Progress::looked`] comes before it, with the same world.
#[must_use]
pub fn decide(world: &World, strategies: &Strategies, progress: &Progress) -> Decision {
    decide_by(INVARIANTS, world, strategies, progress)
}

/// The same by other invariants: a machine without one of them is what its tests must catch.
#[must_use]
pub fn decide_by(
    invariants: &[Invariant],
    world: &World,
    strategies: &Strategies,
    progress: &Progress,
) -> Decision {
    machine::Machine::new(invariants, Index::new(world, strategies, progress)).decide()
}

#[cfg(test)]
mod tests;

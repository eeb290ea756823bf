//! What holds of every step, checked in this one place on the world as the step would leave it at worst. Each
//! invariant stands in a file of its own; [`INVARIANTS`] lists them, so that a machine without one is a list without
//! it, and docs/rotation.md is checked against it.
//!
//! Ids are those of the list that the project was given (issue 5): Q etcd, L load balancer and API server, V versions,
//! N nodes and pods, P keys, S the rotation itself. A1 and A2, how many may be missing and how many may be more, are ours.

mod a1_available;
mod a2_surge;
mod l1_ready_first;
mod l2_unused_first;
mod l3_shutdown_delay;
mod l4_goaway;
mod l5_not_the_only_api;
mod l6_hairpin;
mod l7_terminates_connections;
mod look;
mod n1_not_by_dns;
mod n2_cordon_first;
mod n3_budgets;
mod n4_volumes;
mod n5_canary;
mod n6_proven;
mod n7_processes;
mod p1_bundles;
mod p2_names;
mod p3_tokens;
mod p4_expiry;
mod q1_quorum;
mod q2_one_learner;
mod q3_unhealthy_first;
mod q4_leader;
mod q5_snapshot;
mod q6_by_id;
mod s1_lock;
mod s2_once;
mod s3_marked;
mod s4_way_back;
mod s5_as_planned;
mod s6_seen;
#[cfg(test)]
pub(crate) mod scene;
mod v1_kubelet;
mod v2_skew;

use serde::{Deserialize, Serialize};

use crate::Step;
use crate::index::Index;
use crate::progress::Progress;
use crate::project::Before;
use crate::strategy::Strategies;
use crate::world::World;

pub(crate) use look::Look;
pub(crate) use s2_once::sets_number;

/// What makes a step possible that is not possible now.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cure {
    /// The world goes on by itself.
    Time,
    /// Another step comes first.
    Step(Step),
    /// A person.
    Person,
}

/// Why a step must not be.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Breach {
    pub(crate) says: String,
    pub(crate) cure: Cure,
}

pub(crate) type Verdict = Result<(), Breach>;

/// Not now.
pub(crate) fn wait(says: impl Into<String>) -> Verdict {
    Err(Breach { says: says.into(), cure: Cure::Time })
}

/// Not before a person has done something.
pub(crate) fn ask(says: impl Into<String>) -> Verdict {
    Err(Breach { says: says.into(), cure: Cure::Person })
}

/// Not before that.
pub(crate) fn first(step: Step, says: impl Into<String>) -> Verdict {
    Err(Breach { says: says.into(), cure: Cure::Step(step) })
}

/// What holds of every step.
#[derive(Clone, Copy)]
pub struct Invariant {
    /// `Q1`.
    pub id: &'static str,
    /// What holds, in a sentence.
    pub says: &'static str,
    /// Who says so, or who was hurt without it.
    pub source: &'static str,
    pub(crate) holds: for<'a, 'w> fn(&Look<'a, 'w>) -> Verdict,
}

impl std::fmt::Debug for Invariant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.id, self.says)
    }
}

/// All of them.
pub const INVARIANTS: &[Invariant] = &[
    q1_quorum::INVARIANT,
    q2_one_learner::INVARIANT,
    q3_unhealthy_first::INVARIANT,
    q4_leader::INVARIANT,
    q5_snapshot::INVARIANT,
    q6_by_id::INVARIANT,
    l1_ready_first::INVARIANT,
    l2_unused_first::INVARIANT,
    l3_shutdown_delay::INVARIANT,
    l4_goaway::INVARIANT,
    l5_not_the_only_api::INVARIANT,
    l6_hairpin::INVARIANT,
    l7_terminates_connections::INVARIANT,
    v1_kubelet::INVARIANT,
    v2_skew::INVARIANT,
    n1_not_by_dns::INVARIANT,
    n2_cordon_first::INVARIANT,
    n3_budgets::INVARIANT,
    n4_volumes::INVARIANT,
    n5_canary::INVARIANT,
    n6_proven::INVARIANT,
    n7_processes::INVARIANT,
    p1_bundles::INVARIANT,
    p2_names::INVARIANT,
    p3_tokens::INVARIANT,
    p4_expiry::INVARIANT,
    s1_lock::INVARIANT,
    s2_once::INVARIANT,
    s3_marked::INVARIANT,
    s4_way_back::INVARIANT,
    s5_as_planned::INVARIANT,
    s6_seen::INVARIANT,
    a1_available::INVARIANT,
    a2_surge::INVARIANT,
];

/// An invariant that a step would break.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// Which.
    pub invariant: String,
    /// What is the matter, for people.
    pub says: String,
}

/// What a step would break, alone in this world.
#[must_use]
pub fn violated(
    world: &World,
    strategies: &Strategies,
    progress: &Progress,
    step: &Step,
) -> Vec<Violation> {
    let mut index = Index::new(world, strategies, progress);
    let before = index.apply(step);
    let found = breaches(INVARIANTS, &index, &before, step);
    found
        .into_iter()
        .map(|(invariant, breach)| Violation { invariant: invariant.to_owned(), says: breach.says })
        .collect()
}

/// What a step breaks that has been applied to an index.
pub(crate) fn breaches(
    invariants: &[Invariant],
    after: &Index<'_>,
    before: &Before,
    step: &Step,
) -> Vec<(&'static str, Breach)> {
    let look = Look { before, after, step };
    let broken = invariants.iter().filter_map(|invariant| {
        (invariant.holds)(&look).err().map(|breach| (invariant.id, breach))
    });
    broken.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_that_was_asked_for_is_complete_and_each_stands_once() {
        let ids: Vec<&str> = INVARIANTS.iter().map(|invariant| invariant.id).collect();
        let asked = [("Q", 6), ("L", 7), ("V", 2), ("N", 7), ("P", 4), ("S", 6), ("A", 2)];
        let asked: Vec<String> = asked
            .iter()
            .flat_map(|(of, count)| (1..=*count).map(move |n| format!("{of}{n}")))
            .collect();
        assert_eq!(ids, asked);
        assert!(INVARIANTS.iter().all(|i| i.says.len() > 20 && !i.source.is_empty()));
    }
}

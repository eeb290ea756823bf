//! [`Etcd`]: the control plane's members, as they tell of themselves.

use serde::{Deserialize, Serialize};

use crate::rotation::{EtcdId, MachineId, Seconds};

/// An alarm of etcd.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Alarm {
    /// The database is full: no writes.
    NoSpace,
    /// Members disagree about data.
    Corrupt,
}

/// A member of etcd.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EtcdMember {
    /// Which.
    pub id: EtcdId,
    /// Whose it is, where that is known: claims lag behind.
    pub machine: Option<MachineId>,
    /// When it was first seen in the member list.
    pub added_at: Seconds,
    /// It has told its name: it has started at least once.
    pub started: bool,
    /// A voter, no learner.
    pub voter: bool,
    /// Answers, and is in step with the others.
    pub healthy: bool,
    /// Leads.
    pub leader: bool,
}

/// The newest snapshot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// When.
    pub taken_at: Seconds,
    /// Its hash was checked.
    pub verified: bool,
    /// Taken after the only API server had stopped: nothing acknowledged is missing in it.
    pub complete: bool,
}

/// The control plane's etcd.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Etcd {
    /// Members.
    pub members: Vec<EtcdMember>,
    /// Alarms that are raised.
    pub alarms: Vec<Alarm>,
    /// The newest snapshot.
    pub snapshot: Option<Snapshot>,
}

impl Etcd {
    /// Voters, and how many of them are healthy.
    #[must_use]
    pub fn votes(&self) -> (usize, usize) {
        let voters = self.members.iter().filter(|member| member.voter);
        voters
            .fold((0, 0), |(all, healthy), member| (all + 1, healthy + usize::from(member.healthy)))
    }

    /// Enough voters are healthy to commit.
    #[must_use]
    pub fn has_quorum(&self) -> bool {
        let (all, healthy) = self.votes();
        all > 0 && healthy > all / 2
    }
}

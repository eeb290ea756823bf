//! A master's way into etcd's cluster, and its place there: founding, joining, leaving (docs/adr/0003). [`decide`] says the
//! next step from what was observed, and does nothing; [`shell`] observes and does it.

mod decide;
mod observe;
mod record;
mod retire;
mod shell;
#[cfg(test)]
mod tests;

use std::time::Duration;

use crate::etcd::Alarm;

pub(crate) use record::{move_aside as set_aside, stamp};
pub(crate) use shell::{Advance, Keeping, MakeEtcd, Membership, Place};

/// A machine that is, or is to be, a master.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Machine {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) peer_url: String,
    pub(crate) client_url: String,
}

/// A member as it was observed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) id: u64,
    /// Empty until it started for the first time.
    pub(crate) name: String,
    pub(crate) peer_urls: Vec<String>,
    pub(crate) learner: bool,
    /// It answers.
    pub(crate) healthy: bool,
    /// So long it does not.
    pub(crate) silent_for: Duration,
}

/// The cluster as its members tell it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cluster {
    /// Nobody answers, and why.
    Silent(String),
    Speaking {
        id: u64,
        /// There is a leader: a quorum is there.
        leader: bool,
        /// The member of this machine leads.
        leading: bool,
        members: Vec<Seen>,
    },
}

/// What this machine has on its disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Own {
    Empty,
    /// As far as it is on record.
    Data {
        cluster: Option<u64>,
        member: Option<u64>,
        /// The cluster's claim named it once: others may have relied on it.
        confirmed: bool,
    },
}

/// This machine's etcd.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Process {
    Down,
    /// It runs and does not answer yet.
    Up,
    Answering {
        cluster: u64,
        member: u64,
    },
}

/// All that is decided by.
#[derive(Clone, Debug)]
pub(crate) struct Observed {
    pub(crate) me: Machine,
    pub(crate) claims: crate::claims::ClaimSet,
    /// Machines that are there; None where nobody could be asked.
    pub(crate) alive: Option<Vec<Machine>>,
    pub(crate) cluster: Cluster,
    /// What stands in the way of changes.
    pub(crate) alarms: Vec<Alarm>,
    pub(crate) own: Own,
    pub(crate) process: Process,
    /// A rotation takes this machine out: it does not join again.
    pub(crate) leaves: bool,
}

/// What is to be done next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Write `founder`.
    ClaimFounder,
    /// Delete the `founder` of a machine that is gone.
    DropFounder(String),
    /// Start etcd.
    Start(crate::components::Start),
    /// Write `cluster`.
    ClaimCluster(u64),
    /// Put on record what the data are, and that the claim names them.
    Confirm {
        cluster: u64,
        member: u64,
    },
    /// Write `members/MACHINE`.
    RecordMember(u64),
    RemoveMember {
        id: u64,
        name: String,
        why: String,
    },
    AddLearner,
    Promote(u64),
    /// Data that belong to no member any more: the machine begins anew.
    MoveDataAside(String),
    /// It is a voter, and nothing is to do.
    Settled,
    /// It was taken out, and is no member any more: what is left of it ends.
    Left,
    Wait(String),
    /// A person has to look.
    Refuse(String),
}

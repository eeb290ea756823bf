//! [`World`]: what was observed just now, as plain data. Nothing in here says what to do, and nothing is
//! promised about it: ids may be missing, doubled or contradict each other, and lists have no order.

mod cluster;
mod etcd;
mod group;
mod member;

pub use cluster::{Budget, Endpoint, Lock, Reach};
pub use etcd::{Alarm, Etcd, EtcdMember, Snapshot};
pub use group::{
    ApiSettings, Group, Kind, MASTER_PROCESSES, Process, Room, Template, WORKER_PROCESSES,
};
pub use member::{Api, Lifecycle, Member, Node, Target, Trust};

use serde::{Deserialize, Serialize};

use crate::rotation::Seconds;

/// Everything that was seen, at one moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct World {
    /// When.
    pub now: Seconds,
    /// Member groups.
    pub groups: Vec<Group>,
    /// Their members, of all groups.
    pub members: Vec<Member>,
    /// The control plane's etcd. None where it cannot be seen: no cluster, or nobody answers for it.
    pub etcd: Option<Etcd>,
    /// PodDisruptionBudgets.
    pub budgets: Vec<Budget>,
    /// What stands before the API servers.
    pub endpoint: Endpoint,
    /// Who holds the lock of this rotation.
    pub lock: Option<Lock>,
}

//! [`Member`]: a machine of a group, as the cloud, Kubernetes and the machine itself tell of it.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::rotation::{GroupId, MachineId, RotationId, Seconds, TemplateId, Version, Zone};

/// The cloud's word for where a machine is in its life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Lifecycle {
    /// Launching.
    Pending,
    /// Launched, and held by the group's launching hook.
    PendingWait,
    /// In the group.
    #[default]
    InService,
    /// Out of service by hand.
    Standby,
    /// The cloud terminates it by itself, and it is held by the group's terminating hook.
    TerminatingWait,
    /// Terminating.
    Terminating,
    /// Gone.
    Terminated,
}

/// The load balancer's word for a target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// No balancer knows it.
    #[default]
    NotRegistered,
    /// Registered; not checked often enough yet.
    Initial,
    /// Gets requests.
    Healthy,
    /// Gets none, or is about to.
    Unhealthy,
    /// Deregistered; connections are still being let go.
    Draining,
    /// Deregistered, and nothing comes any more.
    Unused,
}

impl Target {
    /// Requests may still come.
    #[must_use]
    pub fn in_use(self) -> bool {
        !matches!(self, Target::NotRegistered | Target::Unused)
    }

    /// Registered.
    #[must_use]
    pub fn registered(self) -> bool {
        matches!(self, Target::Initial | Target::Healthy | Target::Unhealthy)
    }
}

/// An API server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Api {
    /// Its version.
    pub version: Version,
    /// `/readyz` says ok.
    pub ready: bool,
    /// The process answers requests.
    pub serving: bool,
    /// Its `--shutdown-delay-duration`.
    pub shutdown_delay: Seconds,
}

/// A Node of Kubernetes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Node {
    /// Condition Ready is True.
    pub ready: bool,
    /// Unschedulable.
    pub cordoned: bool,
    /// Labelled `node.kubernetes.io/exclude-from-external-load-balancers`.
    pub excluded: bool,
    /// Its kubelet.
    pub kubelet: Version,
    /// Pods that a drain must evict.
    pub pods: u32,
    /// VolumeAttachments.
    pub volumes: u32,
}

/// Generations of keys (docs/glossary.md) that a machine's programs present and accept. 0 stands for "none".
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trust {
    /// Generation of the authority that its certificates come from.
    pub issued_by: u32,
    /// Generations of authorities that it accepts.
    pub accepts: Arc<[u32]>,
    /// Generation of the service-account key that it signs tokens with; masters only.
    pub tokens_signed_by: u32,
    /// Generations of service-account keys that it verifies tokens with; masters only.
    pub tokens_verified_by: Arc<[u32]>,
    /// When its certificates expire, where that is known.
    pub expires_at: Option<Seconds>,
}

impl Trust {
    /// Generations that it accepts, as a set.
    #[must_use]
    pub fn accepted(&self) -> BTreeSet<u32> {
        self.accepts.iter().copied().collect()
    }
}

/// A machine of a group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Member {
    /// Which.
    pub id: MachineId,
    /// Of which group.
    pub group: GroupId,
    /// Where.
    pub zone: Zone,
    /// What it was launched from.
    pub template: TemplateId,
    /// Somebody changed it by hand: it is not what its template says any more.
    pub changed: bool,
    /// When.
    pub launched_at: Seconds,
    /// Where in its life it is.
    pub lifecycle: Lifecycle,
    /// It runs and passes the cloud's status checks.
    pub alive: bool,
    /// Its load balancer's word; `NotRegistered` where its group has none.
    pub target: Target,
    /// Its API server.
    pub api: Option<Api>,
    /// Its Node.
    pub node: Option<Node>,
    /// What its programs present and accept; none where it does not tell.
    pub trust: Option<Trust>,
    /// Which rotation has marked it as leaving (a tag in the cloud).
    pub mark: Option<RotationId>,
}

impl Member {
    /// The machine is gone, or going without return.
    #[must_use]
    pub fn going(&self) -> bool {
        matches!(self.lifecycle, Lifecycle::Terminating | Lifecycle::Terminated)
    }

    /// The machine is launching, and not in service yet.
    #[must_use]
    pub fn coming(&self) -> bool {
        matches!(self.lifecycle, Lifecycle::Pending | Lifecycle::PendingWait)
    }
}

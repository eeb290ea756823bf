//! [`Group`]: a member group and the templates that its machines come from.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::rotation::{GroupId, Seconds, TemplateId, Version, Zone};

/// What a group's members are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The way in; without it nobody sees anything, so it is first.
    Bastion,
    /// etcd and the API server.
    Master,
    /// Pods.
    #[default]
    Worker,
}

/// A process of an Auto Scaling group that takes or gives machines by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Process {
    /// Moves machines between zones by terminating them.
    AZRebalance,
    /// Terminates what its health check dislikes.
    ReplaceUnhealthy,
    /// Follows alarms.
    AlarmNotification,
    /// Follows a schedule.
    ScheduledActions,
    /// Terminates machines that are old.
    InstanceRefresh,
}

/// What must rest while a group of masters is rotated: everything that terminates a machine by itself.
pub const MASTER_PROCESSES: [Process; 5] = [
    Process::AZRebalance,
    Process::ReplaceUnhealthy,
    Process::AlarmNotification,
    Process::ScheduledActions,
    Process::InstanceRefresh,
];

/// What must rest while another group is rotated: the autoscaler may go on.
pub const WORKER_PROCESSES: [Process; 2] = [Process::AZRebalance, Process::InstanceRefresh];

/// A member group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// Which.
    pub id: GroupId,
    /// What its members are.
    pub kind: Kind,
    /// How many machines the cloud keeps up now.
    pub desired: u32,
    /// Never fewer.
    pub min: u32,
    /// Never more.
    pub max: u32,
    /// What the cloud launches from, now.
    pub template: TemplateId,
    /// Templates that still exist with all their artefacts, the one to go to and the one before among them.
    pub templates: Vec<Template>,
    /// Where machines can be launched.
    pub zones: Vec<Room>,
    /// Processes that are suspended.
    pub suspended: BTreeSet<Process>,
    /// Members are protected from scale-in.
    pub protected: bool,
    /// Somebody else changes `desired`: an autoscaler.
    pub autoscaled: bool,
    /// How many machines more the account's quota allows, where that is known.
    pub quota_left: Option<u32>,
}

/// What is left in a zone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Room {
    /// Which zone.
    pub zone: Zone,
    /// Free addresses in the group's subnets there.
    pub addresses_left: Option<u32>,
    /// Machines of this type can be had there.
    pub capacity: bool,
}

/// What a machine is launched from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Template {
    /// Which.
    pub id: TemplateId,
    /// The kubelet in it; none for machines that are no nodes.
    pub kubelet: Option<Version>,
    /// The API server in it; masters only.
    pub api: Option<ApiSettings>,
    /// What its programs present and accept.
    pub trust: super::Trust,
}

/// How an API server is set up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ApiSettings {
    /// Its version.
    pub version: Version,
    /// `--goaway-chance` in millionths: 1000 is 0.001.
    pub goaway_millionths: u32,
    /// `--shutdown-delay-duration`.
    pub shutdown_delay: Seconds,
    /// Names in its certificate.
    pub names: BTreeSet<String>,
}

//! [`PlannedRotation`]: what a plan says of the rotation of one cluster. Plain data, stored with saved plans and printed
//! as JSON under `kprov_rotations`. No secret is in it: names of objects and attributes, ids of machines, steps.

use kprov_core::Severity;
use kprov_provider::rotation::world::Kind;
use kprov_provider::rotation::{GroupId, MachineId, Step};
use serde::{Deserialize, Serialize};

/// The rotation of one cluster, as it goes where all goes well.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlannedRotation {
    /// Which cluster; of a group without one, what stands for it.
    pub cluster: String,
    /// The rotation that goes on, where an earlier run left one.
    pub continues: Option<String>,
    /// Groups with members to replace, in the order in which they are begun.
    pub groups: Vec<PlannedGroup>,
    /// All steps, in order.
    pub steps: Vec<PlannedStep>,
    /// Seconds that it takes where all goes well.
    pub seconds: u64,
    /// What that was estimated by.
    pub estimate: Estimate,
    /// So many machines more than usual at most.
    pub surge_machines: u32,
    /// For so many seconds, summed up over these machines.
    pub surge_machine_seconds: u64,
    /// Checkpoints at which somebody must say that it goes on.
    pub confirmations: u32,
    /// What would block it, or might.
    pub findings: Vec<PlannedFinding>,
    /// What was not looked at, and why; the steps are told as if all was well there.
    pub unchecked: Vec<String>,
}

/// One group of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedGroup {
    /// The object.
    pub address: String,
    /// Its name in the cloud.
    pub group: GroupId,
    /// What its members are.
    pub role: Kind,
    /// What its machines are launched from now; null where it was not looked at and the state does not say.
    pub template_before: Option<String>,
    /// What they will be launched from; null until known.
    pub template_after: Option<String>,
    /// The object in the same plan whose change makes another template.
    pub template_address: Option<String>,
    /// What changes in that: names of attributes.
    pub template_changes: Vec<String>,
    /// How many machines it has.
    pub size: usize,
    /// Members to replace, in the order in which they leave.
    pub members: Vec<PlannedMember>,
}

/// A member that is replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedMember {
    /// Which machine.
    pub machine: MachineId,
    /// Where; empty where it was not looked at.
    pub zone: String,
    /// Why.
    pub reason: String,
    /// Seconds from the start until it begins to leave, and until it is gone; null where the forecast does not get there.
    pub leaves: Option<(u64, u64)>,
}

/// A step, when it is planned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedStep {
    /// Seconds from the start.
    pub at: u64,
    /// What, for people.
    pub says: String,
    /// What. Machines that do not exist yet are named `~NUMBER-GROUP`.
    #[serde(flatten)]
    pub step: Step,
    /// In which group; null where it is about all.
    pub of_group: Option<GroupId>,
}

/// What an estimate comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Estimate {
    /// Steps of earlier rotations that were measured; 0: usual durations, measured elsewhere.
    pub measured_steps: usize,
}

/// Something that would block, or might.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedFinding {
    /// What it is about: `budget`, `quota`, `skew`, ...
    pub code: String,
    /// An error blocks for certain, and is an error of the plan.
    pub severity: Severity,
    /// The object of the group, where it is about one.
    pub address: Option<String>,
    /// What, why, and what to do.
    pub says: String,
}

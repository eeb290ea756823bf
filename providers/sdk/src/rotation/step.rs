//! [`Step`]: what can be asked for. Each is idempotent, and each is about one [`Subject`]: while a step is
//! open, its subject gets no other.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::world::{Group, Member};
use super::{Base, EtcdId, GroupId, HookName, MachineId, RotationId, Seconds, TemplateId, Zone};

/// When a user's hook runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum When {
    /// A machine is up, and not in service yet.
    Launched,
    /// A machine gets no requests any more, and is about to be drained.
    Draining,
    /// A machine is drained, and about to be terminated.
    Terminating,
    /// A new machine has proven itself.
    Verified,
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "snake_case")]
pub enum Step {
    /// Have the cloud leave the group's machines alone: its processes rest, its masters are protected from
    /// scale-in.
    SuspendProcesses {
        /// Which group.
        group: GroupId,
    },
    /// Take a snapshot of etcd, and check its hash.
    Snapshot,
    /// Have the cloud launch from this template from now on.
    UseTemplate {
        /// Which group.
        group: GroupId,
        /// Which template.
        template: TemplateId,
    },
    /// Raise the number of machines, and set what they are launched from, in one call. The number is absolute, so
    /// that the call can be repeated.
    Launch {
        /// Which group.
        group: GroupId,
        /// Which template.
        template: TemplateId,
        /// How many machines there are to be.
        desired: u32,
        /// Where; none where the cloud may choose.
        zone: Option<Zone>,
    },
    /// Let a machine out of its launching hook into service.
    CompleteLaunch {
        /// Which machine.
        member: MachineId,
    },
    /// Run a user's hook.
    Hook {
        /// For which machine.
        member: MachineId,
        /// When.
        when: When,
        /// Which.
        name: HookName,
    },
    /// Mark a machine in the cloud as leaving, for this rotation.
    Mark {
        /// Which machine.
        member: MachineId,
    },
    /// Make its Node unschedulable.
    Cordon {
        /// Which machine.
        member: MachineId,
    },
    /// Take its Node out of the balancers of Services.
    Exclude {
        /// Which machine.
        member: MachineId,
    },
    /// Have etcd's leader hand over.
    MoveLeader {
        /// The leader.
        member: MachineId,
        /// Its successor.
        to: MachineId,
    },
    /// Take it out of its target groups.
    Deregister {
        /// Which machine.
        member: MachineId,
    },
    /// Evict its pods, as budgets allow.
    Drain {
        /// Which machine.
        member: MachineId,
    },
    /// Stop its API server, which is unready for a while before.
    StopApi {
        /// Which machine.
        member: MachineId,
    },
    /// Remove a member of etcd.
    RemoveEtcdMember {
        /// By id: names of failed joins are not known.
        id: EtcdId,
        /// Whose.
        member: Option<MachineId>,
    },
    /// Terminate a machine; where the cloud does so by itself, complete its terminating hook.
    Terminate {
        /// Which machine.
        member: MachineId,
        /// It is not replaced: the group's number goes down with it.
        decrement: bool,
    },
    /// Delete the Node of a machine that is gone.
    DeleteNode {
        /// Which machine.
        member: MachineId,
    },
    /// Give up: register, include and uncordon it, and take the mark off.
    Return {
        /// Which machine.
        member: MachineId,
    },
    /// Give the group back to the cloud as it was: its numbers and its processes.
    RestoreGroup {
        /// Which group.
        group: GroupId,
    },
}

/// A step that is to be carried out, with what its call needs.
#[derive(Clone, Copy, Debug)]
pub struct StepCall<'a> {
    /// The step.
    pub step: &'a Step,
    /// The same each time that this step is called: what makes a repeat harmless.
    pub token: &'a str,
    /// Which rotation: what machines are marked with.
    pub rotation: &'a RotationId,
    /// The group that it is about, or whose machine it is about, as it was seen.
    pub group: Option<&'a Group>,
    /// What that was before it was touched.
    pub base: Option<&'a Base>,
    /// The machine that it is about, as it was seen.
    pub member: Option<&'a Member>,
    /// Masters that may be asked to do it: alive, well, not leaving; the one that it is about is not among them.
    pub masters: &'a [MachineId],
}

/// What a step is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subject<'s> {
    /// A group's numbers and settings.
    Group(&'s GroupId),
    /// A machine.
    Member(&'s MachineId),
    /// etcd as a whole, or a member of it without machine.
    Etcd,
}

impl Step {
    /// What it is about.
    #[must_use]
    pub fn subject(&self) -> Subject<'_> {
        match self {
            Step::SuspendProcesses { group }
            | Step::UseTemplate { group, .. }
            | Step::Launch { group, .. }
            | Step::RestoreGroup { group } => Subject::Group(group),
            Step::Snapshot | Step::RemoveEtcdMember { member: None, .. } => Subject::Etcd,
            Step::CompleteLaunch { member }
            | Step::Hook { member, .. }
            | Step::Mark { member }
            | Step::Cordon { member }
            | Step::Exclude { member }
            | Step::MoveLeader { member, .. }
            | Step::Deregister { member }
            | Step::Drain { member }
            | Step::StopApi { member }
            | Step::RemoveEtcdMember { member: Some(member), .. }
            | Step::Terminate { member, .. }
            | Step::DeleteNode { member }
            | Step::Return { member } => Subject::Member(member),
        }
    }

    /// The machine that it is about.
    #[must_use]
    pub fn member(&self) -> Option<&MachineId> {
        match self.subject() {
            Subject::Member(member) => Some(member),
            Subject::Group(_) | Subject::Etcd => None,
        }
    }

    /// Its name, as journal and plan show it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Step::SuspendProcesses { .. } => "suspend processes",
            Step::Snapshot => "snapshot",
            Step::UseTemplate { .. } => "use template",
            Step::Launch { .. } => "launch",
            Step::CompleteLaunch { .. } => "complete launch",
            Step::Hook { .. } => "hook",
            Step::Mark { .. } => "mark",
            Step::Cordon { .. } => "cordon",
            Step::Exclude { .. } => "exclude from balancers",
            Step::MoveLeader { .. } => "move leader",
            Step::Deregister { .. } => "deregister",
            Step::Drain { .. } => "drain",
            Step::StopApi { .. } => "stop API server",
            Step::RemoveEtcdMember { .. } => "remove etcd member",
            Step::Terminate { .. } => "terminate",
            Step::DeleteNode { .. } => "delete node",
            Step::Return { .. } => "return to service",
            Step::RestoreGroup { .. } => "restore group",
        }
    }

    /// How long it may take, by its kind.
    #[must_use]
    pub fn timeout(&self, timeouts: &Timeouts) -> Seconds {
        match self {
            Step::Launch { .. } | Step::CompleteLaunch { .. } => timeouts.launch,
            Step::Deregister { .. } => timeouts.deregister,
            Step::Drain { .. } => timeouts.drain,
            Step::StopApi { .. } | Step::Snapshot => timeouts.stop,
            Step::Hook { .. } => timeouts.hook,
            Step::Terminate { .. } => timeouts.terminate,
            _ => timeouts.call,
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name();
        match self {
            Step::Snapshot => f.write_str(name),
            Step::Launch { group, template, desired, zone } => {
                write!(f, "{name} in {group} from {template} up to {desired}")?;
                zone.as_ref().map_or(Ok(()), |zone| write!(f, " in {zone}"))
            }
            Step::UseTemplate { group, template } => write!(f, "{name} {template} in {group}"),
            Step::SuspendProcesses { group } | Step::RestoreGroup { group } => {
                write!(f, "{name} of {group}")
            }
            Step::Hook { member, when: _, name: hook } => write!(f, "{name} {hook} for {member}"),
            Step::MoveLeader { member, to } => write!(f, "{name} from {member} to {to}"),
            Step::RemoveEtcdMember { id, member } => match member {
                Some(member) => write!(f, "{name} {id} of {member}"),
                None => write!(f, "{name} {id}"),
            },
            Step::Terminate { member, decrement } => {
                write!(f, "{name} {member}{}", if *decrement { "" } else { ", to be replaced" })
            }
            _ => match self.member() {
                Some(member) => write!(f, "{name} {member}"),
                None => f.write_str(name),
            },
        }
    }
}

/// How long things may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Timeouts {
    /// From the launch until a machine is in service.
    pub launch: Seconds,
    /// Until nothing comes from the balancer any more.
    pub deregister: Seconds,
    /// Until all pods are evicted.
    pub drain: Seconds,
    /// Until an API server has stopped, or a snapshot is there.
    pub stop: Seconds,
    /// Until a machine is gone.
    pub terminate: Seconds,
    /// A user's hook.
    pub hook: Seconds,
    /// Everything that is one call and its effect.
    pub call: Seconds,
}

impl Default for Timeouts {
    /// kops' fifteen minutes for what may take long.
    fn default() -> Timeouts {
        Timeouts {
            launch: 900,
            deregister: 600,
            drain: 900,
            stop: 300,
            terminate: 600,
            hook: 600,
            call: 300,
        }
    }
}

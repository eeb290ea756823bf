//! What rotations are made of, as plain data: the observed [`world`], [`Step`]s, their ids. And who observes and
//! carries out: [`MemberGroups`] (a resource type whose objects have members), [`Clusters`] (what runs on them),
//! [`HookAction`] (what users want asked on the way).
//!
//! Which step is safe is decided elsewhere (`engine/rotation`), by what is said here: so observers fill in what they
//! see and nothing else, and carry out what they are told, each step as often as they are told it (docs/adr/0005).

mod base;
mod clusters;
mod hook_action;
mod ids;
mod member_groups;
mod step;
mod version;
pub mod world;

pub use base::Base;
pub use clusters::{ClusterView, Clusters, MasterView};
pub use hook_action::{HookAction, HookCall, HookLook};
pub use ids::{
    BudgetName, EtcdId, GroupId, HookName, MachineId, OperatorId, RotationId, Seconds, TemplateId,
    Zone,
};
pub use member_groups::{GroupRef, GroupView, MemberGroups};
pub use step::{Step, StepCall, Subject, Timeouts, When};
pub use version::Version;

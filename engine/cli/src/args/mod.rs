//! Arguments: Terraform's flags, with one dash or two.

mod airplane;
mod flags;
mod groups;
mod node;
mod normalize;
mod reading;
mod rotation;
mod variables;

pub(crate) use airplane::AirplaneCommand;
pub(crate) use flags::{
    ApplyFlags, ChangeFlags, Cli, Command, ConsoleFlags, ForceUnlockFlags, GraphFlags, ImportFlags,
    InitFlags, LockFlags, OutputFlags, PlanFlags, ShowFlags, StateFlags, TaintFlags, ValidateFlags,
};
pub(crate) use groups::{
    MetadataCommand, OpCommand, OpFlags, PkiCommand, PkiListFlags, PkiRenewFlags, ProvidersCommand,
    ProvidersFlags, RekeyFlags, RekeyTo, StateCommand, WorkspaceCommand, WorkspaceFlags,
};
pub(crate) use node::{NodeCommand, NodePlace, NodeSource, RenderFlags};
pub(crate) use normalize::{Arguments, normalize};
pub(crate) use rotation::{RotationCommand, RotationStatusFlags, RotationWordFlags};

//! Arguments: Terraform's flags, with one dash or two.

mod airplane;
mod flags;
mod groups;
mod normalize;
mod reading;
mod variables;

pub(crate) use airplane::AirplaneCommand;
pub(crate) use flags::{
    ApplyFlags, ChangeFlags, Cli, Command, ConsoleFlags, ForceUnlockFlags, GraphFlags, ImportFlags,
    InitFlags, LockFlags, OutputFlags, PlanFlags, ShowFlags, TaintFlags, ValidateFlags,
};
pub(crate) use groups::{
    MetadataCommand, OpCommand, OpFlags, PkiCommand, PkiListFlags, PkiRenewFlags, ProvidersCommand,
    ProvidersFlags, StateCommand, WorkspaceCommand, WorkspaceFlags,
};
pub(crate) use normalize::{Arguments, normalize};

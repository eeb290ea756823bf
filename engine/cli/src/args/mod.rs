//! Arguments: Terraform's flags, with one dash or two.

mod flags;
mod normalize;
mod variables;

pub(crate) use flags::{
    ApplyFlags, ChangeFlags, Cli, Command, ConsoleFlags, ForceUnlockFlags, GraphFlags, ImportFlags,
    InitFlags, LockFlags, MetadataCommand, OpCommand, OpFlags, OutputFlags, PlanFlags,
    ProvidersCommand, ProvidersFlags, ShowFlags, StateCommand, TaintFlags, ValidateFlags,
    WorkspaceCommand, WorkspaceFlags,
};
pub(crate) use normalize::{Arguments, normalize};

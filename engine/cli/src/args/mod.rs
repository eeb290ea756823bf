//! Arguments: Terraform's flags, with one dash or two.

mod flags;
mod normalize;
mod variables;

pub(crate) use flags::{
    ApplyFlags, ChangeFlags, Cli, Command, InitFlags, LockFlags, OutputFlags, PlanFlags, ShowFlags,
    ValidateFlags,
};
pub(crate) use normalize::{Arguments, normalize};

//! Arguments: Terraform's flags, with one dash or two.

mod flags;
mod normalize;
mod variables;

pub(crate) use flags::{
    ChangeFlags, Cli, Command, InitFlags, OutputFlags, PlanFlags, ShowFlags, ValidateFlags,
};
pub(crate) use normalize::{Arguments, normalize};

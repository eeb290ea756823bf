//! `rotation status|pause|resume|abort|rollback`.

use clap::{Args, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum RotationCommand {
    /// Show how rotations stand, also while an apply carries them out
    Status(RotationStatusFlags),
    /// Bring what is begun to its end, and begin nothing more
    Pause(RotationWordFlags),
    /// Go on after a pause; what has failed is tried anew
    Resume(RotationWordFlags),
    /// The same as pause, and forget the rotation then
    Abort(RotationWordFlags),
    /// Go back to the template before, members already replaced included
    Rollback(RotationWordFlags),
}

#[derive(Debug, Args)]
pub(crate) struct RotationStatusFlags {
    /// Machine-readable
    #[arg(long)]
    pub(crate) json: bool,
    /// Only the rotation of this cluster
    #[arg(long, value_name = "NAME")]
    pub(crate) cluster: Option<String>,
    /// The state file
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct RotationWordFlags {
    /// Only to the rotation of this cluster; to all if not told
    #[arg(long, value_name = "NAME")]
    pub(crate) cluster: Option<String>,
    /// The state file
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<String>,
}

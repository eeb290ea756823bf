//! The commands and their flags, as Terraform has them. How they are read is in [`super::reading`],
//! commands that have commands of their own are in [`super::groups`].

use clap::{ArgAction, Args, Parser, Subcommand};

use super::airplane::AirplaneCommand;
use super::groups::{
    MetadataCommand, OpCommand, PkiCommand, ProvidersFlags, StateCommand, WorkspaceCommand,
};
use super::node::NodeCommand;
use super::reading::{duration, parallelism};
use super::rotation::RotationCommand;
use super::variables::VariableFlags;

/// Provisions infrastructure from Terraform-language modules.
#[derive(Debug, Parser)]
#[command(name = "kprov", disable_help_subcommand = true, disable_version_flag = true)]
pub(crate) struct Cli {
    /// Switch to this directory first
    #[arg(long, value_name = "DIR")]
    pub(crate) chdir: Option<String>,
    /// Show the version
    #[arg(long, short = 'v')]
    pub(crate) version: bool,
    /// Print without colors
    #[arg(long, global = true)]
    pub(crate) no_color: bool,
    /// Work on this project's airplane, a local AWS, instead of the real one
    #[arg(long, global = true)]
    pub(crate) airplane: bool,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Prepare the working directory for other commands
    Init(InitFlags),
    /// Check whether the configuration is valid
    Validate(ValidateFlags),
    /// Show changes required by the current configuration
    Plan(PlanFlags),
    /// Create or update infrastructure
    Apply(ApplyFlags),
    /// Destroy previously-created infrastructure
    Destroy(ApplyFlags),
    /// Show the state or a saved plan
    Show(ShowFlags),
    /// Show output values
    Output(OutputFlags),
    /// Try expressions at an interactive prompt
    Console(ConsoleFlags),
    /// Associate existing infrastructure with a resource
    Import(ImportFlags),
    /// Manage the state
    #[command(subcommand)]
    State(StateCommand),
    /// Mark a resource instance to be replaced
    Taint(TaintFlags),
    /// Remove the mark of "taint"
    Untaint(TaintFlags),
    /// Show the operation log
    #[command(subcommand)]
    Op(OpCommand),
    /// List and renew the certificates in the state
    #[command(subcommand)]
    Pki(PkiCommand),
    /// See how rotations stand, and say a word to one
    #[command(subcommand)]
    Rotation(RotationCommand),
    /// Manage workspaces
    #[command(subcommand)]
    Workspace(WorkspaceCommand),
    /// Print the graph of resources in the DOT language
    Graph(GraphFlags),
    /// Information about the language
    #[command(subcommand)]
    Metadata(MetadataCommand),
    /// Show the providers that the configuration needs
    Providers(ProvidersFlags),
    /// Update the state to match the real objects
    Refresh(ApplyFlags),
    /// The local AWS of this project
    #[command(subcommand, name = "airplane")]
    Plane(AirplaneCommand),
    /// A machine as a master or a worker of a cluster
    #[command(subcommand)]
    Node(NodeCommand),
    /// Release a stuck lock
    ForceUnlock(ForceUnlockFlags),
    /// Show the version
    Version(VersionFlags),
    /// Not supported yet
    #[command(external_subcommand)]
    Other(Vec<String>),
}

#[derive(Debug, Args)]
pub(crate) struct LockFlags {
    /// Do not hold the state lock (dangerous)
    #[arg(long, action = ArgAction::Set, default_value = "true")]
    pub(crate) lock: bool,
    /// How long to wait for the state lock
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = duration)]
    pub(crate) lock_timeout: std::time::Duration,
}

#[derive(Debug, Args)]
pub(crate) struct StateFlags {
    /// The state file
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<String>,
    #[command(flatten)]
    pub(crate) lock: LockFlags,
    /// Accepted for compatibility: states are backed up by their journal
    #[arg(long, hide = true)]
    pub(crate) backup: Option<String>,
    /// Accepted for compatibility
    #[arg(long, hide = true)]
    pub(crate) ignore_remote_version: bool,
}

/// What `plan`, `apply`, `destroy` and `refresh` have in common.
#[derive(Debug, Args)]
pub(crate) struct ChangeFlags {
    #[command(flatten)]
    pub(crate) state: StateFlags,
    #[command(flatten)]
    pub(crate) variables: VariableFlags,
    /// Destroy everything
    #[arg(long)]
    pub(crate) destroy: bool,
    /// Only take over what changed outside
    #[arg(long)]
    pub(crate) refresh_only: bool,
    /// Skip reading what is in the state
    #[arg(long, action = ArgAction::Set, default_value = "true")]
    pub(crate) refresh: bool,
    /// Replace this object
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) replace: Vec<String>,
    /// Replace these members of a group: its address for all, ADDRESS=MACHINE or a machine's id for one
    #[arg(long, value_name = "MEMBER")]
    pub(crate) rotate: Vec<String>,
    /// Only groups with a rotation block, and what they depend on
    #[arg(long)]
    pub(crate) rotate_only: bool,
    /// Only this and what it depends on
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) target: Vec<String>,
    /// Not this and nothing that depends on it
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) exclude: Vec<String>,
    /// Unknown instance counts are errors instead of later phases
    #[arg(long)]
    pub(crate) no_defer: bool,
    /// Show warnings in one line each
    #[arg(long)]
    pub(crate) compact_warnings: bool,
    /// Show only what changes, in one line each
    #[arg(long)]
    pub(crate) concise: bool,
    /// Ask for what is missing
    #[arg(long, action = ArgAction::Set, default_value = "true")]
    pub(crate) input: bool,
    /// At most so many operations at a time
    #[arg(long, value_name = "N", default_value = "10", value_parser = parallelism)]
    pub(crate) parallelism: usize,
    /// Machine-readable log (later)
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct PlanFlags {
    #[command(flatten)]
    pub(crate) change: ChangeFlags,
    /// Write the plan to this file
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<String>,
    /// Exit status 2 when there are changes
    #[arg(long)]
    pub(crate) detailed_exitcode: bool,
    /// Later
    #[arg(long, hide = true)]
    pub(crate) generate_config_out: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ApplyFlags {
    #[command(flatten)]
    pub(crate) change: ChangeFlags,
    /// Do not ask before applying
    #[arg(long)]
    pub(crate) auto_approve: bool,
    /// A saved plan
    pub(crate) plan: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct InitFlags {
    /// Accepted for compatibility
    #[arg(long, action = ArgAction::Set, default_value = "true", hide = true)]
    pub(crate) input: bool,
    /// Accepted for compatibility
    #[arg(long, action = ArgAction::Set, default_value = "true", hide = true)]
    pub(crate) backend: bool,
    /// Accepted for compatibility
    #[arg(long, action = ArgAction::Set, default_value = "true", hide = true)]
    pub(crate) get: bool,
    /// Accepted for compatibility
    #[arg(long, hide = true)]
    pub(crate) upgrade: bool,
    /// Accepted for compatibility
    #[arg(long, hide = true)]
    pub(crate) reconfigure: bool,
    /// Accepted for compatibility
    #[arg(long, hide = true)]
    pub(crate) migrate_state: bool,
    /// Accepted for compatibility
    #[arg(long, hide = true)]
    pub(crate) force_copy: bool,
    /// Accepted for compatibility
    #[arg(long, hide = true)]
    pub(crate) plugin_dir: Vec<String>,
    /// Accepted for compatibility
    #[arg(long, hide = true)]
    pub(crate) backend_config: Vec<String>,
    /// Accepted for compatibility
    #[arg(long, hide = true)]
    pub(crate) lockfile: Option<String>,
    #[command(flatten)]
    pub(crate) lock: LockFlags,
    #[command(flatten)]
    pub(crate) variables: VariableFlags,
}

#[derive(Debug, Args)]
pub(crate) struct ValidateFlags {
    /// Machine-readable
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) variables: VariableFlags,
    /// Accepted for compatibility
    #[arg(long, hide = true)]
    pub(crate) no_tests: bool,
    /// Accepted for compatibility
    #[arg(long, hide = true)]
    pub(crate) test_directory: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ShowFlags {
    /// Machine-readable
    #[arg(long)]
    pub(crate) json: bool,
    /// The state file
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<String>,
    /// A saved plan
    pub(crate) path: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct OutputFlags {
    /// Machine-readable
    #[arg(long, conflicts_with = "raw")]
    pub(crate) json: bool,
    /// The bare text of one output
    #[arg(long)]
    pub(crate) raw: bool,
    /// The state file
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<String>,
    /// One output
    pub(crate) name: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct ConsoleFlags {
    /// The state file
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<String>,
    /// Evaluate against a plan instead of the state (later)
    #[arg(long)]
    pub(crate) plan: bool,
    #[command(flatten)]
    pub(crate) variables: VariableFlags,
}

#[derive(Debug, Args)]
pub(crate) struct ImportFlags {
    #[command(flatten)]
    pub(crate) state: StateFlags,
    #[command(flatten)]
    pub(crate) variables: VariableFlags,
    /// Ask for what is missing
    #[arg(long, action = ArgAction::Set, default_value = "true")]
    pub(crate) input: bool,
    /// Directory of the configuration
    #[arg(long)]
    pub(crate) config: Option<String>,
    /// Accepted for compatibility
    #[arg(long, hide = true)]
    pub(crate) parallelism: Option<usize>,
    /// Where the object will be
    pub(crate) address: String,
    /// Which object
    pub(crate) id: String,
}

#[derive(Debug, Args)]
pub(crate) struct TaintFlags {
    #[command(flatten)]
    pub(crate) state: StateFlags,
    /// It is no error if there is nothing
    #[arg(long)]
    pub(crate) allow_missing: bool,
    /// Which
    pub(crate) address: String,
}

#[derive(Debug, Args)]
pub(crate) struct GraphFlags {
    /// plan, plan-refresh-only, plan-destroy or apply
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) ty: Option<String>,
    /// Of a saved plan
    #[arg(long, value_name = "FILE")]
    pub(crate) plan: Option<String>,
    /// Accepted for compatibility
    #[arg(long, hide = true)]
    pub(crate) draw_cycles: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ForceUnlockFlags {
    /// Do not ask
    #[arg(long)]
    pub(crate) force: bool,
    /// The state file
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<String>,
    /// The lock's id
    pub(crate) id: String,
}

#[derive(Debug, Args)]
pub(crate) struct VersionFlags {
    /// Machine-readable
    #[arg(long)]
    pub(crate) json: bool,
}

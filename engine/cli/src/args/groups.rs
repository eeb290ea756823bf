//! Commands that have commands of their own: `state`, `op`, `workspace`, `metadata`, `providers`.

use clap::{Args, Subcommand};

use super::flags::{ChangeFlags, StateFlags};

#[derive(Debug, Subcommand)]
pub(crate) enum StateCommand {
    /// List resources
    List {
        /// The state file
        #[arg(long)]
        state: Option<String>,
        /// Only objects whose id is this
        #[arg(long)]
        id: Option<String>,
        /// Only these
        addresses: Vec<String>,
    },
    /// Show one resource
    Show {
        /// The state file
        #[arg(long)]
        state: Option<String>,
        /// Which
        address: String,
    },
    /// Move an item
    Mv {
        #[command(flatten)]
        state: StateFlags,
        /// Only say what would be done
        #[arg(long)]
        dry_run: bool,
        /// From here
        source: String,
        /// To here
        destination: String,
    },
    /// Remove items without destroying them
    Rm {
        #[command(flatten)]
        state: StateFlags,
        /// Only say what would be done
        #[arg(long)]
        dry_run: bool,
        /// Which
        #[arg(required = true)]
        addresses: Vec<String>,
    },
    /// Print the state in Terraform's format, version 4, secrets included
    Pull {
        /// The state file
        #[arg(long)]
        state: Option<String>,
    },
    /// Take over a state in Terraform's format, version 4
    Push {
        #[command(flatten)]
        state: StateFlags,
        /// Even if it is older or of another lineage
        #[arg(long)]
        force: bool,
        /// The file; "-" is standard input
        path: String,
    },
    /// Change the key that seals the state's secrets
    Rekey {
        #[command(flatten)]
        state: StateFlags,
        #[command(flatten)]
        to: RekeyFlags,
    },
    /// Check the state file
    Fsck {
        /// The state file
        #[arg(long)]
        state: Option<String>,
    },
}

/// Where the new key comes from.
#[derive(Debug, Args)]
pub(crate) struct RekeyFlags {
    /// The new source of keys; if not told, what the environment says
    #[arg(long, value_enum)]
    pub(crate) to: Option<RekeyTo>,
    /// Make this key file, or take the one that is there
    #[arg(long, value_name = "FILE", conflicts_with = "kms_key")]
    pub(crate) key_file: Option<String>,
    /// This key of AWS KMS: an ARN or alias
    #[arg(long, value_name = "KEY")]
    pub(crate) kms_key: Option<String>,
    /// Seal everything anew, with another data key
    #[arg(long)]
    pub(crate) data: bool,
}

/// Sources of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum RekeyTo {
    /// A key file
    File,
    /// KPROV_STATE_NEW_KEY, or KPROV_STATE_KEY
    Env,
    /// KPROV_STATE_NEW_PASSPHRASE, or KPROV_STATE_PASSPHRASE
    Passphrase,
    /// AWS KMS
    Kms,
}

#[derive(Debug, Subcommand)]
pub(crate) enum OpCommand {
    /// List runs, newest first
    Log(OpFlags),
    /// Show a run's operations
    Show(OpFlags),
    /// Show what a run changed in the state
    Diff(OpFlags),
}

#[derive(Debug, Args)]
pub(crate) struct OpFlags {
    /// Machine-readable
    #[arg(long)]
    pub(crate) json: bool,
    /// The state file
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<String>,
    /// At most so many runs
    #[arg(long, short = 'n', value_name = "N")]
    pub(crate) limit: Option<usize>,
    /// Which run; the newest if not told
    pub(crate) run: Option<u64>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum PkiCommand {
    /// List all certificates in the state, those that end first before the others
    List(PkiListFlags),
    /// Apply with these certificates issued anew; all of clients and servers if none is named
    Renew(Box<PkiRenewFlags>),
}

#[derive(Debug, Args)]
pub(crate) struct PkiListFlags {
    /// Machine-readable
    #[arg(long)]
    pub(crate) json: bool,
    /// The state file
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct PkiRenewFlags {
    #[command(flatten)]
    pub(crate) change: ChangeFlags,
    /// Do not ask before applying
    #[arg(long)]
    pub(crate) auto_approve: bool,
    /// Which: a resource, an instance or a module
    #[arg(value_name = "ADDRESS")]
    pub(crate) addresses: Vec<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum WorkspaceCommand {
    /// List workspaces
    List(WorkspaceFlags),
    /// Show the selected workspace
    Show(WorkspaceFlags),
    /// Make a workspace and select it
    New {
        #[command(flatten)]
        flags: WorkspaceFlags,
        /// Its name
        name: String,
    },
    /// Select a workspace
    Select {
        #[command(flatten)]
        flags: WorkspaceFlags,
        /// Make it if it does not exist
        #[arg(long)]
        or_create: bool,
        /// Its name
        name: String,
    },
    /// Delete a workspace
    Delete {
        #[command(flatten)]
        flags: WorkspaceFlags,
        /// Even if there are objects in it
        #[arg(long)]
        force: bool,
        /// Its name
        name: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct WorkspaceFlags {
    #[command(flatten)]
    pub(crate) state: StateFlags,
}

#[derive(Debug, Subcommand)]
pub(crate) enum MetadataCommand {
    /// Signatures of all functions
    Functions {
        /// Machine-readable (the only form)
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct ProvidersFlags {
    #[command(subcommand)]
    pub(crate) command: Option<ProvidersCommand>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ProvidersCommand {
    /// Print the schemas of the providers in use
    Schema {
        /// Machine-readable (the only form)
        #[arg(long)]
        json: bool,
    },
}

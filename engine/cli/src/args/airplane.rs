//! `kprov airplane ...`: the flags of the local AWS.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::airplane::Manner;

#[derive(Debug, Subcommand)]
pub(crate) enum AirplaneCommand {
    /// Start this project's airplane in the background
    Start(AirplaneFlags),
    /// Serve in the foreground, until Ctrl-C
    Serve(AirplaneFlags),
    /// Stop it; what it holds stays
    Stop,
    /// Say whether it flies, where, and what it holds
    Status {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Print what a machine wrote, also one that is gone
    Logs {
        /// The id of its instance
        instance: String,
    },
    /// List every object that it holds
    Dump {
        /// As JSON
        #[arg(long)]
        json: bool,
    },
    /// Write all that it holds to a file
    Snapshot {
        /// The file
        file: String,
    },
    /// Replace all that it holds by what a snapshot has
    Restore {
        /// The file
        file: String,
    },
    /// Forget all that it holds
    Reset,
}

#[derive(Debug, Args)]
pub(crate) struct AirplaneFlags {
    /// Address on loopback; port 0 is any that is free
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// What ids and chances come from
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// real, scaled:N or stepped
    #[arg(long, default_value = "real")]
    clock: String,
    /// A file of fault rules
    #[arg(long, value_name = "FILE")]
    faults: Option<String>,
    /// What stands behind instances: hollow (states only) or process (programs on this machine); as before, if not said
    #[arg(long, value_name = "KIND", value_parser = ["hollow", "process"])]
    machines: Option<String>,
    /// What machines run instead of this program
    #[arg(long, value_name = "PROGRAM", hide = true)]
    machine_program: Option<PathBuf>,
}

impl From<AirplaneFlags> for Manner {
    fn from(flags: AirplaneFlags) -> Manner {
        let AirplaneFlags { listen, seed, clock, faults, machines, machine_program } = flags;
        let machines = machines.or(Manner::default().machines);
        Manner { listen, seed, clock, faults, machines, program: machine_program }
    }
}

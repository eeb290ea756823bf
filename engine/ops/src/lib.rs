//! Operations: what a command does, without the command line.
//!
//! Each operation is a function from a [`Project`] and a request to an outcome. Nothing here prints,
//! exits, or looks at the terminal or the environment: what happens is told to a reporter, what is
//! not deterministic comes in with the project. Operations block; they run their asynchronous parts
//! on the project's own runtime.

mod apply;
mod clients;
mod configure;
mod console;
mod disk;
mod ephemeral;
mod error;
mod graph;
mod host;
mod import;
mod interrupts;
pub mod json;
mod machine;
mod op_log;
mod pki_list;
mod plan;
mod plan_certificates;
mod plan_file;
mod project;
mod providers;
mod refresh;
mod renewal;
pub mod rotation;
mod saved;
mod secrets;
mod selection;
mod show;
mod snapshot;
mod stalled;
mod state_list;
mod state_mv;
mod state_rekey;
mod state_rm;
mod state_transfer;
mod taint;
mod takeover;
mod time;
mod validate;
mod variables;
mod workspace;
mod writing;

pub use apply::{Applied, ApplyRequest, ApplyWatcher, Watch, apply};
pub use clients::Clients;
pub use console::console;
pub use disk::Disk;
pub use error::OpsError;
pub use graph::graph_dot;
pub use host::RunHost;
pub use import::import;
pub use interrupts::Interrupts;
pub use machine::Machine;
pub use op_log::{AttributeDiff, ObjectDiff, op_diff, op_log, op_show};
pub use pki_list::{KnownCertificate, pki_list};
pub use plan::{PlanRequest, Planned, plan};
pub use plan_certificates::{CertificateInPlan, plan_certificates};
pub use plan_file::{PlanFile, is_plan_file, write_plan_file};
pub use project::{NoModules, Project};
pub use providers::{ProvidersInUse, providers_in_use};
pub use refresh::{Refreshed, refresh};
pub use renewal::renewable;
pub use secrets::secret_types;
pub use show::{ShownState, plan_document, read_outputs, read_state};
pub use snapshot::Snapshot;
pub use state_list::state_list;
pub use state_mv::state_mv;
pub use state_rekey::state_rekey;
pub use state_rm::state_rm;
pub use state_transfer::{state_pull, state_push};
pub use taint::{NO_SUCH_INSTANCE, taint};
pub use takeover::{TERRAFORM_STATE, is_left, take_over};
pub use validate::validate;
pub use workspace::delete_workspace;
pub use writing::LockOptions;

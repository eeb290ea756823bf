//! Operations: what a command does, without the command line.
//!
//! Each operation is a function from a [`Project`] and a request to an outcome. Nothing here prints,
//! exits, or looks at the terminal or the environment: what happens is told to a reporter, what is
//! not deterministic comes in with the project. Operations block; they run their asynchronous parts
//! on the project's own runtime.

mod apply;
mod clients;
mod disk;
mod error;
mod host;
mod interrupts;
pub mod json;
mod plan;
mod plan_file;
mod project;
mod refresh;
mod saved;
mod show;
mod snapshot;
mod time;
mod validate;
mod variables;
mod writing;

pub use apply::{Applied, ApplyRequest, ApplyWatcher, Watch, apply};
pub use clients::Clients;
pub use disk::Disk;
pub use error::OpsError;
pub use host::RunHost;
pub use interrupts::Interrupts;
pub use plan::{PlanRequest, Planned, plan};
pub use plan_file::{PlanFile, is_plan_file, write_plan_file};
pub use project::{NoModules, Project};
pub use refresh::{Refreshed, refresh};
pub use show::{ShownState, plan_document, read_outputs, read_state};
pub use snapshot::Snapshot;
pub use validate::validate;
pub use writing::LockOptions;

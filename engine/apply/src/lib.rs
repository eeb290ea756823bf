//! Executor and driver of an apply.
//!
//! [`machine`] decides what may start and what is recorded: events in, effects out, no I/O.
//! [`driver`] performs the effects on tokio and a writer thread. [`settle`] finds out what became of
//! operations whose outcome was never recorded.

mod conform;
pub mod driver;
pub mod machine;
mod progress;
pub mod provision;
mod record;
pub mod rotation;
pub mod settle;
pub mod stored;

pub use driver::{Clients, Execution, execute};
pub use progress::{Counts, ProgressEvent, Reporter, RotationProgress, SilentReporter, Verb};

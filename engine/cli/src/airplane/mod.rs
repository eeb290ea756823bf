//! The project's airplane: where it is written down, and how it is found, started and stopped.
//!
//! An airplane is a process of its own (`kprov airplane serve`), so that it lives on between runs and
//! other AWS clients reach it. What must hold: one airplane a project at most (it holds a file lock
//! while it runs); what `flight.json` says is believed only if that process answers.

mod board;
mod daemon;
mod flight;

pub(crate) use board::board;
pub(crate) use daemon::{Manner, has_landed, serve, start};
pub(crate) use flight::{Flight, find};

use std::path::PathBuf;

use kprov_core::Diagnostic;

/// Where everything of the airplane is kept, beside the configuration.
const DIRECTORY: &str = ".kprov";

/// A file of the airplane.
fn file(name: &str) -> PathBuf {
    PathBuf::from(DIRECTORY).join(name)
}

/// The log of a machine, there or gone.
pub(crate) fn log_of(instance: &str) -> PathBuf {
    file("machines").join(format!("{instance}.log"))
}

/// Runs what is asynchronous about it.
pub(crate) fn block_on<F: Future>(future: F) -> Result<F::Output, Diagnostic> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| {
        problem(format!("The operating system refuses what a runtime needs: {error}."))
    })?;
    Ok(runtime.block_on(future))
}

/// Every problem with the airplane has this summary.
pub(crate) fn problem(detail: impl Into<String>) -> Diagnostic {
    Diagnostic::error("Airplane not available", detail.into())
}

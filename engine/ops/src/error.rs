//! [`OpsError`]: why an operation did not do what it was asked.

use kprov_core::{Diagnostic, Diagnostics};
use kprov_state::StateError;

/// A failed operation.
#[derive(Debug, thiserror::Error)]
pub enum OpsError {
    /// Problems to be shown one by one; at least one is an error.
    #[error("{} problems", .0.iter().count())]
    Problems(Diagnostics),
    /// The state could not be read or written.
    #[error(transparent)]
    State(#[from] StateError),
}

impl From<Diagnostics> for OpsError {
    fn from(problems: Diagnostics) -> OpsError {
        OpsError::Problems(problems)
    }
}

impl From<Diagnostic> for OpsError {
    fn from(problem: Diagnostic) -> OpsError {
        OpsError::Problems(problem.into())
    }
}

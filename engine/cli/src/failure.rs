//! [`Failure`]: why a command ends with an exit status that is not 0.

use kprov_core::{Diagnostic, Diagnostics};
use kprov_ops::OpsError;

/// A command that did not succeed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// To be shown; exit status 1.
    Problems(Diagnostics),
}

/// What a command ends with: the exit status.
pub(crate) type Outcome = Result<u8, Failure>;

impl From<OpsError> for Failure {
    fn from(error: OpsError) -> Failure {
        Failure::Problems(error.into_diagnostics())
    }
}

impl From<kprov_state::StateError> for Failure {
    fn from(error: kprov_state::StateError) -> Failure {
        OpsError::from(error).into()
    }
}

impl From<Diagnostics> for Failure {
    fn from(problems: Diagnostics) -> Failure {
        Failure::Problems(problems)
    }
}

impl From<Diagnostic> for Failure {
    fn from(problem: Diagnostic) -> Failure {
        Failure::Problems(problem.into())
    }
}

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

impl OpsError {
    /// The failure as problems to be shown; at least one is an error.
    pub fn into_diagnostics(self) -> Diagnostics {
        match self {
            OpsError::Problems(problems) => problems,
            OpsError::State(error) => state_problem(&error).into(),
        }
    }
}

/// What went wrong with the state, and what to do.
fn state_problem(error: &StateError) -> Diagnostic {
    let mut told = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(inner) = source {
        told = format!("{told}: {inner}");
        source = inner.source();
    }
    let (summary, advice) = match error {
        StateError::Open { .. } | StateError::Read { .. } => (
            "Failed to load state",
            "Check that the file is there and that you may read it. Nothing was changed.",
        ),
        StateError::Newer { .. } => {
            ("State of a newer version", "Use that version, or a later one. Nothing was changed.")
        }
        StateError::Corrupt { .. } => (
            "Damaged state",
            "Nothing was changed. \"kprov state fsck\" says what else is wrong; take the file from \
             a backup, or set another one with -state.",
        ),
        StateError::Write { .. } => (
            "Failed to save state",
            "Check that you may write to the file and its directory, and that the disk is not full.",
        ),
        StateError::Sealed { .. } => (
            "Sealed state",
            "Give kprov that key, or another source of keys: docs/guides/secrets-at-rest.md says how. \
             Nothing was changed. \"kprov state list\" works without a key.",
        ),
        StateError::Illegal { .. } => {
            ("Contradictory state", "This is a bug in kprov, or two programs wrote at once.")
        }
        StateError::Locked(lock) => {
            let detail = format!(
                "{told}.\n\nLock info:\n  ID:      {}\n  Who:     {}\n  Command: {}\n  Created: \
                 {}\n  Process: {} on {}\n\nWait until it is done (-lock-timeout=60s waits), or, if \
                 that process is surely gone, remove the lock with \"kprov force-unlock {}\".",
                lock.id, lock.who, lock.command, lock.since, lock.pid, lock.host, lock.id
            );
            return Diagnostic::error("Error acquiring the state lock", detail);
        }
        StateError::NoWorkspace(_) => (
            "Workspace does not exist",
            "\"kprov workspace list\" shows all, \"kprov workspace new\" makes one.",
        ),
        StateError::WorkspaceExists(_) => {
            ("Workspace exists already", "\"kprov workspace select\" selects it.")
        }
        StateError::DefaultWorkspace => {
            ("Default workspace cannot be deleted", "It is always there.")
        }
        StateError::NoLock(_) => {
            ("Failed to unlock state", "The error message of a refused lock names its id.")
        }
        StateError::NotTerraformState(_) => (
            "Not a state file",
            "What is read is Terraform's state format, version 4, as \"terraform state pull\" \
             prints it.",
        ),
    };
    Diagnostic::error(summary, format!("{}. {advice}", capital(&told)))
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

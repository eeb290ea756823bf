//! SQLite's errors as ours: damage is told from a full disk, and each says what was being done.

use std::path::Path;

use rusqlite::{Error, ErrorCode};

use crate::StateError;

/// What was being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doing {
    Opening,
    Reading,
    Writing,
}

/// `subject` names the table or the step.
pub(super) fn explain(path: &Path, doing: Doing, subject: &str, error: Error) -> StateError {
    let path = path.to_owned();
    match code(&error) {
        Some(ErrorCode::NotADatabase) => {
            let what = "the file is not a SQLite database".to_owned();
            return StateError::Corrupt { path, what };
        }
        Some(ErrorCode::DatabaseCorrupt) => {
            let what = format!("{subject}: {error}; `kprov state fsck` says more");
            return StateError::Corrupt { path, what };
        }
        // A statement of ours that does not fit the tables: somebody changed them.
        Some(ErrorCode::Unknown | ErrorCode::TypeMismatch) | None => {
            return StateError::Corrupt { path, what: format!("{subject}: {error}") };
        }
        Some(_) => {}
    }
    let source = hinted(error);
    match doing {
        Doing::Opening => StateError::Open { path, source },
        Doing::Reading => StateError::Read { path, source },
        Doing::Writing => StateError::Write { path, source },
    }
}

fn code(error: &Error) -> Option<ErrorCode> {
    match error {
        Error::SqlInputError { error, .. } => Some(error.code),
        _ => error.sqlite_error_code(),
    }
}

/// Is the file, or what SQLite needs beside it, out of reach?
pub(super) fn out_of_reach(error: &Error) -> bool {
    matches!(
        code(error),
        Some(
            ErrorCode::CannotOpen
                | ErrorCode::ReadOnly
                | ErrorCode::PermissionDenied
                | ErrorCode::FileLockingProtocolFailed
                | ErrorCode::SystemIoFailure
        )
    )
}

fn hinted(error: Error) -> Box<dyn std::error::Error + Send + Sync> {
    let hint = match code(&error) {
        Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            "the file and its directory must be writable"
        }
        Some(ErrorCode::DiskFull) => "the disk is full: nothing was changed; free some space",
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            "another process is writing to it"
        }
        _ => return Box::new(error),
    };
    format!("{error} ({hint})").into()
}

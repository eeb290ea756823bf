//! What can go wrong with a store, and what to do then.

use std::path::PathBuf;

/// A failed operation on a store. `Display` says what and where; sources are chained.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The file cannot be opened.
    #[error("cannot open the state {path:?}")]
    Open {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A newer kprov wrote it.
    #[error(
        "the state {path:?} was written by a newer kprov (format {found}, this one knows up to {known})"
    )]
    Newer {
        /// Which.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// Ours.
        known: u32,
    },
    /// Not a state, or damaged.
    #[error("the state {path:?} is damaged: {what}")]
    Corrupt {
        /// Which.
        path: PathBuf,
        /// What and where: table, row, page.
        what: String,
    },
    /// A write did not become durable.
    #[error("cannot write the state {path:?}")]
    Write {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A read failed.
    #[error("cannot read the state {path:?}")]
    Read {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Secrets cannot be read, or not be stored, for want of a key.
    #[error("the secrets of the state {path:?} are out of reach")]
    Sealed {
        /// Which.
        path: PathBuf,
        /// Which key, and where it was looked for.
        #[source]
        source: crate::KeyError,
    },
    /// An entry contradicts the state: a bug, or two writers.
    #[error("illegal journal entry: {what}")]
    Illegal {
        /// What contradicts what.
        what: String,
    },
    /// Somebody holds the lock.
    #[error("the state is locked by {} since {} ({})", .0.who, .0.since, .0.command)]
    Locked(Box<crate::LockInfo>),
    /// No such workspace.
    #[error("workspace {0:?} does not exist")]
    NoWorkspace(String),
    /// There is one of that name.
    #[error("workspace {0:?} exists already")]
    WorkspaceExists(String),
    /// The default workspace stays.
    #[error("the default workspace cannot be deleted")]
    DefaultWorkspace,
    /// Nobody holds a lock of that id.
    #[error("there is no lock with the id {0:?}")]
    NoLock(String),
    /// The text is not a state file.
    #[error("not a Terraform state file: {0}")]
    NotTerraformState(String),
}

//! [`Files`]: the door to the file system, for the module loader and the file functions.

use std::fmt;

/// What stands at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A device, socket ...
    Other,
}

/// Why a file could not be read, ready to be shown: names the path and the reason.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileError {
    /// Nothing is there.
    #[error("no file exists at {path:?}")]
    NotFound {
        /// The path as it was asked for.
        path: String,
    },
    /// Anything else: no permission, a directory, a loop of links ...
    #[error("failed to read {path:?}: {reason}")]
    Failed {
        /// The path as it was asked for.
        path: String,
        /// What the operating system said.
        reason: String,
    },
}

/// Reads files. Paths are text with `/`, relative to the working directory or absolute.
/// Implemented over the disk in the operations room, over a map in tests and for a saved plan.
pub trait Files: Send + Sync + fmt::Debug {
    /// The whole content.
    ///
    /// # Errors
    /// See [`FileError`].
    fn read(&self, path: &str) -> Result<Vec<u8>, FileError>;

    /// What is there (links followed); `None` if nothing.
    ///
    /// # Errors
    /// When it cannot be told.
    fn kind(&self, path: &str) -> Result<Option<FileKind>, FileError>;

    /// Names of a directory's entries, sorted.
    ///
    /// # Errors
    /// See [`FileError`].
    fn list(&self, path: &str) -> Result<Vec<String>, FileError>;

    /// The working directory, absolute.
    fn current_dir(&self) -> String;

    /// What `path.cwd` is: where the user was before `-chdir`.
    fn original_dir(&self) -> String {
        self.current_dir()
    }

    /// The user's home directory, absolute; `None` if unknown.
    fn home_dir(&self) -> Option<String>;
}

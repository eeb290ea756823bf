//! Files: written whole or not at all, read, removed.
//!
//! A reader of the destination sees the old content or the new one, never a part, whenever the
//! machine stops. Nothing here puts content into an error.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// Why a file was not written.
#[derive(Debug)]
pub(crate) struct WriteError {
    /// What could not be done, with the path.
    pub(crate) what: String,
    pub(crate) source: io::Error,
    /// The new content is in place, but perhaps not on the disk yet.
    pub(crate) in_place: bool,
}

/// A file to be written.
#[derive(Debug)]
pub(crate) struct NewFile<'a> {
    pub(crate) path: &'a Path,
    pub(crate) content: &'a [u8],
    /// Before the umask, like that of directories.
    pub(crate) mode: u32,
    pub(crate) directory_mode: u32,
    /// Unique per operation: what a crash left of an earlier try is found by it.
    pub(crate) token: &'a str,
}

impl NewFile<'_> {
    /// Makes missing directories, writes beside the destination, and moves over it.
    pub(crate) fn write(&self) -> Result<(), WriteError> {
        let fail = |what: String, source| WriteError { what, source, in_place: false };
        let target = destination(self.path)
            .map_err(|source| fail(format!("write {}", self.path.display()), source))?;
        let directory = directory_of(&target);
        if !directory.exists() {
            DirBuilder::new()
                .recursive(true)
                .mode(self.directory_mode)
                .create(directory)
                .map_err(|e| fail(format!("make the directory {}", directory.display()), e))?;
        }
        let temporary = temporary(directory, self.token);
        let written = self.write_to(&temporary).and_then(|()| fs::rename(&temporary, &target));
        if let Err(source) = written {
            // Nothing more can be done about a file that cannot be removed either.
            let _ = fs::remove_file(&temporary);
            return Err(fail(format!("write {}", target.display()), source));
        }
        File::open(directory).and_then(|directory| directory.sync_all()).map_err(|source| {
            let what = format!("save the directory {}", directory.display());
            WriteError { what, source, in_place: true }
        })
    }

    fn write_to(&self, temporary: &Path) -> io::Result<()> {
        remove(temporary)?;
        let mut file =
            OpenOptions::new().write(true).create_new(true).mode(self.mode).open(temporary)?;
        file.write_all(self.content)?;
        file.sync_all()
    }
}

fn directory_of(target: &Path) -> &Path {
    match target.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

fn temporary(directory: &Path, token: &str) -> PathBuf {
    directory.join(format!(".kprov-{token}"))
}

/// Removes what a write that was killed left beside the destination. It is only litter: where it
/// cannot be removed, it stays.
pub(crate) fn clean_up(path: &Path, token: &str) {
    if let Ok(target) = destination(path) {
        let _ = remove(&temporary(directory_of(&target), token));
    }
}

/// Where the bytes go: a link is followed, so that it stays a link. Only a regular file may be
/// replaced; moving over a device would take it away from the system.
fn destination(path: &Path) -> io::Result<PathBuf> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(path.to_owned()),
        Err(error) => Err(error),
        Ok(metadata) if metadata.is_file() => Ok(path.to_owned()),
        Ok(metadata) if metadata.is_symlink() => {
            let target = fs::canonicalize(path)?;
            if fs::metadata(&target)?.is_file() { Ok(target) } else { Err(not_a_file()) }
        }
        Ok(_) => Err(not_a_file()),
    }
}

fn not_a_file() -> io::Error {
    io::Error::other("it exists and is not a regular file")
}

/// The content; `None` if there is no such file.
pub(crate) fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::metadata(path) {
        Ok(metadata) if !metadata.is_file() => Err(not_a_file()),
        Ok(_) => fs::read(path).map(Some),
        Err(error) if is_absent(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Removes a file; one that is gone already is fine.
pub(crate) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if is_absent(&error) => Ok(()),
        other => other,
    }
}

/// No such file, or something on the way to it is no directory any more.
fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

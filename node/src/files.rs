//! Files that appear whole: written beside, synced, renamed.

use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use crate::problem::Problem;

/// Writes a file with these permission bits.
pub(crate) fn write(path: &Path, content: &[u8], mode: u32) -> Result<(), Problem> {
    let failed = |error| Problem::file("A file cannot be written", path, &error);
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let beside = path.with_file_name(name);
    let _ = std::fs::remove_file(&beside);
    let file = std::fs::File::options().write(true).create_new(true).mode(mode).open(&beside);
    let written = file.and_then(|mut file| {
        file.write_all(content)?;
        file.sync_all()
    });
    let done = written.and_then(|()| std::fs::rename(&beside, path));
    if done.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    done.map_err(failed)
}

/// Writes a file unless it says this already: who watches it is not woken for nothing.
pub(crate) fn keep(path: &Path, content: &[u8], mode: u32) -> Result<(), Problem> {
    match std::fs::read(path) {
        Ok(found) if found == content => Ok(()),
        _ => write(path, content, mode),
    }
}

/// Makes a directory that only this user can look into.
pub(crate) fn directory(path: &Path) -> Result<(), Problem> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|error| Problem::file("A directory cannot be made", path, &error))
}

//! The write lock of a workspace: who, since when, doing what.
//!
//! Two things make it. A row in `locks` says who holds it, to everybody who can read the file. An
//! advisory lock (flock) on a file beside it says that the holder lives: the kernel lets go of it
//! when the process ends, however it ends. So:
//!
//! | flock | row | meaning |
//! |---|---|---|
//! | free | none | free |
//! | free | this host's | its holder is dead: replaced (but see below) |
//! | free | another host's | held there: respected |
//! | taken | any | held on this host |
//! | taken | none | being taken or let go of just now: look again |
//!
//! Where flock says nothing (the file is new, or the filesystem has no flock) a holder of this
//! host counts as alive while its process is there. Readers look at neither.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, OptionalExtension, params};

use super::connection::beside;
use super::failure::{Doing, explain};
use super::{DEFAULT, Inner};
use crate::{Lock, LockInfo, StateError};

/// Between two looks at a taken lock.
const PAUSE: Duration = Duration::from_millis(50);

/// So often a lock without a row is looked at again, whatever the timeout.
const GRACE: u32 = 4;

/// A held lock.
#[derive(Debug)]
struct SqliteLock {
    inner: Arc<Inner>,
    workspace: String,
    info: LockInfo,
    /// Holds the flock; closed, and so unlocked, after the row is gone.
    _file: File,
}

impl Lock for SqliteLock {
    fn info(&self) -> &LockInfo {
        &self.info
    }
}

impl Drop for SqliteLock {
    fn drop(&mut self) {
        // A row that stays is harmless: whoever comes next finds the flock free.
        let _ = self.inner.writing(|transaction| {
            remove(transaction, &self.inner.path, &self.workspace, &self.info.id)
        });
    }
}

/// What one attempt came to.
enum Attempt {
    Held(File),
    Taken(Option<LockInfo>),
}

pub(super) fn take(
    inner: &Arc<Inner>,
    workspace: &str,
    info: LockInfo,
    timeout: Duration,
) -> Result<Box<dyn Lock>, StateError> {
    // The database comes first: where it cannot be written, no other file is left behind.
    inner.writing(|_| Ok(()))?;
    let mut waited = Duration::ZERO;
    let mut unknown = 0;
    loop {
        let holder = match attempt(inner, workspace, &info)? {
            Attempt::Held(file) => {
                let (inner, workspace) = (inner.clone(), workspace.to_owned());
                return Ok(Box::new(SqliteLock { inner, workspace, info, _file: file }));
            }
            Attempt::Taken(holder) => holder,
        };
        if holder.is_none() {
            unknown += 1;
        }
        let settling = holder.is_none() && unknown < GRACE;
        if waited >= timeout && !settling {
            return Err(StateError::Locked(Box::new(holder.unwrap_or_else(nobody_known))));
        }
        let pause = if waited < timeout { PAUSE.min(timeout - waited) } else { PAUSE };
        (inner.options.sleep)(pause);
        waited = waited.saturating_add(pause);
    }
}

/// The holder lives and has written no row, for longer than taking a lock takes.
fn nobody_known() -> LockInfo {
    LockInfo {
        id: String::new(),
        who: "a process on this host".to_owned(),
        since: "just now".to_owned(),
        command: "unknown command".to_owned(),
        pid: 0,
        host: String::new(),
    }
}

fn attempt(inner: &Inner, workspace: &str, info: &LockInfo) -> Result<Attempt, StateError> {
    claim(inner, workspace, info, Sidecar::open(sidecar(&inner.path, workspace))?)
}

/// The file whose flock says that the holder lives.
#[derive(Debug)]
struct Sidecar {
    path: PathBuf,
    file: File,
    /// Nobody can have held it before.
    fresh: bool,
}

impl Sidecar {
    fn open(path: PathBuf) -> Result<Sidecar, StateError> {
        let fresh = !path.exists();
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        match options.open(&path) {
            Ok(file) => Ok(Sidecar { path, file, fresh }),
            Err(error) => Err(StateError::Write { path, source: error.into() }),
        }
    }
}

fn claim(
    inner: &Inner,
    workspace: &str,
    info: &LockInfo,
    sidecar: Sidecar,
) -> Result<Attempt, StateError> {
    let Sidecar { path, file, fresh } = sidecar;
    let trusted = match file.try_lock() {
        Ok(()) => !fresh,
        // Only looked at: a waiter does not get in the way of the holder's writing.
        Err(TryLockError::WouldBlock) => {
            return inner.reading(|reading| match reading {
                Some(reading) => {
                    holder(reading.connection(), &inner.path, workspace).map(Attempt::Taken)
                }
                None => Ok(Attempt::Taken(None)),
            });
        }
        Err(TryLockError::Error(error)) if error.kind() == std::io::ErrorKind::Unsupported => false,
        Err(TryLockError::Error(error)) => {
            return Err(StateError::Write { path, source: error.into() });
        }
    };
    if !is_at(&file, &path) {
        // It was forced open and removed between our opening and locking it.
        return Ok(Attempt::Taken(None));
    }
    inner.writing(|transaction| {
        if let Some(holder) = self::holder(transaction, &inner.path, workspace)?
            && !is_dead(&holder, info, trusted)
        {
            return Ok(Attempt::Taken(Some(holder)));
        }
        insert(transaction, &inner.path, workspace, info)?;
        Ok(Attempt::Held(file))
    })
}

/// `trusted`: the flock was free, and it is the one that a living holder would have.
fn is_dead(holder: &LockInfo, ours: &LockInfo, trusted: bool) -> bool {
    let gone = || holder.pid == ours.pid || !is_running(holder.pid);
    holder.host == ours.host && (trusted || gone())
}

/// Where that cannot be found out, a process counts as running.
fn is_running(pid: u32) -> bool {
    let processes = Path::new("/proc");
    !processes.join("self").exists() || processes.join(pid.to_string()).exists()
}

/// Is the open file still the one of that name?
fn is_at(file: &File, path: &Path) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        match (file.metadata(), std::fs::metadata(path)) {
            (Ok(ours), Ok(named)) => (ours.dev(), ours.ino()) == (named.dev(), named.ino()),
            _ => false,
        }
    }
    #[cfg(not(unix))]
    {
        let _ = (file, path);
        true
    }
}

pub(super) fn force(inner: &Inner, workspace: &str, id: &str) -> Result<(), StateError> {
    let none = || StateError::NoLock(id.to_owned());
    if !inner.exists()? {
        return Err(none());
    }
    let removed = inner.writing(|transaction| remove(transaction, &inner.path, workspace, id))?;
    if !removed {
        return Err(none());
    }
    // A holder that lives keeps the flock of a file that has no name any more: nobody asks it.
    let path = sidecar(&inner.path, workspace);
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(StateError::Write { path, source: error.into() })
        }
        _ => Ok(()),
    }
}

/// `kprov.db.lock`; with the workspace's name, as hexadecimal digits, for others than the default.
fn sidecar(path: &Path, workspace: &str) -> PathBuf {
    match workspace {
        DEFAULT => beside(path, ".lock"),
        name => {
            let digits: String = name.bytes().map(|byte| format!("{byte:02x}")).collect();
            beside(path, &format!(".{digits}.lock"))
        }
    }
}

fn holder(
    connection: &Connection,
    path: &Path,
    workspace: &str,
) -> Result<Option<LockInfo>, StateError> {
    let sql = "SELECT id, who, since, command, pid, host FROM locks WHERE workspace = ?1";
    connection
        .query_row(sql, [workspace], |row| {
            Ok(LockInfo {
                id: row.get(0)?,
                who: row.get(1)?,
                since: row.get(2)?,
                command: row.get(3)?,
                pid: row.get(4)?,
                host: row.get(5)?,
            })
        })
        .optional()
        .map_err(|error| explain(path, Doing::Reading, "locks", error))
}

fn insert(
    connection: &Connection,
    path: &Path,
    workspace: &str,
    info: &LockInfo,
) -> Result<(), StateError> {
    let sql = "INSERT OR REPLACE INTO locks (workspace, id, who, since, command, pid, host)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let row = params![workspace, info.id, info.who, info.since, info.command, info.pid, info.host];
    connection
        .execute(sql, row)
        .map(drop)
        .map_err(|error| explain(path, Doing::Writing, "locks", error))
}

/// True if there was one.
fn remove(
    connection: &Connection,
    path: &Path,
    workspace: &str,
    id: &str,
) -> Result<bool, StateError> {
    connection
        .execute("DELETE FROM locks WHERE workspace = ?1 AND id = ?2", [workspace, id])
        .map(|gone| gone > 0)
        .map_err(|error| explain(path, Doing::Writing, "locks", error))
}

#[cfg(all(test, unix))]
mod tests;

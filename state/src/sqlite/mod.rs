//! [`SqliteStore`]: a state and its journal in one SQLite file.
//!
//! # Guarantees
//! - An append is one transaction, durable when it returns; its cost does not grow with the state.
//! - Reading makes no file, takes no lock and waits for no writer (while the file is in WAL mode).
//! - What is secret reaches the file, and whatever SQLite keeps beside it, sealed (see `seals`).
//! - A file of a newer version, of another application, or damaged, is reported and left alone.
//!
//! # Threads
//! One connection behind a mutex: callers of one process take turns, and there is no thread here.
//!
//! # Files
//! `NAME` and, beside it, SQLite's `NAME-wal` and `NAME-shm`, and `NAME.lock` (see `lock`).

mod columns;
mod connection;
mod failure;
mod lock;
mod migrations;
mod read;
mod resealing;
mod rotations;
mod rows;
mod sealed_cells;
mod seals;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kprov_core::{Host, Str};
use rusqlite::{OptionalExtension, TransactionBehavior};

use crate::{
    Entry, Lock, LockInfo, LogFilter, OpId, OpRecord, OutputRecord, RotationChange, RotationRecord,
    RotationWord, RunId, RunRecord, Seq, SpokenWord, State, StateError, StepDuration, Store,
    StoredEntry, Vault, Workspace,
};
use connection::{Opened, open_existing, open_for_writing, open_to_look, prepare_for_writing};
use failure::{Doing, explain};
use migrations::Found;
use read::{Reading, Sealed};
use rows::Writing;
use seals::Keeper;

const DEFAULT: &str = "default";

/// SQLite's smallest page, so its smallest file.
const SMALLEST: u64 = 512;

/// How to wait, and what seals.
pub struct SqliteOptions {
    /// How long a statement waits for another process's transaction.
    pub busy_timeout: Duration,
    /// How a waiter for the lock spends time; a test passes its own.
    pub sleep: Box<dyn Fn(Duration) + Send + Sync>,
    /// What seals secrets. [`Vault::none`], the default, leaves them open: give one to whatever keeps
    /// real states.
    pub vault: Vault,
}

impl Default for SqliteOptions {
    fn default() -> SqliteOptions {
        SqliteOptions {
            busy_timeout: Duration::from_secs(30),
            sleep: Box::new(std::thread::sleep),
            vault: Vault::none(),
        }
    }
}

impl fmt::Debug for SqliteOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteOptions")
            .field("busy_timeout", &self.busy_timeout)
            .field("vault", &self.vault)
            .finish_non_exhaustive()
    }
}

/// See the module.
#[derive(Clone, Debug)]
pub struct SqliteStore {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    host: Arc<dyn Host>,
    options: SqliteOptions,
    keeper: Keeper,
    /// `None` until there is a file and somebody needs it.
    opened: Mutex<Option<Opened>>,
}

impl SqliteStore {
    /// A store in the file `path`. An existing file is opened and looked at; a missing one is made
    /// by the first write.
    ///
    /// # Errors
    /// When there is a file that cannot be read, is not a state, or is a newer kprov's.
    pub fn open(
        path: impl Into<PathBuf>,
        host: Arc<dyn Host>,
        options: SqliteOptions,
    ) -> Result<SqliteStore, StateError> {
        let inner = Inner::new(path.into(), host, options);
        inner.reading(|_| Ok(()))?;
        Ok(SqliteStore { inner: Arc::new(inner) })
    }

    /// The same without looking at the file: for [`Store::fsck`], which is to say what is wrong
    /// with files that cannot be opened.
    pub fn unopened(
        path: impl Into<PathBuf>,
        host: Arc<dyn Host>,
        options: SqliteOptions,
    ) -> SqliteStore {
        SqliteStore { inner: Arc::new(Inner::new(path.into(), host, options)) }
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.inner.path
    }
}

impl Inner {
    fn new(path: PathBuf, host: Arc<dyn Host>, options: SqliteOptions) -> Inner {
        let keeper = Keeper::new(options.vault.clone(), host.clone());
        Inner { path, host, options, keeper, opened: Mutex::new(None) }
    }

    /// Runs `body` in a read transaction; with `None` where nothing was ever written.
    fn reading<T>(
        &self,
        body: impl FnOnce(Option<&Reading<'_>>) -> Result<T, StateError>,
    ) -> Result<T, StateError> {
        // A statement that panicked has rolled back: the connection is as good as before.
        let mut slot = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        let opened = match &mut *slot {
            Some(opened) => opened,
            None if !self.exists()? => return body(None),
            None => slot.insert(open_existing(&self.path, self.options.busy_timeout)?),
        };
        if opened.found == Found::Empty {
            // Another process may have made the tables since.
            opened.found = migrations::inspect(&opened.connection)
                .map_err(|error| explain(&self.path, Doing::Reading, "the header", error))?;
        }
        match opened.found {
            Found::Empty => body(None),
            _ => Reading::run(&opened.connection, &self.path, &self.keeper, |reading| {
                body(Some(reading))
            }),
        }
    }

    fn exists(&self) -> Result<bool, StateError> {
        match std::fs::metadata(&self.path) {
            // SQLite takes such a file for an empty one, and would overwrite it. With a rollback
            // journal beside it, it is one that was about to be made.
            Ok(meta) if (1..SMALLEST).contains(&meta.len()) && !self.has_rollback_journal() => {
                let what = "it is too short for a SQLite database".to_owned();
                Err(StateError::Corrupt { path: self.path.clone(), what })
            }
            Ok(_) => Ok(true),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(StateError::Open { path: self.path.clone(), source: error.into() }),
        }
    }

    fn has_rollback_journal(&self) -> bool {
        let mut name = self.path.clone().into_os_string();
        name.push("-journal");
        Path::new(&name).exists()
    }

    /// Runs `body` in a write transaction, which is durable when this returns.
    fn writing<T>(
        &self,
        body: impl FnOnce(&rusqlite::Transaction<'_>) -> Result<T, StateError>,
    ) -> Result<T, StateError> {
        self.writable(|opened| {
            let failed = |error| explain(&self.path, Doing::Writing, "the transaction", error);
            let transaction = opened
                .connection
                .transaction_with_behavior(TransactionBehavior::Immediate)
                .map_err(failed)?;
            let result = body(&transaction)?;
            transaction.commit().map_err(failed)?;
            Ok(result)
        })
    }

    /// Runs `body` with a file that is up to date and may be written to.
    fn writable<T>(
        &self,
        body: impl FnOnce(&mut Opened) -> Result<T, StateError>,
    ) -> Result<T, StateError> {
        let mut slot = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        let busy = self.options.busy_timeout;
        let opened = match &mut *slot {
            Some(opened) => {
                prepare_for_writing(&self.path, opened, &self.keeper)?;
                opened
            }
            None => slot.insert(open_for_writing(&self.path, busy, &self.keeper)?),
        };
        body(opened)
    }

    /// A workspace's part of what is read; `T::default()` where nothing was ever written.
    fn look<T: Default>(
        &self,
        workspace: &str,
        body: impl FnOnce(&Reading<'_>, read::Found) -> Result<T, StateError>,
    ) -> Result<T, StateError> {
        self.reading(|reading| {
            let Some(reading) = reading else {
                return match workspace {
                    DEFAULT => Ok(T::default()),
                    other => Err(StateError::NoWorkspace(other.to_owned())),
                };
            };
            match reading.workspace(workspace)? {
                None => Ok(T::default()),
                Some(found) => body(reading, found),
            }
        })
    }
}

impl Store for SqliteStore {
    fn read(&self, workspace: &str) -> Result<State, StateError> {
        self.inner.look(workspace, |reading, found| reading.state(found, Sealed::Opened))
    }

    fn outline(&self, workspace: &str) -> Result<State, StateError> {
        self.inner.look(workspace, |reading, found| reading.state(found, Sealed::LeftOut))
    }

    fn outputs(&self, workspace: &str) -> Result<BTreeMap<Str, OutputRecord>, StateError> {
        self.inner.look(workspace, |reading, found| {
            Ok(reading.outputs(&found, Sealed::Opened)?.into_iter().collect())
        })
    }

    fn lock(
        &self,
        workspace: &str,
        info: LockInfo,
        timeout: Duration,
    ) -> Result<Box<dyn Lock>, StateError> {
        lock::take(&self.inner, workspace, info, timeout)
    }

    fn force_unlock(&self, workspace: &str, id: &str) -> Result<(), StateError> {
        lock::force(&self.inner, workspace, id)
    }

    fn begin_run(&self, workspace: &str, started: Entry, at: &str) -> Result<RunId, StateError> {
        let inner = &self.inner;
        inner.writing(|transaction| {
            let mut writing =
                Writing::begin(transaction, &inner.path, &inner.keeper, workspace, at)?;
            let run = writing.new_run()?;
            writing.take(run, &[started], || inner.host.uuid())?;
            Ok(run)
        })
    }

    fn reserve_ops(&self, count: u64) -> Result<OpId, StateError> {
        let path = &self.inner.path;
        let count = columns::int(count)?;
        self.inner.writing(|transaction| {
            let sql = "UPDATE counters SET value = value + ?1 WHERE name = 'op' RETURNING value";
            let last: Option<i64> = transaction
                .query_row(sql, [count], |row| row.get(0))
                .optional()
                .map_err(|error| explain(path, Doing::Writing, "counters", error))?;
            match last {
                Some(last) => Ok(OpId(columns::uint(last - count + 1))),
                None => {
                    let what = "counters: the row 'op' is missing".to_owned();
                    Err(StateError::Corrupt { path: path.clone(), what })
                }
            }
        })
    }

    fn append(
        &self,
        workspace: &str,
        run: RunId,
        at: &str,
        entries: &[Entry],
    ) -> Result<(Seq, u64), StateError> {
        let inner = &self.inner;
        inner.writing(|transaction| {
            let mut writing =
                Writing::begin(transaction, &inner.path, &inner.keeper, workspace, at)?;
            let seq = writing.take(run, entries, || inner.host.uuid())?;
            Ok((seq, writing.serial))
        })
    }

    fn append_rotation(
        &self,
        workspace: &str,
        run: RunId,
        at: &str,
        entries: &[Entry],
        change: &RotationChange,
    ) -> Result<(), StateError> {
        let inner = &self.inner;
        inner.writing(|transaction| {
            let mut writing =
                Writing::begin(transaction, &inner.path, &inner.keeper, workspace, at)?;
            writing.take(run, entries, || inner.host.uuid())?;
            writing.rotate(change)
        })
    }

    fn rotations(&self, workspace: &str) -> Result<Vec<RotationRecord>, StateError> {
        self.inner.look(workspace, |reading, found| reading.rotations(&found))
    }

    fn speak(
        &self,
        workspace: &str,
        cluster: Option<&str>,
        word: RotationWord,
        who: &str,
        at: &str,
    ) -> Result<usize, StateError> {
        let inner = &self.inner;
        // Nothing is made by a word to nobody.
        if self.rotations(workspace)?.is_empty() {
            return Ok(0);
        }
        inner.writing(|transaction| {
            Writing::begin(transaction, &inner.path, &inner.keeper, workspace, at)?
                .speak(cluster, word, who)
        })
    }

    fn words(&self, workspace: &str) -> Result<Vec<SpokenWord>, StateError> {
        self.inner.look(workspace, |reading, found| reading.words(&found))
    }

    fn durations(&self, workspace: &str) -> Result<Vec<StepDuration>, StateError> {
        self.inner.look(workspace, |reading, found| reading.durations(&found))
    }

    fn runs(&self, workspace: &str, filter: LogFilter) -> Result<Vec<RunRecord>, StateError> {
        self.inner.look(workspace, |reading, found| reading.runs(&found, &filter))
    }

    fn ops(&self, workspace: &str, filter: LogFilter) -> Result<Vec<OpRecord>, StateError> {
        self.inner.look(workspace, |reading, found| reading.ops(&found, &filter))
    }

    fn journal(&self, workspace: &str, filter: LogFilter) -> Result<Vec<StoredEntry>, StateError> {
        self.inner.look(workspace, |reading, found| reading.journal(&found, &filter))
    }

    fn workspaces(&self) -> Result<Vec<Workspace>, StateError> {
        self.inner.reading(|reading| {
            let mut names = reading.map_or(Ok(Vec::new()), Reading::workspaces)?;
            names.push(DEFAULT.to_owned());
            names.sort();
            names.dedup();
            Ok(names)
        })
    }

    fn create_workspace(&self, name: &str) -> Result<(), StateError> {
        let inner = &self.inner;
        let exists = || StateError::WorkspaceExists(name.to_owned());
        if name == DEFAULT {
            return Err(exists());
        }
        inner.writing(|transaction| {
            let sql = "INSERT INTO workspaces (name, lineage, serial) VALUES (?1, ?2, 0)
                       ON CONFLICT (name) DO NOTHING";
            let made = transaction
                .execute(sql, [name, &inner.host.uuid()])
                .map_err(|error| explain(&inner.path, Doing::Writing, "workspaces", error))?;
            if made == 0 { Err(exists()) } else { Ok(()) }
        })
    }

    fn delete_workspace(&self, name: &str) -> Result<(), StateError> {
        if name == DEFAULT {
            return Err(StateError::DefaultWorkspace);
        }
        let inner = &self.inner;
        // A missing file is not made by a workspace that is not there.
        inner.look(name, |_, _| Ok(()))?;
        inner.writing(|transaction| {
            let gone = transaction
                .execute("DELETE FROM workspaces WHERE name = ?1", [name])
                .map_err(|error| explain(&inner.path, Doing::Writing, "workspaces", error))?;
            if gone == 0 { Err(StateError::NoWorkspace(name.to_owned())) } else { Ok(()) }
        })
    }

    fn rekey(&self, to: &Vault, new_data_key: bool) -> Result<bool, StateError> {
        let inner = &self.inner;
        if !inner.exists()? {
            return Ok(false);
        }
        inner.writable(|opened| {
            resealing::rekey(&mut opened.connection, &inner.path, &inner.keeper, to, new_data_key)
        })
    }

    fn fsck(&self) -> Result<Vec<String>, StateError> {
        let inner = &self.inner;
        if !inner.exists()? {
            return Ok(Vec::new());
        }
        let opened = open_to_look(&inner.path, inner.options.busy_timeout)?;
        if opened.found == Found::Empty {
            return Ok(Vec::new());
        }
        let (path, keeper) = (&inner.path, &inner.keeper);
        Reading::run(&opened.connection, path, keeper, |reading| Ok(examine(reading)))
    }
}

/// Everything that can be found wrong; what cannot be read is a finding too.
fn examine(reading: &Reading<'_>) -> Vec<String> {
    let lines = reading.structure().into_iter();
    let mut findings: Vec<String> = lines.map(|line| format!("the file: {line}")).collect();
    let names = reading.workspaces().unwrap_or_else(|error| {
        findings.push(error.to_string());
        Vec::new()
    });
    for name in names {
        if let Err(error) = examine_workspace(reading, &name, &mut findings) {
            findings.push(format!("workspace {name:?}: {error}"));
        }
    }
    findings
}

fn examine_workspace(
    reading: &Reading<'_>,
    name: &str,
    findings: &mut Vec<String>,
) -> Result<(), StateError> {
    let Some(found) = reading.workspace(name)? else { return Ok(()) };
    findings.extend(reading.misplaced(&found)?);
    let journal = reading.journal(&found, &LogFilter::default())?;
    let state = reading.state(found, Sealed::Opened)?;
    crate::fsck::check(name, &state, &journal, findings);
    Ok(())
}

//! Opening the file: for writing, for reading, and for reading where nothing can be written.
//!
//! # Filesystems
//! WAL needs shared memory beside the file. Where the filesystem refuses it (some network mounts)
//! SQLite stays with its rollback journal and we take that: slower, as safe (`synchronous=EXTRA`),
//! but then readers wait for writers.
//!
//! # Guarantees
//! A missing file is never made by reading. A file that is not ours, is damaged or newer is
//! never written to.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use super::failure::{Doing, explain, out_of_reach};
use super::migrations::{Found, VERSION, inspect, migrate};
use super::resealing::seal_what_is_open;
use super::seals::Keeper;
use crate::StateError;

/// An open connection.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) connection: Connection,
    pub(super) found: Found,
    /// Why it cannot be written to; `None`: it can.
    pub(super) read_only: Option<&'static str>,
    /// What was open when it was opened is sealed by now.
    pub(super) sealed: bool,
}

const READ_WRITE: OpenFlags =
    OpenFlags::SQLITE_OPEN_READ_WRITE.union(OpenFlags::SQLITE_OPEN_NO_MUTEX);
const READ_ONLY: OpenFlags =
    OpenFlags::SQLITE_OPEN_READ_ONLY.union(OpenFlags::SQLITE_OPEN_NO_MUTEX);

/// Opens an existing file. Writes nothing to it.
pub(super) fn open_existing(path: &Path, busy: Duration) -> Result<Opened, StateError> {
    let read_only = std::fs::metadata(path).is_ok_and(|meta| meta.permissions().readonly());
    let flags = if read_only { READ_ONLY } else { READ_WRITE };
    match try_open(path, flags, busy) {
        Ok((connection, found)) => {
            let read_only = connection.is_readonly("main").unwrap_or(false);
            let read_only = read_only.then_some("the file is read-only");
            accept(path, Opened { connection, found, read_only, sealed: false })
        }
        Err(error) if out_of_reach(&error) => open_immutable(path, busy, error),
        Err(error) => Err(explain(path, Doing::Opening, "the header", error)),
    }
}

/// Opens an existing file so that even closing it writes nothing.
pub(super) fn open_to_look(path: &Path, busy: Duration) -> Result<Opened, StateError> {
    match try_open(path, READ_ONLY, busy) {
        Ok((connection, found)) => {
            let read_only = Some("opened to look at");
            accept(path, Opened { connection, found, read_only, sealed: false })
        }
        Err(error) if out_of_reach(&error) => open_existing(path, busy),
        Err(error) => Err(explain(path, Doing::Opening, "the header", error)),
    }
}

/// Opens the file for writing, makes it if there is none, and brings it up to date.
pub(super) fn open_for_writing(
    path: &Path,
    busy: Duration,
    keeper: &Keeper,
) -> Result<Opened, StateError> {
    if !path.exists() {
        create(path)?;
    }
    let mut opened = open_existing(path, busy)?;
    prepare_for_writing(path, &mut opened, keeper)?;
    Ok(opened)
}

/// Brings an open file up to date, and seals what a former version left open in it.
pub(super) fn prepare_for_writing(
    path: &Path,
    opened: &mut Opened,
    keeper: &Keeper,
) -> Result<(), StateError> {
    if let Some(why) = opened.read_only {
        return Err(StateError::Write { path: path.to_owned(), source: why.into() });
    }
    if opened.found != Found::Ours(VERSION) {
        bring_up_to_date(path, opened)?;
    }
    if keeper.vault.is_on() && !opened.sealed {
        seal_what_is_open(&mut opened.connection, path, keeper)?;
        opened.sealed = true;
    }
    Ok(())
}

fn bring_up_to_date(path: &Path, opened: &mut Opened) -> Result<(), StateError> {
    let failed = |error| explain(path, Doing::Writing, "making the tables", error);
    if opened.found == Found::Empty {
        make(path, opened).map_err(failed)?;
    } else {
        migrate(&mut opened.connection).map_err(failed)?;
    }
    opened.found = Found::Ours(VERSION);
    tune(&opened.connection).map_err(failed)
}

/// The first tables of an empty file, in WAL mode where that is possible.
fn make(path: &Path, opened: &mut Opened) -> rusqlite::Result<()> {
    let mode = |connection: &Connection, mode: &str| {
        let sql = format!("PRAGMA journal_mode = {mode}");
        connection.query_row(&sql, [], |row| row.get::<_, String>(0))
    };
    let made = mode(&opened.connection, "WAL").and_then(|_| migrate(&mut opened.connection));
    match made {
        Err(error) if out_of_reach(&error) => {}
        made => return made,
    }
    // The refusal of shared memory shows only when it is first used: back to the rollback journal,
    // with a connection that needs none because it is alone.
    opened.connection = Connection::open_in_memory()?;
    let mut alone = Connection::open_with_flags(path, READ_WRITE)?;
    alone.execute_batch("PRAGMA locking_mode = EXCLUSIVE")?;
    mode(&alone, "DELETE")?;
    migrate(&mut alone)?;
    drop(alone);
    opened.connection = Connection::open_with_flags(path, READ_WRITE)?;
    Ok(())
}

/// Only the owner may read it: states hold secrets. SQLite gives its side files the same mode.
fn create(path: &Path) -> Result<(), StateError> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(error) => Err(StateError::Write { path: path.to_owned(), source: error.into() }),
    }
}

fn try_open(
    path: &Path,
    flags: OpenFlags,
    busy: Duration,
) -> rusqlite::Result<(Connection, Found)> {
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(busy)?;
    let found = inspect(&connection)?;
    tune(&connection)?;
    Ok((connection, found))
}

fn tune(connection: &Connection) -> rusqlite::Result<()> {
    connection.set_prepared_statement_cache_capacity(64);
    let mode: String = connection.query_row("PRAGMA journal_mode", [], |row| row.get(0))?;
    let level = if mode == "wal" { "FULL" } else { "EXTRA" };
    connection.execute_batch(&format!(
        "PRAGMA synchronous = {level}; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;
         PRAGMA cell_size_check = ON; PRAGMA wal_autocheckpoint = 1000;
         PRAGMA secure_delete = ON;"
    ))
}

/// Where nothing can be made beside the file. That is right only while there is no log beside it:
/// what stands in a log would not be seen.
pub(super) fn open_immutable(
    path: &Path,
    busy: Duration,
    error: rusqlite::Error,
) -> Result<Opened, StateError> {
    for suffix in ["-wal", "-journal"] {
        let log = beside(path, suffix);
        if std::fs::metadata(&log).is_ok_and(|meta| meta.len() > 0 && meta.is_file()) {
            let source = format!(
                "{error}; there are changes in {log:?} that can be read only where the directory is \
                 writable"
            );
            return Err(StateError::Open { path: path.to_owned(), source: source.into() });
        }
    }
    // Whatever kept SQLite from opening it is more telling than what immutable mode says.
    std::fs::File::open(path)
        .map_err(|error| StateError::Open { path: path.to_owned(), source: error.into() })?;
    let flags = READ_ONLY.union(OpenFlags::SQLITE_OPEN_URI);
    let uri = PathBuf::from(format!("file:{}?immutable=1", escape(path)));
    let (connection, found) = try_open(&uri, flags, busy)
        .map_err(|error| explain(path, Doing::Opening, "the header", error))?;
    let read_only = Some("its directory is not writable");
    accept(path, Opened { connection, found, read_only, sealed: false })
}

fn accept(path: &Path, opened: Opened) -> Result<Opened, StateError> {
    let path = path.to_owned();
    match opened.found {
        Found::Empty => Ok(opened),
        Found::Ours(version) if version <= VERSION => Ok(opened),
        Found::Ours(found) => Err(StateError::Newer { path, found, known: VERSION }),
        Found::Foreign => {
            let what = "it is a SQLite database of another application".to_owned();
            Err(StateError::Corrupt { path, what })
        }
    }
}

/// The file's name with something after it.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// A path as the path of a URI; every byte is kept, Unicode or not.
fn escape(path: &Path) -> String {
    let mut out = String::new();
    for byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'.' | b'-' | b'_' => {
                out.push(char::from(*byte));
            }
            // Writing to a String cannot fail.
            byte => drop(write!(out, "%{byte:02X}")),
        }
    }
    out
}

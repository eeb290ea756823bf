//! The tables, as the list of steps that made them.
//!
//! A file's `user_version` is the number of steps it has had. Rules: append only; never change or
//! remove a step that was released; a step loses no data. All missing steps run in one EXCLUSIVE
//! transaction, so a file is in one version or in another, never between.

use rusqlite::{Connection, TransactionBehavior};

/// `kpro` as a number: tells our files from other SQLite databases.
pub(super) const APPLICATION_ID: i32 = 0x6b70_726f;

/// The version this program writes.
pub(super) const VERSION: u32 = MIGRATIONS.len() as u32;

const MIGRATIONS: &[&str] = &[FIRST, SEALS, ROTATIONS];

/// `address` is canonical text, for people and as key; `parts` is the same address typed, as JSON,
/// because text is slow to parse and objects are read in thousands. Numbers of workspaces, runs
/// and journal entries are never given twice (AUTOINCREMENT).
const FIRST: &str = "
CREATE TABLE counters (
    name TEXT NOT NULL PRIMARY KEY,
    value INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO counters (name, value) VALUES ('op', 0);

CREATE TABLE workspaces (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    lineage TEXT NOT NULL,
    serial INTEGER NOT NULL
) STRICT;

CREATE TABLE runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace INTEGER NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    command TEXT NOT NULL,
    who TEXT NOT NULL,
    pid INTEGER NOT NULL,
    plan_digest TEXT NOT NULL,
    started TEXT NOT NULL,
    finished TEXT,
    outcome TEXT,
    first_seq INTEGER NOT NULL
) STRICT;

CREATE TABLE journal (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace INTEGER NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    run INTEGER NOT NULL,
    at TEXT NOT NULL,
    entry TEXT NOT NULL
) STRICT;

CREATE TABLE ops (
    id INTEGER PRIMARY KEY,
    workspace INTEGER NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    run INTEGER NOT NULL,
    address TEXT NOT NULL,
    parts TEXT NOT NULL,
    action TEXT NOT NULL,
    status TEXT NOT NULL,
    tally TEXT NOT NULL,
    intended_seq INTEGER NOT NULL,
    started TEXT NOT NULL,
    finished TEXT,
    outcome TEXT
) STRICT;
CREATE UNIQUE INDEX ops_open ON ops (workspace, address) WHERE status = 'open';
CREATE INDEX ops_run ON ops (run);

CREATE TABLE objects (
    workspace INTEGER NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    address TEXT NOT NULL,
    deposed TEXT NOT NULL,
    parts TEXT NOT NULL,
    provider TEXT NOT NULL,
    schema_version INTEGER NOT NULL,
    attributes TEXT NOT NULL,
    sensitive TEXT,
    status TEXT NOT NULL,
    dependencies TEXT NOT NULL,
    cbd INTEGER NOT NULL,
    private BLOB NOT NULL,
    PRIMARY KEY (workspace, address, deposed)
) STRICT;

CREATE TABLE outputs (
    workspace INTEGER NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    name TEXT NOT NULL,
    value TEXT NOT NULL,
    type TEXT NOT NULL,
    sensitive INTEGER NOT NULL,
    PRIMARY KEY (workspace, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE checks (
    workspace INTEGER NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    place INTEGER NOT NULL,
    record TEXT NOT NULL,
    PRIMARY KEY (workspace, place)
) STRICT, WITHOUT ROWID;

CREATE TABLE locks (
    workspace TEXT NOT NULL PRIMARY KEY,
    id TEXT NOT NULL,
    who TEXT NOT NULL,
    since TEXT NOT NULL,
    command TEXT NOT NULL,
    pid INTEGER NOT NULL,
    host TEXT NOT NULL
) STRICT, WITHOUT ROWID;
";

/// The data key that seals secrets, wrapped: one at most. The counter says whether there may be
/// secrets in the clear (see `seals::Openness`): in a file that had journal lines before, there may.
const SEALS: &str = "
CREATE TABLE data_keys (
    one INTEGER NOT NULL PRIMARY KEY CHECK (one = 1),
    wrapped TEXT NOT NULL
) STRICT;
INSERT INTO counters (name, value) SELECT 'open', EXISTS (SELECT 1 FROM journal);
";

/// What is kept of rotations (`rotations`): one row for each cluster, words that nobody has taken yet, and how long
/// steps took. A word's number is never given twice, so that taking one twice takes nothing else.
const ROTATIONS: &str = "
CREATE TABLE rotations (
    workspace INTEGER NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    cluster TEXT NOT NULL,
    rotation TEXT NOT NULL,
    started_at TEXT NOT NULL,
    progress TEXT NOT NULL,
    templates TEXT NOT NULL,
    paused TEXT,
    finished_at TEXT,
    updated_at TEXT NOT NULL,
    PRIMARY KEY (workspace, cluster)
) STRICT, WITHOUT ROWID;

CREATE TABLE rotation_words (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace INTEGER NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    cluster TEXT NOT NULL,
    word TEXT NOT NULL,
    who TEXT NOT NULL,
    at TEXT NOT NULL
) STRICT;

CREATE TABLE rotation_durations (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace INTEGER NOT NULL REFERENCES workspaces (id) ON DELETE CASCADE,
    cluster TEXT NOT NULL,
    role TEXT NOT NULL,
    step TEXT NOT NULL,
    seconds INTEGER NOT NULL,
    at TEXT NOT NULL
) STRICT;
CREATE INDEX rotation_durations_kind ON rotation_durations (workspace, cluster, role, step);
";

/// What kind of file a connection looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// Nothing was ever written.
    Empty,
    /// Ours, with so many steps done; may be more than [`VERSION`].
    Ours(u32),
    /// Another application's.
    Foreign,
}

/// Looks at the header; the first thing that reads the file.
pub(super) fn inspect(connection: &Connection) -> rusqlite::Result<Found> {
    let number = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
    let version = number("PRAGMA user_version")?;
    let application = number("PRAGMA application_id")?;
    let tables = number("SELECT count(*) FROM sqlite_schema")?;
    if version == 0 && tables == 0 {
        return Ok(Found::Empty);
    }
    match u32::try_from(version) {
        Ok(version) if application == i64::from(APPLICATION_ID) && version > 0 => {
            Ok(Found::Ours(version))
        }
        _ => Ok(Found::Foreign),
    }
}

/// Does the missing steps. The version is looked at again inside: another process may have been
/// quicker.
pub(super) fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Exclusive)?;
    let done: u32 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    for step in MIGRATIONS.iter().skip(done as usize) {
        transaction.execute_batch(step)?;
    }
    if done < VERSION {
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", VERSION)?;
    }
    transaction.commit()
}

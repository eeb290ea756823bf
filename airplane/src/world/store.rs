//! The world on disk: one SQLite row per record, one transaction per request. What was answered survives kill -9.
use crate::world::World;
use crate::world::table::Change;
use rusqlite::{Connection, OptionalExtension, params};
use std::path::Path;

/// An open database, or none for a world that lives in memory only.
pub(crate) struct Store {
    db: Option<Connection>,
}

/// What went wrong with the database.
pub(crate) type StoreError = rusqlite::Error;

/// Only the owner may read it: what a cloud keeps of secrets stands there in the clear. SQLite gives its side
/// files the same mode. What cannot be done here, opening the database tells better.
fn keep_private(path: &Path) {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
        options.mode(0o600);
        if let Ok(file) = options.open(path) {
            let _ = file.set_permissions(std::fs::Permissions::from_mode(0o600));
        }
    }
    #[cfg(not(unix))]
    let _ = options.open(path);
}

impl Store {
    /// A store that keeps nothing.
    pub(crate) fn memory() -> Self {
        Store { db: None }
    }

    /// Opens or makes a database.
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        keep_private(path);
        let db = Connection::open(path)?;
        db.pragma_update(None, "journal_mode", "WAL")?;
        db.pragma_update(None, "synchronous", "NORMAL")?;
        db.execute_batch(
            "CREATE TABLE IF NOT EXISTS records (place TEXT, name TEXT, id TEXT, json TEXT NOT NULL,
                PRIMARY KEY (place, name, id)) WITHOUT ROWID;
             CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;",
        )?;
        Ok(Store { db: Some(db) })
    }

    /// Do machines run as processes, as far as the database knows?
    pub(crate) fn machines(&self) -> Result<Option<String>, StoreError> {
        let Some(db) = &self.db else { return Ok(None) };
        let query = "SELECT value FROM meta WHERE key = 'machines'";
        db.query_row(query, [], |r| r.get(0)).optional()
    }

    /// Remembers whether machines run as processes.
    pub(crate) fn save_machines(&mut self, machines: &str) -> Result<(), StoreError> {
        if let Some(db) = &self.db {
            db.execute("INSERT OR REPLACE INTO meta VALUES ('machines', ?1)", [machines])?;
        }
        Ok(())
    }

    /// Reads everything into an empty world; returns the time that the world had reached.
    pub(crate) fn load(&mut self, world: &mut World) -> Result<Option<i64>, StoreError> {
        let Some(db) = &self.db else { return Ok(None) };
        let meta = |key: &str| -> Result<Option<String>, StoreError> {
            db.query_row("SELECT value FROM meta WHERE key = ?1", [key], |r| r.get(0)).optional()
        };
        let mut statement = db.prepare("SELECT place, name, id, json FROM records")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (place, name, id, json): (String, String, String, String) =
                (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
            let mut result = Ok(());
            world.with_table(&place, &name, &mut |t| result = t.load(&id, &json));
            result.map_err(|e| {
                rusqlite::Error::FromSqlConversionFailure(
                    3,
                    rusqlite::types::Type::Text,
                    Box::new(e),
                )
            })?;
        }
        if let (Some(seed), Some(position)) = (meta("seed")?, meta("position")?)
            && let (Ok(seed), Ok(position)) = (seed.parse(), position.parse())
        {
            world.ids.seek(seed, position);
        }
        Ok(meta("now")?.and_then(|n| n.parse().ok()))
    }

    /// Writes what is dirty, with generator and time, in one transaction. What could not be written stays dirty, so
    /// that the caller can take it back.
    pub(crate) fn commit(&mut self, world: &mut World) -> Result<(), StoreError> {
        let mut changes: Vec<(String, String, Change)> = Vec::new();
        if self.db.is_none() {
            world.each_table(&mut |_, _, table| table.settle());
            return Ok(());
        }
        world.each_table(&mut |place, name, table| {
            changes.extend(
                table.pending().into_iter().map(|c| (place.to_owned(), name.to_owned(), c)),
            );
        });
        // Reads draw request ids too; they alone are worth no transaction.
        if !changes.is_empty() {
            self.write(world, &changes)?;
        }
        world.each_table(&mut |_, _, table| table.settle());
        Ok(())
    }

    fn write(
        &mut self,
        world: &World,
        changes: &[(String, String, Change)],
    ) -> Result<(), StoreError> {
        let Some(db) = self.db.as_mut() else {
            return Ok(());
        };
        let tx = db.transaction()?;
        {
            let mut put =
                tx.prepare_cached("INSERT OR REPLACE INTO records VALUES (?1, ?2, ?3, ?4)")?;
            let mut drop = tx
                .prepare_cached("DELETE FROM records WHERE place = ?1 AND name = ?2 AND id = ?3")?;
            for (place, name, change) in changes {
                match &change.json {
                    Some(json) => put.execute(params![place, name, change.id, json])?,
                    None => drop.execute(params![place, name, change.id])?,
                };
            }
            let mut meta = tx.prepare_cached("INSERT OR REPLACE INTO meta VALUES (?1, ?2)")?;
            meta.execute(params!["seed", world.ids.seed.to_string()])?;
            meta.execute(params!["position", world.ids.position().to_string()])?;
            meta.execute(params!["now", world.now.to_string()])?;
        }
        tx.commit()
    }

    /// Writes the time alone, when a clock was stepped and nothing else changed.
    pub(crate) fn save_time(&mut self, now: i64) -> Result<(), StoreError> {
        if let Some(db) = &self.db {
            db.execute("INSERT OR REPLACE INTO meta VALUES ('now', ?1)", [now.to_string()])?;
        }
        Ok(())
    }

    /// Replaces all of the database by the world.
    pub(crate) fn rewrite(&mut self, world: &mut World) -> Result<(), StoreError> {
        let mut rows: Vec<(String, String, String, String)> = Vec::new();
        world.each_table(&mut |place, name, table| {
            table.settle();
            rows.extend(
                table
                    .export()
                    .into_iter()
                    .map(|(id, json)| (place.to_owned(), name.to_owned(), id, json)),
            );
        });
        let Some(db) = self.db.as_mut() else { return Ok(()) };
        let tx = db.transaction()?;
        tx.execute_batch("DELETE FROM records; DELETE FROM meta WHERE key <> 'machines';")?;
        {
            let mut put = tx.prepare_cached("INSERT INTO records VALUES (?1, ?2, ?3, ?4)")?;
            for (place, name, id, json) in &rows {
                put.execute(params![place, name, id, json])?;
            }
            let mut meta = tx.prepare_cached("INSERT INTO meta VALUES (?1, ?2)")?;
            meta.execute(params!["seed", world.ids.seed.to_string()])?;
            meta.execute(params!["position", world.ids.position().to_string()])?;
            meta.execute(params!["now", world.now.to_string()])?;
        }
        tx.commit()
    }
}

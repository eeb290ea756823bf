//! The tables as [`Rows`]: what an entry changes, within the transaction that holds its journal
//! line. Costs do not depend on the size of the state: every statement goes through an index.

use std::path::Path;

use kprov_core::{ObjectAddr, Str};
use rusqlite::types::Value as Column;
use rusqlite::{Connection, OptionalExtension, Params, Row, params};

use super::columns::{self, Decoder, ObjectRow, int, json, uint};
use super::failure::{Doing, explain};
use super::seals::{Keeper, Seals};
use crate::apply::{Closing, Intent, Rows, apply};
use crate::{
    CheckRecord, Entry, OpId, OpStatus, OutputRecord, RunId, RunStatus, Seq, StateError,
    StoredObject, Tally,
};

/// One append to one workspace, inside a transaction.
pub(super) struct Writing<'a> {
    pub(super) connection: &'a Connection,
    pub(super) path: &'a Path,
    pub(super) workspace: i64,
    pub(super) at: &'a str,
    pub(super) serial: u64,
    pub(super) lineage: String,
    /// The journal line being applied.
    pub(super) seq: i64,
    pub(super) seals: Seals<'a>,
}

impl Writing<'_> {
    /// The workspace's row, made for the default one.
    pub(super) fn begin<'a>(
        connection: &'a Connection,
        path: &'a Path,
        keeper: &'a Keeper,
        name: &str,
        at: &'a str,
    ) -> Result<Writing<'a>, StateError> {
        let mut writing = Writing {
            connection,
            path,
            workspace: 0,
            at,
            serial: 0,
            lineage: String::new(),
            seq: 0,
            seals: Seals::new(connection, path, keeper, name),
        };
        if name == super::DEFAULT {
            let sql = "INSERT INTO workspaces (name, lineage, serial) VALUES (?1, '', 0)
                       ON CONFLICT (name) DO NOTHING";
            writing.execute("workspaces", sql, [name])?;
        }
        let sql = "SELECT id, serial, lineage FROM workspaces WHERE name = ?1";
        let found = writing.one("workspaces", sql, [name], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, String>(2)?))
        })?;
        let Some((workspace, serial, lineage)) = found else {
            return Err(StateError::NoWorkspace(name.to_owned()));
        };
        (writing.workspace, writing.serial, writing.lineage) = (workspace, uint(serial), lineage);
        Ok(writing)
    }

    /// Appends and applies entries, and writes the workspace's new serial and lineage.
    pub(super) fn take(
        &mut self,
        run: RunId,
        entries: &[Entry],
        lineage: impl FnOnce() -> String,
    ) -> Result<Seq, StateError> {
        let before = (self.serial, self.lineage.clone());
        for entry in entries {
            self.take_one(run, entry)?;
        }
        if self.lineage.is_empty() {
            self.lineage = lineage();
        }
        if before != (self.serial, self.lineage.clone()) {
            let sql = "UPDATE workspaces SET serial = ?2, lineage = ?3 WHERE id = ?1";
            let row = params![self.workspace, int(self.serial)?, self.lineage];
            self.execute("workspaces", sql, row)?;
        }
        Ok(Seq(uint(self.seq)))
    }

    /// A new run's row: gives its id. [`Writing::take`] of its first entry fills it.
    pub(super) fn new_run(&self) -> Result<RunId, StateError> {
        let sql = "INSERT INTO runs (workspace, command, who, pid, plan_digest, started, first_seq)
                   VALUES (?1, '', '', 0, '', ?2, 0)";
        self.execute("runs", sql, params![self.workspace, self.at])?;
        Ok(RunId(uint(self.connection.last_insert_rowid())))
    }

    fn take_one(&mut self, run: RunId, entry: &Entry) -> Result<(), StateError> {
        let (seq, line) = self.line(entry)?;
        let sql =
            "INSERT INTO journal (seq, workspace, run, at, entry) VALUES (?1, ?2, ?3, ?4, ?5)";
        let row = params![seq, self.workspace, int(run.0)?, self.at, line];
        self.execute("journal", sql, row)?;
        self.seq = self.connection.last_insert_rowid();
        self.run_takes(run, entry)?;
        if apply(self, run, entry)? {
            self.serial = self.serial.saturating_add(1);
        }
        Ok(())
    }

    fn run_takes(&mut self, run: RunId, entry: &Entry) -> Result<(), StateError> {
        let id = int(run.0)?;
        let sql =
            "SELECT finished IS NOT NULL, first_seq FROM runs WHERE id = ?1 AND workspace = ?2";
        let found = self.one("runs", sql, [id, self.workspace], |row| {
            Ok((row.get::<_, bool>(0)?, row.get::<_, i64>(1)?))
        })?;
        let status = match found {
            // The row is there to have the id; its first entry is this one.
            None | Some((false, 0)) => RunStatus::Absent,
            Some((false, _)) => RunStatus::Running,
            Some((true, _)) => RunStatus::Finished,
        };
        if status.next(entry).is_none() {
            let what = format!("run {} takes no such entry: it {}", run.0, status.describe());
            return Err(StateError::Illegal { what });
        }
        match entry {
            Entry::RunStarted { command, plan_digest, who, pid } => {
                let sql = "UPDATE runs SET command = ?2, plan_digest = ?3, who = ?4, pid = ?5,
                           started = ?6, first_seq = ?7 WHERE id = ?1";
                let row = params![id, command, plan_digest, who, pid, self.at, self.seq];
                self.expect_one("runs", sql, row)
            }
            Entry::RunFinished { outcome } => {
                let sql = "UPDATE runs SET finished = ?2, outcome = ?3 WHERE id = ?1";
                self.expect_one("runs", sql, params![id, self.at, json(outcome)?])
            }
            _ => Ok(()),
        }
    }

    pub(super) fn execute(
        &self,
        table: &str,
        sql: &str,
        row: impl Params,
    ) -> Result<usize, StateError> {
        let failed = |error| explain(self.path, Doing::Writing, table, error);
        self.connection.prepare_cached(sql).map_err(failed)?.execute(row).map_err(failed)
    }

    /// A change of a row that must be there.
    pub(super) fn expect_one(
        &self,
        table: &str,
        sql: &str,
        row: impl Params,
    ) -> Result<(), StateError> {
        match self.execute(table, sql, row)? {
            1 => Ok(()),
            _ => Err(StateError::Illegal { what: format!("a row of {table} is missing") }),
        }
    }

    pub(super) fn one<T>(
        &self,
        table: &str,
        sql: &str,
        key: impl Params,
        get: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, StateError> {
        let failed = |error| explain(self.path, Doing::Writing, table, error);
        let mut statement = self.connection.prepare_cached(sql).map_err(failed)?;
        statement.query_row(key, get).optional().map_err(failed)
    }

    fn damage(&self, what: String) -> StateError {
        StateError::Corrupt { path: self.path.to_owned(), what }
    }

    /// The key of an object's row.
    pub(super) fn key(&self, address: &ObjectAddr) -> (i64, String, String) {
        let deposed = columns::deposed(address).to_owned();
        (self.workspace, address.instance.to_string(), deposed)
    }
}

impl Rows for Writing<'_> {
    fn status(&mut self, op: OpId) -> Result<OpStatus, StateError> {
        let sql = "SELECT status FROM ops WHERE id = ?1";
        let status = self.one("ops", sql, [int(op.0)?], |row| row.get::<_, String>(0))?;
        match status {
            None => Ok(OpStatus::Absent),
            Some(text) => columns::op_status_from(&text)
                .ok_or_else(|| self.damage(format!("ops, row {}: unknown status {text:?}", op.0))),
        }
    }

    fn intent(&mut self, op: OpId) -> Result<Option<Intent>, StateError> {
        let sql = "SELECT parts, action FROM ops
                   WHERE id = ?1 AND workspace = ?2 AND status = 'open'";
        let key = [int(op.0)?, self.workspace];
        let found = self
            .one("ops", sql, key, |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
        let Some((parts, action)) = found else { return Ok(None) };
        let damage = |what| self.damage(format!("ops, row {}: {what}", op.0));
        Ok(Some(Intent {
            object: columns::from_json("parts", &parts).map_err(damage)?,
            action: columns::from_json("action", &action).map_err(damage)?,
        }))
    }

    fn busy(&mut self, address: &ObjectAddr) -> Result<Option<OpId>, StateError> {
        let sql = "SELECT id FROM ops
                   WHERE workspace = ?1 AND address = ?2 AND status = 'open'";
        let key = params![self.workspace, address.to_string()];
        let id = self.one("ops", sql, key, |row| row.get::<_, i64>(0))?;
        Ok(id.map(|id| OpId(uint(id))))
    }

    fn has(&mut self, address: &ObjectAddr) -> Result<bool, StateError> {
        let sql = "SELECT 1 FROM objects WHERE workspace = ?1 AND address = ?2 AND deposed = ?3";
        Ok(self.one("objects", sql, self.key(address), |_| Ok(()))?.is_some())
    }

    fn is(&mut self, address: &ObjectAddr, object: &StoredObject) -> Result<bool, StateError> {
        let sql = format!(
            "SELECT {} FROM objects WHERE workspace = ?1 AND address = ?2 AND deposed = ?3",
            ObjectRow::COLUMNS
        );
        let key = self.key(address);
        let row =
            self.one("objects", &sql, params![key.0, key.1, key.2], |row| ObjectRow::get(row, 0))?;
        let Some(row) = row else { return Ok(false) };
        let row = row.opened(&self.seals, &key.1, &key.2)?;
        match Decoder::default().object(row) {
            Ok(present) => Ok(present == *object),
            Err(what) => Err(self.damage(format!("objects, row {address}: {what}"))),
        }
    }

    fn put(&mut self, address: &ObjectAddr, object: &StoredObject) -> Result<(), StateError> {
        let sql =
            "INSERT INTO objects (workspace, address, deposed, parts, provider, schema_version,
                attributes, sensitive, status, dependencies, cbd, private)
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
            ON CONFLICT (workspace, address, deposed) DO UPDATE SET provider = ?5,
                schema_version = ?6, attributes = ?7, sensitive = ?8, status = ?9,
                dependencies = ?10, cbd = ?11, private = ?12";
        let (workspace, text, deposed) = self.key(address);
        let (attributes, private) = self.content(address, object, &text, &deposed)?;
        let row = params![
            workspace,
            text,
            deposed,
            json(address)?,
            json(&object.provider)?,
            int(object.schema_version)?,
            attributes,
            object.sensitive_paths.as_ref().map(|paths| paths.get()),
            columns::object_status(object.status),
            json(&object.dependencies)?,
            object.create_before_destroy,
            private,
        ];
        self.execute("objects", sql, row).map(drop)
    }

    fn remove(&mut self, address: &ObjectAddr) -> Result<bool, StateError> {
        let sql = "DELETE FROM objects WHERE workspace = ?1 AND address = ?2 AND deposed = ?3";
        Ok(self.execute("objects", sql, self.key(address))? > 0)
    }

    fn rename(&mut self, from: &ObjectAddr, to: &ObjectAddr) -> Result<(), StateError> {
        let sql = "UPDATE objects SET address = ?4, deposed = ?5, parts = ?6
                   WHERE workspace = ?1 AND address = ?2 AND deposed = ?3";
        let (workspace, address, deposed) = self.key(from);
        let (_, new_address, new_deposed) = self.key(to);
        let row = params![workspace, address, deposed, new_address, new_deposed, json(to)?];
        self.expect_one("objects", sql, row)?;
        self.seal_again((&address, &deposed), (&new_address, &new_deposed))
    }

    fn put_output(
        &mut self,
        name: &Str,
        output: Option<&OutputRecord>,
    ) -> Result<bool, StateError> {
        let Some(output) = output else {
            let sql = "DELETE FROM outputs WHERE workspace = ?1 AND name = ?2";
            return Ok(self.execute("outputs", sql, params![self.workspace, name.as_str()])? > 0);
        };
        if self.is_output(name, output)? {
            return Ok(false);
        }
        let sql = "INSERT INTO outputs (workspace, name, value, type, sensitive)
            VALUES (?1, ?2, ?3, ?4, ?5)
            ON CONFLICT (workspace, name) DO UPDATE SET value = ?3, type = ?4, sensitive = ?5";
        let mut value = output.value.get().to_owned();
        if output.sensitive && self.seals.vault().is_on() {
            value = self.seals.seal(value.as_bytes(), &["outputs", "value", name])?;
        } else if output.sensitive {
            self.seals.leave_open()?;
        }
        let row = params![self.workspace, name.as_str(), value, output.ty.get(), output.sensitive];
        self.execute("outputs", sql, row)?;
        Ok(true)
    }

    fn put_checks(&mut self, checks: &[CheckRecord]) -> Result<bool, StateError> {
        let failed = |error| explain(self.path, Doing::Writing, "checks", error);
        let sql = "SELECT record FROM checks WHERE workspace = ?1 ORDER BY place";
        let mut statement = self.connection.prepare_cached(sql).map_err(failed)?;
        let present: Vec<String> = statement
            .query_map([self.workspace], |row| row.get(0))
            .and_then(Iterator::collect)
            .map_err(failed)?;
        if present.iter().map(String::as_str).eq(checks.iter().map(|check| check.get())) {
            return Ok(false);
        }
        self.execute("checks", "DELETE FROM checks WHERE workspace = ?1", [self.workspace])?;
        let sql = "INSERT INTO checks (workspace, place, record) VALUES (?1, ?2, ?3)";
        for (place, check) in (0_i64..).zip(checks) {
            self.execute("checks", sql, params![self.workspace, place, check.get()])?;
        }
        Ok(true)
    }

    fn serial(&mut self) -> Result<u64, StateError> {
        Ok(self.serial)
    }

    fn put_identity(&mut self, lineage: &str, serial: u64) -> Result<(), StateError> {
        int(serial)?;
        lineage.clone_into(&mut self.lineage);
        self.serial = serial;
        Ok(())
    }

    fn open(&mut self, run: RunId, entry: &Entry) -> Result<(), StateError> {
        let Entry::Intended { op, object, action, .. } = entry else { return Ok(()) };
        let sql = "INSERT INTO ops (id, workspace, run, address, parts, action, status, tally,
                intended_seq, started) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
        let row = params![
            int(op.0)?,
            self.workspace,
            int(run.0)?,
            object.to_string(),
            json(object)?,
            json(action)?,
            columns::op_status(OpStatus::Open),
            columns::tally(Tally::Open),
            self.seq,
            self.at,
        ];
        self.execute("ops", sql, row).map(drop)
    }

    fn close(&mut self, op: OpId, closing: Closing) -> Result<(), StateError> {
        let sql = "UPDATE ops SET status = ?2, tally = ?3, finished = ?4, outcome = ?5
                   WHERE id = ?1";
        let outcome = self.outcome(op, &closing)?;
        let row: [Column; 5] = [
            int(op.0)?.into(),
            columns::op_status(closing.status).to_owned().into(),
            columns::tally(closing.tally).to_owned().into(),
            self.at.to_owned().into(),
            outcome.into(),
        ];
        self.expect_one("ops", sql, row)
    }
}

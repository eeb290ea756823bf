//! Reading: a state, runs, operations, the journal. Each call sees one moment of the file.

use std::path::Path;

use kprov_core::{ObjectAddr, Str};
use rusqlite::{Connection, OptionalExtension, Params, Row};

use super::columns::{self, Damage, Decoder, ObjectRow, from_json, int, raw_column, uint};
use super::failure::{Doing, explain};
use super::seals::{Keeper, Seals};
use crate::vault::is_sealed;
use crate::{
    LogFilter, OpId, OpRecord, OpenIntent, OutputRecord, RunId, RunRecord, Seq, State, StateError,
    StoredEntry, StoredObject, Workspace,
};

/// A read transaction.
pub(super) struct Reading<'a> {
    connection: &'a Connection,
    path: &'a Path,
    keeper: &'a Keeper,
}

/// Shall sealed cells be opened?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sealed {
    /// Yes: the key is needed where there are any.
    Opened,
    /// No: they read as empty.
    LeftOut,
}

/// A workspace's row.
pub(super) struct Found {
    id: i64,
    name: String,
    lineage: String,
    serial: u64,
}

impl Found {
    pub(super) fn id(&self) -> i64 {
        self.id
    }
}

impl Reading<'_> {
    /// Runs `body` in one transaction.
    pub(super) fn run<T>(
        connection: &Connection,
        path: &Path,
        keeper: &Keeper,
        body: impl FnOnce(&Reading<'_>) -> Result<T, StateError>,
    ) -> Result<T, StateError> {
        let transaction = connection
            .unchecked_transaction()
            .map_err(|error| explain(path, Doing::Reading, "beginning to read", error))?;
        body(&Reading { connection: &transaction, path, keeper })
    }

    pub(super) fn connection(&self) -> &Connection {
        self.connection
    }

    pub(super) fn failed(&self, table: &str, error: rusqlite::Error) -> StateError {
        explain(self.path, Doing::Reading, table, error)
    }

    pub(super) fn damage(&self, what: Damage) -> StateError {
        StateError::Corrupt { path: self.path.to_owned(), what }
    }

    fn seals(&self, found: &Found) -> Seals<'_> {
        Seals::new(self.connection, self.path, self.keeper, &found.name)
    }

    /// All rows that `sql` gives.
    pub(super) fn all<T>(
        &self,
        table: &str,
        sql: &str,
        key: impl Params,
        get: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StateError> {
        let failed = |error| self.failed(table, error);
        let mut statement = self.connection.prepare_cached(sql).map_err(failed)?;
        let rows = statement.query_map(key, get).map_err(failed)?;
        rows.collect::<rusqlite::Result<_>>().map_err(failed)
    }

    /// `None`: nothing was ever written to the default workspace.
    pub(super) fn workspace(&self, name: &str) -> Result<Option<Found>, StateError> {
        let sql = "SELECT id, lineage, serial FROM workspaces WHERE name = ?1";
        let found = self
            .connection
            .query_row(sql, [name], |row| {
                let name = name.to_owned();
                Ok(Found { id: row.get(0)?, name, lineage: row.get(1)?, serial: uint(row.get(2)?) })
            })
            .optional()
            .map_err(|error| self.failed("workspaces", error))?;
        match found {
            None if name != super::DEFAULT => Err(StateError::NoWorkspace(name.to_owned())),
            found => Ok(found),
        }
    }

    pub(super) fn workspaces(&self) -> Result<Vec<Workspace>, StateError> {
        self.all("workspaces", "SELECT name FROM workspaces", [], |row| row.get(0))
    }

    pub(super) fn state(&self, found: Found, sealed: Sealed) -> Result<State, StateError> {
        Ok(State {
            objects: self.objects(&found, sealed)?.into_iter().collect(),
            outputs: self.outputs(&found, sealed)?.into_iter().collect(),
            checks: self.checks(found.id)?,
            open: self.open_intents(&found, sealed)?,
            lineage: found.lineage,
            serial: found.serial,
        })
    }

    fn objects(
        &self,
        found: &Found,
        sealed: Sealed,
    ) -> Result<Vec<(ObjectAddr, StoredObject)>, StateError> {
        let sql = format!(
            "SELECT address, deposed, parts, {} FROM objects WHERE workspace = ?1",
            ObjectRow::COLUMNS
        );
        let seals = self.seals(found);
        let mut decoder = Decoder::default();
        let rows = self.all("objects", &sql, [found.id], |row| {
            let mut columns = ObjectRow::get(row, 3)?;
            // What is open, most rows, is taken as it is; its key is not even looked at.
            if sealed == Sealed::LeftOut {
                columns = columns.without_sealed();
            } else if columns.is_sealed() || !columns.private.is_empty() {
                let (address, deposed): (String, String) = (row.get(0)?, row.get(1)?);
                match columns.opened(&seals, &address, &deposed) {
                    Ok(opened) => columns = opened,
                    Err(error) => return Ok(Err(error)),
                }
            }
            let decoded = from_json::<ObjectAddr>("parts", row.get_ref(2)?.as_str()?)
                .and_then(|address| Ok((address, decoder.object(columns)?)));
            Ok(match decoded {
                Ok(object) => Ok(object),
                Err(what) => Err(self.damage(name(row.get(0)?, &row.get::<_, String>(1)?, &what))),
            })
        })?;
        rows.into_iter().collect()
    }

    /// Rows whose key is not the text of their address: an address that does not parse is found by
    /// reading the state.
    pub(super) fn misplaced(&self, found: &Found) -> Result<Vec<String>, StateError> {
        let sql = "SELECT address, deposed, parts FROM objects WHERE workspace = ?1";
        let rows = self.all("objects", sql, [found.id], |row| {
            let address: String = row.get(0)?;
            let deposed: String = row.get(1)?;
            let parts = from_json::<ObjectAddr>("parts", row.get_ref(2)?.as_str()?);
            let fits = parts.is_ok_and(|parts| {
                parts.instance.to_string() == address && columns::deposed(&parts) == deposed
            });
            let what = "its address does not fit its key";
            Ok((!fits).then(|| name(address, &deposed, what)))
        })?;
        Ok(rows.into_iter().flatten().collect())
    }

    pub(super) fn outputs(
        &self,
        found: &Found,
        sealed: Sealed,
    ) -> Result<Vec<(Str, OutputRecord)>, StateError> {
        let sql = "SELECT name, value, type, sensitive FROM outputs WHERE workspace = ?1";
        let rows = self.all("outputs", sql, [found.id], |row| {
            let columns: (String, String, String, bool) =
                (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
            Ok(columns)
        })?;
        let seals = self.seals(found);
        let decode = |(name, value, ty, sensitive): (String, String, String, bool)| {
            let value = match sealed {
                Sealed::LeftOut if is_sealed(&value) => "null".to_owned(),
                _ => seals.open(value, &["outputs", "value", &name])?,
            };
            let record = || -> Result<OutputRecord, Damage> {
                let (value, ty) = (raw_column("value", value)?, raw_column("type", ty)?);
                Ok(OutputRecord { value, ty, sensitive })
            };
            let record =
                record().map_err(|what| self.damage(format!("outputs, row {name}: {what}")));
            Ok((Str::new(&name), record?))
        };
        rows.into_iter().map(decode).collect()
    }

    fn checks(&self, workspace: i64) -> Result<Vec<crate::CheckRecord>, StateError> {
        let sql = "SELECT record FROM checks WHERE workspace = ?1 ORDER BY place";
        let rows = self.all("checks", sql, [workspace], |row| row.get::<_, String>(0))?;
        let decode = |text| raw_column("record", text).map_err(|what| self.damage(what));
        rows.into_iter().map(decode).collect()
    }

    fn open_intents(&self, found: &Found, sealed: Sealed) -> Result<Vec<OpenIntent>, StateError> {
        let sql = "SELECT ops.id, ops.run, journal.seq, journal.entry FROM ops
            LEFT JOIN journal ON journal.seq = ops.intended_seq
            WHERE ops.workspace = ?1 AND ops.status = 'open' ORDER BY ops.intended_seq";
        let mut rows = self.all("ops", sql, [found.id], |row| {
            let line = (row.get::<_, Option<i64>>(2)?, row.get::<_, Option<String>>(3)?);
            Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, line))
        })?;
        let seals = self.seals(found);
        if sealed == Sealed::LeftOut {
            rows.retain(|(_, _, (_, entry))| !entry.as_deref().is_some_and(is_sealed));
        }
        let decode = |(op, run, line): (i64, i64, (Option<i64>, Option<String>))| {
            let entry = match line {
                (Some(seq), Some(text)) => from_json("entry", &seals.open_line(text, seq)?),
                _ => Err("its intent is not in the journal".to_owned()),
            };
            let entry = entry.map_err(|what| self.damage(format!("ops, row {op}: {what}")))?;
            Ok(OpenIntent { run: RunId(uint(run)), op: OpId(uint(op)), entry })
        };
        rows.into_iter().map(decode).collect()
    }

    pub(super) fn runs(
        &self,
        found: &Found,
        filter: &LogFilter,
    ) -> Result<Vec<RunRecord>, StateError> {
        let sql = "SELECT id, command, who, started, finished, outcome FROM runs
            WHERE workspace = ?1 AND (?2 IS NULL OR id = ?2) ORDER BY id DESC LIMIT ?3";
        let rows = self.all("runs", sql, key(found, filter)?, |row| {
            let id: i64 = row.get(0)?;
            let (command, who): (String, String) = (row.get(1)?, row.get(2)?);
            let started: String = row.get(3)?;
            let mut record = RunRecord::begun(RunId(uint(id)), &command, &who, &started);
            record.finished = row.get(4)?;
            Ok((record, row.get::<_, Option<String>>(5)?))
        })?;
        let count = "SELECT tally, count(*) FROM ops WHERE run = ?1 GROUP BY tally";
        let mut records = Vec::with_capacity(rows.len());
        for (mut record, outcome) in rows {
            let damage = |what| self.damage(format!("runs, row {}: {what}", record.run.0));
            record.outcome =
                outcome.map(|text| from_json("outcome", &text)).transpose().map_err(damage)?;
            let counts = self.all("ops", count, [int(record.run.0)?], |row| {
                Ok((row.get::<_, String>(0)?, uint(row.get(1)?)))
            })?;
            for (tally, number) in counts {
                match tally.as_str() {
                    "succeeded" => record.succeeded = number,
                    "failed" => record.failed = number,
                    _ => record.open = number,
                }
            }
            records.push(record);
        }
        Ok(records)
    }

    pub(super) fn ops(
        &self,
        found: &Found,
        filter: &LogFilter,
    ) -> Result<Vec<OpRecord>, StateError> {
        let sql = "SELECT id, run, address, action, started, finished, outcome FROM ops
            WHERE workspace = ?1 AND (?2 IS NULL OR run = ?2) ORDER BY intended_seq DESC LIMIT ?3";
        let rows = self.all("ops", sql, key(found, filter)?, |row| {
            let id: i64 = row.get(0)?;
            let action = from_json("action", row.get_ref(3)?.as_str()?);
            let (run, address) = (RunId(uint(row.get(1)?)), row.get(2)?);
            let (started, finished, outcome) = (row.get(4)?, row.get(5)?, row.get(6)?);
            let op = OpId(uint(id));
            let record = action.map(|action| OpRecord {
                op,
                run,
                address,
                action,
                started,
                finished,
                outcome,
            });
            Ok(record.map_err(|what| format!("ops, row {id}: {what}")))
        })?;
        let seals = self.seals(found);
        let opened = rows.into_iter().rev().map(|row| {
            let mut record = row.map_err(|what| self.damage(what))?;
            if let Some(outcome) = record.outcome.take() {
                let op = record.op.0.to_string();
                record.outcome = Some(seals.open(outcome, &["ops", "outcome", &op])?);
            }
            Ok(record)
        });
        opened.collect()
    }

    pub(super) fn journal(
        &self,
        found: &Found,
        filter: &LogFilter,
    ) -> Result<Vec<StoredEntry>, StateError> {
        // A run's entries come after its first: no index on runs is needed.
        let sql = "SELECT seq, run, at, entry FROM journal
            WHERE workspace = ?1 AND (?2 IS NULL OR run = ?2)
                AND seq >= coalesce((SELECT first_seq FROM runs WHERE id = ?2), 0)
            ORDER BY seq DESC LIMIT ?3";
        let seals = self.seals(found);
        let rows = self.all("journal", sql, key(found, filter)?, |row| {
            let (seq, run, at) = (row.get::<_, i64>(0)?, RunId(uint(row.get(1)?)), row.get(2)?);
            let text = row.get_ref(3)?.as_str()?;
            let entry = match is_sealed(text) {
                false => from_json("entry", text),
                true => match seals.open_line(text.to_owned(), seq) {
                    Ok(text) => from_json("entry", &text),
                    Err(error) => return Ok(Err(error)),
                },
            };
            let stored = entry.map(|entry| StoredEntry { seq: Seq(uint(seq)), run, at, entry });
            Ok(stored.map_err(|what| self.damage(format!("journal, row {seq}: {what}"))))
        })?;
        rows.into_iter().rev().collect()
    }

    /// What SQLite itself finds wrong with the file. Damage may also stop the search: what was
    /// found before stays.
    pub(super) fn structure(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let mut search = || -> rusqlite::Result<()> {
            let mut statement = self.connection.prepare("PRAGMA integrity_check(50)")?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let found: String = row.get(0)?;
                lines.extend(found.lines().filter(|line| *line != "ok").map(str::to_owned));
            }
            Ok(())
        };
        if let Err(error) = search() {
            lines.push(error.to_string());
        }
        lines
    }
}

/// Workspace, run and limit, as the queries over logs take them.
fn key(found: &Found, filter: &LogFilter) -> Result<(i64, Option<i64>, i64), StateError> {
    let run = filter.run.map(|run| int(run.0)).transpose()?;
    let limit = filter.limit.map_or(-1, |limit| i64::try_from(limit).unwrap_or(-1));
    Ok((found.id, run, limit))
}

fn name(address: String, deposed: &str, what: &str) -> Damage {
    match deposed {
        "" => format!("objects, row {address}: {what}"),
        key => format!("objects, row {address} (deposed object {key}): {what}"),
    }
}

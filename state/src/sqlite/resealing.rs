//! Going through every cell that may hold a secret: the first sealing of a store that was open, and a
//! new data key.
//!
//! # Guarantees
//! All rows change in one transaction, together with the key: whatever dies on the way, the file is
//! wholly as before or wholly as after. What stood there before is then cleared out of free pages and
//! the log; that is remembered, and done by the next writer where it did not come to an end.

use std::path::Path;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Params, Row, TransactionBehavior, params};

use super::columns::{self, ObjectRow, from_json};
use super::failure::{Doing, explain};
use super::seals::{Keeper, Openness, Seals, keep, openness, sealed, set_openness, wrapped};
use crate::vault::{DataKey, Vault, is_sealed};
use crate::{Entry, StateError};

/// Seals what is open in a file that was written without a vault, and clears what is left of it.
pub(super) fn seal_what_is_open(
    connection: &mut Connection,
    path: &Path,
    keeper: &Keeper,
) -> Result<(), StateError> {
    if openness(connection, path)? == Openness::Closed {
        return Ok(());
    }
    let failed = |error| explain(path, Doing::Writing, "the transaction", error);
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    // Looked at again inside: another process may have been quicker.
    if openness(&transaction, path)? == Openness::Open {
        every_workspace(&transaction, path, keeper, keeper)?;
        forget_digests(&transaction, path)?;
        set_openness(&transaction, path, Openness::Remains)?;
    }
    transaction.commit().map_err(failed)?;
    clear_remains(connection, path);
    Ok(())
}

/// Wraps the data key with the first key of `to`; with `new_data_key` it is another one, and every
/// sealed cell is sealed with that. A store without secrets has nothing to wrap: false then.
pub(super) fn rekey(
    connection: &mut Connection,
    path: &Path,
    keeper: &Keeper,
    to: &Vault,
    new_data_key: bool,
) -> Result<bool, StateError> {
    let failed = |error| explain(path, Doing::Writing, "the transaction", error);
    let transaction =
        connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
    let Some(present) = wrapped(&transaction, path)? else { return Ok(false) };
    let present = keeper.vault.unwrap(&present).map_err(|error| sealed(path, error))?;
    keeper.hold(&present);
    let host = &*keeper.host;
    let key = if new_data_key { DataKey::draw(host) } else { present };
    let again = to.wrap(&key, host).map_err(|error| sealed(path, error))?;
    if new_data_key {
        // Cells are opened with the held key, and sealed with the one that now stands in the table.
        keep(&transaction, path, &again)?;
        let target = Keeper::new(to.clone(), keeper.host.clone());
        target.hold(&key);
        every_workspace(&transaction, path, keeper, &target)?;
    } else {
        keep(&transaction, path, &again)?;
    }
    set_openness(&transaction, path, Openness::Remains)?;
    transaction.commit().map_err(failed)?;
    keeper.hold(&key);
    clear_remains(connection, path);
    Ok(true)
}

/// What was deleted or overwritten may still stand in free pages and in the log. That it is cleared is
/// written down only when it is; a reader or a full disk keeps it for the next writer.
fn clear_remains(connection: &Connection, path: &Path) {
    let truncate = || -> rusqlite::Result<bool> {
        let sql = "PRAGMA wal_checkpoint(TRUNCATE)";
        connection.query_row(sql, [], |row| row.get::<_, i64>(0)).map(|busy| busy == 0)
    };
    let cleared = connection.execute_batch("VACUUM").and_then(|()| truncate());
    if cleared.is_ok_and(|cleared| cleared) {
        let _ = set_openness(connection, path, Openness::Closed);
    }
}

fn every_workspace(
    connection: &Connection,
    path: &Path,
    from: &Keeper,
    to: &Keeper,
) -> Result<(), StateError> {
    let pass = Pass { connection, path };
    let sql = "SELECT id, name FROM workspaces";
    let names = pass
        .all("workspaces", sql, [], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)))?;
    for (id, name) in names {
        let from = Seals::new(connection, path, from, &name);
        let to = Seals::new(connection, path, to, &name);
        pass.objects(id, &from, &to)?;
        pass.outputs(id, &from, &to)?;
        pass.outcomes(id, &from, &to)?;
        pass.journal(id, &from, &to)?;
    }
    Ok(())
}

/// Former versions kept a digest of plans with secrets, too: who guesses one could tell by it.
fn forget_digests(connection: &Connection, path: &Path) -> Result<(), StateError> {
    let pass = Pass { connection, path };
    pass.change("runs", "UPDATE runs SET plan_digest = ''", [])?;
    let sql = "UPDATE journal SET entry = json_set(entry, '$.run_started.plan_digest', '')
               WHERE entry LIKE '{\"run_started\":%'";
    pass.change("journal", sql, [])
}

struct Pass<'a> {
    connection: &'a Connection,
    path: &'a Path,
}

impl Pass<'_> {
    fn all<T>(
        &self,
        table: &str,
        sql: &str,
        key: impl Params,
        get: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, StateError> {
        let failed = |error| explain(self.path, Doing::Reading, table, error);
        let mut statement = self.connection.prepare(sql).map_err(failed)?;
        let rows = statement.query_map(key, get).map_err(failed)?;
        rows.collect::<rusqlite::Result<_>>().map_err(failed)
    }

    fn change(&self, table: &str, sql: &str, row: impl Params) -> Result<(), StateError> {
        let failed = |error| explain(self.path, Doing::Writing, table, error);
        self.connection.prepare_cached(sql).map_err(failed)?.execute(row).map(drop).map_err(failed)
    }

    fn damage(&self, what: String) -> StateError {
        StateError::Corrupt { path: self.path.to_owned(), what }
    }

    fn objects(&self, workspace: i64, from: &Seals<'_>, to: &Seals<'_>) -> Result<(), StateError> {
        let sql = format!(
            "SELECT rowid, address, deposed, parts, {} FROM objects WHERE workspace = ?1",
            ObjectRow::COLUMNS
        );
        let rows = self.all("objects", &sql, [workspace], |row| {
            let key = (row.get::<_, i64>(0)?, row.get::<_, String>(1)?, row.get::<_, String>(2)?);
            Ok((key, row.get::<_, String>(3)?, ObjectRow::get(row, 4)?))
        })?;
        for ((rowid, address, deposed), parts, row) in rows {
            let was_sealed = row.is_sealed();
            let mut row = row.opened(from, &address, &deposed)?;
            let damage = |what| self.damage(format!("objects, row {address}: {what}"));
            let secret = was_sealed || {
                let parts = from_json("parts", &parts).map_err(damage)?;
                let object = columns::Decoder::default().object(row.clone()).map_err(damage)?;
                to.vault().is_secret_object(&parts, &object)
            };
            if !secret && row.private.is_empty() {
                continue;
            }
            row.seal(to, secret, &address, &deposed)?;
            let sql = "UPDATE objects SET attributes = ?2, private = ?3 WHERE rowid = ?1";
            self.change("objects", sql, params![rowid, row.attributes, row.private])?;
        }
        Ok(())
    }

    fn outputs(&self, workspace: i64, from: &Seals<'_>, to: &Seals<'_>) -> Result<(), StateError> {
        let sql = "SELECT name, value FROM outputs WHERE workspace = ?1 AND sensitive <> 0";
        let rows = self.all("outputs", sql, [workspace], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?))
        })?;
        for (name, value) in rows {
            let place = ["outputs", "value", &name];
            let value = to.seal(from.open(value, &place)?.as_bytes(), &place)?;
            let sql = "UPDATE outputs SET value = ?3 WHERE workspace = ?1 AND name = ?2";
            self.change("outputs", sql, params![workspace, name, value])?;
        }
        Ok(())
    }

    /// Outcomes of failures of what is secret; before the journal, which tells what that is.
    fn outcomes(&self, workspace: i64, from: &Seals<'_>, to: &Seals<'_>) -> Result<(), StateError> {
        let sql = "SELECT ops.id, ops.outcome, ops.parts, journal.entry FROM ops
            LEFT JOIN journal ON journal.seq = ops.intended_seq
            WHERE ops.workspace = ?1 AND ops.outcome IS NOT NULL
                AND ops.outcome NOT IN ('succeeded')";
        let rows = self.all("ops", sql, [workspace], |row| {
            let (outcome, parts): (String, String) = (row.get(1)?, row.get(2)?);
            Ok((row.get::<_, i64>(0)?, outcome, parts, row.get::<_, Option<String>>(3)?))
        })?;
        for (op, outcome, parts, intent) in rows {
            let secret = is_sealed(&outcome)
                || intent.is_none_or(|intent| is_secret_line(to.vault(), &intent))
                || self.is_sealed_address(workspace, &parts)?;
            if !secret {
                continue;
            }
            let text = op.to_string();
            let place = ["ops", "outcome", &text];
            let outcome = to.seal(from.open(outcome, &place)?.as_bytes(), &place)?;
            let sql = "UPDATE ops SET outcome = ?2 WHERE id = ?1";
            self.change("ops", sql, params![op, outcome])?;
        }
        Ok(())
    }

    /// Is what stands at the address sealed, now that objects are?
    fn is_sealed_address(&self, workspace: i64, parts: &str) -> Result<bool, StateError> {
        let sql = "SELECT attributes FROM objects WHERE workspace = ?1 AND parts = ?2";
        let rows = self.all("objects", sql, params![workspace, parts], |row| {
            Ok(match row.get_ref(0)? {
                ValueRef::Text(text) => std::str::from_utf8(text).is_ok_and(is_sealed),
                _ => false,
            })
        })?;
        Ok(rows.contains(&true))
    }

    fn journal(&self, workspace: i64, from: &Seals<'_>, to: &Seals<'_>) -> Result<(), StateError> {
        let sql = "SELECT seq, entry FROM journal WHERE workspace = ?1 ORDER BY seq";
        let rows = self.all("journal", sql, [workspace], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
        })?;
        // Addresses of which something secret was ever told: so are reports of their failures.
        let mut secret_addresses = std::collections::BTreeSet::new();
        for (seq, entry) in rows {
            let number = seq.to_string();
            let place = ["journal", "entry", &number];
            let was_sealed = is_sealed(&entry);
            let entry = from.open(entry, &place)?;
            let told: Entry = from_json("entry", &entry)
                .map_err(|what| self.damage(format!("journal, row {seq}: {what}")))?;
            let secret = was_sealed || to.vault().is_secret_entry(&told);
            let secret = match &told {
                Entry::Failed { address, .. } => secret || secret_addresses.contains(address),
                Entry::Intended { object: address, .. }
                | Entry::Succeeded { address, .. }
                | Entry::ObjectSet { address, .. }
                | Entry::Settled { address, .. } => {
                    if secret {
                        secret_addresses.insert(address.clone());
                    }
                    secret
                }
                _ => secret,
            };
            if secret {
                let entry = to.seal(entry.as_bytes(), &place)?;
                let sql = "UPDATE journal SET entry = ?2 WHERE seq = ?1";
                self.change("journal", sql, params![seq, entry])?;
            }
        }
        Ok(())
    }
}

/// Is a journal line secret? One that cannot be read is.
fn is_secret_line(vault: &Vault, line: &str) -> bool {
    is_sealed(line)
        || from_json::<Entry>("entry", line).map_or(true, |entry| vault.is_secret_entry(&entry))
}

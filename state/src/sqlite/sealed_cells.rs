//! Which cells of a [`Writing`] are sealed, and how they are written: the journal's lines, objects'
//! contents, outputs, outcomes.

use kprov_core::{ObjectAddr, Str};
use rusqlite::{Row, params};

use super::columns::{self, ObjectRow, int, json, object_places};
use super::rows::Writing;
use crate::apply::Closing;
use crate::vault::is_sealed;
use crate::{Entry, OpId, OutputRecord, StateError, StoredObject, Tally};

impl Writing<'_> {
    /// A journal line as it is stored. Sealed ones are bound to their place, which is known before;
    /// others get the next one.
    pub(super) fn line(&self, entry: &Entry) -> Result<(Option<i64>, String), StateError> {
        let line = json(entry)?;
        let secret = match entry {
            // What a provider says when it fails may repeat what it was given.
            Entry::Failed { op, address, .. } => {
                self.seals.vault().is_secret_entry(entry) || self.is_about_secrets(*op, address)?
            }
            entry => self.seals.vault().is_secret_entry(entry),
        };
        if !secret {
            return Ok((None, line));
        }
        if !self.seals.vault().is_on() {
            self.seals.leave_open()?;
            return Ok((None, line));
        }
        let sql = "SELECT seq FROM sqlite_sequence WHERE name = 'journal'";
        let last = self.one("journal", sql, [], |row| row.get::<_, i64>(0))?;
        let seq = last.unwrap_or(0) + 1;
        let line = self.seals.seal(line.as_bytes(), &["journal", "entry", &seq.to_string()])?;
        Ok((Some(seq), line))
    }

    /// Is the intent of an operation sealed, or the object that it is about?
    fn is_about_secrets(&self, op: OpId, address: &ObjectAddr) -> Result<bool, StateError> {
        let sql = "SELECT journal.entry FROM ops JOIN journal ON journal.seq = ops.intended_seq
                   WHERE ops.id = ?1";
        let sealed = |row: &Row<'_>| row.get_ref(0)?.as_str().map(is_sealed).map_err(Into::into);
        if self.one("journal", sql, [int(op.0)?], sealed)? == Some(true) {
            return Ok(true);
        }
        let sql = "SELECT attributes FROM objects
                   WHERE workspace = ?1 AND address = ?2 AND deposed = ?3";
        Ok(self.one("objects", sql, self.key(address), sealed)? == Some(true))
    }

    /// The cells of an object that may be sealed.
    pub(super) fn content(
        &self,
        address: &ObjectAddr,
        object: &StoredObject,
        text: &str,
        deposed: &str,
    ) -> Result<(String, Vec<u8>), StateError> {
        let (attributes, private) = (object.attributes.get(), &object.private);
        let secret = self.seals.vault().is_secret_object(address, object);
        let open = || (attributes.to_owned(), private.clone());
        if !secret && private.is_empty() {
            return Ok(open());
        }
        if !self.seals.vault().is_on() {
            self.seals.leave_open()?;
            return Ok(open());
        }
        let [of_attributes, of_private] = object_places(text, deposed);
        let (mut attributes, mut private) = open();
        if secret {
            attributes = self.seals.seal(attributes.as_bytes(), &of_attributes)?;
        }
        if !private.is_empty() {
            private = self.seals.seal(&private, &of_private)?.into_bytes();
        }
        Ok((attributes, private))
    }

    /// A row that has moved: what is sealed in it is bound to its new key.
    pub(super) fn seal_again(
        &self,
        from: (&str, &str),
        to: (&str, &str),
    ) -> Result<(), StateError> {
        let sql = format!(
            "SELECT {} FROM objects WHERE workspace = ?1 AND address = ?2 AND deposed = ?3",
            ObjectRow::COLUMNS
        );
        let key = params![self.workspace, to.0, to.1];
        let row = self.one("objects", &sql, key, |row| ObjectRow::get(row, 0))?;
        let Some(row) = row.filter(|row| row.is_sealed() || !row.private.is_empty()) else {
            return Ok(());
        };
        let secret = row.is_sealed();
        let mut row = row.opened(&self.seals, from.0, from.1)?;
        if !self.seals.vault().is_on() {
            return Ok(());
        }
        row.seal(&self.seals, secret, to.0, to.1)?;
        let sql = "UPDATE objects SET attributes = ?4, private = ?5
                   WHERE workspace = ?1 AND address = ?2 AND deposed = ?3";
        let row = params![self.workspace, to.0, to.1, row.attributes, row.private];
        self.expect_one("objects", sql, row)
    }

    /// Has the output this content already?
    pub(super) fn is_output(&self, name: &Str, output: &OutputRecord) -> Result<bool, StateError> {
        let sql = "SELECT value, type, sensitive FROM outputs WHERE workspace = ?1 AND name = ?2";
        let key = params![self.workspace, name.as_str()];
        let found = self.one("outputs", sql, key, |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, bool>(2)?))
        })?;
        let Some((value, ty, sensitive)) = found else { return Ok(false) };
        if ty != output.ty.get() || sensitive != output.sensitive {
            return Ok(false);
        }
        Ok(self.seals.open(value, &["outputs", "value", name])? == output.value.get())
    }

    pub(super) fn outcome(&self, op: OpId, closing: &Closing) -> Result<String, StateError> {
        let outcome = closing.outcome.clone();
        if closing.tally != Tally::Failed || !self.seals.vault().is_on() {
            return Ok(outcome);
        }
        let sql = "SELECT parts FROM ops WHERE id = ?1";
        let parts = self.one("ops", sql, [int(op.0)?], |row| row.get::<_, String>(0))?;
        let address = parts.map(|parts| columns::from_json::<ObjectAddr>("parts", &parts));
        let secret = match address {
            Some(Ok(address)) => self.is_about_secrets(op, &address)?,
            _ => false,
        };
        match secret {
            true => self.seals.seal(outcome.as_bytes(), &["ops", "outcome", &op.0.to_string()]),
            false => Ok(outcome),
        }
    }
}

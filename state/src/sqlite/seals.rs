//! [`Seals`]: sealing and opening the cells of one workspace, within a transaction.
//!
//! The data key is unwrapped when the first sealed cell is met, and held for the life of the store.
//! What was sealed by another key than the held one has the wrapped key read again: another process
//! may have given the store a new one.

use std::cell::{Cell, OnceCell};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use kprov_core::Host;
use rusqlite::{Connection, OptionalExtension, params};

use super::failure::{Doing, explain};
use crate::StateError;
use crate::vault::{DataKey, KeyError, Vault, WrappedKey, is_sealed, parts};

/// What a store keeps of its vault from one transaction to the next.
#[derive(Debug)]
pub(super) struct Keeper {
    pub(super) vault: Vault,
    pub(super) host: Arc<dyn Host>,
    held: Mutex<Option<DataKey>>,
}

impl Keeper {
    pub(super) fn new(vault: Vault, host: Arc<dyn Host>) -> Keeper {
        Keeper { vault, host, held: Mutex::new(None) }
    }

    fn held(&self) -> Option<DataKey> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Keeps a key for later transactions.
    pub(super) fn hold(&self, key: &DataKey) {
        *self.held.lock().unwrap_or_else(PoisonError::into_inner) = Some(key.clone());
    }
}

/// See the module.
pub(super) struct Seals<'a> {
    connection: &'a Connection,
    path: &'a Path,
    keeper: &'a Keeper,
    workspace: String,
    /// What this transaction seals with.
    current: OnceCell<DataKey>,
    /// This transaction has said that it leaves secrets open.
    left_open: Cell<bool>,
}

impl<'a> Seals<'a> {
    pub(super) fn new(
        connection: &'a Connection,
        path: &'a Path,
        keeper: &'a Keeper,
        workspace: &str,
    ) -> Seals<'a> {
        let workspace = workspace.to_owned();
        let (current, left_open) = (OnceCell::new(), Cell::new(false));
        Seals { connection, path, keeper, workspace, current, left_open }
    }

    pub(super) fn vault(&self) -> &Vault {
        &self.keeper.vault
    }

    /// A cell as it was before it was sealed. `place`: table, column, and the row's key.
    pub(super) fn open(&self, text: String, place: &[&str]) -> Result<String, StateError> {
        if !is_sealed(&text) {
            return Ok(text);
        }
        let opened = self.opened(&text, place)?;
        String::from_utf8(opened).map_err(|_| self.broken(place))
    }

    /// A line of the journal.
    pub(super) fn open_line(&self, text: String, seq: i64) -> Result<String, StateError> {
        self.open(text, &["journal", "entry", &seq.to_string()])
    }

    /// The same for bytes.
    pub(super) fn open_bytes(&self, bytes: Vec<u8>, place: &[&str]) -> Result<Vec<u8>, StateError> {
        match std::str::from_utf8(&bytes) {
            Ok(text) if is_sealed(text) => self.opened(text, place),
            _ => Ok(bytes),
        }
    }

    fn opened(&self, text: &str, place: &[&str]) -> Result<Vec<u8>, StateError> {
        let (id, _) = parts(text).ok_or_else(|| self.broken(place))?;
        let key = match self.keeper.held().filter(|held| held.id == id) {
            Some(held) => held,
            None => self.unwrapped(id, place)?,
        };
        key.open(text, &self.bound(place)).map_err(|_| self.broken(place))
    }

    fn unwrapped(&self, id: &str, place: &[&str]) -> Result<DataKey, StateError> {
        match wrapped(self.connection, self.path)? {
            Some(wrapped) if wrapped.id == id => self.unwrap(&wrapped),
            // Not a matter of keys that could be looked for: the store itself has lost it.
            _ => Err(self.broken(place)),
        }
    }

    fn unwrap(&self, wrapped: &WrappedKey) -> Result<DataKey, StateError> {
        let key = self.keeper.vault.unwrap(wrapped).map_err(|error| self.sealed(error))?;
        self.keeper.hold(&key);
        Ok(key)
    }

    /// A cell as it is stored; for stores with a vault.
    pub(super) fn seal(&self, plain: &[u8], place: &[&str]) -> Result<String, StateError> {
        let key = match self.current.get() {
            Some(key) => key,
            None => {
                let key = self.key_to_seal_with()?;
                self.current.get_or_init(|| key)
            }
        };
        Ok(key.seal(plain, &self.bound(place), &*self.keeper.host))
    }

    /// The store's data key, made and wrapped if there is none yet.
    fn key_to_seal_with(&self) -> Result<DataKey, StateError> {
        if let Some(wrapped) = wrapped(self.connection, self.path)? {
            let held = self.keeper.held().filter(|held| held.id == wrapped.id);
            return held.map_or_else(|| self.unwrap(&wrapped), Ok);
        }
        let key = DataKey::draw(&*self.keeper.host);
        let wrapped = self.keeper.vault.wrap(&key, &*self.keeper.host);
        keep(self.connection, self.path, &wrapped.map_err(|error| self.sealed(error))?)?;
        self.keeper.hold(&key);
        Ok(key)
    }

    /// A secret is stored in the clear because this store has no vault: remembered, so that one with
    /// a vault seals it later. A store that was sealed once gets no open secrets.
    pub(super) fn leave_open(&self) -> Result<(), StateError> {
        if self.left_open.replace(true) {
            return Ok(());
        }
        if wrapped(self.connection, self.path)?.is_some() {
            return Err(self.sealed(KeyError::Off));
        }
        set_openness(self.connection, self.path, Openness::Open)
    }

    fn bound<'p>(&'p self, place: &[&'p str]) -> Vec<&'p str> {
        [&[self.workspace.as_str()], place].concat()
    }

    fn broken(&self, place: &[&str]) -> StateError {
        let [table, column, key @ ..] = place else { return self.corrupt("a seal".to_owned()) };
        let key: Vec<&str> = key.iter().copied().filter(|part| !part.is_empty()).collect();
        self.corrupt(format!(
            "{table}, row {}: {column}: its seal is broken: it was changed, or comes from another \
             place",
            key.join(", ")
        ))
    }

    fn corrupt(&self, what: String) -> StateError {
        StateError::Corrupt { path: self.path.to_owned(), what }
    }

    fn sealed(&self, error: KeyError) -> StateError {
        sealed(self.path, error)
    }
}

pub(super) fn sealed(path: &Path, error: KeyError) -> StateError {
    match error {
        KeyError::Damaged { what } => StateError::Corrupt { path: path.to_owned(), what },
        source => StateError::Sealed { path: path.to_owned(), source },
    }
}

/// The store's data key as it is stored.
pub(super) fn wrapped(
    connection: &Connection,
    path: &Path,
) -> Result<Option<WrappedKey>, StateError> {
    let failed = |error| explain(path, Doing::Reading, "data_keys", error);
    let mut statement =
        connection.prepare_cached("SELECT wrapped FROM data_keys").map_err(failed)?;
    let text: Option<String> =
        statement.query_row([], |row| row.get(0)).optional().map_err(failed)?;
    text.map(|text| WrappedKey::decode(&text).map_err(|error| sealed(path, error))).transpose()
}

/// Writes it, in place of the former.
pub(super) fn keep(
    connection: &Connection,
    path: &Path,
    wrapped: &WrappedKey,
) -> Result<(), StateError> {
    let text = wrapped.encode().map_err(|error| sealed(path, error))?;
    let sql = "INSERT INTO data_keys (one, wrapped) VALUES (1, ?1)
               ON CONFLICT (one) DO UPDATE SET wrapped = ?1";
    connection
        .execute(sql, params![text])
        .map(drop)
        .map_err(|error| explain(path, Doing::Writing, "data_keys", error))
}

/// May there be secrets in the clear in the file?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Openness {
    /// No.
    Closed,
    /// In rows: of a former version, or of a store without a vault.
    Open,
    /// Rows are sealed; free pages and the log may still have what was there before.
    Remains,
}

pub(super) fn openness(connection: &Connection, path: &Path) -> Result<Openness, StateError> {
    let sql = "SELECT value FROM counters WHERE name = 'open'";
    let value: Option<i64> = connection
        .query_row(sql, [], |row| row.get(0))
        .optional()
        .map_err(|error| explain(path, Doing::Reading, "counters", error))?;
    Ok(match value {
        Some(0) => Openness::Closed,
        Some(2) => Openness::Remains,
        _ => Openness::Open,
    })
}

pub(super) fn set_openness(
    connection: &Connection,
    path: &Path,
    openness: Openness,
) -> Result<(), StateError> {
    let value = match openness {
        Openness::Closed => 0,
        Openness::Open => 1,
        Openness::Remains => 2,
    };
    let sql = "INSERT INTO counters (name, value) VALUES ('open', ?1)
               ON CONFLICT (name) DO UPDATE SET value = ?1 WHERE value <> ?1";
    connection
        .execute(sql, [value])
        .map(drop)
        .map_err(|error| explain(path, Doing::Writing, "counters", error))
}

//! How our types stand in columns, and back.
//!
//! What does not read back is damage, named by table and row; never a panic.

use kprov_core::{ObjectAddr, ProviderConfigAddr, ResourceAddr};
use rusqlite::Row;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

use super::seals::Seals;
use crate::vault::is_sealed;
use crate::{ObjectStatus, OpStatus, StateError, StoredObject, Tally};

/// A number that SQLite can hold.
pub(super) fn int(number: u64) -> Result<i64, StateError> {
    i64::try_from(number)
        .map_err(|_| StateError::Illegal { what: format!("the number {number} is too large") })
}

/// Back from [`int`]; a negative one is damage and reads as 0.
pub(super) fn uint(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

pub(super) fn json<T: Serialize>(value: &T) -> Result<String, StateError> {
    serde_json::to_string(value)
        .map_err(|error| StateError::Illegal { what: format!("it cannot be stored: {error}") })
}

/// Why a row does not read back.
pub(super) type Damage = String;

pub(super) fn from_json<T: DeserializeOwned>(column: &str, text: &str) -> Result<T, Damage> {
    serde_json::from_str(text).map_err(|error| format!("{column}: {error}"))
}

fn raw(column: &str, text: String) -> Result<Box<RawValue>, Damage> {
    RawValue::from_string(text).map_err(|error| format!("{column} is not JSON: {error}"))
}

pub(super) fn deposed(address: &ObjectAddr) -> &str {
    address.deposed.as_ref().map_or("", |key| key.0.as_str())
}

pub(super) fn object_status(status: ObjectStatus) -> &'static str {
    match status {
        ObjectStatus::Ready => "ready",
        ObjectStatus::Tainted => "tainted",
    }
}

pub(super) fn op_status(status: OpStatus) -> &'static str {
    match status {
        OpStatus::Absent => "absent",
        OpStatus::Open => "open",
        OpStatus::Succeeded => "succeeded",
        OpStatus::Failed => "failed",
        OpStatus::Settled => "settled",
    }
}

pub(super) fn op_status_from(text: &str) -> Option<OpStatus> {
    OpStatus::ALL.into_iter().find(|status| op_status(*status) == text)
}

pub(super) fn tally(tally: Tally) -> &'static str {
    match tally {
        Tally::Open => "open",
        Tally::Succeeded => "succeeded",
        Tally::Failed => "failed",
    }
}

/// The columns of `objects` that make a [`StoredObject`], in the order of [`ObjectRow::COLUMNS`].
#[derive(Clone)]
pub(super) struct ObjectRow {
    provider: String,
    schema_version: i64,
    pub(super) attributes: String,
    sensitive: Option<String>,
    status: String,
    dependencies: String,
    cbd: bool,
    pub(super) private: Vec<u8>,
}

impl ObjectRow {
    pub(super) const COLUMNS: &str =
        "provider, schema_version, attributes, sensitive, status, dependencies, cbd, private";

    /// From a row whose column `first` is the first of ours.
    pub(super) fn get(row: &Row<'_>, first: usize) -> rusqlite::Result<ObjectRow> {
        Ok(ObjectRow {
            provider: row.get(first)?,
            schema_version: row.get(first + 1)?,
            attributes: row.get(first + 2)?,
            sensitive: row.get(first + 3)?,
            status: row.get(first + 4)?,
            dependencies: row.get(first + 5)?,
            cbd: row.get(first + 6)?,
            private: row.get(first + 7)?,
        })
    }

    /// Is its content sealed?
    pub(super) fn is_sealed(&self) -> bool {
        is_sealed(&self.attributes)
    }

    /// With what was sealed open. `address` and `deposed` are the row's key.
    pub(super) fn opened(
        self,
        seals: &Seals<'_>,
        address: &str,
        deposed: &str,
    ) -> Result<ObjectRow, StateError> {
        let [attributes, private] = object_places(address, deposed);
        Ok(ObjectRow {
            attributes: seals.open(self.attributes, &attributes)?,
            private: seals.open_bytes(self.private, &private)?,
            ..self
        })
    }

    /// Seals what is open: the content if it is secret, the provider's own bytes always.
    pub(super) fn seal(
        &mut self,
        seals: &Seals<'_>,
        secret: bool,
        address: &str,
        deposed: &str,
    ) -> Result<(), StateError> {
        let [attributes, private] = object_places(address, deposed);
        if secret {
            self.attributes = seals.seal(self.attributes.as_bytes(), &attributes)?;
        }
        if !self.private.is_empty() {
            self.private = seals.seal(&self.private, &private)?.into_bytes();
        }
        Ok(())
    }

    /// Without what is sealed.
    pub(super) fn without_sealed(mut self) -> ObjectRow {
        if self.is_sealed() {
            "{}".clone_into(&mut self.attributes);
        }
        if std::str::from_utf8(&self.private).is_ok_and(is_sealed) {
            self.private.clear();
        }
        self
    }
}

/// What the sealed cells of an object's row are bound to.
pub(super) fn object_places<'p>(address: &'p str, deposed: &'p str) -> [[&'p str; 4]; 2] {
    ["attributes", "private"].map(|column| ["objects", column, address, deposed])
}

/// Makes objects of rows, parsing what repeats (providers, dependencies) once.
#[derive(Default)]
pub(super) struct Decoder {
    providers: BTreeMap<String, ProviderConfigAddr>,
    dependencies: BTreeMap<String, Vec<ResourceAddr>>,
}

fn once<T: Clone + DeserializeOwned>(
    known: &mut BTreeMap<String, T>,
    column: &str,
    text: String,
) -> Result<T, Damage> {
    if let Some(value) = known.get(&text) {
        return Ok(value.clone());
    }
    let value: T = from_json(column, &text)?;
    known.insert(text, value.clone());
    Ok(value)
}

impl Decoder {
    pub(super) fn object(&mut self, row: ObjectRow) -> Result<StoredObject, Damage> {
        let status = match row.status.as_str() {
            "ready" => ObjectStatus::Ready,
            "tainted" => ObjectStatus::Tainted,
            other => return Err(format!("unknown status {other:?}")),
        };
        Ok(StoredObject {
            provider: once(&mut self.providers, "provider", row.provider)?,
            schema_version: uint(row.schema_version),
            attributes: raw("attributes", row.attributes)?,
            sensitive_paths: row.sensitive.map(|text| raw("sensitive", text)).transpose()?,
            status,
            dependencies: once(&mut self.dependencies, "dependencies", row.dependencies)?,
            create_before_destroy: row.cbd,
            private: row.private,
        })
    }
}

/// JSON text of a column.
pub(super) fn raw_column(column: &str, text: String) -> Result<Box<RawValue>, Damage> {
    raw(column, text)
}

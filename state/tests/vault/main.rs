//! Secrets at rest: what is sealed and what stays readable, every source of keys, wrong and lost keys,
//! changed and moved cells, new keys, and stores that were open before.
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

mod dying;
mod keys;
mod legacy;
mod rekey;
mod sealed;
#[path = "../support/mod.rs"]
mod support;

use std::path::Path;

use kprov_state::{
    Entry, OutputRecord, SqliteOptions, SqliteStore, StateError, StoredObject, Vault,
};
use support::*;

/// Is planted; what must be found nowhere.
const SECRET: &str = "hunter2-correct-horse";

fn vault() -> Vault {
    Vault::with_key([7; 32])
}

fn open_with(path: &Path, vault: Vault) -> Result<SqliteStore, StateError> {
    let options = SqliteOptions { vault, ..SqliteOptions::default() };
    SqliteStore::open(path, TestHost::shared(), options)
}

fn open(path: &Path) -> SqliteStore {
    open_with(path, vault()).unwrap()
}

/// An object with the secret in it, and its path.
fn secret_object(id: &str) -> StoredObject {
    StoredObject {
        attributes: raw(&format!("{{\"id\":{id:?},\"password\":\"{SECRET}-{id}\"}}")),
        sensitive_paths: Some(raw(r#"[[{"type":"get_attr","value":"password"}]]"#)),
        ..object(id)
    }
}

fn output(name: &str, value: &str, sensitive: bool) -> Entry {
    let record =
        OutputRecord { value: raw(&format!("{value:?}")), ty: raw("\"string\""), sensitive };
    Entry::OutputSet { name: name.into(), output: Some(record) }
}

/// Everything in the files of a directory, as one.
fn bytes(directory: &Path) -> Vec<u8> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            all.extend(std::fs::read(path).unwrap());
        }
    }
    all
}

fn holds(directory: &Path, text: &str) -> bool {
    bytes(directory).windows(text.len()).any(|window| window == text.as_bytes())
}

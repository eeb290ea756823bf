//! New keys, and death on the way to them: whatever is left opens whole, with the old or the new one.

use std::path::Path;
use std::sync::Arc;

use kprov_state::{
    KeyError, LogFilter, Passphrase, SqliteOptions, SqliteStore, StateError, Store, Vault,
};
use rusqlite::Connection;

use crate::dying::Dying;
use crate::support::*;
use crate::{SECRET, holds, open, open_with, output, secret_object, vault};

fn fill(path: &Path) {
    let store = open(path);
    let mut entries: Vec<_> =
        (0..20).map(|i| set(&current(&format!("n{i}")), secret_object(&i.to_string()))).collect();
    entries.push(output("kept", SECRET, true));
    entries.push(set(&current("open"), object("legible")));
    write(&store, &entries);
}

fn whole(store: &dyn Store) -> Result<String, StateError> {
    let state = store.read("default")?;
    Ok(format!("{state:?} {:?}", store.journal("default", LogFilter::default())?))
}

fn data_key(path: &Path) -> String {
    let sql = "SELECT json_extract(wrapped, '$.id') FROM data_keys";
    Connection::open(path).unwrap().query_row(sql, [], |row| row.get(0)).unwrap()
}

fn passphrase() -> Vault {
    Vault::of(vec![Arc::new(Passphrase::new("WORDS", "correct horse".to_owned()).costing(64, 1))])
}

#[test]
fn the_new_key_opens_and_the_old_one_does_not() {
    for new_data_key in [false, true] {
        for to in [Vault::with_key([8; 32]), passphrase()] {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join("kprov.db");
            fill(&path);
            let (told, key) = (whole(&open(&path)).unwrap(), data_key(&path));
            let store = open(&path);
            assert!(store.rekey(&to, new_data_key).unwrap());
            assert_eq!(whole(&store).unwrap(), told, "who has changed it goes on reading");
            drop(store);
            assert_eq!(data_key(&path) == key, !new_data_key);
            assert_eq!(whole(&open_with(&path, to.clone()).unwrap()).unwrap(), told);
            let error = whole(&open(&path)).unwrap_err();
            assert!(matches!(error, StateError::Sealed { .. }), "{error:?}");
            assert_eq!(open_with(&path, to).unwrap().fsck().unwrap(), Vec::<String>::new());
            if new_data_key {
                assert!(!holds(directory.path(), &key), "nothing is left of the former one");
            }
        }
    }
}

#[test]
fn there_is_nothing_to_change_where_nothing_is_sealed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("kprov.db");
    assert!(!open(&path).rekey(&passphrase(), true).unwrap());
    assert!(!path.exists());
    write(&open(&path), &[set(&current("a"), object("1"))]);
    assert!(!open(&path).rekey(&passphrase(), true).unwrap());
}

#[test]
fn the_present_key_is_needed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("kprov.db");
    fill(&path);
    let told = whole(&open(&path)).unwrap();
    let wrong = open_with(&path, Vault::with_key([1; 32])).unwrap();
    let error = wrong.rekey(&passphrase(), true).unwrap_err();
    assert!(matches!(&error, StateError::Sealed { source: KeyError::Wrong { .. }, .. }));
    let short = Vault::of(vec![Arc::new(Passphrase::new("WORDS", "short".to_owned()))]);
    let error = open(&path).rekey(&short, true).unwrap_err();
    assert!(matches!(&error, StateError::Sealed { source: KeyError::Unavailable { .. }, .. }));
    assert_eq!(whole(&open(&path)).unwrap(), told);
}

/// A process that had the former key in memory writes and reads on.
#[test]
fn another_process_sees_the_new_data_key() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("kprov.db");
    fill(&path);
    let running = open(&path);
    let before = whole(&running).unwrap();
    assert!(open(&path).rekey(&vault(), true).unwrap());
    assert_eq!(whole(&running).unwrap(), before);
    write(&running, &[set(&current("late"), secret_object("late"))]);
    assert_eq!(running.fsck().unwrap(), Vec::<String>::new());
    assert_eq!(open(&path).read("default").unwrap().objects.len(), 22);
    assert!(!holds(directory.path(), "hunter2"));
}

#[test]
fn death_at_each_step_leaves_one_of_the_two() {
    let to = Vault::with_key([8; 32]);
    for new_data_key in [false, true] {
        let (live, kept) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let path = live.path().join("kprov.db");
        fill(&path);
        let told = whole(&open(&path)).unwrap();
        let dying = Dying::new(live.path(), kept.path());
        let options = SqliteOptions { vault: vault(), ..SqliteOptions::default() };
        let store = SqliteStore::open(&path, dying.clone(), options).unwrap();
        assert!(store.rekey(&to, new_data_key).unwrap());
        // And at the end, before the store is closed.
        dying.keep();
        drop(store);
        let steps = dying.steps();
        assert!(steps > if new_data_key { 40 } else { 1 }, "{steps}");
        let mut opened_by = [0, 0];
        for step in 0..steps {
            let path = kept.path().join(step.to_string()).join("kprov.db");
            let by: Vec<usize> = [vault(), to.clone()]
                .into_iter()
                .enumerate()
                .filter(|(_, key)| {
                    whole(&open_with(&path, key.clone()).unwrap()).is_ok_and(|all| all == told)
                })
                .map(|(number, _)| number)
                .collect();
            assert_eq!(by.len(), 1, "step {step} opens with {by:?}");
            opened_by[by[0]] += 1;
            let key = if by[0] == 0 { vault() } else { to.clone() };
            assert_eq!(open_with(&path, key).unwrap().fsck().unwrap(), Vec::<String>::new());
        }
        assert!(opened_by[0] > 0 && opened_by[1] > 0, "{opened_by:?}");
    }
}

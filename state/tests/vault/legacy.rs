//! Stores that hold secrets in the clear, of a former version or of a program without a vault, are
//! sealed by the next writer that has one; and nothing of what stood there stays in the files.

use std::path::Path;

use kprov_state::{ActionKind, Entry, LogFilter, OpId, Store, Vault};
use rusqlite::Connection;

use crate::support::*;
use crate::{SECRET, holds, open, open_with, output, secret_object};

/// A file of version 1, with secrets in rows, in free pages and in the journal.
fn of_version_1(path: &Path) {
    let store = open_with(path, Vault::none()).unwrap();
    let (a, b, c) = (current("a"), current("b"), current("c"));
    let mut gone = secret_object("gone");
    gone.attributes = raw(&format!("{{\"id\":\"{}\"}}", SECRET.repeat(2000)));
    write(&store, &[set(&a, secret_object("1")), set(&b, gone), set(&c, object("3"))]);
    write(&store, &[Entry::ObjectForgotten { address: b }]);
    let digest = Entry::RunStarted {
        command: "apply".to_owned(),
        plan_digest: "d1635701".to_owned(),
        who: "me".to_owned(),
        pid: 1,
    };
    store.begin_run("default", digest, AT).unwrap();
    let failure = Entry::Failed {
        op: OpId(1),
        address: a.clone(),
        class: kprov_state::FailureClass::Rejected,
        message: format!("{SECRET} is wrong"),
        object: None,
    };
    write(&store, &[intended(1, &a, ActionKind::Update), failure]);
    write(&store, &[output("kept", SECRET, true), output("told", "hello", false)]);
    drop(store);
    let connection = Connection::open(path).unwrap();
    connection
        .execute_batch(
            "PRAGMA secure_delete = OFF; DROP TABLE data_keys; DROP TABLE rotations;
             DROP TABLE rotation_words; DROP TABLE rotation_durations;
             DELETE FROM counters WHERE name = 'open'; PRAGMA user_version = 1;",
        )
        .unwrap();
}

fn everything(store: &dyn Store) -> String {
    let state = store.read("default").unwrap();
    let all = LogFilter::default;
    let (journal, ops) = (store.journal("default", all()), store.ops("default", all()));
    format!("{state:?} {:?} {:?}", journal.unwrap(), ops.unwrap())
}

#[test]
fn the_next_write_seals_a_store_of_version_1() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("kprov.db");
    of_version_1(&path);
    assert!(holds(directory.path(), "hunter2"));
    let before = std::fs::read(&path).unwrap();
    let store = open(&path);
    let told = everything(&store);
    drop(store);
    assert_eq!(std::fs::read(&path).unwrap(), before, "reading changes nothing");

    let store = open(&path);
    store.reserve_ops(1).unwrap();
    assert!(!holds(directory.path(), "hunter2"), "neither rows, nor free pages, nor the log");
    assert_eq!(everything(&store), told.replace("d1635701", ""));
    drop(store);
    assert!(!holds(directory.path(), "hunter2") && !holds(directory.path(), "d1635701"));
    assert_eq!(open(&path).fsck().unwrap(), Vec::<String>::new());
    // Once: the second writer has nothing to do, and needs no key.
    let file = std::fs::read(&path).unwrap();
    open_with(&path, Vault::with_key([9; 32])).unwrap().force_unlock("default", "x").unwrap_err();
    assert_eq!(std::fs::read(&path).unwrap().len(), file.len());
}

#[test]
fn without_the_key_an_open_store_stays_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("kprov.db");
    of_version_1(&path);
    let lost = kprov_state::GivenKey::parse("NAME", "no key");
    let store = open_with(&path, Vault::of(vec![std::sync::Arc::new(lost)])).unwrap();
    let told = everything(&store);
    let error = store.reserve_ops(1).unwrap_err();
    assert!(matches!(error, kprov_state::StateError::Sealed { .. }), "{error:?}");
    assert_eq!(everything(&store), told);
    drop(store);
    open(&path).reserve_ops(1).unwrap();
    assert!(!holds(directory.path(), "hunter2"));
}

#[test]
fn a_store_without_a_vault_is_sealed_by_one_that_has_one() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("kprov.db");
    write(&open_with(&path, Vault::none()).unwrap(), &[set(&current("a"), secret_object("1"))]);
    assert!(holds(directory.path(), "hunter2"));
    let store = open(&path);
    store.reserve_ops(1).unwrap();
    drop(store);
    assert!(!holds(directory.path(), "hunter2"));
    assert_eq!(open(&path).read("default").unwrap().objects.len(), 1);
}

/// A reader keeps the log from being cleared: whoever writes next does it.
#[test]
fn remains_are_cleared_when_nobody_reads() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("kprov.db");
    of_version_1(&path);
    let reader = Connection::open(&path).unwrap();
    reader.execute_batch("BEGIN").unwrap();
    let _: i64 = reader.query_row("SELECT count(*) FROM objects", [], |row| row.get(0)).unwrap();
    let short = std::time::Duration::from_millis(10);
    let options = kprov_state::SqliteOptions {
        busy_timeout: short,
        vault: crate::vault(),
        ..Default::default()
    };
    let store = kprov_state::SqliteStore::open(&path, TestHost::shared(), options).unwrap();
    store.reserve_ops(1).unwrap();
    drop(reader);
    drop(store);
    open(&path).reserve_ops(1).unwrap();
    assert!(!holds(directory.path(), "hunter2"));
    let open_still: i64 = Connection::open(&path)
        .unwrap()
        .query_row("SELECT value FROM counters WHERE name = 'open'", [], |row| row.get(0))
        .unwrap();
    assert_eq!(open_still, 0);
}

/// Death on the way: everything is open or everything is sealed, and the next one goes on.
#[test]
fn death_while_sealing_loses_nothing() {
    let (live, kept) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let path = live.path().join("kprov.db");
    of_version_1(&path);
    let told = everything(&open(&path)).replace("d1635701", "");
    let dying = crate::dying::Dying::new(live.path(), kept.path());
    let options = kprov_state::SqliteOptions { vault: crate::vault(), ..Default::default() };
    let store = kprov_state::SqliteStore::open(&path, dying.clone(), options).unwrap();
    store.reserve_ops(1).unwrap();
    dying.keep();
    drop(store);
    assert!(dying.steps() > 10, "{}", dying.steps());
    for step in 0..dying.steps() {
        let directory = kept.path().join(step.to_string());
        let path = directory.join("kprov.db");
        assert_eq!(everything(&open(&path)).replace("d1635701", ""), told, "step {step}");
        open(&path).reserve_ops(1).unwrap();
        assert_eq!(everything(&open(&path)), told, "step {step}, sealed");
        assert!(!holds(&directory, "hunter2"), "step {step}");
    }
}

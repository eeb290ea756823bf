//! The SQLite file: what is made when, what is refused, what damage does, what fsck finds.
//!
//! Permissions do not stop root, and tests may run as root: a directory that stands where SQLite
//! wants to make a file is what stops everybody.
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

mod support;

use std::path::{Path, PathBuf};

use kprov_core::InstanceKey;
use kprov_state::{
    ActionKind, Entry, LogFilter, RunId, SqliteOptions, SqliteStore, StateError, Store,
};
use proptest::prelude::*;
use rusqlite::Connection;
use support::*;

fn open(path: &Path) -> Result<SqliteStore, StateError> {
    SqliteStore::open(path, TestHost::shared(), SqliteOptions::default())
}

fn names(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    PathBuf::from(format!("{}{suffix}", path.display()))
}

/// A store with objects `a`, `b`, `c`, where `b` depends on `a`; closed.
fn filled(path: &Path) {
    let store = open(path).unwrap();
    let mut b = object("2");
    b.dependencies = vec![dependency("a")];
    let (x, y, z) = (current("a"), current("b"), current("c"));
    write(&store, &[set(&x, object("1")), set(&y, b), set(&z, object("3"))]);
}

#[test]
fn reading_makes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("kprov.db");
    let store = open(&path).unwrap();
    let state = store.read("default").unwrap();
    assert!(state.objects.is_empty() && state.lineage.is_empty() && state.serial == 0);
    assert!(store.journal("default", LogFilter::default()).unwrap().is_empty());
    assert_eq!(store.workspaces().unwrap(), ["default"]);
    assert_eq!(store.fsck().unwrap(), Vec::<String>::new());
    assert!(matches!(store.read("other"), Err(StateError::NoWorkspace(_))));
    assert!(matches!(store.delete_workspace("other"), Err(StateError::NoWorkspace(_))));
    assert!(matches!(store.force_unlock("default", "x"), Err(StateError::NoLock(_))));
    assert_eq!(names(directory.path()), Vec::<String>::new());

    write(&store, &[set(&current("a"), object("1"))]);
    assert_eq!(store.read("default").unwrap().lineage.len(), 36);
    drop(store);
    assert_eq!(names(directory.path()), ["kprov.db"]);
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(
            &std::fs::metadata(&path).unwrap().permissions(),
        );
        assert_eq!(mode & 0o777, 0o600, "states hold secrets");
    }
}

#[test]
fn an_empty_file_is_an_empty_state() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("kprov.db");
    std::fs::write(&path, "").unwrap();
    let store = open(&path).unwrap();
    assert!(store.read("default").unwrap().objects.is_empty());
    assert_eq!(std::fs::metadata(&path).unwrap().len(), 0);
    write(&store, &[set(&current("a"), object("1"))]);
    assert_eq!(store.read("default").unwrap().objects.len(), 1);
}

#[test]
fn a_missing_directory_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&directory.path().join("no/kprov.db")).unwrap();
    assert!(store.read("default").unwrap().objects.is_empty());
    let error = store.begin_run("default", started(), AT).unwrap_err();
    assert!(matches!(error, StateError::Write { .. }), "{error:?}");
    let error = open(directory.path()).unwrap_err();
    assert!(matches!(error, StateError::Open { .. }), "{error:?}");
}

#[test]
fn newer_and_foreign_files_are_left_alone() {
    fn check(prepare: &str, fits: fn(&StateError) -> bool) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("kprov.db");
        filled(&path);
        Connection::open(&path).unwrap().execute_batch(prepare).unwrap();
        let before = std::fs::read(&path).unwrap();
        let error = open(&path).unwrap_err();
        assert!(fits(&error), "{error:?}");
        assert_eq!(std::fs::read(&path).unwrap(), before);
    }
    check("PRAGMA user_version = 99", |error| {
        matches!(error, StateError::Newer { found: 99, known: 3, .. })
    });
    check("PRAGMA application_id = 5", |error| {
        error.to_string().contains("of another application")
    });
    check("PRAGMA user_version = 0", |error| error.to_string().contains("of another application"));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_are_refused_and_kept(
        sqlite in any::<bool>(),
        rest in prop::collection::vec(any::<u8>(), 1..3000),
    ) {
        let mut bytes = if sqlite { b"SQLite format 3\0".to_vec() } else { Vec::new() };
        bytes.extend(rest);
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("kprov.db");
        std::fs::write(&path, &bytes).unwrap();
        match open(&path) {
            Err(StateError::Corrupt { .. }) => {}
            // By chance it is an empty database.
            Ok(store) => prop_assert!(store.read("default").unwrap().objects.is_empty()),
            Err(other) => prop_assert!(false, "{other:?}"),
        }
        prop_assert_eq!(std::fs::read(&path).unwrap(), bytes);
    }

    #[test]
    fn a_damaged_file_is_never_written_by_reading(
        place in 0..40_000_usize,
        damage in prop::collection::vec(any::<u8>(), 1..600),
    ) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("kprov.db");
        filled(&path);
        let mut bytes = std::fs::read(&path).unwrap();
        let place = place % bytes.len();
        let end = bytes.len().min(place + damage.len());
        bytes[place..end].copy_from_slice(&damage[..end - place]);
        std::fs::write(&path, &bytes).unwrap();
        if let Ok(store) = open(&path) {
            let _ = store.fsck();
            let _ = store.read("default");
            let _ = store.ops("default", LogFilter::default());
            let _ = store.journal("default", LogFilter::default());
        }
        prop_assert_eq!(std::fs::read(&path).unwrap(), bytes);
    }
}

#[test]
fn a_truncated_file_is_damaged() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("kprov.db");
    filled(&path);
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    let read = open(&path).and_then(|store| store.read("default"));
    assert!(matches!(read, Err(StateError::Corrupt { .. })), "{read:?}");
}

#[test]
fn fsck_names_a_damaged_page() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("kprov.db");
    filled(&path);
    let sql = "SELECT pageno FROM dbstat WHERE name = 'objects' AND pagetype = 'leaf'";
    let page: u64 = Connection::open(&path).unwrap().query_row(sql, [], |row| row.get(0)).unwrap();
    let mut bytes = std::fs::read(&path).unwrap();
    let start = (page as usize - 1) * 4096;
    bytes[start..start + 4096].fill(0xaa);
    std::fs::write(&path, &bytes).unwrap();

    let store = open(&path).unwrap();
    let findings = store.fsck().unwrap();
    let page = format!("page {page}");
    assert!(findings.iter().any(|finding| finding.contains(&page)), "{findings:?}");
    let error = store.read("default").unwrap_err();
    assert!(matches!(&error, StateError::Corrupt { what, .. } if what.contains("objects")));
    drop(store);
    assert_eq!(std::fs::read(&path).unwrap(), bytes, "nothing was overwritten");
}

#[test]
fn fsck_finds_what_does_not_fit() {
    /// `sql` spoils a good file; some finding contains `words`.
    fn check(sql: &str, words: &str) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("kprov.db");
        filled(&path);
        assert_eq!(open(&path).unwrap().fsck().unwrap(), Vec::<String>::new());
        Connection::open(&path).unwrap().execute_batch(sql).unwrap();
        let findings = open(&path).unwrap().fsck().unwrap();
        assert!(findings.iter().any(|found| found.contains(words)), "{sql}: {findings:?}");
    }
    check("UPDATE objects SET attributes = '{}' WHERE address = 't.a'", "t.a differs");
    check("UPDATE objects SET attributes = '{' WHERE address = 't.a'", "row t.a: attributes");
    check("UPDATE objects SET parts = '{}' WHERE address = 't.a'", "row t.a: its address");
    check("UPDATE objects SET status = 'odd' WHERE address = 't.a'", "unknown status");
    check("UPDATE objects SET address = 't.z' WHERE address = 't.a'", "row t.z: its address");
    check("DELETE FROM objects WHERE address = 't.c'", "t.c is missing in the state");
    check("DELETE FROM objects WHERE address = 't.a'", "t.a is missing in the state");
    check("DELETE FROM journal WHERE seq = 4", "the journal knows nothing of it");
    check("UPDATE journal SET entry = '{}' WHERE seq = 2", "journal, row 2");
    check("UPDATE journal SET run = 9 WHERE seq = 2", "journal entry 2 does not replay");
    check("UPDATE workspaces SET serial = 9", "the serial is 9, the journal gives 3");
    check("DROP TABLE checks", "checks");
}

#[test]
fn fsck_does_not_mind_dependencies_without_objects() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&directory.path().join("kprov.db")).unwrap();
    let mut b = object("2");
    b.dependencies = vec![dependency("never_had_any"), dependency("a")];
    let address = current("a");
    write(&store, &[set(&address, object("1")), set(&current("b"), b)]);
    write(&store, &[Entry::ObjectForgotten { address }]);
    assert_eq!(store.fsck().unwrap(), Vec::<String>::new());
}

#[test]
fn fsck_lists_open_intents() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&directory.path().join("kprov.db")).unwrap();
    write(&store, &[intended(7, &current("x"), ActionKind::Create)]);
    let findings = store.fsck().unwrap();
    assert_eq!(findings.len(), 1);
    assert!(findings[0].contains("operation 7 of run 1 (create t.x)"), "{findings:?}");
}

#[test]
fn what_cannot_be_written_can_be_read() {
    let directory = tempfile::tempdir().unwrap();
    // Not Unicode, and full of what means something in a URI.
    #[cfg(unix)]
    let name: std::ffi::OsString =
        std::os::unix::ffi::OsStringExt::from_vec(b"a?b#c%20\xff.db".to_vec());
    #[cfg(not(unix))]
    let name = std::ffi::OsString::from("a#c%20.db");
    let path = directory.path().join(&name);
    filled(&path);
    let mut blocker = path.clone().into_os_string();
    blocker.push("-wal");
    std::fs::create_dir(&blocker).unwrap();

    let store = open(&path).unwrap();
    assert_eq!(store.read("default").unwrap().objects.len(), 3);
    assert_eq!(store.fsck().unwrap(), Vec::<String>::new());
    let before = std::fs::read(&path).unwrap();
    let error = store.append("default", RunId(1), AT, &[finished()]).unwrap_err();
    let StateError::Write { source, .. } = &error else { panic!("{error:?}") };
    assert!(source.to_string().contains("not writable"), "{source}");
    let error = store.lock("default", lock_info("l"), std::time::Duration::ZERO).unwrap_err();
    assert!(matches!(error, StateError::Write { .. }), "{error:?}");
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn a_read_only_file_is_respected() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("kprov.db");
    filled(&path);
    let mut permissions = std::fs::metadata(&path).unwrap().permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(&path, permissions).unwrap();
    let before = std::fs::read(&path).unwrap();
    let store = open(&path).unwrap();
    assert_eq!(store.read("default").unwrap().objects.len(), 3);
    let error = store.begin_run("default", started(), AT).unwrap_err();
    let StateError::Write { source, .. } = &error else { panic!("{error:?}") };
    assert_eq!(source.to_string(), "the file is read-only");
    drop(store);
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn without_shared_memory_there_is_a_rollback_journal() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("kprov.db");
    std::fs::create_dir(beside(&path, "-shm")).unwrap();
    filled(&path);
    let mode: String = Connection::open(&path)
        .unwrap()
        .query_row("PRAGMA journal_mode", [], |row| row.get(0))
        .unwrap();
    assert_eq!(mode, "delete");
    assert_eq!(open(&path).unwrap().read("default").unwrap().objects.len(), 3);
}

#[test]
fn what_another_process_left_in_the_log_is_seen() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("kprov.db");
    let store = open(&path).unwrap();
    write(&store, &[set(&current("a"), object("1"))]);
    // The process dies here: the files as they are, nobody tidies up.
    let copy = directory.path().join("copy.db");
    std::fs::copy(&path, &copy).unwrap();
    std::fs::copy(beside(&path, "-wal"), beside(&copy, "-wal")).unwrap();
    assert!(std::fs::metadata(beside(&copy, "-wal")).unwrap().len() > 0);
    assert_eq!(open(&copy).unwrap().fsck().unwrap(), Vec::<String>::new());
    assert_eq!(open(&copy).unwrap().read("default").unwrap().objects.len(), 1);
}

#[test]
fn workspaces_are_apart() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&directory.path().join("kprov.db")).unwrap();
    store.create_workspace("blue").unwrap();
    assert!(matches!(store.create_workspace("blue"), Err(StateError::WorkspaceExists(_))));
    assert!(matches!(store.create_workspace("default"), Err(StateError::WorkspaceExists(_))));
    assert!(matches!(store.delete_workspace("default"), Err(StateError::DefaultWorkspace)));
    let run = store.begin_run("blue", started(), AT).unwrap();
    store.append("blue", run, AT, &[set(&current("a"), object("1"))]).unwrap();
    assert_eq!(store.workspaces().unwrap(), ["blue", "default"]);
    assert_eq!(store.read("default").unwrap().objects.len(), 0);
    assert_eq!(store.read("blue").unwrap().objects.len(), 1);
    let error = store.append("default", run, AT, &[finished()]).unwrap_err();
    assert!(error.to_string().contains("never begun"), "{error}");
    store.delete_workspace("blue").unwrap();
    assert_eq!(store.workspaces().unwrap(), ["default"]);
    // Ids are not given twice.
    assert_eq!(store.begin_run("default", started(), AT).unwrap(), RunId(run.0 + 1));
    assert_eq!(store.fsck().unwrap(), Vec::<String>::new());
}

#[test]
fn operation_ids_are_given_once() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("kprov.db");
    assert_eq!(open(&path).unwrap().reserve_ops(10).unwrap().0, 1);
    assert_eq!(open(&path).unwrap().reserve_ops(5).unwrap().0, 11);
    assert_eq!(open(&path).unwrap().reserve_ops(1).unwrap().0, 16);
}

#[test]
fn an_append_costs_the_same_in_a_large_state() {
    /// Bytes that go to the log for one operation in a state of so many objects.
    fn cost(objects: u64) -> u64 {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("kprov.db");
        let address = |i| keyed("x", InstanceKey::Int(i));
        let many: Vec<Entry> =
            (0..objects).map(|i| set(&address(i), object(&i.to_string()))).collect();
        write(&open(&path).unwrap(), &many);
        let store = open(&path).unwrap();
        let run = store.begin_run("default", started(), AT).unwrap();
        let log = || std::fs::metadata(beside(&path, "-wal")).unwrap().len();
        let before = log();
        let update = intended(1, &address(objects / 2), ActionKind::Update);
        store.append("default", run, AT, &[update]).unwrap();
        let done = succeeded(1, &address(objects / 2), Some(object("new")));
        store.append("default", run, AT, &[done]).unwrap();
        log() - before
    }
    let (small, large) = (cost(10), cost(5000));
    assert!(large <= small + 4 * 4120, "{small} bytes in a small state, {large} in a large one");
}

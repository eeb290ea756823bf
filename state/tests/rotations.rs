//! What both stores keep of rotations: rows, words and durations, each in the transaction of its entries.
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

mod support;

use kprov_state::{
    AppendFault, DURATIONS_MAX, Entry, HowEnded, LogFilter, MemoryStore, RotationChange,
    RotationRecord, RotationWord, RunId, SqliteOptions, SqliteStore, StepDuration, Store,
};
use support::*;

fn record(cluster: &str, serial: u32) -> RotationRecord {
    RotationRecord {
        cluster: cluster.to_owned(),
        rotation: "r-1".to_owned(),
        started_at: AT.to_owned(),
        progress: raw(&format!("{{\"serial\":{serial}}}")),
        templates: raw("{}"),
        paused: None,
        finished_at: None,
        updated_at: AT.to_owned(),
    }
}

fn kept(record: RotationRecord) -> RotationChange {
    RotationChange { record: Some(record), ..RotationChange::default() }
}

fn step(token: &str) -> Entry {
    Entry::StepStarted {
        rotation: "r-1".to_owned(),
        token: token.to_owned(),
        step: raw("{\"step\":\"snapshot\"}"),
        group: Some("g".to_owned()),
        member: None,
    }
}

fn done(token: &str) -> Entry {
    Entry::StepDone {
        rotation: "r-1".to_owned(),
        token: token.to_owned(),
        how: HowEnded::Done,
        message: String::new(),
    }
}

/// In both stores, the file closed and opened again before `then`.
fn in_both(first: impl Fn(&dyn Store, RunId), then: impl Fn(&dyn Store, RunId)) {
    let memory = MemoryStore::new(TestHost::shared());
    let run = memory.begin_run("default", started(), AT).unwrap();
    first(&memory, run);
    then(&memory.clone_durable(), run);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("kprov.db");
    let open = || SqliteStore::open(&path, TestHost::shared(), SqliteOptions::default()).unwrap();
    let store = open();
    let run = store.begin_run("default", started(), AT).unwrap();
    first(&store, run);
    drop(store);
    then(&open(), run);
}

#[test]
fn a_row_and_its_entries_are_kept_together_and_change_no_object() {
    let first = |store: &dyn Store, run| {
        let serial = store.read("default").unwrap().serial;
        let change = kept(record("a", 1));
        store.append_rotation("default", run, AT, &[step("r-1/1")], &change).unwrap();
        store.append_rotation("default", run, AT, &[done("r-1/1")], &kept(record("a", 2))).unwrap();
        store.append_rotation("default", run, AT, &[], &kept(record("b", 7))).unwrap();
        assert_eq!(store.read("default").unwrap().serial, serial);
    };
    in_both(first, |store, run| {
        assert_eq!(store.rotations("default").unwrap(), [record("a", 2), record("b", 7)]);
        let journal = store.journal("default", LogFilter::default()).unwrap();
        assert!(matches!(journal[1].entry, Entry::StepStarted { .. }), "{journal:?}");
        assert!(matches!(journal[2].entry, Entry::StepDone { how: HowEnded::Done, .. }));
        assert_eq!(store.fsck().unwrap(), Vec::<String>::new());
        let forgotten = RotationChange { forgotten: Some("a".to_owned()), ..Default::default() };
        store.append_rotation("default", run, AT, &[], &forgotten).unwrap();
        assert_eq!(store.rotations("default").unwrap(), [record("b", 7)]);
    });
}

#[test]
fn a_refused_entry_leaves_the_row_as_it_was() {
    let first = |store: &dyn Store, run| {
        let change = kept(record("a", 1));
        store.append_rotation("default", run, AT, &[step("r-1/1")], &change).unwrap();
    };
    in_both(first, |store, run| {
        let speak = |word| store.speak("default", None, word, "me", AT).unwrap();
        speak(RotationWord::Pause);
        let word = store.words("default").unwrap()[0].id;
        let change = RotationChange { taken: vec![word], ..kept(record("a", 2)) };
        let entries = [done("r-1/1"), started()];
        store.append_rotation("default", run, AT, &entries, &change).unwrap_err();
        assert_eq!(store.rotations("default").unwrap(), [record("a", 1)]);
        assert_eq!(store.words("default").unwrap().len(), 1, "the word is not lost");
    });
}

#[test]
fn words_reach_rotations_under_way_and_are_taken_once() {
    let first = |store: &dyn Store, run| {
        assert_eq!(store.speak("default", None, RotationWord::Abort, "me", AT).unwrap(), 0);
        for cluster in ["a", "b"] {
            store.append_rotation("default", run, AT, &[], &kept(record(cluster, 1))).unwrap();
        }
        let over = RotationRecord { finished_at: Some(AT.to_owned()), ..record("over", 1) };
        store.append_rotation("default", run, AT, &[], &kept(over)).unwrap();
        assert_eq!(store.speak("default", None, RotationWord::Pause, "me", AT).unwrap(), 2);
        let to = |cluster| store.speak("default", Some(cluster), RotationWord::Resume, "me", AT);
        assert_eq!([to("b").unwrap(), to("over").unwrap(), to("nowhere").unwrap()], [1, 0, 0]);
    };
    in_both(first, |store, run| {
        let told = || {
            let words = store.words("default").unwrap();
            words.iter().map(|w| (w.cluster.clone(), w.word.verb())).collect::<Vec<_>>()
        };
        let owned = |cluster: &str, word| (cluster.to_owned(), word);
        assert_eq!(told(), [owned("a", "pause"), owned("b", "pause"), owned("b", "resume")]);
        let first = store.words("default").unwrap()[0].id;
        let change = RotationChange { taken: vec![first], ..kept(record("a", 2)) };
        store.append_rotation("default", run, AT, &[], &change).unwrap();
        assert_eq!(told(), [owned("b", "pause"), owned("b", "resume")]);
    });
}

#[test]
fn the_newest_durations_of_each_kind_are_kept() {
    let duration = |step: &str, seconds: u64| StepDuration {
        cluster: "a".to_owned(),
        role: "worker".to_owned(),
        step: step.to_owned(),
        seconds,
        at: AT.to_owned(),
    };
    let first = |store: &dyn Store, run| {
        let most = DURATIONS_MAX as u64;
        let mut durations = vec![duration("drain", 1)];
        durations.extend((0..most + 5).map(|n| duration("launch", n)));
        let change = RotationChange { durations, ..RotationChange::default() };
        store.append_rotation("default", run, AT, &[], &change).unwrap();
    };
    in_both(first, |store, _| {
        let durations = store.durations("default").unwrap();
        assert_eq!(durations.len(), DURATIONS_MAX + 1);
        assert_eq!(durations[0], duration("drain", 1));
        assert_eq!(durations[1], duration("launch", 5));
    });
}

#[test]
fn a_file_of_the_version_before_reads_as_one_without_rotations() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("kprov.db");
    let open = || SqliteStore::open(&path, TestHost::shared(), SqliteOptions::default()).unwrap();
    write(&open(), &[]);
    let tables = "DROP TABLE rotations; DROP TABLE rotation_words; DROP TABLE rotation_durations;
                  PRAGMA user_version = 2;";
    rusqlite::Connection::open(&path).unwrap().execute_batch(tables).unwrap();
    let store = open();
    assert!(store.rotations("default").unwrap().is_empty());
    assert!(store.words("default").unwrap().is_empty());
    assert!(store.durations("default").unwrap().is_empty());
    let run = store.begin_run("default", started(), AT).unwrap();
    store.append_rotation("default", run, AT, &[], &kept(record("a", 1))).unwrap();
    assert_eq!(store.rotations("default").unwrap(), [record("a", 1)]);
}

#[test]
fn a_fault_of_the_memory_store_spares_the_row_too() {
    let fault = |entries: &[Entry]| match entries {
        [Entry::StepStarted { .. }] => AppendFault::BeforeDurable,
        [Entry::StepDone { .. }] => AppendFault::AfterDurable,
        _ => AppendFault::None,
    };
    let store = MemoryStore::with_faults(TestHost::shared(), fault);
    let run = store.begin_run("default", started(), AT).unwrap();
    let change = kept(record("a", 1));
    store.append_rotation("default", run, AT, &[step("r-1/1")], &change).unwrap_err();
    assert!(store.rotations("default").unwrap().is_empty());
    store.append_rotation("default", run, AT, &[done("r-1/1")], &change).unwrap_err();
    assert_eq!(store.rotations("default").unwrap(), [record("a", 1)]);
}

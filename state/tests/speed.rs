//! The store's speed, printed; the bounds are wide enough for a busy machine without optimisation.
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

mod support;

use std::time::{Duration, Instant};

use kprov_core::InstanceKey;
use kprov_state::{ActionKind, Entry, SqliteOptions, SqliteStore, Store, Vault};
use support::*;

#[test]
fn appends_are_durable_and_quick() {
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = directory.path().join("kprov.db");
    let store = SqliteStore::open(&path, TestHost::shared(), SqliteOptions::default()).unwrap();
    let run = store.begin_run("default", started(), AT).unwrap();
    let begun = Instant::now();
    for op in 1..=500 {
        let address = keyed("x", InstanceKey::Int(op));
        let intent = intended(op, &address, ActionKind::Create);
        store.append("default", run, AT, &[intent]).unwrap();
        let outcome = succeeded(op, &address, Some(object("i")));
        store.append("default", run, AT, &[outcome]).unwrap();
    }
    let single = begun.elapsed();
    println!("1,000 appends of one entry: {single:?}");

    let begun = Instant::now();
    for batch in 0..100 {
        let entries: Vec<Entry> = (0..10)
            .map(|i| set(&keyed("y", InstanceKey::Int(batch * 10 + i)), object("i")))
            .collect();
        store.append("default", run, AT, &entries).unwrap();
    }
    println!("1,000 entries in appends of ten: {:?}", begun.elapsed());

    let many: Vec<Entry> = (1000..11_000)
        .map(|i| {
            let mut object = object(&format!("i-{i}"));
            object.attributes =
                raw(&format!("{{\"id\":\"i-{i}\",\"text\":\"{}\"}}", "x".repeat(200)));
            object.dependencies = vec![dependency("y")];
            set(&keyed("x", InstanceKey::Int(i)), object)
        })
        .collect();
    let begun = Instant::now();
    store.append("default", run, AT, &many).unwrap();
    println!("10,000 objects in one append: {:?}", begun.elapsed());

    let store = SqliteStore::open(&path, TestHost::shared(), SqliteOptions::default()).unwrap();
    let begun = Instant::now();
    let state = store.read("default").unwrap();
    let read = begun.elapsed();
    println!("reading {} objects: {read:?}", state.objects.len());
    assert_eq!(state.objects.len(), 11_500);
    assert!(read < Duration::from_secs(3), "reading took {read:?}");
    assert_eq!(store.fsck().unwrap(), Vec::<String>::new());
}

#[test]
fn sealed_objects_open_quickly() {
    let directory = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = directory.path().join("kprov.db");
    let open = || {
        let options = SqliteOptions { vault: Vault::with_key([7; 32]), ..Default::default() };
        SqliteStore::open(&path, TestHost::shared(), options).unwrap()
    };
    let many: Vec<Entry> = (0..10_000)
        .map(|i| {
            let mut object = object(&format!("i-{i}"));
            let text = "x".repeat(200);
            object.attributes = raw(&format!("{{\"id\":\"i-{i}\",\"text\":\"{text}\"}}"));
            object.sensitive_paths = Some(raw(r#"[[{"type":"get_attr","value":"text"}]]"#));
            set(&keyed("x", InstanceKey::Int(i)), object)
        })
        .collect();
    let begun = Instant::now();
    write(&open(), &many);
    println!("sealing 10,000 objects: {:?}", begun.elapsed());
    let store = open();
    let begun = Instant::now();
    assert_eq!(store.read("default").unwrap().objects.len(), 10_000);
    let read = begun.elapsed();
    println!("opening them: {read:?}");
    assert!(read < Duration::from_secs(10), "reading took {read:?}");
}

//! Locks and two processes at one file. A second store on the same file stands for the second
//! process: it has a connection and a flock of its own.
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

mod support;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use kprov_state::{LockInfo, LogFilter, SqliteOptions, SqliteStore, StateError, Store};
use rusqlite::Connection;
use support::*;

fn open(path: &Path) -> SqliteStore {
    open_sleeping(path, |_| {})
}

fn open_sleeping(path: &Path, sleep: impl Fn(Duration) + Send + Sync + 'static) -> SqliteStore {
    let options = SqliteOptions { sleep: Box::new(sleep), ..SqliteOptions::default() };
    SqliteStore::open(path, TestHost::shared(), options).unwrap()
}

fn place() -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("kprov.db");
    (directory, path)
}

fn holder(result: Result<Box<dyn kprov_state::Lock>, StateError>) -> String {
    match result {
        Err(StateError::Locked(info)) => info.id.clone(),
        other => panic!("{other:?}"),
    }
}

/// What a holder leaves that was killed: its row, and the file whose flock the kernel freed.
fn leave_dead(path: &Path, info: &LockInfo) {
    drop(open(path).lock("default", lock_info("former"), Duration::ZERO).unwrap());
    let sql = "INSERT INTO locks VALUES ('default', ?1, 'me', 'then', 'apply', ?2, ?3)";
    let row = rusqlite::params![info.id, info.pid, info.host];
    Connection::open(path).unwrap().execute(sql, row).unwrap();
}

#[test]
fn one_holds_it_at_a_time() {
    let (_directory, path) = place();
    let (one, two) = (open(&path), open(&path));
    let held = one.lock("default", lock_info("a"), Duration::ZERO).unwrap();
    assert_eq!(held.info().id, "a");
    assert_eq!(holder(two.lock("default", lock_info("b"), Duration::ZERO)), "a");
    assert_eq!(holder(one.lock("default", lock_info("b"), Duration::ZERO)), "a");
    // Another workspace has a lock of its own, and readers ask nobody.
    let other = two.lock("blue/green", lock_info("c"), Duration::ZERO).unwrap();
    assert!(two.read("default").unwrap().objects.is_empty());
    drop(other);
    drop(held);
    drop(two.lock("default", lock_info("b"), Duration::ZERO).unwrap());
}

#[test]
fn a_waiter_gets_it_when_it_is_free() {
    let (_directory, path) = place();
    let held = open(&path).lock("default", lock_info("a"), Duration::ZERO).unwrap();
    let slot = Arc::new(std::sync::Mutex::new(Some(held)));
    let naps = Arc::new(AtomicU64::new(0));
    let (counted, freed) = (naps.clone(), slot.clone());
    // The holder lets go during the third nap.
    let waiter = open_sleeping(&path, move |_| {
        if counted.fetch_add(1, Ordering::Relaxed) == 2 {
            freed.lock().unwrap().take();
        }
    });
    let held = waiter.lock("default", lock_info("b"), Duration::from_secs(10)).unwrap();
    assert_eq!(held.info().id, "b");
    assert_eq!(naps.load(Ordering::Relaxed), 3);
}

#[test]
fn a_waiter_gives_up_after_the_timeout() {
    let (_directory, path) = place();
    let _held = open(&path).lock("default", lock_info("a"), Duration::ZERO).unwrap();
    let slept = Arc::new(AtomicU64::new(0));
    let sum = slept.clone();
    let waiter = open_sleeping(&path, move |nap| {
        sum.fetch_add(nap.as_millis() as u64, Ordering::Relaxed);
    });
    let timeout = Duration::from_millis(1234);
    assert_eq!(holder(waiter.lock("default", lock_info("b"), timeout)), "a");
    assert_eq!(slept.load(Ordering::Relaxed), 1234);
}

#[test]
fn the_dead_are_told_from_the_living() {
    let dead_pid = u32::MAX;
    let ours = lock_info("new");
    let here = |pid| LockInfo { id: "old".to_owned(), pid, ..lock_info("") };
    let elsewhere = LockInfo { host: "elsewhere".to_owned(), ..here(dead_pid) };
    // Process 1 is always there.
    for (former, sidecar, replaced) in [
        (here(dead_pid), true, true),
        (here(1), true, true),
        (here(dead_pid), false, true),
        (here(1), false, false),
        (elsewhere.clone(), true, false),
        (elsewhere, false, false),
    ] {
        let (_directory, path) = place();
        leave_dead(&path, &former);
        if !sidecar {
            std::fs::remove_file(format!("{}.lock", path.display())).unwrap();
        }
        let taken = open(&path).lock("default", ours.clone(), Duration::ZERO);
        match replaced {
            true => assert_eq!(taken.unwrap().info().id, "new", "{former:?} {sidecar}"),
            false => assert_eq!(holder(taken), "old", "{former:?} {sidecar}"),
        }
    }
}

#[test]
fn a_lock_is_forced_by_its_id() {
    let (_directory, path) = place();
    let store = open(&path);
    let held = store.lock("default", lock_info("a"), Duration::ZERO).unwrap();
    assert!(matches!(store.force_unlock("default", "b"), Err(StateError::NoLock(_))));
    assert!(matches!(store.force_unlock("other", "a"), Err(StateError::NoLock(_))));
    store.force_unlock("default", "a").unwrap();
    let next = store.lock("default", lock_info("b"), Duration::ZERO).unwrap();
    // The former holder does not take the new one's lock away.
    drop(held);
    assert_eq!(holder(store.lock("default", lock_info("c"), Duration::ZERO)), "b");
    drop(next);
    drop(store.lock("default", lock_info("c"), Duration::ZERO).unwrap());
}

#[test]
fn readers_do_not_wait_for_a_writer() {
    let (_directory, path) = place();
    let store = open(&path);
    write(&store, &[set(&current("a"), object("1"))]);
    let writer = Connection::open(&path).unwrap();
    writer.execute_batch("BEGIN IMMEDIATE; DELETE FROM objects").unwrap();
    let options = SqliteOptions { busy_timeout: Duration::ZERO, ..SqliteOptions::default() };
    let reader = SqliteStore::open(&path, TestHost::shared(), options).unwrap();
    assert_eq!(reader.read("default").unwrap().objects.len(), 1);
    let error = reader.begin_run("default", started(), AT).unwrap_err();
    let StateError::Write { source, .. } = &error else { panic!("{error:?}") };
    assert!(source.to_string().contains("another process"), "{source}");
}

#[test]
fn writers_take_turns() {
    let (_directory, path) = place();
    let first = open(&path);
    write(&first, &[]);
    std::thread::scope(|scope| {
        for name in ["a", "b", "c"] {
            let store = open(&path);
            scope.spawn(move || {
                let run = store.begin_run("default", started(), AT).unwrap();
                for i in 0..20 {
                    let entry = set(&current(name), object(&i.to_string()));
                    store.append("default", run, AT, &[entry]).unwrap();
                }
            });
        }
    });
    assert_eq!(first.read("default").unwrap().serial, 60);
    assert_eq!(first.journal("default", LogFilter::default()).unwrap().len(), 64);
    assert_eq!(first.fsck().unwrap(), Vec::<String>::new());
}

const CHILD: &str = "KPROV_TEST_LOCK_CHILD";

/// Not a test of its own: the process that [`a_killed_holder_is_replaced`] kills.
#[test]
fn child_holds_the_lock_until_it_is_killed() {
    let Ok(path) = std::env::var(CHILD) else { return };
    let store = open(Path::new(&path));
    let _held = store.lock("default", lock_info("child"), Duration::ZERO).unwrap();
    write(&store, &[set(&current("a"), object("1"))]);
    println!("\nlocked");
    // Until the parent, which holds the other end, is gone.
    std::io::stdin().read_line(&mut String::new()).unwrap();
}

#[test]
fn a_killed_holder_is_replaced() {
    let (_directory, path) = place();
    let mut child = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child_holds_the_lock_until_it_is_killed", "--nocapture"])
        .env(CHILD, &path)
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let output = std::io::BufReader::new(child.stdout.take().unwrap());
    let told = std::io::BufRead::lines(output).any(|line| line.unwrap() == "locked");
    assert!(told, "the child did not get the lock");

    let store = open(&path);
    assert_eq!(holder(store.lock("default", lock_info("b"), Duration::ZERO)), "child");
    child.kill().unwrap();
    child.wait().unwrap();
    let held = store.lock("default", lock_info("b"), Duration::ZERO).unwrap();
    assert_eq!(held.info().id, "b");
    assert_eq!(store.read("default").unwrap().objects.len(), 1);
    assert_eq!(store.fsck().unwrap(), Vec::<String>::new());
}

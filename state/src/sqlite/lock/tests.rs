//! Between opening the file of a lock and locking it, the file may go: what [`claim`] makes of that.
//! From outside nobody can hit that moment.

use std::time::{Duration, SystemTime};

use kprov_core::Host;

use super::*;
use crate::{SqliteOptions, SqliteStore, Store};

#[derive(Debug)]
struct NoHost;

impl Host for NoHost {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH
    }

    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }

    fn random(&self, buffer: &mut [u8]) {
        buffer.fill(7);
    }

    fn env(&self, _name: &str) -> Option<String> {
        None
    }
}

fn open(path: &Path) -> SqliteStore {
    SqliteStore::open(path, Arc::new(NoHost), SqliteOptions::default()).expect("a store")
}

fn info(id: &str) -> LockInfo {
    LockInfo {
        id: id.to_owned(),
        who: "me".to_owned(),
        since: "now".to_owned(),
        command: "apply".to_owned(),
        pid: std::process::id(),
        host: "here".to_owned(),
    }
}

/// Who holds the lock, as its row says.
fn held_by(store: &SqliteStore) -> Option<String> {
    let holder = store.inner.reading(|reading| match reading {
        Some(reading) => holder(reading.connection(), &store.inner.path, DEFAULT),
        None => Ok(None),
    });
    holder.expect("a readable store").map(|info| info.id)
}

#[test]
fn a_file_that_was_replaced_meanwhile_is_no_lock() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("kprov.db");
    let (slow, quick) = (open(&path), open(&path));
    let first = quick.lock(DEFAULT, info("first"), Duration::ZERO).unwrap();
    // The slow one has the file open, and not locked yet.
    let opened = Sidecar::open(sidecar(&path, DEFAULT)).unwrap();
    quick.force_unlock(DEFAULT, "first").unwrap();
    drop(first);
    let _second = quick.lock(DEFAULT, info("second"), Duration::ZERO).unwrap();
    let claimed = claim(&slow.inner, DEFAULT, &info("slow"), opened).unwrap();
    assert!(matches!(claimed, Attempt::Taken(None)), "two would hold the lock");
    assert_eq!(held_by(&slow).as_deref(), Some("second"));
}

#[test]
fn a_file_that_was_removed_meanwhile_is_made_anew() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("kprov.db");
    let store = open(&path);
    drop(store.lock(DEFAULT, info("former"), Duration::ZERO).unwrap());
    let opened = Sidecar::open(sidecar(&path, DEFAULT)).unwrap();
    std::fs::remove_file(sidecar(&path, DEFAULT)).unwrap();
    let claimed = claim(&store.inner, DEFAULT, &info("slow"), opened).unwrap();
    assert!(matches!(claimed, Attempt::Taken(None)), "nobody else would see that flock");
    assert_eq!(held_by(&store), None);
    let held = store.lock(DEFAULT, info("slow"), Duration::ZERO).unwrap();
    assert_eq!((held.info().id.as_str(), held_by(&store).as_deref()), ("slow", Some("slow")));
}

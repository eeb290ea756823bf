//! The memory store's injected faults: what a crash leaves behind.
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use kprov_state::{ActionKind, AppendFault, LogFilter, MemoryStore, RunId, StateError, Store};
use support::*;

/// A store whose `at`-th write has the fault, and the steps of a small run until one fails.
fn crash(at: usize, fault: AppendFault) -> (MemoryStore, usize) {
    let count = Arc::new(AtomicUsize::new(0));
    let store = MemoryStore::with_faults(TestHost::shared(), move |_| {
        if count.fetch_add(1, Ordering::Relaxed) == at { fault } else { AppendFault::None }
    });
    let a = current("a");
    let entries = [
        intended(1, &a, ActionKind::Create),
        succeeded(1, &a, Some(object("1"))),
        intended(2, &a, ActionKind::Update),
        succeeded(2, &a, Some(object("2"))),
    ];
    let Ok(run) = store.begin_run("default", started(), AT) else { return (store, 0) };
    let mut done = 1;
    for entry in entries {
        match store.append("default", run, AT, &[entry]) {
            Ok(_) => done += 1,
            Err(StateError::Write { .. }) => break,
            Err(other) => panic!("{other}"),
        }
    }
    (store, done)
}

#[test]
fn what_is_durable_survives() {
    for at in 0..5 {
        let (before, done) = crash(at, AppendFault::BeforeDurable);
        assert_eq!(done, at);
        let survivor = before.clone_durable();
        assert_eq!(survivor.journal("default", LogFilter::default()).unwrap().len(), at);

        let (after, done) = crash(at, AppendFault::AfterDurable);
        assert_eq!(done, at);
        let survivor = after.clone_durable();
        assert_eq!(survivor.journal("default", LogFilter::default()).unwrap().len(), at + 1);

        // Whatever happened, the next run gets ids of its own and goes on.
        for store in [before.clone_durable(), after.clone_durable()] {
            let former = store.runs("default", LogFilter::default()).unwrap();
            let run = store.begin_run("default", started(), AT).unwrap();
            assert_eq!(run, RunId(former.first().map_or(1, |record| record.run.0 + 1)));
            let state = store.read("default").unwrap();
            let open = state.open.len();
            assert_eq!(store.fsck().unwrap().len(), open);
        }
    }
}

#[test]
fn a_survivor_is_a_store_of_its_own() {
    let (store, _) = crash(99, AppendFault::None);
    let survivor = store.clone_durable();
    write(&survivor, &[set(&current("b"), object("3"))]);
    assert_eq!(survivor.read("default").unwrap().objects.len(), 2);
    assert_eq!(store.read("default").unwrap().objects.len(), 1);
}

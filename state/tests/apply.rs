//! What each entry does to a state in each situation, for `State::apply` and for both stores: they
//! must agree on what is legal and on what comes of it.
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

mod support;

use kprov_state::{
    ActionKind, Entry, FailureClass, HowSettled, MemoryStore, ObjectStatus, OutputRecord, RunId,
    SqliteOptions, SqliteStore, State, StateError, Store,
};
use support::*;

/// Plays `before`, then `entry`. `expect`: the objects afterwards as `ADDRESS=ID` (with `!` when
/// tainted), or words that the refusal must contain.
fn check(before: &[Entry], entry: Entry, expect: Result<&[&str], &str>) {
    let mut state = State::default();
    for entry in before {
        state.apply(RunId(1), entry).unwrap();
    }
    let copy = state.clone();
    let done = state.apply(RunId(1), &entry);
    match (&done, expect) {
        (Ok(()), Ok(objects)) => assert_eq!(listed(&state), objects, "{entry:?}"),
        (Err(StateError::Illegal { what }), Err(words)) => {
            assert!(what.contains(words), "{what:?} lacks {words:?}");
            assert!(state == copy, "a refused entry changed the state: {entry:?}");
        }
        other => panic!("{entry:?}: {other:?}"),
    }

    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("kprov.db");
    let sqlite = SqliteStore::open(path, TestHost::shared(), SqliteOptions::default()).unwrap();
    let memory = MemoryStore::new(TestHost::shared());
    let stores: [&dyn Store; 2] = [&memory, &sqlite];
    for store in stores {
        let run = store.begin_run("default", started(), AT).unwrap();
        store.append("default", run, AT, before).unwrap();
        let earlier = store.read("default").unwrap();
        let appended = store.append("default", run, AT, std::slice::from_ref(&entry));
        assert_eq!(appended.is_ok(), done.is_ok(), "{store:?} {entry:?}: {appended:?}");
        let mut now = store.read("default").unwrap();
        if done.is_err() {
            assert!(now == earlier, "{store:?}: a refused entry changed something");
        }
        now.lineage.clear();
        assert!(now == state, "{store:?} {entry:?}\n{now:?}\n{state:?}");
    }
}

fn listed(state: &State) -> Vec<String> {
    let tainted = |status| if status == ObjectStatus::Tainted { "!" } else { "" };
    let id = |text: &str| text.replace("{\"id\":\"", "").replace("\"}", "");
    state
        .objects
        .iter()
        .map(|(address, object)| {
            format!("{address}={}{}", id(object.attributes.get()), tainted(object.status))
        })
        .collect()
}

#[test]
fn intents_need_a_fitting_object() {
    let x = current("x");
    let there = [set(&x, object("1"))];
    for action in [ActionKind::Create, ActionKind::Import] {
        check(&[], intended(1, &x, action), Ok(&[]));
        check(&there, intended(1, &x, action), Err("exists already"));
    }
    for action in [ActionKind::Update, ActionKind::Delete, ActionKind::Provision] {
        check(&there, intended(1, &x, action), Ok(&["t.x=1"]));
        check(&[], intended(1, &x, action), Err("does not exist"));
    }
    check(&[], intended(1, &x, ActionKind::Read), Ok(&[]));
    check(&there, intended(1, &x, ActionKind::Read), Ok(&["t.x=1"]));
}

#[test]
fn an_operation_is_open_once() {
    let (x, y) = (current("x"), current("y"));
    let open = [intended(1, &x, ActionKind::Create)];
    check(&open, intended(1, &y, ActionKind::Create), Err("intended already"));
    check(&open, intended(2, &x, ActionKind::Create), Err("still open"));
    check(&open, intended(2, &y, ActionKind::Create), Ok(&[]));
    check(&[], succeeded(1, &x, Some(object("1"))), Err("no open intent"));
    check(&open, succeeded(1, &y, Some(object("1"))), Err("is about t.x"));
    check(&open, succeeded(2, &x, Some(object("1"))), Err("no open intent"));
}

#[test]
fn success_stores_what_the_action_makes() {
    let x = current("x");
    for (action, some, none) in [
        (ActionKind::Create, Ok(&["t.x=2"][..]), Err("left no object")),
        (ActionKind::Import, Ok(&["t.x=2"][..]), Err("left no object")),
        (ActionKind::Read, Ok(&["t.x=2"][..]), Ok(&[][..])),
    ] {
        let open = [intended(1, &x, action)];
        check(&open, succeeded(1, &x, Some(object("2"))), some);
        check(&open, succeeded(1, &x, None), none);
    }
    for (action, some, none) in [
        (ActionKind::Update, Ok(&["t.x=2"][..]), Ok(&[][..])),
        (ActionKind::Provision, Ok(&["t.x=2"][..]), Err("left no object")),
        (ActionKind::Delete, Err("left an object"), Ok(&[][..])),
    ] {
        let open = [set(&x, object("1")), intended(1, &x, action)];
        check(&open, succeeded(1, &x, Some(object("2"))), some);
        check(&open, succeeded(1, &x, None), none);
    }
}

#[test]
fn failure_keeps_what_is_there() {
    let x = current("x");
    let create = [intended(1, &x, ActionKind::Create)];
    let update = [set(&x, object("1")), intended(1, &x, ActionKind::Update)];
    for class in [FailureClass::Rejected, FailureClass::Retryable, FailureClass::Ambiguous] {
        check(&create, failed(1, &x, class, None), Ok(&[]));
        check(&create, failed(1, &x, class, Some(object("2"))), Ok(&["t.x=2!"]));
        check(&update, failed(1, &x, class, None), Ok(&["t.x=1"]));
        check(&update, failed(1, &x, class, Some(object("2"))), Ok(&["t.x=2"]));
    }
    let rejected = failed(1, &x, FailureClass::Rejected, None);
    let ambiguous = failed(1, &x, FailureClass::Ambiguous, None);
    let again = intended(2, &x, ActionKind::Create);
    check(&[create[0].clone(), rejected], again.clone(), Ok(&[]));
    check(&[create[0].clone(), ambiguous], again, Err("still open"));
}

#[test]
fn settling_follows_what_was_found() {
    let x = current("x");
    let create = [intended(1, &x, ActionKind::Create)];
    let delete = [set(&x, object("1")), intended(1, &x, ActionKind::Delete)];
    for (how, some, none) in [
        (HowSettled::Adopted, Ok(&["t.x=2"][..]), Err("adopting no object")),
        (HowSettled::Absent, Err("absent with an object"), Ok(&[][..])),
        (HowSettled::Unchanged, Ok(&["t.x=2"][..]), Ok(&["t.x=1"][..])),
        (HowSettled::Operator, Ok(&["t.x=2"][..]), Ok(&[][..])),
    ] {
        check(&delete, settled(1, &x, how, Some(object("2"))), some);
        check(&delete, settled(1, &x, how, None), none);
    }
    check(&create, settled(1, &x, HowSettled::Unchanged, None), Ok(&[]));
    check(&create, settled(1, &x, HowSettled::Absent, None), Ok(&[]));
    check(&[], settled(1, &x, HowSettled::Absent, None), Err("no open intent"));
}

#[test]
fn moves_never_overwrite() {
    let (x, y, old) = (current("x"), current("y"), deposed("x", "00000001"));
    let moved =
        |from: &_, to: &_| Entry::ObjectMoved { from: Clone::clone(from), to: Clone::clone(to) };
    let one = [set(&x, object("1"))];
    let two = [set(&x, object("1")), set(&y, object("2"))];
    check(&one, moved(&x, &y), Ok(&["t.y=1"]));
    check(&one, moved(&x, &old), Ok(&["t.x (deposed object 00000001)=1"]));
    check(&one, moved(&x, &x), Err("is taken"));
    check(&two, moved(&x, &y), Err("is taken"));
    check(&[], moved(&x, &y), Err("does not exist"));
    let busy = [set(&x, object("1")), intended(1, &y, ActionKind::Create)];
    check(&busy, moved(&x, &y), Err("still open"));
    let busy = [set(&x, object("1")), intended(1, &x, ActionKind::Delete)];
    check(&busy, moved(&x, &y), Err("still open"));
}

#[test]
fn objects_are_set_and_forgotten() {
    let x = current("x");
    let forgotten = Entry::ObjectForgotten { address: x.clone() };
    check(&[], set(&x, object("1")), Ok(&["t.x=1"]));
    check(&[set(&x, object("1"))], set(&x, object("2")), Ok(&["t.x=2"]));
    check(&[set(&x, object("1"))], forgotten.clone(), Ok(&[]));
    check(&[], forgotten.clone(), Err("does not exist"));
    let busy = [set(&x, object("1")), intended(1, &x, ActionKind::Update)];
    check(&busy, set(&x, object("2")), Err("still open"));
    check(&busy, forgotten, Err("still open"));
}

#[test]
fn serials_count_changes_only() {
    let x = current("x");
    let output = |value: &str| Entry::OutputSet {
        name: "o".into(),
        output: Some(OutputRecord { value: raw(value), ty: raw("\"number\""), sensitive: false }),
    };
    let gone = Entry::OutputSet { name: "o".into(), output: None };
    let checks = |text: &str| Entry::ChecksSet { checks: vec![raw(text)] };
    let identity = |serial| Entry::IdentitySet { lineage: "l".to_owned(), serial };
    let cases: [(Vec<Entry>, u64); 10] = [
        (vec![set(&x, object("1"))], 1),
        (vec![set(&x, object("1")), set(&x, object("1"))], 1),
        (vec![set(&x, object("1")), set(&x, object("2"))], 2),
        (vec![intended(1, &x, ActionKind::Create)], 0),
        (vec![intended(1, &x, ActionKind::Create), succeeded(1, &x, Some(object("1")))], 1),
        (vec![output("1"), output("1"), output("2")], 2),
        (vec![output("1"), gone.clone(), gone], 2),
        (vec![checks("{}"), checks("{}"), checks("[]")], 2),
        (vec![identity(7), output("1")], 8),
        (vec![output("1"), output("2"), identity(1)], 2),
    ];
    for (entries, serial) in cases {
        let (last, before) = entries.split_last().unwrap();
        let mut state = State::default();
        for entry in &entries {
            state.apply(RunId(1), entry).unwrap();
        }
        assert_eq!(state.serial, serial, "{entries:?}");
        let memory = MemoryStore::new(TestHost::shared());
        let run = memory.begin_run("default", started(), AT).unwrap();
        memory.append("default", run, AT, before).unwrap();
        let (_, told) = memory.append("default", run, AT, std::slice::from_ref(last)).unwrap();
        assert_eq!(told, serial, "{entries:?}");
    }
    let nobody = Entry::IdentitySet { lineage: String::new(), serial: 0 };
    check(&[set(&x, object("1"))], nobody, Err("without lineage"));
}

#[test]
fn a_batch_is_taken_in_full_or_not_at_all() {
    let (x, y) = (current("x"), current("y"));
    let bad = [
        set(&y, object("2")),
        Entry::ObjectMoved { from: y.clone(), to: current("z") },
        intended(1, &y, ActionKind::Create),
        succeeded(1, &y, Some(object("3"))),
        Entry::ChecksSet { checks: vec![raw("1")] },
        finished(),
        set(&x, object("after the end")),
    ];
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("kprov.db");
    let sqlite = SqliteStore::open(path, TestHost::shared(), SqliteOptions::default()).unwrap();
    let memory = MemoryStore::new(TestHost::shared());
    let stores: [&dyn Store; 2] = [&memory, &sqlite];
    for store in stores {
        let run = store.begin_run("default", started(), AT).unwrap();
        store.append("default", run, AT, &[set(&x, object("1"))]).unwrap();
        let before = store.read("default").unwrap();
        let error = store.append("default", run, AT, &bad).unwrap_err();
        assert!(error.to_string().contains("has ended already"), "{error}");
        assert!(store.read("default").unwrap() == before, "{store:?}");
        assert_eq!(store.journal("default", Default::default()).unwrap().len(), 2);
        assert_eq!(store.ops("default", Default::default()).unwrap().len(), 0);
        assert_eq!(store.fsck().unwrap(), Vec::<String>::new());
        // The refused intent's id is free, and the run has not ended.
        store.append("default", run, AT, &[intended(1, &y, ActionKind::Create)]).unwrap();
    }
}

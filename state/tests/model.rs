//! Random runs against three implementations at once: `State::apply`, the memory store and the
//! SQLite store, closed and opened again at random moments. They must agree on what is legal, on
//! the state after it and on the logs; and every prefix of the journal must replay to the state
//! that was read at that moment.
#![allow(clippy::unwrap_used, reason = "a failed test says where")]

mod support;

use kprov_core::ObjectAddr;
use kprov_state::{
    ActionKind, Entry, FailureClass, HowSettled, LogFilter, MemoryStore, OutputRecord, RunId,
    RunOutcome, SqliteOptions, SqliteStore, State, Store, StoredObject,
};
use proptest::prelude::*;
use support::*;

#[derive(Clone, Debug)]
enum Step {
    /// Entries in one append.
    Append(Vec<Entry>),
    /// A new run begins; the former stays as it is.
    Run,
    /// The file is closed and opened again.
    Reopen,
}

fn address() -> impl Strategy<Value = ObjectAddr> {
    prop_oneof![
        4 => Just(current("a")),
        4 => Just(current("b")),
        1 => Just(deposed("a", "00000001")),
    ]
}

fn content() -> impl Strategy<Value = StoredObject> {
    (0..3_u64, any::<bool>()).prop_map(|(id, more)| {
        let mut object = object(&id.to_string());
        if more {
            object.dependencies = vec![dependency("b")];
            object.private = vec![1, 2, 3];
            object.sensitive_paths = Some(raw("[[]]"));
        }
        object
    })
}

fn maybe() -> impl Strategy<Value = Option<StoredObject>> {
    prop::option::of(content())
}

fn entry() -> impl Strategy<Value = Entry> {
    let op = || 1..6_u64;
    let action = prop::sample::select(vec![
        ActionKind::Create,
        ActionKind::Update,
        ActionKind::Delete,
        ActionKind::Provision,
        ActionKind::Import,
        ActionKind::Read,
    ]);
    let class = prop::sample::select(vec![
        FailureClass::Rejected,
        FailureClass::Retryable,
        FailureClass::Ambiguous,
    ]);
    let how = prop::sample::select(vec![
        HowSettled::Adopted,
        HowSettled::Absent,
        HowSettled::Unchanged,
        HowSettled::Operator,
    ]);
    let output = (0..3_u64).prop_map(|value| {
        let value = raw(&value.to_string());
        OutputRecord { value, ty: raw("\"number\""), sensitive: false }
    });
    prop_oneof![
        8 => (op(), address(), action).prop_map(|(op, at, action)| intended(op, &at, action)),
        6 => (op(), address(), maybe()).prop_map(|(op, at, object)| succeeded(op, &at, object)),
        2 => (op(), address(), class, maybe()).prop_map(|(op, at, class, o)| failed(op, &at, class, o)),
        2 => (op(), address(), how, maybe()).prop_map(|(op, at, how, o)| settled(op, &at, how, o)),
        4 => (address(), content()).prop_map(|(at, object)| set(&at, object)),
        1 => address().prop_map(|address| Entry::ObjectForgotten { address }),
        2 => (address(), address()).prop_map(|(from, to)| Entry::ObjectMoved { from, to }),
        1 => prop::option::of(output)
            .prop_map(|output| Entry::OutputSet { name: "o".into(), output }),
        1 => (0..2_u64).prop_map(|n| Entry::ChecksSet { checks: vec![raw(&n.to_string())] }),
        1 => (0..9_u64).prop_map(|serial| Entry::IdentitySet { lineage: "pushed".to_owned(), serial }),
        1 => Just(Entry::RunFinished { outcome: RunOutcome::Failed }),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        12 => prop::collection::vec(entry(), 1..3).prop_map(Step::Append),
        1 => Just(Step::Run),
        1 => Just(Step::Reopen),
    ]
}

/// Everything that can be asked, as text.
fn asked(store: &dyn Store) -> String {
    let filters = [
        LogFilter::default(),
        LogFilter { run: Some(RunId(1)), limit: None },
        LogFilter { run: None, limit: Some(2) },
    ];
    let mut out = format!("{:?} {:?}", store.workspaces().unwrap(), store.fsck().unwrap());
    for filter in filters {
        let runs = store.runs("default", filter.clone()).unwrap();
        let ops = store.ops("default", filter.clone()).unwrap();
        let journal = store.journal("default", filter).unwrap();
        out.push_str(&format!("\n{runs:?}\n{ops:?}\n{journal:?}"));
    }
    out
}

/// Applies all entries or none.
fn apply_all(state: &State, run: RunId, entries: &[Entry]) -> Option<State> {
    let mut next = state.clone();
    entries.iter().try_for_each(|entry| next.apply(run, entry)).ok().map(|()| next)
}

fn play(steps: Vec<Step>) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("kprov.db");
    let host = TestHost::shared();
    let open = || SqliteStore::open(&path, host.clone(), SqliteOptions::default()).unwrap();
    let mut sqlite = open();
    let mut memory = MemoryStore::new(TestHost::shared());
    let begin = |sqlite: &SqliteStore, memory: &MemoryStore| {
        let run = sqlite.begin_run("default", started(), AT).unwrap();
        assert_eq!(memory.begin_run("default", started(), AT).unwrap(), run);
        run
    };
    let mut run = begin(&sqlite, &memory);
    let lineage = sqlite.read("default").unwrap().lineage;
    let mut model = State { lineage, ..State::default() };
    let mut ended = false;
    // The state after each journal entry that ended an append.
    let mut moments = vec![(1_u64, model.clone())];
    for step in steps {
        match step {
            Step::Reopen => {
                drop(sqlite);
                sqlite = open();
                memory = memory.clone_durable();
            }
            Step::Run => {
                run = begin(&sqlite, &memory);
                ended = false;
            }
            Step::Append(entries) => {
                let by_sqlite = sqlite.append("default", run, AT, &entries);
                let by_memory = memory.append("default", run, AT, &entries);
                match (by_sqlite, by_memory) {
                    (Ok(told), Ok(same)) => {
                        assert_eq!(told, same);
                        model = apply_all(&model, run, &entries).expect("legal in both stores");
                        assert_eq!(told.1, model.serial);
                        moments.push((told.0.0, model.clone()));
                        ended |= matches!(entries.last(), Some(Entry::RunFinished { .. }));
                    }
                    (Err(one), Err(other)) => {
                        assert_eq!(one.to_string(), other.to_string());
                        // A state does not know ended operations and runs; else it agrees.
                        let known = |word| one.to_string().contains(word);
                        let history = ended || known("already") || known("ended");
                        assert!(history || apply_all(&model, run, &entries).is_none(), "{one}");
                    }
                    other => panic!("the stores disagree: {other:?}"),
                }
            }
        }
        let (one, other) = (sqlite.read("default").unwrap(), memory.read("default").unwrap());
        assert!(one == model, "{one:?}\n{model:?}");
        // Seeded alike, so that identities are the same too.
        assert!(other == model, "{other:?}\n{model:?}");
    }
    assert_eq!(asked(&sqlite), asked(&memory));
    replay_prefixes(&sqlite, &moments);
}

fn replay_prefixes(store: &dyn Store, moments: &[(u64, State)]) {
    let mut state = State { lineage: moments[0].1.lineage.clone(), ..State::default() };
    for stored in store.journal("default", LogFilter::default()).unwrap() {
        state.apply(stored.run, &stored.entry).expect("every prefix replays");
        for (_, expected) in moments.iter().filter(|(seq, _)| *seq == stored.seq.0) {
            assert!(state == *expected, "{stored:?}\n{state:?}\n{expected:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn three_implementations_agree(steps in prop::collection::vec(step(), 1..40)) {
        play(steps);
    }
}

#[test]
fn a_plain_run_is_played() {
    let a = current("a");
    play(vec![
        Step::Append(vec![intended(1, &a, ActionKind::Create)]),
        Step::Reopen,
        Step::Append(vec![succeeded(1, &a, Some(object("1")))]),
        Step::Append(vec![intended(1, &a, ActionKind::Update)]),
        Step::Append(vec![intended(2, &a, ActionKind::Update)]),
        Step::Append(vec![failed(2, &a, FailureClass::Ambiguous, None)]),
        Step::Run,
        Step::Append(vec![settled(2, &a, HowSettled::Unchanged, None), finished()]),
    ]);
}

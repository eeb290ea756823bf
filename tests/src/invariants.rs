//! What must hold after anything: DESIGN.md, "Life of an apply", as checks.

use std::collections::BTreeSet;

use kprov_core::Str;
use kprov_state::{Entry, LogFilter, State};

use crate::bench::{Bench, Wanted};

/// Right after a death (or an end): nothing that exists is unknown, nothing was done that must not
/// be, and the journal replays.
///
/// # Panics
/// When something does not hold; `story` says how it came about.
pub fn check_always(bench: &Bench, story: &str) {
    assert_eq!(bench.world.violations(), Vec::<String>::new(), "{story}");
    let state = bench.state();
    let known = known_ids(&state);
    let open = open_tokens(&state);
    for (id, thing) in bench.world.things() {
        assert!(
            known.contains(&id) || open.contains(&thing.token),
            "{story}: {id} exists, and neither the state nor an open intent knows it"
        );
    }
    check_journal(bench, story);
    check_fsck(bench, story);
}

/// What a plan would still change, one line each.
pub fn left_to_do(plan: &kprov_plan::Plan) -> Vec<String> {
    let changes = plan.changes.iter().filter(|it| it.action != kprov_plan::Action::NoOp);
    changes.map(|change| format!("{:?} {}", change.action, change.addr)).collect()
}

/// After a further undisturbed apply: the world is as wanted, and nothing is left to do.
///
/// # Panics
/// When something does not hold.
pub fn check_converged(bench: &Bench, wanted: &Wanted, story: &str) {
    check_always(bench, story);
    let state = bench.state();
    assert!(state.open.is_empty(), "{story}: an intent is still open");
    let plan = bench.plan(wanted);
    let left = left_to_do(&plan);
    assert!(!plan.applyable && left.is_empty(), "{story}: left to do: {left:?}");
    let existing: BTreeSet<String> = bench.world.things().into_keys().collect();
    assert_eq!(existing, known_ids(&state), "{story}: the world and the state differ");
    if wanted.is_destroy() {
        let left: Vec<_> = state.objects.keys().map(ToString::to_string).collect();
        assert!(left.is_empty() && state.outputs.is_empty(), "{story}: left over: {left:?}");
    }
    let deposed: Vec<_> = state.objects.keys().filter(|addr| addr.deposed.is_some()).collect();
    assert!(deposed.is_empty(), "{story}: {deposed:?}");
}

/// Ids of all managed objects.
fn known_ids(state: &State) -> BTreeSet<String> {
    let managed = |address: &kprov_core::ObjectAddr| {
        address.instance.resource.mode == kprov_core::ResourceMode::Managed
    };
    state
        .objects
        .iter()
        .filter(|(address, _)| managed(address))
        .filter_map(|(_, object)| {
            let json: serde_json::Value = serde_json::from_str(object.attributes.get()).ok()?;
            json.get("id")?.as_str().map(str::to_owned)
        })
        .collect()
}

fn open_tokens(state: &State) -> BTreeSet<Str> {
    let token = |entry: &Entry| match entry {
        Entry::Intended { token, .. } => Some(token.clone()),
        _ => None,
    };
    state.open.iter().filter_map(|open| token(&open.entry)).collect()
}

/// Every prefix of the journal gives a state.
fn check_journal(bench: &Bench, story: &str) {
    let journal = bench.store.journal("default", LogFilter::default()).expect("a journal");
    let mut state = State::default();
    for stored in &journal {
        if let Err(error) = state.apply(stored.run, &stored.entry) {
            panic!("{story}: entry {} does not replay: {error}", stored.seq.0);
        }
    }
    assert_eq!(state.objects, bench.state().objects, "{story}: the journal gives another state");
}

/// Open intents are what a death leaves; anything else is damage.
fn check_fsck(bench: &Bench, story: &str) {
    let findings = bench.store.fsck().expect("a store");
    let damage: Vec<String> =
        findings.into_iter().filter(|it| !it.contains("has no outcome")).collect();
    assert_eq!(damage, Vec::<String>::new(), "{story}");
}

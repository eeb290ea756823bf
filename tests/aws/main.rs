//! The engine on airplane in this process, by a stepped clock: processes die at every effect of an
//! apply and at every call to AWS, and AWS fails as it does. Afterwards one more apply comes to the
//! same end as one that nobody disturbed, by what the airplane holds.
//!
//! A run of the suite takes every so manieth death; `KPROV_EVERY=1 cargo test --workspace --test aws`
//! takes them all.

// Where a death comes from is for whoever reads the test's output.
#![allow(clippy::print_stderr)]

mod deaths;
mod faults;
mod grounded;
mod scenarios;
mod sky;
mod unfinished;

use kprov_state::RunOutcome;
use kprov_tests::bench::{Bench, Ended, Wanted, told};
use kprov_tests::invariants::left_to_do;
use kprov_tests::inventory::Inventory;
use kprov_tests::steps::Script;

use scenarios::Scenario;
use sky::Sky;

/// A sky and a bench, the scenario's first configuration applied.
fn prepared(scenario: &Scenario) -> (Sky, Bench) {
    let sky = Sky::new(1);
    let mut bench = sky.bench(Bench::new(7));
    if let Some(before) = scenario.prior() {
        bench.applied(&before);
    }
    (sky, bench)
}

/// An apply that ends by itself.
#[track_caller]
fn finished(bench: &mut Bench, wanted: &Wanted, script: &mut Script, story: &str) {
    match bench.apply(wanted, script) {
        Ended::Finished(outcome) => {
            let problems = told(&outcome.diagnostics);
            assert_eq!(outcome.outcome, RunOutcome::Succeeded, "{story}: {problems}");
        }
        Ended::Died(what) => panic!("{story}: died at {what}"),
    }
}

/// Nothing is left to do, and the airplane holds what it shall.
#[track_caller]
fn at_rest(sky: &Sky, bench: &Bench, wanted: &Wanted, expected: &Inventory, story: &str) {
    let state = bench.state();
    assert!(state.open.is_empty(), "{story}: an intent is still open");
    let differences = sky.inventory().differences(expected);
    assert!(differences.is_empty(), "{story}:\n{}", differences.join("\n"));
    let left = left_to_do(&bench.plan(wanted));
    assert!(left.is_empty(), "{story}: left to do: {left:?}");
    let damage = bench.store.fsck().expect("a store");
    assert_eq!(damage, Vec::<String>::new(), "{story}");
}

/// What an undisturbed apply makes, its effects, and its calls to AWS.
fn undisturbed(scenario: &Scenario, seed: u64) -> (Inventory, usize, usize) {
    let (sky, mut bench) = prepared(scenario);
    let wanted = scenario.wanted();
    let mut script = Script { seed, ..Script::default() };
    sky.doom(None);
    finished(&mut bench, &wanted, &mut script, scenario.name);
    let calls = sky.calls();
    let expected = sky.inventory();
    at_rest(&sky, &bench, &wanted, &expected, scenario.name);
    if scenario.destroy {
        let left = expected.differences(&Inventory::default());
        assert!(left.is_empty(), "{}: left: {}", scenario.name, left.join("\n"));
    }
    (expected, script.effects, calls)
}

//! Every provider call fails in every way; the run ends by itself, and the next one comes to rest.

use std::sync::Arc;

use kprov_state::{AppendFault, Entry, MemoryStore, RunOutcome};
use kprov_tests::bench::{Bench, Ended, Wanted, told};
use kprov_tests::host::CountingHost;
use kprov_tests::invariants::{check_always, check_converged};
use kprov_tests::steps::{Lie, Moment, Script};

use super::{SEEDS, prepared};
use crate::scenarios::{SCENARIOS, Scenario};

fn calls_of(scenario: &Scenario, seed: u64) -> usize {
    let mut script = Script { seed, ..Script::default() };
    prepared(scenario).apply(&scenario.wanted(), &mut script);
    script.calls
}

fn fail_and_recover(scenario: &Scenario, seed: u64, at: usize, lie: Lie) {
    let mut bench = prepared(scenario);
    let mut script = Script { seed, lie: Some((at, lie)), ..Script::default() };
    let story = format!("{} with seed {seed}, call {at} {lie:?}", scenario.name);
    let Ended::Finished(outcome) = bench.apply(&scenario.wanted(), &mut script) else {
        panic!("{story}: died");
    };
    let problems = told(&outcome.diagnostics);
    assert!(!problems.contains("s3cr3t"), "{story}: {problems}");
    match lie {
        // Tried again, or read back: as if nothing had been.
        Lie::Throttled => assert_eq!(outcome.outcome, RunOutcome::Succeeded, "{story}: {problems}"),
        Lie::Refused => assert_eq!(outcome.outcome, RunOutcome::Failed, "{story}"),
        Lie::ReplyLost | Lie::RequestLost | Lie::Misreported => {}
    }
    check_always(&bench, &story);
    assert!(bench.state().open.is_empty(), "{story}: could have been settled at once");
    let wanted = scenario.wanted();
    bench.applied(&wanted);
    check_converged(&bench, &wanted, &story);
}

#[test]
fn every_failure_is_survived() {
    for scenario in SCENARIOS {
        for seed in SEEDS {
            for at in 0..calls_of(scenario, seed) {
                for lie in [Lie::Refused, Lie::Throttled, Lie::ReplyLost, Lie::RequestLost] {
                    fail_and_recover(scenario, seed, at, lie);
                }
            }
        }
    }
}

#[test]
fn an_interrupt_at_any_effect_ends_in_order() {
    for scenario in SCENARIOS {
        for at in 0..super::effects_of(scenario, 2) {
            let mut bench = prepared(scenario);
            let mut script = Script { seed: 2, interrupt: Some(at), ..Script::default() };
            let story = format!("{} interrupted at {at}", scenario.name);
            let Ended::Finished(outcome) = bench.apply(&scenario.wanted(), &mut script) else {
                panic!("{story}: died");
            };
            assert_ne!(outcome.outcome, RunOutcome::Failed, "{story}");
            check_always(&bench, &story);
            assert!(bench.state().open.is_empty(), "{story}: somebody was not waited for");
            let wanted = scenario.wanted();
            bench.applied(&wanted);
            check_converged(&bench, &wanted, &story);
        }
    }
}

#[test]
fn failing_provisioners_taint() {
    let scenario = SCENARIOS.iter().find(|it| it.name == "provisioners").expect("there is one");
    let mut bench = prepared(scenario);
    let mut script = Script { provisioners_fail: true, ..Script::default() };
    let Ended::Finished(outcome) = bench.apply(&scenario.wanted(), &mut script) else {
        panic!("died");
    };
    assert_eq!(outcome.outcome, RunOutcome::Failed);
    let state = bench.state();
    let tainted: Vec<String> = state
        .objects
        .iter()
        .filter(|(_, object)| object.status == kprov_state::ObjectStatus::Tainted)
        .map(|(address, _)| address.to_string())
        .collect();
    assert_eq!(tainted, ["world_thing.a"]);
    assert_eq!(state.objects.len(), 1, "its dependent was not made");
    let wanted = scenario.wanted();
    bench.applied(&wanted);
    check_converged(&bench, &wanted, "after failing provisioners");
    assert_eq!(bench.world.log(), ["create a", "delete a", "create a", "create b"]);
}

fn scenario(name: &str) -> &'static Scenario {
    SCENARIOS.iter().find(|it| it.name == name).expect("a scenario of that name")
}

fn addresses(bench: &Bench) -> Vec<String> {
    bench.state().objects.keys().map(ToString::to_string).collect()
}

#[test]
fn a_replacement_that_makes_nothing_leaves_the_old_object_current() {
    let scenario = scenario("replace, create first");
    for lie in [Lie::Refused, Lie::RequestLost] {
        let mut bench = prepared(scenario);
        let before = addresses(&bench);
        let mut script = Script { lie: Some((0, lie)), ..Script::default() };
        bench.apply(&scenario.wanted(), &mut script);
        assert_eq!(addresses(&bench), before, "{lie:?}");
        assert_eq!(bench.world.log(), ["create a", "create b"], "{lie:?}");
    }
    // The same when the process died in between: settling puts it back.
    let mut bench = prepared(scenario);
    let before = addresses(&bench);
    let mut script = Script { kill: Some((0, Moment::After)), ..Script::default() };
    bench.apply(&scenario.wanted(), &mut script);
    bench.restart();
    let deposed = bench.state().objects.keys().any(|address| address.deposed.is_some());
    assert!(deposed, "the old object was set aside before the call");
    bench.applied(&Wanted::new(scenario.before.unwrap_or_default()));
    assert_eq!(addresses(&bench), before);
    assert_eq!(bench.world.log(), ["create a", "create b"]);
}

#[test]
fn a_result_other_than_planned_is_an_error_and_taints() {
    let scenario = scenario("chain");
    let mut bench = prepared(scenario);
    let mut script = Script { lie: Some((0, Lie::Misreported)), ..Script::default() };
    let Ended::Finished(outcome) = bench.apply(&scenario.wanted(), &mut script) else {
        panic!("died");
    };
    let problems = told(&outcome.diagnostics);
    assert!(problems.contains("Provider produced inconsistent result after apply"), "{problems}");
    assert!(problems.contains(".size"), "{problems}");
    assert_eq!(bench.world.log(), ["create a"], "dependents stop");
    let wanted = scenario.wanted();
    bench.applied(&wanted);
    check_converged(&bench, &wanted, "after a wrong result");
    assert_eq!(bench.world.log()[1], "delete a", "it was tainted");
}

#[test]
fn independents_go_on_after_a_failure() {
    let scenario = scenario("fan-out");
    let mut bench = prepared(scenario);
    let mut script = Script { lie: Some((1, Lie::Refused)), ..Script::default() };
    let Ended::Finished(outcome) = bench.apply(&scenario.wanted(), &mut script) else {
        panic!("died");
    };
    assert_eq!((outcome.counts.added, outcome.counts.failed, outcome.counts.skipped), (4, 1, 0));
}

#[test]
fn what_somebody_else_deleted_is_made_again() {
    for lost in ["b", "c"] {
        let scenario = scenario("chain");
        let mut bench = prepared(scenario);
        let wanted = scenario.wanted();
        bench.applied(&wanted);
        bench.world.lose(lost);
        bench.applied(&wanted);
        check_converged(&bench, &wanted, lost);
    }
    let mut bench = prepared(scenario("destroy"));
    let wanted = scenario("destroy").wanted();
    bench.world.lose("c");
    bench.applied(&wanted);
    check_converged(&bench, &wanted, "destroy of what is gone in part");
}

/// The read-back is given up because the state cannot be written; but the call itself was made.
#[test]
fn a_read_back_that_is_given_up_leaves_the_intent_open() {
    const PAIR: &str = r#"
        resource "world_thing" "a" { label = "a" }
        resource "world_thing" "b" { label = "b" }
    "#;
    let wanted = Wanted::new(PAIR);
    let mut both = 0;
    for seed in 0..60 {
        for at in 0..2 {
            let fault = |entries: &[Entry]| {
                let written = entries.iter().any(|it| matches!(it, Entry::Succeeded { .. }));
                if written { AppendFault::BeforeDurable } else { AppendFault::None }
            };
            let host = Arc::new(CountingHost::new(3));
            let store = Arc::new(MemoryStore::with_faults(host, fault));
            let mut bench = Bench::new(1).with_store(store.clone());
            let mut script = Script { seed, lie: Some((at, Lie::ReplyLost)), ..Script::default() };
            let Ended::Finished(outcome) = bench.apply(&wanted, &mut script) else {
                panic!("nothing kills it");
            };
            let story = format!("seed {seed}, call {at}");
            let made = bench.world.things().len();
            let mut bench = bench.with_store(Arc::new(store.clone_durable()));
            let open = bench.state().open.len();
            assert!(open + bench.state().objects.len() >= made, "{story}: something is lost");
            let unknown = told(&outcome.diagnostics).contains("Injected failure");
            both += usize::from(open == 2 && unknown);
            bench.applied(&wanted);
            check_converged(&bench, &wanted, &story);
        }
    }
    assert!(both > 0, "no order of effects gives a read-back up");
}

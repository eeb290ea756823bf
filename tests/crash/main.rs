//! Every scenario dies at every effect, before and after it, in several orders of effects; every
//! provider call fails in every way. Afterwards DESIGN.md's promises hold, and one more apply comes
//! to rest.

mod failures;
mod scenarios;

use kprov_tests::bench::{Bench, Ended, Wanted};
use kprov_tests::invariants::{check_always, check_converged};
use kprov_tests::steps::{Moment, Script};
use scenarios::{SCENARIOS, Scenario};

/// Orders of effects: in order with ten at once, then drawn ones with one and with two.
const SEEDS: [u64; 4] = [0, 1, 2, 3];

/// The world before the apply that is to be disturbed.
fn prepared(scenario: &Scenario) -> Bench {
    let mut bench = Bench::new(7);
    if let Some(before) = scenario.before {
        bench.applied(&Wanted::new(before));
    }
    bench
}

fn effects_of(scenario: &Scenario, seed: u64) -> usize {
    let mut script = Script { seed, ..Script::default() };
    let mut bench = prepared(scenario);
    match bench.apply(&scenario.wanted(), &mut script) {
        Ended::Finished(_) => script.effects,
        Ended::Died(what) => panic!("{}: died at {what}", scenario.name),
    }
}

fn die_and_recover(scenario: &Scenario, seed: u64, at: usize, moment: Moment) {
    let mut bench = prepared(scenario);
    let mut script = Script { seed, kill: Some((at, moment)), ..Script::default() };
    let Ended::Died(what) = bench.apply(&scenario.wanted(), &mut script) else {
        panic!("{}: effect {at} was never reached", scenario.name);
    };
    let story =
        format!("{} with seed {seed} killed {moment:?} effect {at} ({what})", scenario.name);
    bench.restart();
    check_always(&bench, &story);
    let wanted = scenario.wanted();
    bench.applied(&wanted);
    check_converged(&bench, &wanted, &story);
    if scenario.name == "provisioners" {
        for id in bench.world.things().keys() {
            let ran = bench.provisioned.contains(&format!("set up {id}"));
            assert!(ran, "{story}: {id} counts as whole and was never set up");
        }
    }
}

#[test]
fn every_death_is_survived() {
    let mut deaths = 0;
    for scenario in SCENARIOS {
        for seed in SEEDS {
            for at in 0..effects_of(scenario, seed) {
                for moment in [Moment::Before, Moment::After] {
                    die_and_recover(scenario, seed, at, moment);
                    deaths += 1;
                }
            }
        }
    }
    // So that a harness which does nothing cannot pass.
    assert!(deaths > 300, "only {deaths} deaths");
}

#[test]
fn dying_again_and_again_still_comes_to_rest() {
    for scenario in SCENARIOS {
        let mut bench = prepared(scenario);
        let wanted = scenario.wanted();
        for round in 0..200 {
            let kill = Some((round % 7, Moment::After));
            let mut script = Script { seed: round as u64, kill, ..Script::default() };
            let ended = bench.apply(&wanted, &mut script);
            bench.restart();
            check_always(&bench, scenario.name);
            if matches!(ended, Ended::Finished(_)) {
                break;
            }
        }
        bench.applied(&wanted);
        check_converged(&bench, &wanted, scenario.name);
    }
}

#[test]
fn undisturbed_runs_come_to_rest() {
    for scenario in SCENARIOS {
        for seed in SEEDS {
            let mut bench = prepared(scenario);
            let wanted = scenario.wanted();
            let mut script = Script { seed, ..Script::default() };
            let ended = bench.apply(&wanted, &mut script);
            assert!(matches!(ended, Ended::Finished(_)), "{}", scenario.name);
            check_converged(&bench, &wanted, scenario.name);
        }
    }
}

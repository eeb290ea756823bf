//! A process dies at an effect, or at a call to AWS: in the middle of what the provider does to make
//! one object.

use std::panic::{AssertUnwindSafe, catch_unwind};

use kprov_tests::bench::{Bench, Ended};
use kprov_tests::steps::{Moment, Script};

use crate::scenarios::{SCENARIOS, Scenario};
use crate::sky::{Died, Sky};
use crate::{at_rest, finished, prepared, undisturbed};

/// How many deaths there are from one that is tried to the next.
fn every(default: usize) -> usize {
    let given = std::env::var("KPROV_EVERY").ok();
    given.map_or(default, |text| text.parse().expect("KPROV_EVERY is a number"))
}

/// Another process goes on with what is durable.
fn restarted(sky: &Sky, mut bench: Bench) -> Bench {
    sky.doom(None);
    bench.restart();
    sky.bench(bench)
}

fn recover(
    sky: &Sky,
    bench: Bench,
    scenario: &Scenario,
    expected: &kprov_tests::inventory::Inventory,
    story: &str,
) {
    let mut bench = restarted(sky, bench);
    let wanted = scenario.wanted();
    finished(&mut bench, &wanted, &mut Script::default(), story);
    at_rest(sky, &bench, &wanted, expected, story);
}

/// All that goes wrong, not only the first of it.
fn collect(failures: &mut Vec<String>, work: impl FnOnce()) {
    if let Err(panic) = catch_unwind(AssertUnwindSafe(work)) {
        let text = panic.downcast_ref::<String>().cloned();
        failures.push(text.unwrap_or_else(|| "a panic without words".to_owned()));
    }
}

#[test]
fn a_process_may_die_at_every_effect() {
    let (mut deaths, mut failures) = (0, Vec::new());
    for (number, scenario) in SCENARIOS.iter().enumerate() {
        let seed = number as u64;
        let (expected, effects, _) = undisturbed(scenario, seed);
        for at in (number % every(9)..effects).step_by(every(9)) {
            for moment in [Moment::Before, Moment::After] {
                let story = format!("{}, effect {at} {moment:?}", scenario.name);
                collect(&mut failures, || {
                    let (sky, mut bench) = prepared(scenario);
                    let mut script = Script { seed, kill: Some((at, moment)), ..Script::default() };
                    let ended = bench.apply(&scenario.wanted(), &mut script);
                    assert!(matches!(ended, Ended::Died(_)), "{story}: it did not die");
                    recover(&sky, bench, scenario, &expected, &story);
                });
                deaths += 1;
            }
        }
    }
    eprintln!("{deaths} deaths at effects");
    assert!(failures.is_empty(), "{} of {deaths}:\n{}", failures.len(), failures.join("\n"));
    assert!(deaths > 30, "only {deaths} deaths");
}

#[test]
fn a_process_may_die_at_every_call() {
    let (mut deaths, mut failures) = (0, Vec::new());
    for (number, scenario) in SCENARIOS.iter().enumerate() {
        let (expected, _, calls) = undisturbed(scenario, 0);
        for at in (number % every(13)..calls).step_by(every(13)) {
            for moment in [Moment::Before, Moment::After] {
                let story = format!("{}, call {at} {moment:?}", scenario.name);
                collect(&mut failures, || {
                    let (sky, mut bench) = prepared(scenario);
                    sky.doom(Some((at, moment)));
                    let work = || bench.apply(&scenario.wanted(), &mut Script::default());
                    let death = catch_unwind(AssertUnwindSafe(work));
                    let death = death.err().unwrap_or_else(|| panic!("{story}: it did not die"));
                    assert!(death.is::<Died>(), "{story}: {:?}", death.downcast_ref::<String>());
                    recover(&sky, bench, scenario, &expected, &story);
                });
                deaths += 1;
            }
        }
    }
    eprintln!("{deaths} deaths at calls");
    assert!(failures.is_empty(), "{} of {deaths}:\n{}", failures.len(), failures.join("\n"));
    assert!(deaths > 30, "only {deaths} deaths");
}

//! AWS throttles, fails, loses answers and shows what was: an apply among that may fail, and the next
//! one without comes to the same end.

use kprov_tests::bench::{Ended, Wanted};
use kprov_tests::steps::Script;
use serde_json::json;

use crate::scenarios::{SCENARIOS, Scenario};
use crate::sky::Sky;
use crate::{at_rest, finished, undisturbed};

/// Lives for each scenario.
const SEEDS: u64 = 3;

/// What befalls calls, and how often.
fn rules() -> serde_json::Value {
    json!([
        {"effect": {"kind": "throttle"}, "probability": 0.05},
        {"effect": {"kind": "error", "code": "InternalError", "status": 500}, "probability": 0.02},
        {"effect": {"kind": "error", "code": "ServiceUnavailable", "status": 503}, "probability": 0.02},
        {"effect": {"kind": "timeout_before"}, "probability": 0.02},
        {"effect": {"kind": "timeout_after"}, "probability": 0.04},
        {"effect": {"kind": "stale_read"}, "probability": 0.03},
    ])
}

fn live(scenario: &Scenario, seed: u64, expected: &kprov_tests::inventory::Inventory) -> bool {
    let story = format!("{} among faults, seed {seed}", scenario.name);
    let sky = Sky::new(seed);
    let mut bench = sky.bench(kprov_tests::bench::Bench::new(seed));
    if let Some(before) = scenario.prior() {
        finished(&mut bench, &before, &mut Script::default(), &story);
    }
    sky.control("PUT", "faults", &rules());
    let wanted: Wanted = scenario.wanted();
    let mut script = Script { seed, ..Script::default() };
    // Refreshing among faults may refuse to plan at all; then the apply has not begun.
    let ended = match bench.apply(&wanted, &mut script) {
        Ended::Finished(outcome) => outcome.outcome == kprov_state::RunOutcome::Succeeded,
        Ended::Died(what) => panic!("{story}: died at {what}"),
    };
    sky.control("DELETE", "faults", &json!({}));
    finished(&mut bench, &wanted, &mut Script::default(), &story);
    at_rest(&sky, &bench, &wanted, expected, &story);
    ended
}

#[test]
fn faults_end_in_order() {
    let (mut whole, mut lives) = (0, 0);
    for scenario in SCENARIOS {
        let (expected, _, _) = undisturbed(scenario, 0);
        for seed in 1..=SEEDS {
            lives += 1;
            whole += usize::from(live(scenario, seed, &expected));
        }
    }
    eprintln!("{whole} of {lives} applies came through the faults");
}

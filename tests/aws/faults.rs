//! AWS throttles, fails, loses answers and shows what was: an apply among that may fail, and the next
//! one without comes to the same end.

use kprov_state::RunOutcome;
use kprov_tests::bench::{Bench, Ended, told};
use kprov_tests::inventory::Inventory;
use kprov_tests::steps::Script;
use serde_json::{Value as Json, json};

use crate::scenarios::{SCENARIOS, Scenario};
use crate::sky::Sky;
use crate::{at_rest, finished, undisturbed};

/// Lives for each scenario.
const SEEDS: u64 = 2;

/// What AWS does on a bad day.
fn harsh() -> Json {
    json!([
        {"effect": {"kind": "throttle"}, "probability": 0.05},
        {"effect": {"kind": "error", "code": "InternalError", "status": 500}, "probability": 0.02},
        {"effect": {"kind": "error", "code": "ServiceUnavailable", "status": 503}, "probability": 0.02},
        {"effect": {"kind": "timeout_before"}, "probability": 0.02},
        {"effect": {"kind": "timeout_after"}, "probability": 0.04},
        {"effect": {"kind": "stale_read"}, "probability": 0.03},
    ])
}

/// What nobody should notice: nothing is lost that was to be written.
fn mild() -> Json {
    let reads = ["Describe*", "Get*", "List*"].map(
        |action| json!({"action": action, "effect": {"kind": "timeout_after"}, "probability": 0.1}),
    );
    let others = json!([
        {"effect": {"kind": "throttle"}, "probability": 0.1},
        {"effect": {"kind": "error", "code": "ServiceUnavailable", "status": 503}, "probability": 0.05},
        {"effect": {"kind": "stale_read"}, "probability": 0.05},
    ]);
    Json::Array([&reads[..], others.as_array().expect("a list")].concat())
}

/// An apply among faults, and then one without. What the first one complained of.
fn live(scenario: &Scenario, seed: u64, rules: &Json, expected: &Inventory) -> Option<String> {
    let story = format!("{} among faults, seed {seed}", scenario.name);
    let sky = Sky::new(seed);
    let mut bench = sky.bench(Bench::new(seed));
    if let Some(before) = scenario.prior() {
        finished(&mut bench, &before, &mut Script::default(), &story);
    }
    sky.control("PUT", "faults", rules);
    let wanted = scenario.wanted();
    let mut script = Script { seed, ..Script::default() };
    let complaint = match bench.apply(&wanted, &mut script) {
        Ended::Finished(outcome) => {
            let failed = outcome.outcome != RunOutcome::Succeeded;
            failed.then(|| format!("{story}: {}", told(&outcome.diagnostics)))
        }
        Ended::Died(what) => panic!("{story}: died at {what}"),
    };
    sky.control("DELETE", "faults", &json!({}));
    finished(&mut bench, &wanted, &mut Script::default(), &story);
    at_rest(&sky, &bench, &wanted, expected, &story);
    complaint
}

fn lives(rules: &Json) -> Vec<String> {
    let mut complaints = Vec::new();
    for scenario in SCENARIOS {
        let (expected, _, _) = undisturbed(scenario, 0);
        let lives = 1..=SEEDS;
        complaints.extend(lives.filter_map(|seed| live(scenario, seed, rules, &expected)));
    }
    complaints
}

#[test]
fn a_bad_day_ends_in_order() {
    let complaints = lives(&harsh());
    // So that a harness which does nothing cannot pass.
    assert!(!complaints.is_empty(), "no fault struck");
    eprintln!("{} applies failed among faults:\n{}", complaints.len(), complaints.join("\n"));
}

#[test]
fn what_passes_is_waited_for() {
    let complaints = lives(&mild());
    assert!(complaints.is_empty(), "{}", complaints.join("\n"));
}

//! Where the time of an apply went, as its operation log tells.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value as Json;

use super::laptop::Laptop;

/// So many of the operations that took longest are told.
const TOLD: usize = 12;

struct Operation {
    address: String,
    began: SignedDuration,
    ended: SignedDuration,
}

fn time(json: &Json) -> Timestamp {
    json.as_str().and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("a time: {json}"))
}

/// Tells of the last run. When the API answered through the load balancer and all masters were there is what the issue asks for.
pub(super) fn tell_of_last_run(laptop: &Laptop) {
    let shown = laptop.kprov("op show -json");
    let shown: Json = serde_json::from_str(&shown).expect("JSON");
    let began = time(&shown["run"]["started"]);
    let since = |json: &Json| time(json).duration_since(began);
    let all = shown["operations"].as_array().expect("operations").iter();
    let mut all: Vec<Operation> = all
        .map(|it| Operation {
            address: it["address"].as_str().expect("an address").to_owned(),
            began: since(&it["started"]),
            ended: since(&it["finished"]),
        })
        .collect();
    let at = |address: &str| {
        let found = all.iter().find(|it| it.address == address);
        found.unwrap_or_else(|| panic!("no operation of {address}")).ended
    };
    let (ready, end) = (at("kubernetes_ready.masters"), since(&shown["run"]["finished"]));
    let first = all.iter().map(|it| it.began).min().unwrap_or_default();
    eprintln!(
        "{} operations: planned in {first:.1?}, API ready after {ready:.1?}, ended after {end:.1?}",
        all.len()
    );
    all.sort_by_key(|it| it.began - it.ended);
    for it in all.iter().take(TOLD) {
        let took = it.ended - it.began;
        let [took, from, to] = [took, it.began, it.ended].map(|it| it.as_secs_f64());
        eprintln!("  {took:6.1} s, from {from:5.1} to {to:5.1}: {}", it.address);
    }
}

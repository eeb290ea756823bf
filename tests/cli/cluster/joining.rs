//! Many machines join at once: each asks for a certificate by the bootstrap token, the cluster approves and signs it, and the
//! machine's Node is Ready. `KPROV_CLUSTER_NODES` says how many: every machine is a `kprov node` and a kwok, and what they take
//! is told.

use std::collections::BTreeSet;
use std::time::Instant;

use serde_json::Value as Json;

use super::laptop::Laptop;

const COUNT: &str = "KPROV_CLUSTER_NODES";
/// Without the variable: a hundred nodes, with those before.
const MANY: usize = 98;
/// Those of the example, which were there before.
const BEFORE: usize = 2;

pub(super) fn many_machines_join(laptop: &Laptop) {
    let count = std::env::var(COUNT).map_or(MANY, |text| text.parse().expect("a number of nodes"));
    let pools = format!(
        r#"workers = {{
  general = {{ min_size = {BEFORE}, max_size = 4, desired_capacity = {BEFORE}, runtime = "kwok" }}
  many    = {{ min_size = 0, max_size = {count}, desired_capacity = {count}, runtime = "kwok" }}
}}
"#
    );
    laptop.place.write("many.auto.tfvars", pools);
    let begun = Instant::now();
    laptop.kprov("apply -airplane -auto-approve");
    let took = begun.elapsed().as_secs_f64();
    // Ready means ready: nothing is waited for here.
    let ready: BTreeSet<String> = laptop.objects("nodes").iter().filter_map(ready).collect();
    assert_eq!(ready.len(), count + BEFORE, "{ready:?}");
    let joined: BTreeSet<String> = laptop.objects("csr").iter().filter_map(joined).collect();
    let strange: Vec<_> = ready.difference(&joined).collect();
    assert!(strange.is_empty(), "did not join by the token: {strange:?}");
    let (processes, megabytes) = taken(laptop);
    eprintln!(
        "{count} machines joined in {took:.1} s; workers are {processes} processes in {megabytes} MB"
    );
}

fn ready(node: &Json) -> Option<String> {
    let conditions = node["status"]["conditions"].as_array()?;
    let ready = conditions.iter().any(|it| it["type"] == "Ready" && it["status"] == "True");
    ready.then(|| node["metadata"]["name"].as_str().map(str::to_owned))?
}

/// The node whose certificate was asked for by a bootstrap token, approved and issued.
fn joined(request: &Json) -> Option<String> {
    let conditions = request["status"]["conditions"].as_array()?;
    let approved = conditions.iter().any(|it| it["type"] == "Approved");
    let by_token = request["spec"]["username"].as_str()?.starts_with("system:bootstrap:");
    let issued = request["status"]["certificate"].is_string();
    // kprov-NODE-KEY
    let name = request["metadata"]["name"].as_str()?.strip_prefix("kprov-")?.rsplit_once('-')?.0;
    (approved && by_token && issued).then(|| name.to_owned())
}

/// Processes of workers, and the memory that they have for themselves or their part of what they share.
fn taken(laptop: &Laptop) -> (usize, u64) {
    let (mut processes, mut kilobytes) = (0, 0);
    for machine in laptop.machines().iter().filter(|it| it.status["role"] == "worker") {
        let components = machine.status["components"].as_array().into_iter().flatten();
        let pids = components.map(|it| &it["pid"]).chain([&machine.status["pid"]]);
        for pid in pids.filter_map(Json::as_u64) {
            let rollup = std::fs::read_to_string(format!("/proc/{pid}/smaps_rollup"));
            let rollup = rollup.unwrap_or_default();
            let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"));
            let size = line.and_then(|it| it.split_whitespace().next()?.parse::<u64>().ok());
            processes += 1;
            kilobytes += size.unwrap_or_default();
        }
    }
    (processes, kilobytes / 1024)
}

//! Two masters on this machine, by their documents and a PKI that kprov itself wrote: how they stand, a snapshot, a restore,
//! leaving.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::Value as Json;

use super::MASTER;
use crate::place::Place;
use crate::program::Running;

/// Nothing that is waited for takes as long, on a machine that does other things as well.
const PATIENCE: Duration = Duration::from_secs(240);

const PKI: &str = r#"
resource "pki_kubernetes" "demo" { cluster_name = "demo" }
locals { pki = pki_kubernetes.demo }
resource "local_sensitive_file" "tree" {
  for_each = toset(concat(local.pki.master_paths, local.pki.worker_paths, local.pki.public_paths))
  filename = "${path.module}/pki/${each.value}"
  content  = local.pki.tree[each.value]
}
"#;

/// The directory of etcd and Kubernetes; without it the test says so and tests nothing.
fn programs(test: &str) -> Option<PathBuf> {
    if let Some(directory) = std::env::var_os("KPROV_PEERS_BIN") {
        return Some(directory.into());
    }
    let required = std::env::var("KPROV_PEERS").is_ok_and(|it| it == "required");
    assert!(!required, "{test} needs KPROV_PEERS_BIN, the directory of etcd and Kubernetes");
    eprintln!("NOT TESTED: {test}: KPROV_PEERS_BIN names no directory of etcd and Kubernetes");
    None
}

/// A place with a PKI and the documents `a.yaml` and `b.yaml`.
fn two_masters(programs: &std::path::Path) -> Place {
    let place = Place::new(PKI);
    place.applied();
    let root = place.path("").display().to_string();
    let (a, b) = (super::address(), super::address());
    let members = format!("members: [{{name: a, address: {a}}}, {{name: b, address: {b}}}]");
    let document = MASTER
        .replace("members: [{name: a, address: OWN_ADDRESS}]", &members)
        .replace("demo.example", &a)
        .replace("ROOT/bin", &programs.display().to_string())
        .replace("ROOT", root.trim_end_matches('/'));
    let further = "apiServer: {shutdownDelay: 1s}\nkubelet: {runtime: kwok}\n";
    let document = format!("{document}{further}");
    place.write("a.yaml", document.replace("OWN_ADDRESS", &a));
    let other = document.replace("name: a, address: OWN_ADDRESS", "name: b, address: OWN_ADDRESS");
    let other = other.replace("OWN_ADDRESS", &b).replace("/node\n", "/node-b\n");
    place.write("b.yaml", other);
    place
}

fn await_ready(place: &Place, directory: &str) -> Json {
    let begun = Instant::now();
    loop {
        let line = format!("node status -json -directory {directory}");
        let output = place.kprov(&line);
        if output.code == Some(0) {
            return output.succeeds().json();
        }
        assert!(begun.elapsed() < PATIENCE, "{directory} is never ready: {output:?}");
        std::thread::park_timeout(Duration::from_millis(300));
    }
}

/// Ends it by SIGTERM, as systemd does.
fn ends(mut node: Running) {
    node.signal("TERM");
    assert!(node.ends_within(PATIENCE), "it does not end");
    node.finish().succeeds();
}

#[test]
fn nodes_say_how_they_stand_are_snapshot_leave_and_are_restored() {
    let Some(programs) = programs("nodes by their commands") else { return };
    let place = two_masters(&programs);
    let mut a = place.start(&["node", "up", "-document", "a.yaml"]);
    let stands = await_ready(&place, "node");
    assert_eq!(stands["role"], "master");
    assert_eq!(
        (&stands["etcd"]["voter"], &stands["running"]),
        (&Json::Bool(true), &Json::Bool(true))
    );
    assert_eq!(stands["certificates"].as_array().map(Vec::len), Some(11));
    a.await_complaint("node: is ready");
    let told = place.kprov("node status -directory node").succeeds();
    told.says(&["master a of demo at 127.79.", ": serves", "voter", "kube-apiserver: ready"]);

    // The last voter does not leave, and serves on.
    place.kprov("node leave -directory node").fails(&["It is the last voter", "SIGTERM"]);
    place.kprov("node status -directory node").succeeds();
    place.kprov("node up -document a.yaml").fails(&["A node runs here"]);
    place.kprov("node restore -document a.yaml -from s.db").fails(&["A node runs here"]);

    let said = place.kprov("node snapshot -directory node -to s.db").succeeds();
    said.says(&[" bytes to s.db."]);
    let nowhere = place.kprov("node snapshot -directory node -to nowhere/s.db");
    nowhere.fails(&["nowhere/s", "No such file"]);

    let mut b = place.start(&["node", "up", "-document", "b.yaml"]);
    await_ready(&place, "node-b");
    place
        .kprov("node restore -document b.yaml -directory other -from s.db")
        .fails(&["its etcd still runs"]);
    place.run(&["node", "leave", "-directory", "node-b"]).succeeds().says(&["It left the cluster"]);
    assert!(b.ends_within(PATIENCE), "it ended with leaving");
    b.finish().succeeds();
    place.kprov("node status -directory node-b").exits(2).says(&["does not run"]);
    ends(a);

    let out = place.kprov("node restore -document a.yaml -from s.db").succeeds();
    out.says(&["Restored", "Start the node here", "On every other master"]);
    assert_eq!(std::fs::read_dir(place.path("node/aside")).expect("old data").count(), 1);
    let a = place.start(&["node", "up", "-document", "a.yaml"]);
    let again = await_ready(&place, "node");
    assert_ne!(again["etcd"]["cluster"], stands["etcd"]["cluster"]);
    ends(a);
}

//! `kprov node ...` as its users meet it: documents that are right and wrong, user data out of them, and what a machine
//! says where no node runs. A node at work is in [`live`].

mod live;

use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value as Json;

use crate::place::Place;

/// A master that could work here.
pub(crate) const MASTER: &str = "\
apiVersion: kprov.dev/v1alpha1
kind: Node
role: master
cluster: {name: demo, endpoint: 'https://demo.example:6443'}
identity: {from: static, name: a, address: OWN_ADDRESS}
peers: {from: static, members: [{name: a, address: OWN_ADDRESS}]}
secrets: {from: directory, path: ROOT/pki}
claims: {from: directory, path: ROOT/claims}
versions: {kubernetes: 1.36.3, etcd: 3.6.16}
binaries: {directory: ROOT/bin}
directory: ROOT/node
";

/// An address that no other node has: those of other tests listen on the same ports, and tests may run twice at once.
pub(crate) fn address() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(1);
    let number = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("127.79.{}.{number}", 1 + std::process::id() % 250)
}

/// A place with this document, whose paths are below it.
fn with(document: &str) -> Place {
    let place = Place::empty();
    let document = document.replace("OWN_ADDRESS", &address());
    let root = place.path("").display().to_string();
    place.write("node.yaml", document.replace("ROOT", root.trim_end_matches('/')));
    place
}

#[test]
fn a_document_that_is_right_is_said_to_be() {
    let place = with(MASTER);
    let said = place.kprov("node validate node.yaml").succeeds();
    said.says(&["node.yaml is a document of a master of the cluster demo."]);
    let mut command = place.command(&["node", "validate", "-"]);
    command.stdin(std::fs::File::open(place.path("node.yaml")).expect("a file"));
    let said = crate::program::Running::start(command).finish().succeeds();
    said.says(&["a document of a master of the cluster demo."]);
}

#[test]
fn all_that_is_wrong_with_a_document_is_told_at_its_lines() {
    let wrong = MASTER.replace("role: master", "role: boss").replace("1.36.3", "'1.36'");
    let place = with(&wrong);
    place.kprov("node validate node.yaml").fails(&[
        "node.yaml: line 3, column 7",
        "master or worker",
        "line 9",
        "\"1.36\" is no version",
    ]);
}

#[test]
fn a_document_of_a_newer_version_is_refused_by_every_command_and_nothing_is_left() {
    let place = with(&MASTER.replace("v1alpha1", "v2"));
    let before = place.content();
    let lines = [
        "node validate node.yaml",
        "node up -document node.yaml",
        "node render -cloud-init node.yaml",
        "node restore -document node.yaml -from x.db",
    ];
    for line in lines {
        place.kprov(line).fails(&["\"kprov.dev/v2\"", "knows kprov.dev/v1alpha1", "newer kprov"]);
    }
    assert_eq!(place.content(), before);
}

#[test]
fn what_is_no_document_is_told_plainly() {
    let place = with("{ no: [yaml");
    place.kprov("node validate node.yaml").fails(&["The node document is wrong"]);
    place.kprov("node validate nothing.yaml").fails(&["nothing.yaml", "No such file"]);
    place.write("picture.yaml", [0xff, 0xfe, 0x00]);
    place.kprov("node validate picture.yaml").fails(&["picture.yaml is no text"]);
    place.kprov("node up -document nothing.yaml").fails(&["nothing.yaml"]);
    // Without a document there is nothing to say but how it is used.
    place.kprov("node up").exits(1).complains(&["-document"]);
    place.write("user-data", "#!/bin/sh\necho\n");
    place.kprov("node up -user-data user-data").fails(&["no node document in the user data"]);
}

#[test]
fn what_is_rendered_is_read_back_and_names_its_programs_sum() {
    let place = with(MASTER);
    let sum = "0".repeat(64);
    let program = format!("-program-url https://x.example/kprov -program-sha256 {sum}");
    for kind in ["-cloud-init", "-ignition"] {
        let made = place.kprov(&format!("node render {kind} {program} node.yaml")).succeeds();
        assert!(made.stderr.is_empty(), "{made}");
        place.write("user-data", &made.stdout);
        // The document is in it: what it lacks here is told of it.
        place.kprov("node up -user-data user-data").fails(&["There is no", "bin/etcd"]);
    }
    let ignition = place.kprov("node render -ignition node.yaml").succeeds();
    let json: Json = ignition.json();
    assert_eq!(json["ignition"]["version"], "3.4.0");
    let cloud = place.kprov("node render -cloud-init node.yaml").succeeds();
    assert!(cloud.stdout.starts_with("#cloud-config\n"), "{cloud}");
}

#[test]
fn what_cannot_be_rendered_is_refused() {
    let place = with(MASTER);
    place.kprov("node render node.yaml").fails(&["-cloud-init and -ignition"]);
    place
        .kprov("node render -cloud-init -ignition node.yaml")
        .fails(&["-cloud-init and -ignition"]);
    let bad = "node render -ignition -program-url https://x/y -program-sha256 abc node.yaml";
    place.kprov(bad).fails(&["64 hexadecimal digits"]);
    let sum = "0".repeat(64);
    let odd = format!(
        "node render -ignition -program-url https://x/$(y) -program-sha256 {sum} node.yaml"
    );
    place.kprov(&odd).fails(&["no plain URL"]);
    place.kprov("node render -cloud-init -program-url https://x/y node.yaml").exits(1);
    // EC2 takes 16 KB; what is random cannot be packed.
    let mut draw = crate::draw::Draw(7);
    let noise: String = (0..20_000).map(|_| char::from(b'!' + 1 + draw.below(90) as u8)).collect();
    let noise = noise.replace(['\\', '"'], "x");
    let place = with(&format!("{MASTER}files: [{{path: /x, content: \"{noise}\"}}]\n"));
    place.kprov("node render -cloud-init node.yaml").fails(&["too large", "16384"]);
}

#[test]
fn where_no_node_ever_ran_every_command_says_so() {
    let place = Place::empty();
    let lines = ["node status", "node status -json", "node snapshot -to s.db"];
    for line in lines {
        place.kprov(&format!("{line} -directory nowhere")).fails(&[
            "No node ran here",
            "nowhere/status.json",
            "kprov node up",
        ]);
    }
    place.kprov("node leave -directory nowhere").fails(&["No node runs in nowhere"]);
    assert!(!place.has("nowhere") && !place.has("s.db"));
}

#[test]
fn programs_that_are_missing_are_named_before_a_secret_is_fetched() {
    let place = with(MASTER);
    place.kprov("node up -document node.yaml").fails(&["There is no", "bin/etcd", "artifacts"]);
    assert!(!place.has("node/tree"));
    // The status is what it was last.
    let told = place.kprov("node status -json -directory node").exits(2).json();
    assert_eq!((&told["running"], &told["ready"]), (&Json::Bool(false), &Json::Bool(false)));
    place.kprov("node status -directory node").exits(2).says(&["master a of demo", "does not run"]);
    place.kprov("node snapshot -directory node -to s.db").fails(&["No node runs in node"]);
}

#[test]
fn artifacts_that_cannot_be_had_are_told_with_what_was_wrong_with_each_url() {
    let names = ["etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler"];
    let sum = "0".repeat(64);
    let artifacts: Vec<String> = names
        .map(|name| {
            format!("{{name: {name}, sha256: '{sum}', urls: ['http://127.0.0.1:1/x', 'file://ROOT/node.yaml']}}")
        })
        .to_vec();
    let artifacts = format!("{{artifacts: [{}]}}", artifacts.join(", "));
    let document = MASTER.replace("{directory: ROOT/bin}", &artifacts);
    let place = with(&document);
    place.kprov("node up -document node.yaml").fails(&[
        "The artifact etcd cannot be had",
        "http://127.0.0.1:1/x: no connection",
        "have the SHA-256",
        &sum,
        "Nothing of it was kept",
    ]);
    assert_eq!(std::fs::read_dir(place.path("node/cache")).expect("a cache").count(), 0);
    // Who takes snapshots needs what restores them.
    let snapshots = "etcd: {snapshots: {to: {from: directory, path: /s}}}\n";
    let place = with(&format!("{document}{snapshots}"));
    place
        .kprov("node validate node.yaml")
        .fails(&["no artifact etcdutl, which restores snapshots"]);
}

#[test]
fn a_restore_that_is_no_masters_or_of_nothing_is_refused() {
    let place = with(MASTER);
    place.write("bin/etcdutl", "");
    place.kprov("node restore -document node.yaml -from nothing.db").fails(&[
        "The snapshot is not restored",
        "nothing.db",
        "No such file",
    ]);
    place.write("text.db", "no snapshot");
    place
        .kprov("node restore -document node.yaml -from text.db")
        .fails(&["text.db is no snapshot of etcd", "11 bytes"]);
    assert!(!place.has("node/etcd") && !place.has("claims"));
    let worker = MASTER.replace("role: master", "role: worker");
    let place = with(&worker);
    place
        .kprov("node restore -document node.yaml -from text.db")
        .fails(&["a worker, which has no etcd"]);
}

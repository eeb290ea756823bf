//! The real kubelet as judge of its flags and its configuration, without a container runtime: it must get as far as asking for
//! one. `KPROV_KUBELET` names the program; README.md says how to build it. Where it is not said nothing is tested, and that is told.

#![allow(clippy::print_stderr, reason = "what was not tested is told there")]

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::binaries::Programs;
use crate::document::Document;
use crate::layout::Layout;
use crate::testing;

use super::{Invocation, Setting, config, worker, worker_config};

fn kubelet() -> Option<PathBuf> {
    let found = std::env::var_os("KPROV_KUBELET").map(PathBuf::from);
    if found.is_none() {
        eprintln!("NOT TESTED: KPROV_KUBELET names no kubelet");
    }
    found
}

/// A worker's directory with all that its kubelet reads, and how it is called.
fn prepared(root: &Path, labels: &str) -> Invocation {
    let text = testing::MASTER.replace("role: master", "role: worker");
    let text = text.replace("/var/lib/kprov", &root.display().to_string());
    let kubelet = format!("kubelet: {{labels: {{{labels}}}, taints: ['k=v:NoSchedule']}}\n");
    let document = Document::parse(&format!("{text}{kubelet}")).unwrap();
    let (facts, layout) = (testing::facts(), Layout::new(&document.directory));
    let binaries = Programs::in_directory(Path::new("/opt/bin"));
    let setting =
        Setting { document: &document, facts: &facts, layout: &layout, binaries: &binaries };
    let tree = testing::tree(1);
    let write = |path: PathBuf, text: &str| {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    for (path, text) in &tree.0 {
        write(layout.in_tree(path), text);
    }
    // Any certificate with its key: nobody is there to look at it.
    write(layout.certificate("kubelet"), tree.get("kubernetes-ca/cert.pem").unwrap());
    write(layout.key("kubelet"), tree.get("kubernetes-ca/key.pem").unwrap());
    let user = config::kubeconfig(setting, "https://127.0.0.1:1", "system:node:a", "kubelet");
    write(layout.config("kubelet.kubeconfig"), &user);
    for (name, text) in worker_config::of_worker(setting, "/etc/resolv.conf") {
        // Where this test runs there may be cgroups of version 1 only; machines have version 2.
        write(layout.config(name), &text.replacen('{', "{\"failCgroupV1\": false,", 1));
    }
    let mut parts = worker(setting).into_iter();
    parts.find(|(name, _)| *name == "kubelet").unwrap().1
}

fn said(program: &Path, arguments: &[String]) -> String {
    let output = Command::new("timeout").arg("60").arg(program).args(arguments).output().unwrap();
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn the_real_kubelet_takes_its_flags_and_configuration() {
    let Some(program) = kubelet() else { return };
    let dir = tempfile::tempdir().unwrap();
    let invocation = prepared(dir.path(), "a: b, node.kubernetes.io/pool: p");
    let text = said(&program, &invocation.arguments);
    assert!(text.contains("validate CRI v1 runtime API for endpoint"), "{text}");
    assert!(text.contains(&dir.path().join("run/containerd.sock").display().to_string()), "{text}");
    // It only warns of what it does not know.
    assert!(!text.contains("strict decoding"), "{text}");
    assert!(!text.to_lowercase().contains("deprecated"), "{text}");

    // And it would have said what is wrong.
    let path = dir.path().join("config/kubelet.yaml");
    let right = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, right.replace("readOnlyPort", "readOnlyPrt")).unwrap();
    let text = said(&program, &invocation.arguments);
    assert!(text.contains("strict decoding error") && text.contains("readOnlyPrt"), "{text}");
    std::fs::write(&path, right.replace("\"80s\"", "\"180s\"")).unwrap();
    let text = said(&program, &invocation.arguments);
    assert!(text.contains("must be <= shutdownGracePeriod"), "{text}");
}

/// The list of labels in `document::labels` is the kubelet's.
#[test]
fn the_real_kubelet_refuses_labels_that_documents_refuse() {
    let Some(program) = kubelet() else { return };
    let dir = tempfile::tempdir().unwrap();
    let mut invocation = prepared(dir.path(), "topology.kubernetes.io/zone: z");
    assert!(!said(&program, &invocation.arguments).contains("failed to validate kubelet flags"));
    let labels = invocation.arguments.iter_mut().find(|it| it.starts_with("--node-labels="));
    *labels.unwrap() = "--node-labels=node-role.kubernetes.io/worker=".to_owned();
    let text = said(&program, &invocation.arguments);
    assert!(text.contains("failed to validate kubelet flags"), "{text}");
    let listed = text.split("specifically allowed set (").nth(1).unwrap().split(')').next();
    for label in listed.unwrap().split(", ") {
        let text = format!("{}kubelet: {{labels: {{{label}: x}}}}\n", testing::MASTER);
        assert!(Document::parse(&text).is_ok(), "a kubelet may say {label} of itself");
    }
}

//! Edges between rooms go one way (docs/architecture.md). A new edge is a design decision: it is
//! added here, and said there.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// Crate, and the workspace crates it may depend on.
const ALLOWED: &[(&str, &[&str])] = &[
    ("kprov-core", &[]),
    ("kprov-lang", &["kprov-core"]),
    ("kprov-provider", &["kprov-core"]),
    ("kprov-state", &["kprov-core"]),
    ("kprov-plan", &["kprov-core", "kprov-lang", "kprov-provider", "kprov-rotation"]),
    ("kprov-rotation", &["kprov-core", "kprov-provider"]),
    ("kprov-apply", &["kprov-core", "kprov-plan", "kprov-provider", "kprov-rotation", "kprov-state"]),
    (
        "kprov-ops",
        &[
            "kprov-core",
            "kprov-lang",
            "kprov-pki",
            "kprov-plan",
            "kprov-apply",
            "kprov-provider",
            "kprov-rotation",
            "kprov-state",
        ],
    ),
    (
        "kprov",
        &[
            "kprov-core",
            "kprov-lang",
            "kprov-plan",
            "kprov-apply",
            "kprov-ops",
            "kprov-provider",
            "kprov-state",
            "kprov-airplane",
            "kprov-provider-aws",
            "kprov-provider-builtin",
            "kprov-provider-local",
            "kprov-provider-null",
            "kprov-provider-random",
            "kprov-node",
            "kprov-pki",
            "kprov-provider-kubernetes",
            "kprov-provider-node",
            "kprov-provider-pki",
            "kprov-provider-tls",
        ],
    ),
    ("kprov-airplane", &[]),
    ("kprov-pki", &[]),
    ("kprov-node", &["kprov-pki"]),
    ("kprov-provider-kubernetes", &["kprov-provider", "kprov-core"]),
    ("kprov-provider-node", &["kprov-provider", "kprov-core", "kprov-node"]),
    ("kprov-provider-pki", &["kprov-provider", "kprov-core", "kprov-pki"]),
    ("kprov-provider-tls", &["kprov-provider", "kprov-core", "kprov-pki"]),
    ("kprov-provider-aws", &["kprov-provider", "kprov-core"]),
    ("kprov-provider-builtin", &["kprov-provider", "kprov-core"]),
    ("kprov-provider-local", &["kprov-provider", "kprov-core"]),
    ("kprov-provider-null", &["kprov-provider", "kprov-core"]),
    ("kprov-provider-random", &["kprov-provider", "kprov-core"]),
    ("xtask", &["kprov-lang"]),
];

/// External crates that only some rooms may use: the manifest keeps them out of the others.
const KEPT_OUT: &[(&str, &[&str])] = &[
    (
        "tokio",
        &[
            "kprov-apply",
            "kprov-ops",
            "kprov",
            "kprov-provider-aws",
            "kprov-provider-kubernetes",
            "kprov-provider-tls",
            "kprov-airplane",
            "kprov-node",
        ],
    ),
    ("rusqlite", &["kprov-state", "kprov-airplane"]),
    ("hyper", &["kprov-airplane", "kprov-node"]),
    ("aws-sdk-ec2", &["kprov-provider-aws", "kprov-node"]),
    ("kube", &["kprov-provider-kubernetes"]),
    ("p256", &["kprov-pki"]),
    ("rcgen", &["kprov-pki"]),
    ("hcl-edit", &["kprov-lang"]),
    ("petgraph", &["kprov-plan"]),
    ("clap", &["kprov"]),
];

/// Crates outside the product, which may use anything: cross-crate suites and examples.
const FREE: &[&str] = &["kprov-tests", "kprov-example-embed"];

fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version", "1", "--offline"])
        .current_dir(crate::shell::root())
        .output()
        .expect("cargo metadata runs");
    let metadata: serde_json::Value =
        serde_json::from_slice(&output.stdout).expect("cargo metadata prints JSON");
    let packages = metadata["packages"].as_array().expect("packages");
    let name = |value: &serde_json::Value| value["name"].as_str().expect("a name").to_owned();
    packages
        .iter()
        .map(|package| {
            let normal = package["dependencies"]
                .as_array()
                .expect("dependencies")
                .iter()
                .filter(|dependency| dependency["kind"].is_null())
                .map(name)
                .collect();
            (name(package), normal)
        })
        .collect()
}

#[test]
fn crates_depend_only_where_the_architecture_allows() {
    let mut wrong = Vec::new();
    for (package, uses) in dependencies() {
        if FREE.contains(&package.as_str()) {
            continue;
        }
        let Some((_, allowed)) = ALLOWED.iter().find(|(name, _)| *name == package) else {
            wrong.push(format!("{package} is not in the table of rooms"));
            continue;
        };
        for dependency in uses {
            let room = ALLOWED.iter().any(|(name, _)| *name == dependency);
            if room && !allowed.contains(&dependency.as_str()) {
                wrong.push(format!("{package} must not depend on {dependency}"));
            }
            let kept_out = KEPT_OUT.iter().find(|(name, _)| *name == dependency);
            if kept_out.is_some_and(|(_, users)| !users.contains(&package.as_str())) {
                wrong.push(format!("{dependency} must stay out of {package}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

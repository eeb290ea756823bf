//! Schema of `kubernetes_ready`.

use std::sync::LazyLock;

use kprov_core::{Path, Type, Value};
use kprov_provider::{
    Attribute, AttributeError, Block, Creation, ResourceSchema, Schema, attribute,
};

use crate::namespace::timeouts;
use crate::typed::validate_timeouts;

pub(crate) static SCHEMA: LazyLock<ResourceSchema> = LazyLock::new(schema);

fn schema() -> ResourceSchema {
    let count = |default: i64| Attribute::new(Type::Number).default(Value::int(default));
    let texts = || Attribute::new(Type::list(Type::String));
    let map = || Attribute::new(Type::map(Type::String)).optional();
    let tree = |text: &str| Attribute::new(Type::String).optional().describe(text);
    let mut block = Block::of("Waits until a cluster is of use. Nothing is made.", [
        ("id", Attribute::new(Type::String).computed().describe("The URL of the API.")),
        ("answers", count(3).describe("So many times in a row /readyz must answer well.")),
        ("masters", count(0).describe("So many masters must be voters of etcd and healthy, and no other master otherwise.")),
        ("nodes", count(0).describe("At least so many nodes must be Ready.")),
        ("node_selector", map().describe("Labels of the nodes that count.")),
        (
            "system_pods",
            Attribute::new(Type::Bool)
                .default(false.into())
                .describe("Must all pods of priority system-cluster-critical and system-node-critical be Ready?"),
        ),
        (
            "system_namespaces",
            texts()
                .default(Value::list(Type::String, vec!["kube-system".into()]))
                .describe("Namespaces of these pods."),
        ),
        ("master_tree", tree("Every master must run with this PKI tree: master_tree_hash of pki_kubernetes.")),
        (
            "node_tree",
            tree("No node that is Ready may run with another PKI tree, and only those with this one count: worker_tree_hash of pki_kubernetes."),
        ),
        ("triggers", map().describe("Waits anew when one of them changes.")),
        ("version", Attribute::new(Type::String).computed().describe("Of the API server: v1.36.3")),
        ("node_names", texts().computed().describe("Nodes that are Ready, sorted.")),
        ("members", texts().computed().describe("Masters that are voters of etcd and healthy, sorted.")),
    ]);
    block.blocks.insert("timeouts".into(), timeouts(&["create", "update"]));
    ResourceSchema { schema: Schema { version: 0, block }, creation: Creation::Local }
}

pub(crate) fn validate(config: &Value) -> Vec<AttributeError> {
    let mut problems = validate_timeouts(config);
    for (name, least) in [("answers", 1), ("masters", 0), ("nodes", 0)] {
        let value = attribute(config, name);
        let number = value.as_number();
        if number.is_some_and(|number| number.to_i64().is_none_or(|number| number < least)) {
            let message = format!("{name} must be a whole number of {least} or more.");
            problems.push(AttributeError::new(Path::attribute(name), "Invalid number", message));
        }
    }
    problems
}

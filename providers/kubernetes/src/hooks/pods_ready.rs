//! `pods_ready`: there are pods on the machine, those that the block selects, and all of them are Ready or have done what
//! they were for. So a machine comes into service with what every node must have: its network, its log shipper.

use std::sync::LazyLock;

use async_trait::async_trait;
use kprov_core::{Path, Type, Value};
use kprov_provider::rotation::{HookAction, HookCall, HookLook};
use kprov_provider::{Attribute, AttributeError, Block, ProviderError, Schema, attribute};

use super::connection;
use crate::rotation::{Pod, on_node};

static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
    let text = || Attribute::new(Type::String).optional();
    let block = Block::of(
        "Pods on the machine are Ready.",
        [
            ("namespace", text().describe("Of which namespace; of all where it is not said.")),
            ("selector", text().describe("Labels, as kubectl takes them: \"k8s-app=cilium\".")),
        ],
    );
    Schema { version: 0, block }
});

#[derive(Debug)]
pub(super) struct PodsReady;

#[async_trait]
impl HookAction for PodsReady {
    fn schema(&self) -> &Schema {
        &SCHEMA
    }

    fn validate(&self, config: &Value) -> Vec<AttributeError> {
        let empty = |name: &&str| attribute(config, name).as_str().is_some_and(str::is_empty);
        let named = ["namespace", "selector"].into_iter().filter(empty);
        named
            .map(|name| {
                let message = format!("Leave {name} out to look at all pods of the machine.");
                AttributeError::new(Path::attribute(name), "Empty text", message)
            })
            .collect()
    }

    async fn look(&self, call: &HookCall<'_>) -> Result<HookLook, ProviderError> {
        let [namespace, selector] =
            ["namespace", "selector"].map(|name| attribute(call.config, name));
        let cluster = &connection(call)?.cluster;
        let machine = &call.member.id;
        let pods = on_node(cluster, machine, namespace.as_str(), selector.as_str()).await?;
        Ok(judged(machine.as_str(), &pods))
    }
}

fn judged(machine: &str, pods: &[Pod]) -> HookLook {
    if pods.is_empty() {
        return HookLook::NotYet(format!("There is no such pod on {machine} yet."));
    }
    let mut unwell: Vec<String> =
        pods.iter().filter(|pod| !pod.is_well()).map(Pod::named).collect();
    unwell.sort();
    match unwell.as_slice() {
        [] => HookLook::Done,
        [first, rest @ ..] => HookLook::NotYet(format!(
            "Pod {first} on {machine} is not Ready{}",
            if rest.is_empty() { ".".to_owned() } else { format!(", and {} more.", rest.len()) }
        )),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pod(name: &str, ready: &str) -> Pod {
        serde_json::from_value(json!({"metadata": {"namespace": "n", "name": name},
            "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": ready}]}}))
        .expect("a pod")
    }

    #[test]
    fn all_that_are_selected_must_be_ready_and_there_must_be_some() {
        assert!(
            matches!(judged("i-1", &[]), HookLook::NotYet(why) if why.contains("no such pod on i-1"))
        );
        assert_eq!(judged("i-1", &[pod("a", "True"), pod("b", "True")]), HookLook::Done);
        let look = judged("i-1", &[pod("c", "False"), pod("b", "False"), pod("a", "True")]);
        assert_eq!(look, HookLook::NotYet("Pod n/b on i-1 is not Ready, and 1 more.".to_owned()));
    }

    #[test]
    fn empty_texts_are_refused() {
        let config = Value::object([("namespace", Value::string("")), ("selector", Value::NULL)]);
        let problems = PodsReady.validate(&config);
        assert_eq!(problems.len(), 1);
        assert!(problems[0].message.contains("namespace"));
    }
}

//! `node_ready`: the machine's Node is there, and its condition Ready is True.

use async_trait::async_trait;
use kprov_provider::rotation::{HookAction, HookCall, HookLook};
use kprov_provider::{ProviderError, Schema};
use serde_json::Value as Json;

use super::{EMPTY, connection};

#[derive(Debug)]
pub(super) struct NodeReady;

#[async_trait]
impl HookAction for NodeReady {
    fn schema(&self) -> &Schema {
        &EMPTY
    }

    async fn look(&self, call: &HookCall<'_>) -> Result<HookLook, ProviderError> {
        let machine = &call.member.id;
        let node = connection(call)?.node(machine).await?;
        Ok(match node {
            None => HookLook::NotYet(format!("There is no node {machine} yet.")),
            Some(node) => judged(machine.as_str(), &node),
        })
    }
}

fn judged(machine: &str, node: &Json) -> HookLook {
    let conditions = node["status"]["conditions"].as_array();
    let ready = conditions.into_iter().flatten().find(|it| it["type"] == "Ready");
    match ready {
        Some(ready) if ready["status"] == "True" => HookLook::Done,
        Some(ready) => {
            let text = |name: &str| ready[name].as_str().unwrap_or_default();
            let why = format!("{}: {}", text("reason"), text("message"));
            HookLook::NotYet(format!(
                "Node {machine} is not Ready: {}",
                why.trim_matches([':', ' '])
            ))
        }
        None => HookLook::NotYet(format!("Node {machine} does not say how it is yet.")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_node_is_ready_by_its_condition() {
        let of = |conditions: Json| judged("i-1", &json!({"status": {"conditions": conditions}}));
        let other = json!({"type": "DiskPressure", "status": "True"});
        assert_eq!(of(json!([other, {"type": "Ready", "status": "True"}])), HookLook::Done);
        let why = json!([{"type": "Ready", "status": "False", "reason": "KubeletNotReady", "message": "no network"}]);
        let says = "Node i-1 is not Ready: KubeletNotReady: no network";
        assert_eq!(of(why), HookLook::NotYet(says.to_owned()));
        assert!(matches!(of(json!([other])), HookLook::NotYet(_)));
    }
}

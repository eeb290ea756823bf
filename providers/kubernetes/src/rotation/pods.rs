//! [`Pod`]: as much of a pod as rotations look at, and which of them a drain must evict: pure.

use std::collections::BTreeMap;

use kprov_provider::ProviderError;
use kprov_provider::rotation::MachineId;
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{page, unseen};
use crate::cluster::Cluster;

pub(super) const PATH: &str = "/api/v1/pods";
/// Those that are on a node and have not finished, in the words of a query: `spec.nodeName!=,status.phase!=Succeeded,
/// status.phase!=Failed`.
pub(super) const PLACED: &str =
    "&fieldSelector=spec.nodeName%21%3D%2Cstatus.phase%21%3DSucceeded%2Cstatus.phase%21%3DFailed";
/// On the copy that a kubelet makes of a static pod: evicting that changes nothing.
const MIRROR: &str = "kubernetes.io/config.mirror";

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Pod {
    pub(crate) metadata: Metadata,
    pub(crate) spec: Spec,
    pub(crate) status: Status,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Metadata {
    pub(crate) name: String,
    pub(crate) namespace: String,
    pub(crate) uid: String,
    pub(crate) labels: BTreeMap<String, String>,
    annotations: BTreeMap<String, IgnoredAny>,
    owner_references: Vec<Owner>,
    deletion_timestamp: Option<IgnoredAny>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Owner {
    kind: String,
    controller: bool,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct Spec {
    pub(crate) node_name: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Status {
    phase: String,
    conditions: Vec<Condition>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Condition {
    #[serde(rename = "type")]
    ty: String,
    status: String,
}

impl Pod {
    /// A drain must evict it, or has: not what is on every node, what the kubelet runs by itself, and what has finished.
    pub(crate) fn must_leave(&self) -> bool {
        let owners = &self.metadata.owner_references;
        let everywhere = owners.iter().any(|it| it.controller && it.kind == "DaemonSet");
        !everywhere && !self.metadata.annotations.contains_key(MIRROR) && !self.has_finished()
    }

    /// It is being deleted. It is there until its grace period is over.
    pub(crate) fn is_leaving(&self) -> bool {
        self.metadata.deletion_timestamp.is_some()
    }

    fn has_finished(&self) -> bool {
        matches!(self.status.phase.as_str(), "Succeeded" | "Failed")
    }

    /// It serves, or has done what it was for.
    pub(crate) fn is_well(&self) -> bool {
        let ready = |it: &Condition| it.ty == "Ready" && it.status == "True";
        self.status.phase == "Succeeded"
            || !self.is_leaving() && self.status.conditions.iter().any(ready)
    }

    /// `NAMESPACE/NAME`
    pub(crate) fn named(&self) -> String {
        format!("{}/{}", self.metadata.namespace, self.metadata.name)
    }
}

/// Pods on one node. `namespace` and `selector` (as kubectl takes it) narrow them.
pub(crate) async fn on_node(
    cluster: &Cluster,
    machine: &MachineId,
    namespace: Option<&str>,
    selector: Option<&str>,
) -> Result<Vec<Pod>, ProviderError> {
    let kind = crate::kind::Kind::new("v1", "Pod", "pods", true);
    let mut query = format!("&fieldSelector=spec.nodeName%3D{}", escaped(machine.as_str()));
    if let Some(selector) = selector {
        query.push_str("&labelSelector=");
        query.push_str(&escaped(selector));
    }
    let found = page::list(cluster, &kind.path(namespace), &query).await;
    found.map_err(|error| unseen(error, &format!("the pods on {machine}")))
}

/// As the value of a query's parameter.
fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    text.bytes()
        .map(|it| if plain(it) { char::from(it).to_string() } else { format!("%{it:02X}") })
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;

    fn pod(json: Json) -> Pod {
        serde_json::from_value(json).expect("a pod")
    }

    #[test]
    fn a_drain_evicts_what_runs_and_can_run_elsewhere() {
        let plain = json!({"metadata": {"name": "a", "namespace": "n", "labels": {"a": "b"}},
            "spec": {"nodeName": "i-1", "containers": [{"name": "c"}]}, "status": {"phase": "Running"}});
        assert!(pod(plain.clone()).must_leave());
        let with = |pointer: &str, value: Json| {
            let mut changed = plain.clone();
            let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
            changed.pointer_mut(parent).expect("a place")[name] = value;
            pod(changed)
        };
        let owner = |kind: &str, controller: bool| {
            with("/metadata/ownerReferences", json!([{"kind": kind, "controller": controller}]))
        };
        assert!(!owner("DaemonSet", true).must_leave());
        assert!(owner("DaemonSet", false).must_leave(), "it only belongs to it");
        assert!(owner("ReplicaSet", true).must_leave());
        assert!(!with("/metadata/annotations", json!({MIRROR: "x"})).must_leave());
        assert!(with("/metadata/annotations", json!({"a": "x"})).must_leave());
        for finished in ["Succeeded", "Failed"] {
            assert!(!with("/status/phase", json!(finished)).must_leave());
        }
        let leaving = with("/metadata/deletionTimestamp", json!("2026-11-27T08:00:00Z"));
        assert!(leaving.must_leave() && leaving.is_leaving(), "it is there yet");
    }

    #[test]
    fn a_pod_is_well_when_it_is_ready_or_done() {
        let ready = json!([{"type": "PodScheduled", "status": "True"}, {"type": "Ready", "status": "True"}]);
        let status = |status: Json| pod(json!({"status": status}));
        assert!(status(json!({"phase": "Running", "conditions": ready})).is_well());
        assert!(status(json!({"phase": "Succeeded"})).is_well());
        assert!(!status(json!({"phase": "Failed"})).is_well());
        let unready =
            json!([{"type": "Ready", "status": "False"}, {"type": "X", "status": "True"}]);
        assert!(!status(json!({"phase": "Running", "conditions": unready})).is_well());
        let leaving =
            json!({"metadata": {"deletionTimestamp": "x"}, "status": {"conditions": ready}});
        assert!(!pod(leaving).is_well());
    }

    #[test]
    fn selectors_go_into_queries() {
        assert_eq!(escaped("a in (b,c),d!=e"), "a%20in%20%28b%2Cc%29%2Cd%21%3De");
        assert_eq!(escaped("i-0.a_b~"), "i-0.a_b~");
    }
}

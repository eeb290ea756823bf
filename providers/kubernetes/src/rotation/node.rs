//! A Node: what is read of it, and what rotations change in it. What people did is told from what we did: a Node that we
//! cordon gets the annotation `kprov.dev/rotation`, and the label that keeps it out of balancers has a value of ours.

use http::Method;
use kprov_provider::ProviderError;
use kprov_provider::rotation::world::Node;
use kprov_provider::rotation::{MachineId, RotationId, Version};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::unseen;
use crate::cluster::{Call, Cluster};
use crate::failure::ApiError;

pub(super) const PATH: &str = "/api/v1/nodes";
/// On a Node that a rotation cordoned: which one.
const OURS: &str = "kprov.dev/rotation";
/// Balancers of Services leave out nodes that have it, whatever its value.
const EXCLUDED: &str = "node.kubernetes.io/exclude-from-external-load-balancers";
const BY_US: &str = "kprov-rotation";
/// How often somebody else may change it between our read and our write.
const TRIES: usize = 8;

/// As much of a Node as is looked at.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Listed {
    pub(super) metadata: Metadata,
    spec: Spec,
    status: Status,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Metadata {
    pub(super) name: String,
    labels: std::collections::BTreeMap<String, String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Spec {
    unschedulable: bool,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Status {
    conditions: Vec<Condition>,
    node_info: NodeInfo,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Condition {
    #[serde(rename = "type")]
    ty: String,
    status: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct NodeInfo {
    kubelet_version: String,
}

impl Listed {
    pub(super) fn told(&self, pods: u32, volumes: u32) -> Node {
        let ready = |it: &Condition| it.ty == "Ready" && it.status == "True";
        Node {
            ready: self.status.conditions.iter().any(ready),
            cordoned: self.spec.unschedulable,
            excluded: self.metadata.labels.contains_key(EXCLUDED),
            // A kubelet that tells no version is taken for one that is too old.
            kubelet: self.status.node_info.kubelet_version.parse().unwrap_or(Version::minor(0)),
            pods,
            volumes,
        }
    }
}

/// What is to change so that nothing new comes to it. One that somebody else cordoned stays theirs.
pub(super) fn cordoning(node: &Json, rotation: &RotationId) -> Option<Json> {
    let cordoned = node["spec"]["unschedulable"] == true;
    let ours = &node["metadata"]["annotations"][OURS];
    if cordoned && (ours.is_null() || *ours == rotation.as_str()) {
        return None;
    }
    Some(
        json!({"metadata": {"annotations": {OURS: rotation.as_str()}}, "spec": {"unschedulable": true}}),
    )
}

/// What is to change so that balancers of Services leave it out.
pub(super) fn excluding(node: &Json) -> Option<Json> {
    let there = !node["metadata"]["labels"][EXCLUDED].is_null();
    (!there).then(|| json!({"metadata": {"labels": {EXCLUDED: BY_US}}}))
}

/// What is to change so that it serves again: what we did, and nothing that others did.
pub(super) fn returning(node: &Json) -> Option<Json> {
    let mut patch = json!({"metadata": {}});
    if !node["metadata"]["annotations"][OURS].is_null() {
        patch["metadata"]["annotations"] = json!({OURS: null});
        patch["spec"] = json!({"unschedulable": null});
    }
    if node["metadata"]["labels"][EXCLUDED] == BY_US {
        patch["metadata"]["labels"] = json!({EXCLUDED: null});
    }
    (patch != json!({"metadata": {}})).then_some(patch)
}

pub(super) fn path(machine: &MachineId) -> String {
    crate::kind::Kind::new("v1", "Node", "nodes", false).object(None, machine.as_str())
}

/// The Node; none where there is none.
pub(super) async fn found(
    cluster: &Cluster,
    machine: &MachineId,
) -> Result<Option<Json>, ProviderError> {
    match cluster.call(&Call::get(path(machine))).await {
        Ok(node) => Ok(Some(node)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(unseen(error, &format!("node {machine}"))),
    }
}

/// Changes the Node as it was read, and reads it again where it was changed meanwhile. A Node that is not there has
/// nothing to change.
pub(super) async fn change(
    cluster: &Cluster,
    machine: &MachineId,
    patch: impl Fn(&Json) -> Option<Json>,
) -> Result<(), ProviderError> {
    let failed = |error: ApiError| error.plain(format!("Cannot change node {machine}"));
    for _ in 0..TRIES {
        let Some(node) = found(cluster, machine).await? else { return Ok(()) };
        let Some(mut patch) = patch(&node) else { return Ok(()) };
        patch["metadata"]["resourceVersion"] = node["metadata"]["resourceVersion"].clone();
        let merge = "application/merge-patch+json";
        match cluster.call(&Call::with(Method::PATCH, path(machine), merge, patch)).await {
            Ok(_) => return Ok(()),
            Err(error) if error.is_not_found() => return Ok(()),
            Err(error) if error.code == 409 => {}
            Err(error) => return Err(failed(error)),
        }
    }
    Err(ProviderError::retryable(
        format!("Cannot change node {machine}"),
        "Others changed it each time that it was read.",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_told_as_it_is() {
        let listed: Listed = serde_json::from_value(json!({
            "metadata": {"name": "i-1", "labels": {EXCLUDED: ""}},
            "spec": {"unschedulable": true},
            "status": {"conditions": [{"type": "DiskPressure", "status": "False"}, {"type": "Ready", "status": "True"}],
                "nodeInfo": {"kubeletVersion": "v1.36.3"}, "images": [{"names": ["x"]}]},
        }))
        .expect("a node");
        let node = listed.told(3, 1);
        assert!(node.ready && node.cordoned && node.excluded);
        assert_eq!((node.kubelet.to_string().as_str(), node.pods, node.volumes), ("1.36.3", 3, 1));
        let node = Listed::default().told(0, 0);
        assert!(!node.ready && !node.cordoned && !node.excluded);
        assert_eq!(node.kubelet, Version::minor(0));
    }

    #[test]
    fn what_we_did_is_taken_back_and_nothing_else() {
        let rotation = RotationId::new("r-1");
        let plain = json!({"metadata": {"labels": {"a": "b"}}, "spec": {}});
        let cordoned = cordoning(&plain, &rotation).expect("a change");
        assert_eq!(cordoned["spec"]["unschedulable"], true);
        let ours = json!({"metadata": {"annotations": {OURS: "r-1"}, "labels": {EXCLUDED: BY_US}},
            "spec": {"unschedulable": true}});
        assert_eq!((cordoning(&ours, &rotation), excluding(&ours)), (None, None));
        let other = cordoning(&ours, &RotationId::new("r-2")).expect("a change");
        assert_eq!(
            other["metadata"]["annotations"][OURS], "r-2",
            "another rotation goes on with it"
        );
        let back = returning(&ours).expect("a change");
        assert_eq!(
            back,
            json!({"metadata": {"annotations": {OURS: null}, "labels": {EXCLUDED: null}},
                "spec": {"unschedulable": null}})
        );
        // Somebody else did these.
        let theirs =
            json!({"metadata": {"labels": {EXCLUDED: ""}}, "spec": {"unschedulable": true}});
        assert_eq!(
            (cordoning(&theirs, &rotation), excluding(&theirs), returning(&theirs)),
            (None, None, None)
        );
        assert_eq!(returning(&plain), None);
    }
}

//! A worker cordons its own Node, says why in an annotation, and evicts its own pods. Taints a kubelet may not set itself
//! (NodeRestriction); the control plane adds `node.kubernetes.io/unschedulable:NoSchedule` to what is cordoned.

use serde_json::{Value as Json, json};

use super::Notice;
use crate::kubernetes::{Api, ApiError};

/// On the Node: why it gets no pods any more. What carries it was cordoned by its own worker, and by nobody else.
const NOTICE: &str = "kprov.dev/notice";

/// How far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Drained {
    /// Pods that are still to leave, those among them that a PDB holds.
    pub(crate) left: usize,
    pub(crate) held: usize,
}

/// Does what the notice asks for, once. It is asked again as long as the notice stands: what failed is done then.
pub(crate) async fn answer(api: &Api, node: &str, notice: &Notice) -> Result<Drained, ApiError> {
    cordon(api, node, notice).await?;
    let mut drained = Drained { left: 0, held: 0 };
    if !notice.moves_pods() {
        return Ok(drained);
    }
    let pods = api.get(&format!("/api/v1/pods?fieldSelector=spec.nodeName%3D{node}")).await?;
    for pod in staying(&pods) {
        drained.left += 1;
        if pod.leaving {
            continue;
        }
        match evict(api, &pod).await {
            Ok(_) => {}
            Err(ApiError::Refused(404, _)) => drained.left -= 1,
            // A PDB says not now.
            Err(ApiError::Refused(429, _)) => drained.held += 1,
            Err(error) => return Err(error),
        }
    }
    Ok(drained)
}

/// There is no notice: a machine that was stopped and started again, say. What was cordoned for a notice serves again.
pub(crate) async fn forget(api: &Api, node: &str) -> Result<(), ApiError> {
    let found = match api.get(&path(node)).await {
        // Its kubelet has not registered it yet, so nobody can have cordoned it.
        Err(ApiError::Refused(404, _)) => return Ok(()),
        found => found?,
    };
    if found["metadata"]["annotations"][NOTICE].is_null() {
        return Ok(());
    }
    let patch =
        json!({"metadata": {"annotations": {NOTICE: null}}, "spec": {"unschedulable": null}});
    api.merge(&path(node), &patch).await.map(drop)
}

async fn cordon(api: &Api, node: &str, notice: &Notice) -> Result<(), ApiError> {
    let found = api.get(&path(node)).await?;
    match cordoning(&found, notice) {
        Some(patch) => api.merge(&path(node), &patch).await.map(drop),
        None => Ok(()),
    }
}

/// What is to change in the Node. One that somebody else cordoned stays theirs, and gets no annotation.
pub(super) fn cordoning(node: &Json, notice: &Notice) -> Option<Json> {
    let noted = &node["metadata"]["annotations"][NOTICE];
    let cordoned = node["spec"]["unschedulable"] == true;
    let said = notice.to_string();
    if cordoned && (noted.is_null() || *noted == said) {
        return None;
    }
    Some(json!({"metadata": {"annotations": {NOTICE: said}}, "spec": {"unschedulable": true}}))
}

/// A pod that has to leave, or does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pod {
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) leaving: bool,
}

/// Those of a list that run and can run elsewhere: not a DaemonSet's, which are on every node, nor static ones, nor what is done.
pub(super) fn staying(list: &Json) -> Vec<Pod> {
    let items = list["items"].as_array().map(Vec::as_slice).unwrap_or_default();
    let moves = |pod: &&Json| {
        let metadata = &pod["metadata"];
        let owners = metadata["ownerReferences"].as_array().map(Vec::as_slice).unwrap_or_default();
        let everywhere =
            owners.iter().any(|it| it["controller"] == true && it["kind"] == "DaemonSet");
        let fixed = !metadata["annotations"]["kubernetes.io/config.mirror"].is_null();
        let done = matches!(pod["status"]["phase"].as_str(), Some("Succeeded" | "Failed"));
        !everywhere && !fixed && !done
    };
    let text = |part: &Json| part.as_str().unwrap_or_default().to_owned();
    let named = |pod: &Json| Pod {
        namespace: text(&pod["metadata"]["namespace"]),
        name: text(&pod["metadata"]["name"]),
        leaving: !pod["metadata"]["deletionTimestamp"].is_null(),
    };
    items.iter().filter(moves).map(named).collect()
}

async fn evict(api: &Api, pod: &Pod) -> Result<Json, ApiError> {
    let Pod { namespace, name, .. } = pod;
    let eviction = json!({
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": name, "namespace": namespace},
    });
    api.create(&format!("/api/v1/namespaces/{namespace}/pods/{name}/eviction"), &eviction).await
}

fn path(node: &str) -> String {
    format!("/api/v1/nodes/{node}")
}

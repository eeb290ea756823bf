//! A look at a cluster: all lists at once, and what they make together.

use std::collections::{BTreeMap, HashMap};

use kprov_provider::ProviderError;
use kprov_provider::rotation::world::Node;
use kprov_provider::rotation::{ClusterView, MachineId, Seconds};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::budgets::{self, DisruptionBudget};
use super::node::{self, Listed};
use super::pods::{self, Pod};
use super::{Connection, lock, masters, page, unseen};

const VOLUMES: &str = "/apis/storage.k8s.io/v1/volumeattachments";

/// A volume at a node, or on its way there or away from there.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Volume {
    spec: VolumeSpec,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct VolumeSpec {
    node_name: String,
}

pub(super) async fn observe(
    connection: &Connection,
    now: Seconds,
) -> Result<ClusterView, ProviderError> {
    let (nodes, pods, volumes, budgets, leases) = tokio::try_join!(
        all::<Listed>(connection, node::PATH, "", "the nodes"),
        all::<Pod>(connection, pods::PATH, pods::PLACED, "the pods"),
        all::<Volume>(connection, VOLUMES, "", "the volumes that are attached"),
        all::<DisruptionBudget>(connection, budgets::PATH, "", "the PodDisruptionBudgets"),
        connection.leases(),
    )?;
    Ok(ClusterView {
        nodes: told(&nodes, &pods, &volumes),
        // Nodes tell which tree they run with, by its hash, and nothing of generations.
        trust: BTreeMap::new(),
        masters: masters::told(&leases, now),
        etcd: connection.etcd(&leases, now),
        budgets: budgets::told(&budgets, &pods),
        lock: leases.iter().find(|lease| lease.metadata.name == lock::NAME).and_then(lock::told),
    })
}

async fn all<T: DeserializeOwned>(
    connection: &Connection,
    path: &str,
    query: &str,
    what: &str,
) -> Result<Vec<T>, ProviderError> {
    page::list(&connection.cluster, path, query).await.map_err(|error| unseen(error, what))
}

fn told(nodes: &[Listed], pods: &[Pod], volumes: &[Volume]) -> BTreeMap<MachineId, Node> {
    let mut counts: HashMap<&str, (u32, u32)> = HashMap::with_capacity(nodes.len());
    for pod in pods.iter().filter(|pod| pod.must_leave()) {
        counts.entry(&pod.spec.node_name).or_default().0 += 1;
    }
    for volume in volumes {
        counts.entry(&volume.spec.node_name).or_default().1 += 1;
    }
    let told = nodes.iter().map(|node| {
        let name = node.metadata.name.as_str();
        let (pods, volumes) = counts.get(name).copied().unwrap_or_default();
        (MachineId::new(name), node.told(pods, volumes))
    });
    told.collect()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;

    #[test]
    fn pods_and_volumes_are_counted_by_node() {
        let pod = |node: &str, daemon: bool| -> Pod {
            let kind = if daemon { "DaemonSet" } else { "ReplicaSet" };
            serde_json::from_value(json!({"spec": {"nodeName": node},
                "metadata": {"ownerReferences": [{"kind": kind, "controller": true}]}}))
            .expect("a pod")
        };
        let node = |name: &str| -> Listed {
            serde_json::from_value(json!({"metadata": {"name": name}})).expect("a node")
        };
        let volume: Json = json!({"spec": {"nodeName": "i-2", "attacher": "x"}});
        let volumes: Vec<Volume> = vec![serde_json::from_value(volume).expect("a volume")];
        let pods = [
            pod("i-1", false),
            pod("i-1", false),
            pod("i-1", true),
            pod("i-2", true),
            pod("i-9", false),
        ];
        let told = told(&[node("i-1"), node("i-2")], &pods, &volumes);
        let counts: Vec<(&str, u32, u32)> =
            told.iter().map(|(id, node)| (id.as_str(), node.pods, node.volumes)).collect();
        assert_eq!(counts, [("i-1", 2, 0), ("i-2", 0, 1)]);
    }
}

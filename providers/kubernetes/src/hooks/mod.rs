//! Hook actions of Kubernetes: what a user may want to be so, or done, at a moment of a rotation
//! (docs/adr/0005-rotation.md, "Contract: hook actions"). Each looks once, over the connection of the group's cluster.

mod cordon;
mod drain;
mod etcd;
mod etcd_snapshot;
mod node_ready;
mod pods_ready;

use std::sync::LazyLock;
use std::time::UNIX_EPOCH;

use kprov_provider::rotation::{HookAction, HookCall, RotationId, Seconds};
use kprov_provider::{Block, ProviderError, Schema};

use crate::rotation::Connection;

/// All of them, as configurations name them.
pub(crate) const NAMES: [&str; 8] = [
    "cordon",
    "drain",
    "etcd_left",
    "etcd_not_leader",
    "etcd_snapshot",
    "etcd_voter",
    "node_ready",
    "pods_ready",
];

/// The code of one.
pub(crate) fn find(name: &str) -> Option<&'static dyn HookAction> {
    match name {
        "cordon" => Some(&cordon::Cordon),
        "drain" => Some(&drain::Drain),
        "etcd_left" => Some(&etcd::Stands::Left),
        "etcd_not_leader" => Some(&etcd::Stands::NotLeader),
        "etcd_snapshot" => Some(&etcd_snapshot::EtcdSnapshot),
        "etcd_voter" => Some(&etcd::Stands::Voter),
        "node_ready" => Some(&node_ready::NodeReady),
        "pods_ready" => Some(&pods_ready::PodsReady),
        _ => None,
    }
}

/// Of actions that need not be told anything.
static EMPTY: LazyLock<Schema> = LazyLock::new(|| Schema {
    version: 0,
    block: Block::of("About the machine, as its cluster tells of it.", []),
});

/// The cluster of the group.
fn connection<'a>(call: &HookCall<'a>) -> Result<&'a Connection, ProviderError> {
    let context = call.cluster_context.ok_or_else(|| {
        let message = format!(
            "The rotation of {} has no kubeconfig, so nothing is known of its cluster. Set \"kubeconfig\" in its \
             rotation block.",
            call.group
        );
        ProviderError::rejected("No cluster to ask", message)
    })?;
    Ok(context.client::<Connection>())
}

/// Which rotation it is: what the machine is marked with, or what the token begins with.
fn rotation(call: &HookCall<'_>) -> RotationId {
    let begins = || call.token.rsplit_once('/').map_or(call.token, |(of, _)| of);
    call.member.mark.clone().unwrap_or_else(|| RotationId::new(begins()))
}

fn now(connection: &Connection) -> Seconds {
    let now = connection.cluster.host.now();
    now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_that_is_named_is_there() {
        for name in NAMES {
            assert!(find(name).is_some(), "{name}");
        }
        assert!(find("exec").is_none());
    }
}

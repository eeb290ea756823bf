//! What runs on machines, for rotations: what a cluster and its nodes tell ([`observe`]), and the steps that are theirs
//! ([`steps`]). docs/adr/0005-rotation.md, "Contract: what masters tell, and what they are asked".
//!
//! What must hold: nothing here decides what is safe; nothing is forced, so pods leave by eviction or not at all; and of
//! what people did by hand (a cordon, a label) nothing is taken back.

mod ask;
mod budgets;
mod connect;
mod drain;
mod etcd;
mod leases;
mod lock;
mod masters;
mod node;
mod observe;
mod page;
mod pods;
mod selector;
mod steps;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use kprov_core::Host;
use kprov_provider::rotation::world::Lock;
use kprov_provider::rotation::{
    ClusterView, Clusters, EtcdId, MachineId, OperatorId, RotationId, Seconds, StepCall,
};
use kprov_provider::{CallContext, ErrorClass, ProviderError};

use crate::Kubernetes;
use crate::cluster::Cluster;
use crate::failure::ApiError;

pub(crate) use drain::Drained;
pub(crate) use leases::Lease;
pub(crate) use pods::{Pod, on_node};

/// A cluster whose machines are rotated.
pub(crate) struct Connection {
    pub(crate) cluster: Cluster,
    /// When each member of etcd was first seen, as long as it is seen. A member list does not tell. Whoever connects
    /// anew takes members for younger than they are, never for older.
    members: Mutex<BTreeMap<EtcdId, Seconds>>,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cluster.fmt(f)
    }
}

impl Connection {
    fn new(cluster: Cluster) -> Connection {
        Connection { cluster, members: Mutex::default() }
    }

    /// etcd as leases tell of it.
    pub(crate) fn etcd(
        &self,
        leases: &[Lease],
        now: Seconds,
    ) -> Option<kprov_provider::rotation::world::Etcd> {
        let mut known = self.members.lock().unwrap_or_else(PoisonError::into_inner);
        let mut etcd = etcd::told(leases, now)?;
        let before = std::mem::take(&mut *known);
        for member in &mut etcd.members {
            member.added_at = before.get(&member.id).copied().unwrap_or(now);
            known.insert(member.id, member.added_at);
        }
        Some(etcd)
    }

    /// What nodes tell of themselves, the lock among it.
    pub(crate) async fn leases(&self) -> Result<Vec<Lease>, ProviderError> {
        let all = page::list(&self.cluster, leases::PATH, "").await;
        all.map_err(|error| unseen(error, "the leases of nodes"))
    }

    /// Cordons a Node, as ours.
    pub(crate) async fn cordon(
        &self,
        machine: &MachineId,
        rotation: &RotationId,
    ) -> Result<(), ProviderError> {
        node::change(&self.cluster, machine, |found| node::cordoning(found, rotation)).await
    }

    /// Evicts what may go now.
    pub(crate) async fn drain(&self, machine: &MachineId) -> Result<Drained, ProviderError> {
        drain::evict_all(&self.cluster, machine).await
    }

    /// The Node of a machine, as the API has it; none where there is none.
    pub(crate) async fn node(
        &self,
        machine: &MachineId,
    ) -> Result<Option<serde_json::Value>, ProviderError> {
        node::found(&self.cluster, machine).await
    }
}

/// What could not be read. Nothing happened.
pub(crate) fn unseen(error: ApiError, what: &str) -> ProviderError {
    let class =
        if error.class == ErrorClass::Rejected { error.class } else { ErrorClass::Retryable };
    ProviderError { class, ..error.plain(format!("Cannot read {what}")) }
}

#[async_trait]
impl Clusters for Kubernetes {
    fn connect(
        &self,
        kubeconfig: &str,
        host: &Arc<dyn Host>,
    ) -> Result<CallContext, ProviderError> {
        let cluster = connect::cluster(kubeconfig, host, self.calls.clone())?;
        Ok(CallContext { client: Arc::new(Connection::new(cluster)), host: host.clone() })
    }

    async fn observe(
        &self,
        context: &CallContext,
        now: Seconds,
    ) -> Result<ClusterView, ProviderError> {
        observe::observe(context.client::<Connection>(), now).await
    }

    async fn carry_out(
        &self,
        context: &CallContext,
        call: &StepCall<'_>,
    ) -> Result<(), ProviderError> {
        steps::carry_out(context.client::<Connection>(), call).await
    }

    async fn lock(
        &self,
        context: &CallContext,
        holder: &OperatorId,
        now: Seconds,
        until: Seconds,
    ) -> Result<Lock, ProviderError> {
        lock::take(&context.client::<Connection>().cluster, holder, now, until).await
    }

    async fn unlock(
        &self,
        context: &CallContext,
        holder: &OperatorId,
    ) -> Result<(), ProviderError> {
        lock::give_back(&context.client::<Connection>().cluster, holder).await
    }
}

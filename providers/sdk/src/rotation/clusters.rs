//! [`Clusters`]: what runs on the machines, as Kubernetes and the nodes tell of it.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use kprov_core::Host;

use super::world::{Api, ApiSettings, Budget, Etcd, Lock, Node, Trust};
use super::{MachineId, OperatorId, Seconds, StepCall};
use crate::{CallContext, ProviderError};

/// A cluster, as its API tells of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClusterView {
    /// Nodes, by their names: a node's name is its machine's id.
    pub nodes: BTreeMap<MachineId, Node>,
    /// What machines tell of their certificates.
    pub trust: BTreeMap<MachineId, Trust>,
    /// Masters that tell of themselves and have not fallen silent.
    pub masters: BTreeMap<MachineId, MasterView>,
    /// The masters' etcd. None where no master tells of it.
    pub etcd: Option<Etcd>,
    /// PodDisruptionBudgets that match a pod.
    pub budgets: Vec<Budget>,
    /// The lock of rotations in this cluster.
    pub lock: Option<Lock>,
}

/// A master, as it tells of itself.
#[derive(Clone, Debug, PartialEq)]
pub struct MasterView {
    /// Its API server.
    pub api: Api,
    /// How that is set up.
    pub settings: Option<ApiSettings>,
}

/// What runs on machines.
#[async_trait]
pub trait Clusters: Send + Sync + fmt::Debug {
    /// Connects by a kubeconfig. Makes no call.
    ///
    /// # Errors
    /// When it cannot be understood.
    fn connect(&self, kubeconfig: &str, host: &Arc<dyn Host>)
    -> Result<CallContext, ProviderError>;

    /// The cluster as it is now. `now` is the caller's clock, in seconds since 1970.
    ///
    /// # Errors
    /// When it does not answer.
    async fn observe(
        &self,
        context: &CallContext,
        now: Seconds,
    ) -> Result<ClusterView, ProviderError>;

    /// Carries out one step, or asks for it: that its effect is there is seen by the next look. A drain evicts what may
    /// be evicted now, and is called again while pods are left. Safe to repeat with the same token.
    ///
    /// # Errors
    /// Rejected: nothing has happened. Otherwise it may have. The detail says what is in the way: which pod, which
    /// budget.
    async fn carry_out(
        &self,
        context: &CallContext,
        call: &StepCall<'_>,
    ) -> Result<(), ProviderError>;

    /// Takes or renews the lock of rotations, until `until`; says who holds it afterwards. Compares and swaps, so that
    /// of two at once one has it.
    ///
    /// # Errors
    /// When it cannot be told now.
    async fn lock(
        &self,
        context: &CallContext,
        holder: &OperatorId,
        now: Seconds,
        until: Seconds,
    ) -> Result<Lock, ProviderError>;

    /// Gives the lock back, if it is held by `holder`.
    ///
    /// # Errors
    /// When it cannot be told now; it runs out by itself.
    async fn unlock(&self, context: &CallContext, holder: &OperatorId)
    -> Result<(), ProviderError>;
}

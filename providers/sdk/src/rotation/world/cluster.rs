//! What belongs to the cluster and to no machine: budgets, the endpoint of the API, the lock.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::rotation::{BudgetName, MachineId, OperatorId, Seconds};

/// A PodDisruptionBudget.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Budget {
    /// Which.
    pub name: BudgetName,
    /// Machines with pods that it matches.
    pub machines: Vec<MachineId>,
    /// `status.disruptionsAllowed`.
    pub allowed: u32,
    /// False where it can never allow any, however healthy its pods: `maxUnavailable: 0`, or `minAvailable`
    /// of all of them.
    pub satisfiable: bool,
}

/// How clients reach the API.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// A load balancer, or an anycast address.
    #[default]
    Balancer,
    /// A DNS name with the masters' addresses in it.
    Dns {
        /// How long resolvers keep it.
        ttl: Seconds,
    },
}

/// What stands before the API servers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Endpoint {
    /// How clients get there.
    pub reach: Reach,
    /// Names that clients use: while a balancer is replaced, the old one's and the new one's.
    pub names: BTreeSet<String>,
    /// The balancer keeps clients' addresses, so that a master cannot reach itself through it.
    pub preserves_client_ip: bool,
    /// Masters use their own API server, not the balancer: a master's own kubelet and controllers too.
    pub masters_use_their_own: bool,
    /// `deregistration_delay.connection_termination.enabled`.
    pub terminates_connections: bool,
    /// `deregistration_delay.timeout_seconds`: so long after a target was deregistered its connections go on, and then are
    /// ended.
    pub deregistration_delay: Seconds,
    /// How long until a target that is unready gets no requests: checks, and their propagation.
    pub notices_within: Seconds,
    /// Generations of service-account keys in the published JWKS; empty where nothing is published.
    pub published_keys: Vec<u32>,
    /// How long nodes may miss the API until they count as not ready (`node-monitor-grace-period`).
    pub grace_of_nodes: Seconds,
}

impl Default for Endpoint {
    fn default() -> Endpoint {
        Endpoint {
            reach: Reach::Balancer,
            names: BTreeSet::new(),
            preserves_client_ip: false,
            masters_use_their_own: true,
            terminates_connections: true,
            deregistration_delay: 300,
            notices_within: 30,
            published_keys: Vec::new(),
            grace_of_nodes: 40,
        }
    }
}

/// The lock of a rotation, held for a while and renewed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lock {
    /// Who.
    pub holder: OperatorId,
    /// Until when.
    pub expires_at: Seconds,
}

//! VPC endpoints: gateways with prefix-list routes, interfaces with network interfaces.
use serde::{Deserialize, Serialize};

/// A VPC endpoint.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct VpcEndpoint {
    pub(crate) vpc: String,
    pub(crate) service: String,
    pub(crate) kind: String,
    pub(crate) state: String,
    pub(crate) route_tables: Vec<String>,
}

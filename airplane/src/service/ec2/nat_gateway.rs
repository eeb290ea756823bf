//! NAT gateways: pending, available, deleting, deleted; they hold their Elastic IP until they are deleted.
use serde::{Deserialize, Serialize};

/// A NAT gateway.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct NatGateway {
    pub(crate) vpc: String,
    pub(crate) subnet: String,
    pub(crate) state: String,
}

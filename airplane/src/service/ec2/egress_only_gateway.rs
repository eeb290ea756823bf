//! Egress-only internet gateways: attached to their VPC from the beginning to the end.
use serde::{Deserialize, Serialize};

/// An egress-only internet gateway.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct EgressOnlyGateway {
    pub(crate) vpc: String,
}

//! VPC peering connections, which both sides see.
use serde::{Deserialize, Serialize};

/// One side of a peering connection.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Side {
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) vpc: String,
    pub(crate) blocks: Vec<String>,
    pub(crate) ipv6_blocks: Vec<String>,
    pub(crate) dns: bool,
}

/// A peering connection. It stands in the realms of both sides, the same in both.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Peering {
    pub(crate) requester: Side,
    pub(crate) accepter: Side,
    pub(crate) status: String,
}

impl Peering {
    /// Does traffic flow?
    pub(crate) fn is_active(&self) -> bool {
        self.status == "active"
    }

    /// Is the VPC one of the sides?
    pub(crate) fn touches(&self, vpc: &str) -> bool {
        self.requester.vpc == vpc || self.accepter.vpc == vpc
    }
}

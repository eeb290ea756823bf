//! Elastic IP addresses and what they are associated with.
use serde::{Deserialize, Serialize};

/// An Elastic IP address, by allocation id.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Address {
    pub(crate) public_ip: String,
    pub(crate) association: Option<Association>,
}

/// What an address is mapped to.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Association {
    pub(crate) id: String,
    pub(crate) interface: String,
    pub(crate) private_ip: String,
}

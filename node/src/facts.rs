//! [`Facts`]: who this machine is, once everybody was asked.

use std::net::IpAddr;

/// Who this machine is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Facts {
    /// The node's name, and its member's in etcd.
    pub(crate) name: String,
    /// The machine's id: its claims stand under it.
    pub(crate) id: String,
    /// Its address in its network.
    pub(crate) private: IpAddr,
    /// The address at which it can be reached from where it runs, and binds: on a laptop another one.
    pub(crate) reach: IpAddr,
    pub(crate) zone: Option<String>,
}

/// etcd for clients.
pub(crate) const ETCD_CLIENT: u16 = 2379;
/// etcd for peers.
pub(crate) const ETCD_PEER: u16 = 2380;
/// etcd's health and metrics.
pub(crate) const ETCD_METRICS: u16 = 2381;
/// kube-controller-manager.
pub(crate) const CONTROLLER_MANAGER: u16 = 10257;
/// kube-scheduler.
pub(crate) const SCHEDULER: u16 = 10259;
/// The node's own status.
pub(crate) const STATUS: u16 = 10300;

/// `https://HOST:PORT`, whatever family the address is of.
pub(crate) fn https(address: IpAddr, port: u16) -> String {
    format!("https://{}", std::net::SocketAddr::new(address, port))
}

impl Facts {
    /// A loopback address of this node's own. Several nodes share a laptop, so each has its own there.
    pub(crate) fn local(&self) -> IpAddr {
        if self.reach.is_loopback() { self.reach } else { IpAddr::from([127, 0, 0, 1]) }
    }

    pub(crate) fn peer_url(&self) -> String {
        https(self.reach, ETCD_PEER)
    }

    pub(crate) fn client_url(&self) -> String {
        https(self.reach, ETCD_CLIENT)
    }
}

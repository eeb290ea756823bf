//! Who this machine is, and which masters are there.

mod book;
mod ec2;

use std::net::IpAddr;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::document::{Document, Identity, Peers};
use crate::facts::{ETCD_CLIENT, ETCD_PEER, Facts, https};
use crate::membership::Machine;
use crate::problem::Problem;

pub(crate) use book::AddressBook;

/// Finds out who this machine is.
pub(crate) async fn identify(document: &Document, book: &AddressBook) -> Result<Facts, Problem> {
    let (name, id, private, zone) = match &document.identity {
        Identity::Static { name, address, zone, id } => {
            (name.clone(), id.clone(), *address, zone.clone())
        }
        Identity::Ec2 => {
            let found = ec2::identity().await?;
            // The machine's id is the node's name: it is never used twice, and needs no DNS.
            (found.id.clone(), found.id, found.address, found.zone)
        }
    };
    let reach = book.reach(&[private]).await?[0];
    Ok(Facts { name, id, private, reach, zone })
}

/// Those of these machines of EC2 that are workers of the cluster, with their private addresses.
pub(crate) async fn workers(
    aws: &aws_config::SdkConfig,
    cluster: &str,
    ids: Vec<String>,
) -> Result<Vec<(String, IpAddr)>, Problem> {
    ec2::workers(aws, cluster, ids).await
}

/// Finds the masters.
#[derive(Debug)]
pub(crate) struct Discovery {
    peers: Peers,
    cluster: String,
    book: AddressBook,
    aws: Option<aws_config::SdkConfig>,
    last: Mutex<Option<(Instant, Vec<Machine>)>>,
}

/// EC2 is not asked more often: all masters ask for as long as they live.
const KEPT: Duration = Duration::from_secs(10);

fn machine(id: &str, name: &str, reach: IpAddr) -> Machine {
    Machine {
        id: id.to_owned(),
        name: name.to_owned(),
        peer_url: https(reach, ETCD_PEER),
        client_url: https(reach, ETCD_CLIENT),
    }
}

/// This machine as its peers see it.
pub(crate) fn me(facts: &Facts) -> Machine {
    machine(&facts.id, &facts.name, facts.reach)
}

impl Discovery {
    pub(crate) fn new(
        document: &Document,
        book: AddressBook,
        aws: Option<aws_config::SdkConfig>,
    ) -> Discovery {
        Discovery {
            peers: document.peers.clone(),
            cluster: document.cluster.name.clone(),
            book,
            aws,
            last: Mutex::default(),
        }
    }

    /// All masters that are there, this one among them if it is one.
    pub(crate) async fn masters(&self) -> Result<Vec<Machine>, Problem> {
        let mut last = self.last.lock().await;
        if let Some((when, masters)) = &*last
            && when.elapsed() < KEPT
        {
            return Ok(masters.clone());
        }
        let masters = self.ask().await?;
        *last = Some((Instant::now(), masters.clone()));
        Ok(masters)
    }

    async fn ask(&self) -> Result<Vec<Machine>, Problem> {
        let found: Vec<(String, IpAddr)> = match (&self.peers, &self.aws) {
            (Peers::Static(peers), _) => {
                peers.iter().map(|peer| (peer.name.clone(), peer.address)).collect()
            }
            (Peers::Autoscaling, Some(aws)) => ec2::masters(aws, &self.cluster).await?,
            (Peers::Autoscaling, None) => Vec::new(),
        };
        let private: Vec<IpAddr> = found.iter().map(|(_, address)| *address).collect();
        let reach = self.book.reach(&private).await?;
        Ok(found.iter().zip(reach).map(|((id, _), reach)| machine(id, id, reach)).collect())
    }
}

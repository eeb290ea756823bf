//! The node document: what makes a machine a master or a worker (docs/adr/0003). It is read strictly: an unknown field, a
//! newer version and whatever cannot work are faults at their line. What is here holds only values that were checked.

mod check;
mod check_parts;
mod duration;
mod fault;
mod labels;
mod raw;
mod read;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

pub use fault::{Fault, Faults};

pub(crate) use duration::{read as read_duration, write as write_duration};

/// The version of the document that this program knows.
pub const API_VERSION: &str = "kprov.dev/v1alpha1";

/// What a machine is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// etcd and the control plane.
    Master,
    /// Runs pods.
    Worker,
}

impl Role {
    /// As the document and the tag of a group write it.
    pub fn word(self) -> &'static str {
        match self {
            Role::Master => "master",
            Role::Worker => "worker",
        }
    }
}

/// A checked node document.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    /// Master or worker.
    pub role: Role,
    /// The cluster it belongs to.
    pub cluster: Cluster,
    /// Who this machine is.
    pub identity: Identity,
    /// Who the other masters are.
    pub peers: Peers,
    /// Where the PKI tree is.
    pub secrets: Source,
    /// How often the tree is looked at.
    pub secrets_every: Duration,
    /// Where claims are written; masters only.
    pub claims: Option<Source>,
    /// What runs.
    pub versions: Versions,
    /// Where programs come from.
    pub binaries: Binaries,
    /// Data, certificates, logs, cache.
    pub directory: PathBuf,
    /// etcd.
    pub etcd: Etcd,
    /// kube-apiserver.
    pub api_server: ApiServer,
    /// Further flags of kube-controller-manager.
    pub controller_manager: Flags,
    /// Further flags of kube-scheduler.
    pub scheduler: Flags,
    /// The kubelet or what stands for it.
    pub kubelet: Kubelet,
    /// Further files.
    pub files: Vec<File>,
}

/// Flags of a component that the document adds or replaces.
pub type Flags = BTreeMap<String, String>;

/// The cluster.
#[derive(Clone, Debug, PartialEq)]
pub struct Cluster {
    /// Its name.
    pub name: String,
    /// Its API's URL: the load balancer.
    pub endpoint: String,
    /// The host of the endpoint.
    pub endpoint_host: String,
    /// Further names and addresses in the API server's certificate.
    pub endpoint_names: Vec<String>,
    /// Addresses of services.
    pub service_cidr: Cidr,
    /// Addresses of pods.
    pub pod_cidr: Cidr,
    /// The DNS domain.
    pub domain: String,
}

/// A block of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cidr {
    /// Its first address.
    pub network: IpAddr,
    /// How many bits are fixed.
    pub prefix: u8,
}

impl Cidr {
    /// The first address that a service gets: the API's own.
    pub fn first_host(self) -> IpAddr {
        match self.network {
            IpAddr::V4(v4) => IpAddr::from((u32::from(v4).wrapping_add(1)).to_be_bytes()),
            IpAddr::V6(v6) => IpAddr::from((u128::from(v6).wrapping_add(1)).to_be_bytes()),
        }
    }
}

impl std::fmt::Display for Cidr {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.network, self.prefix)
    }
}

/// Who this machine is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// Instance metadata tells.
    Ec2,
    /// The document tells.
    Static {
        /// The node's name.
        name: String,
        /// Its private address.
        address: IpAddr,
        /// Its availability zone.
        zone: Option<String>,
        /// The machine's id; its name where nothing is said.
        id: String,
    },
}

/// Who the masters are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Peers {
    /// The instances of this cluster's Auto Scaling groups.
    Autoscaling,
    /// The document tells.
    Static(Vec<Peer>),
}

/// A master that the document names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its name, and its machine's id.
    pub name: String,
    /// Its private address.
    pub address: IpAddr,
}

/// A place for small files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Parameters below a prefix.
    Ssm {
        /// Begins with a slash and does not end with one.
        prefix: String,
    },
    /// Objects below a prefix.
    S3 {
        /// The bucket.
        bucket: String,
        /// Without a slash at either end; may be empty.
        prefix: String,
    },
    /// Files in a directory.
    Directory {
        /// Which.
        path: PathBuf,
    },
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Source::Ssm { prefix } => write!(f, "the SSM parameters below {prefix}"),
            Source::S3 { bucket, prefix } => write!(f, "s3://{bucket}/{prefix}"),
            Source::Directory { path } => write!(f, "the directory {}", path.display()),
        }
    }
}

/// What runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Versions {
    /// `1.36.3`
    pub kubernetes: Version,
    /// `3.6.16`; masters only.
    pub etcd: Option<Version>,
}

/// A version of a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u32, pub u32, pub u32);

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{}.{}", self.0, self.1, self.2)
    }
}

/// Where programs come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Binaries {
    /// They are there.
    Directory(PathBuf),
    /// They are fetched.
    Artifacts(Vec<Artifact>),
}

/// A program with where to get it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifact {
    /// The program's name.
    pub name: String,
    /// Of its bytes, in lower case.
    pub sha256: String,
    /// Tried in order.
    pub urls: Vec<String>,
}

/// etcd.
#[derive(Clone, Debug, PartialEq)]
pub struct Etcd {
    /// Scheduled snapshots, if any.
    pub snapshots: Option<Snapshots>,
    /// At this size it stops writing.
    pub quota_bytes: u64,
    /// Further flags.
    pub flags: Flags,
}

/// Scheduled snapshots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshots {
    /// How often.
    pub every: Duration,
    /// How many stay.
    pub keep: usize,
    /// Where to.
    pub to: Source,
}

/// kube-apiserver.
#[derive(Clone, Debug, PartialEq)]
pub struct ApiServer {
    /// Where it listens.
    pub port: u16,
    /// So long it serves on after it was told to stop, unready.
    pub shutdown_delay: Duration,
    /// The chance that an HTTP/2 connection is asked to go elsewhere.
    pub goaway_chance: f64,
    /// An audit policy; else metadata of all that changes.
    pub audit_policy: Option<String>,
    /// Further flags.
    pub flags: Flags,
}

/// What runs pods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runtime {
    /// containerd and a kubelet.
    Containerd,
    /// kwok, which only says that pods run.
    Kwok,
}

/// The kubelet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kubelet {
    /// What runs pods.
    pub runtime: Runtime,
    /// The node's labels.
    pub labels: BTreeMap<String, String>,
    /// The node's taints: `KEY=VALUE:EFFECT`.
    pub taints: Vec<String>,
    /// Further flags.
    pub flags: Flags,
}

/// A further file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Absolute.
    pub path: PathBuf,
    /// Permission bits.
    pub mode: u32,
    /// What is in it.
    pub content: Content,
}

/// What is in a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// This text.
    Text(String),
    /// A file of the PKI tree.
    Secret(String),
}

impl Document {
    /// Reads a document, YAML or JSON.
    ///
    /// # Errors
    /// All that is wrong with it, each at its line.
    pub fn parse(text: &str) -> Result<Document, Faults> {
        read::document(text)
    }
}

//! Claims: small facts that are written once, by whoever comes first. They decide who founds the cluster, and which member
//! is whose.

mod bucket;
mod directory;
mod ssm;

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use aws_config::SdkConfig;

use crate::document::{Document, Source};
use crate::problem::Problem;

use bucket::InBucket;
use directory::InDirectory;
use ssm::InSsm;

/// Who founds the cluster: a machine's id.
pub(crate) const FOUNDER: &str = "founder";
/// The cluster that was founded: its id.
pub(crate) const CLUSTER: &str = "cluster";

/// The claim of a machine's member.
pub(crate) fn of_member(machine: &str) -> String {
    format!("members/{machine}")
}

/// All claims of a cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ClaimSet {
    pub(crate) founder: Option<String>,
    pub(crate) cluster: Option<u64>,
    /// Members by machine.
    pub(crate) members: BTreeMap<String, u64>,
}

/// Where claims are.
#[async_trait]
pub(crate) trait Claims: Send + Sync {
    /// All, by name.
    async fn all(&self) -> Result<BTreeMap<String, String>, Problem>;
    /// Writes one that is not there. Did we?
    async fn write_once(&self, name: &str, value: &str) -> Result<bool, Problem>;
    /// Writes one of this machine's own, whatever it said. (Lists lag behind, so nothing is looked up before.)
    async fn overwrite(&self, name: &str, value: &str) -> Result<(), Problem>;
    /// Deletes one if it has this value.
    async fn delete(&self, name: &str, value: &str) -> Result<(), Problem>;
}

/// The claims of a document.
pub(crate) async fn of(
    document: &Document,
    aws: Option<&SdkConfig>,
) -> Result<Arc<dyn Claims>, Problem> {
    match &document.claims {
        Some(Source::Directory { path }) => Ok(Arc::new(InDirectory(path.clone()))),
        Some(Source::Ssm { prefix }) => match aws {
            Some(aws) => Ok(Arc::new(InSsm::new(aws, prefix))),
            None => Ok(Arc::new(InSsm::new(&crate::aws::config().await, prefix))),
        },
        Some(Source::S3 { bucket, prefix }) => match aws {
            Some(aws) => Ok(Arc::new(InBucket::new(aws, bucket, prefix))),
            None => Ok(Arc::new(InBucket::new(&crate::aws::config().await, bucket, prefix))),
        },
        None => Err(Problem::new("There are no claims", "A master's document has \"claims\".")),
    }
}

/// Reads them.
pub(crate) async fn read(claims: &dyn Claims) -> Result<ClaimSet, Problem> {
    let mut set = ClaimSet::default();
    for (name, value) in claims.all().await? {
        let id = || {
            u64::from_str_radix(&value, 16).map_err(|_| {
                let detail = format!("{name} says {value:?}, which is no id of etcd. Somebody else wrote it: correct it by hand.");
                Problem::new("A claim makes no sense", detail)
            })
        };
        match name.as_str() {
            FOUNDER => set.founder = Some(value),
            CLUSTER => set.cluster = Some(id()?),
            _ => {
                if let Some(machine) = name.strip_prefix("members/") {
                    let id = id()?;
                    set.members.insert(machine.to_owned(), id);
                }
            }
        }
    }
    Ok(set)
}

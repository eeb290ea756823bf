//! The document as it is written: every field with its place in the text, nothing checked yet. The sources are one struct of
//! optional fields rather than a tagged enum, because serde loses the places inside of those.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_saphyr::Spanned;

pub(super) type At<T> = Spanned<T>;

/// What is read first: it decides how the rest is to be read.
#[derive(Debug, Deserialize)]
pub(super) struct Head {
    #[serde(rename = "apiVersion")]
    pub(super) api_version: Option<At<String>>,
    pub(super) kind: Option<At<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Document {
    #[allow(dead_code, reason = "the head was read before, but it is no unknown field")]
    pub(super) api_version: String,
    #[allow(dead_code, reason = "likewise")]
    pub(super) kind: String,
    pub(super) role: At<String>,
    pub(super) cluster: At<Cluster>,
    pub(super) identity: At<Identity>,
    pub(super) peers: Option<At<Peers>>,
    pub(super) secrets: At<Source>,
    pub(super) claims: Option<At<Source>>,
    pub(super) versions: At<Versions>,
    pub(super) binaries: At<Binaries>,
    pub(super) directory: Option<At<String>>,
    #[serde(default)]
    pub(super) etcd: Etcd,
    #[serde(default)]
    pub(super) api_server: ApiServer,
    #[serde(default)]
    pub(super) controller_manager: Component,
    #[serde(default)]
    pub(super) scheduler: Component,
    #[serde(default)]
    pub(super) kubelet: Kubelet,
    #[serde(default)]
    pub(super) files: Vec<At<File>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Cluster {
    pub(super) name: At<String>,
    pub(super) endpoint: At<String>,
    #[serde(default)]
    pub(super) endpoint_names: Vec<At<String>>,
    pub(super) service_cidr: Option<At<String>>,
    pub(super) pod_cidr: Option<At<String>>,
    pub(super) domain: Option<At<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Identity {
    pub(super) from: At<String>,
    pub(super) name: Option<At<String>>,
    pub(super) address: Option<At<String>>,
    pub(super) zone: Option<At<String>>,
    pub(super) id: Option<At<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Peers {
    pub(super) from: At<String>,
    pub(super) members: Option<At<Vec<Peer>>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Peer {
    pub(super) name: At<String>,
    pub(super) address: At<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Source {
    pub(super) from: At<String>,
    pub(super) prefix: Option<At<String>>,
    pub(super) bucket: Option<At<String>>,
    pub(super) path: Option<At<String>>,
    pub(super) every: Option<At<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Versions {
    pub(super) kubernetes: At<String>,
    pub(super) etcd: Option<At<String>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Binaries {
    pub(super) directory: Option<At<String>>,
    pub(super) artifacts: Option<Vec<Artifact>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Artifact {
    pub(super) name: At<String>,
    pub(super) sha256: At<String>,
    pub(super) urls: At<Vec<At<String>>>,
}

pub(super) type Flags = Option<At<BTreeMap<String, Scalar>>>;

/// A flag's value: `true` and `5` need no quotes.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Scalar {
    Bool(bool),
    Int(i64),
    Text(String),
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct Etcd {
    pub(super) snapshots: Option<At<Snapshots>>,
    pub(super) quota_bytes: Option<At<u64>>,
    pub(super) flags: Flags,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Snapshots {
    pub(super) every: Option<At<String>>,
    pub(super) keep: Option<At<u64>>,
    pub(super) to: At<Source>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct ApiServer {
    pub(super) port: Option<At<u16>>,
    pub(super) shutdown_delay: Option<At<String>>,
    pub(super) goaway_chance: Option<At<f64>>,
    pub(super) audit_policy: Option<At<String>>,
    pub(super) flags: Flags,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Component {
    pub(super) flags: Flags,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Kubelet {
    pub(super) runtime: Option<At<String>>,
    pub(super) labels: Option<At<BTreeMap<String, String>>>,
    #[serde(default)]
    pub(super) taints: Vec<At<String>>,
    pub(super) flags: Flags,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) path: At<String>,
    pub(super) mode: Option<At<String>>,
    pub(super) content: Option<String>,
    pub(super) secret: Option<At<String>>,
}

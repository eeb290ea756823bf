//! From the document as written to one that can work; all that is wrong is told at once.

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::check_parts::needed_programs;
use super::fault::Fault;
use super::raw::At;
use super::{
    Artifact, Binaries, Cidr, Cluster, Document, Faults, Identity, Peer, Peers, Role, Source,
    Version, Versions, duration, raw,
};

/// Snapshots that nobody can restore are none.
const RESTORES: &str = "etcdutl";

/// What was found so far. A field that is wrong becomes None, and the rest is still looked at.
#[derive(Default)]
pub(super) struct Checking(Vec<Fault>);

pub(super) fn document(raw: raw::Document) -> Result<Document, Faults> {
    let mut checking = Checking::default();
    let document = checking.document(raw);
    let Checking(mut faults) = checking;
    match document {
        Some(document) if faults.is_empty() => Ok(document),
        _ => {
            faults.sort_by_key(|fault| (fault.line, fault.column));
            Err(Faults(faults))
        }
    }
}

impl Checking {
    pub(super) fn wrong<T>(
        &mut self,
        at: serde_saphyr::Location,
        message: impl Into<String>,
    ) -> Option<T> {
        self.0.push(Fault::at(at, message));
        None
    }

    fn document(&mut self, raw: raw::Document) -> Option<Document> {
        let role = match raw.role.value.as_str() {
            "master" => Some(Role::Master),
            "worker" => Some(Role::Worker),
            _ => self.wrong(raw.role.referenced, "A role is master or worker."),
        };
        let master = role != Some(Role::Worker);
        let cluster_at = raw.cluster.referenced;
        let cluster = self.cluster(raw.cluster.value);
        let identity = self.identity(raw.identity);
        let peers = match raw.peers {
            Some(peers) => self.peers(peers),
            None if master => self
                .wrong(cluster_at, "A master needs \"peers\": from: autoscaling, or from: static."),
            None => Some(Peers::Static(Vec::new())),
        };
        let every = raw.secrets.value.every.clone();
        let secrets = self.source(raw.secrets, &["ssm", "s3", "directory"]);
        let claims = match raw.claims {
            Some(claims) => self.source(claims, &["s3", "ssm", "directory"]).map(Some),
            None if master => self.wrong(
                cluster_at,
                "A master needs \"claims\": from: s3, from: ssm, or from: directory.",
            ),
            None => Some(None),
        };
        let kubelet = self.kubelet(raw.kubelet);
        let mut needed = needed_programs(role, kubelet.as_ref().map(|kubelet| kubelet.runtime));
        if role == Some(Role::Master) && raw.etcd.snapshots.is_some() {
            needed.push(RESTORES);
        }
        Some(Document {
            cluster: cluster?,
            identity: identity?,
            peers: peers?,
            secrets: secrets?,
            secrets_every: self.duration(every.as_ref(), 60)?,
            claims: claims?,
            versions: self.versions(raw.versions, master)?,
            binaries: self.binaries(raw.binaries, &needed)?,
            directory: match raw.directory {
                Some(path) => self.absolute(&path)?,
                None => PathBuf::from("/var/lib/kprov"),
            },
            etcd: self.etcd(raw.etcd)?,
            api_server: self.api_server(raw.api_server)?,
            controller_manager: self.flags(raw.controller_manager.flags)?,
            scheduler: self.flags(raw.scheduler.flags)?,
            kubelet: kubelet?,
            files: raw
                .files
                .into_iter()
                .map(|file| self.file(file))
                .collect::<Vec<_>>()
                .into_iter()
                .collect::<Option<_>>()?,
            role: role?,
        })
    }

    fn cluster(&mut self, raw: raw::Cluster) -> Option<Cluster> {
        let name = self.name(&raw.name, "A cluster's name");
        let endpoint_host = self.endpoint(&raw.endpoint);
        for name in &raw.endpoint_names {
            if name.value.is_empty()
                || name.value.contains([' ', '/', ':']) && name.value.parse::<IpAddr>().is_err()
            {
                self.wrong::<()>(name.referenced, "This is neither a host name nor an address.");
            }
        }
        let service_cidr = self.cidr(raw.service_cidr.as_ref(), "10.96.0.0/12");
        let pod_cidr = self.cidr(raw.pod_cidr.as_ref(), "10.244.0.0/16");
        if let (Some(at), Some(a), Some(b)) = (&raw.service_cidr, service_cidr, pod_cidr)
            && overlap(a, b)
        {
            self.wrong::<()>(
                at.referenced,
                format!("Addresses of services, {a}, and of pods, {b}, overlap."),
            );
        }
        Some(Cluster {
            name: name?,
            endpoint: raw.endpoint.value,
            endpoint_host: endpoint_host?,
            endpoint_names: raw.endpoint_names.into_iter().map(|name| name.value).collect(),
            service_cidr: service_cidr?,
            pod_cidr: pod_cidr?,
            domain: raw.domain.map_or_else(|| "cluster.local".to_owned(), |domain| domain.value),
        })
    }

    fn endpoint(&mut self, endpoint: &At<String>) -> Option<String> {
        let uri: Option<http::Uri> = endpoint.value.parse().ok();
        let host = uri
            .filter(|uri| uri.scheme_str() == Some("https"))
            .and_then(|uri| uri.host().map(str::to_owned));
        match host {
            Some(host) => Some(host.trim_matches(['[', ']']).to_owned()),
            None => {
                self.wrong(endpoint.referenced, "The endpoint is a URL like https://NAME:6443.")
            }
        }
    }

    fn name(&mut self, name: &At<String>, what: &str) -> Option<String> {
        let valid = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
        let ends = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        let text = &name.value;
        if text.chars().all(valid)
            && text.len() <= 63
            && ends(text.chars().next())
            && ends(text.chars().last())
        {
            return Some(text.clone());
        }
        let message = format!(
            "{what} is of at most 63 lower-case letters, digits, dashes and dots, not {text:?}."
        );
        self.wrong(name.referenced, message)
    }

    fn identity(&mut self, raw: At<raw::Identity>) -> Option<Identity> {
        let at = raw.referenced;
        let raw = raw.value;
        match raw.from.value.as_str() {
            "ec2" => {
                for given in [&raw.name, &raw.address, &raw.zone, &raw.id].into_iter().flatten() {
                    self.wrong::<()>(
                        given.referenced,
                        "Instance metadata tells this where \"from\" is ec2: leave it out.",
                    );
                }
                Some(Identity::Ec2)
            }
            "static" => {
                let (Some(name), Some(address)) = (&raw.name, &raw.address) else {
                    return self.wrong(at, "A static identity has a \"name\" and an \"address\".");
                };
                let (name, address) = (self.name(name, "A node's name"), self.address(address));
                let name = name?;
                let id = raw.id.map_or_else(|| name.clone(), |id| id.value);
                Some(Identity::Static {
                    name,
                    address: address?,
                    zone: raw.zone.map(|zone| zone.value),
                    id,
                })
            }
            other => self.wrong(
                raw.from.referenced,
                format!("An identity is from ec2 or static, not from {other:?}."),
            ),
        }
    }

    fn peers(&mut self, raw: At<raw::Peers>) -> Option<Peers> {
        let at = raw.referenced;
        match (raw.value.from.value.as_str(), raw.value.members) {
            ("autoscaling", None) => Some(Peers::Autoscaling),
            ("autoscaling", Some(members)) => {
                self.wrong(members.referenced, "The groups tell the members: leave them out.")
            }
            ("static", Some(members)) => {
                let mut peers: Vec<Peer> = Vec::new();
                for member in members.value {
                    let name = self.name(&member.name, "A node's name");
                    let address = self.address(&member.address);
                    let (Some(name), Some(address)) = (name, address) else { continue };
                    if peers.iter().any(|peer| peer.name == name || peer.address == address) {
                        self.wrong::<()>(
                            member.name.referenced,
                            "Another member has this name or address.",
                        );
                    }
                    peers.push(Peer { name, address });
                }
                Some(Peers::Static(peers))
            }
            ("static", None) => self.wrong(at, "Static peers have \"members\"."),
            (other, _) => self.wrong(
                raw.value.from.referenced,
                format!("Peers are from autoscaling or static, not from {other:?}."),
            ),
        }
    }

    fn address(&mut self, address: &At<String>) -> Option<IpAddr> {
        match address.value.parse() {
            Ok(address) => Some(address),
            Err(_) => {
                self.wrong(address.referenced, format!("{:?} is no IP address.", address.value))
            }
        }
    }

    pub(super) fn source(&mut self, raw: At<raw::Source>, allowed: &[&str]) -> Option<Source> {
        let at = raw.referenced;
        let raw = raw.value;
        let kind = raw.from.value.as_str();
        if !allowed.contains(&kind) {
            let message = format!("This is from {}, not from {kind:?}.", allowed.join(" or "));
            return self.wrong(raw.from.referenced, message);
        }
        let takes: &[&str] = match kind {
            "ssm" => &["prefix"],
            "s3" => &["bucket", "prefix"],
            _ => &["path"],
        };
        for (name, given) in [("prefix", &raw.prefix), ("bucket", &raw.bucket), ("path", &raw.path)]
        {
            if let Some(given) = given.as_ref().filter(|_| !takes.contains(&name)) {
                self.wrong::<()>(given.referenced, format!("What is from {kind} has no {name:?}."));
            }
        }
        let prefix = raw.prefix.map(|prefix| prefix.value.trim_matches('/').to_owned());
        match (kind, prefix, raw.bucket, raw.path) {
            ("ssm", Some(prefix), ..) if !prefix.is_empty() => {
                Some(Source::Ssm { prefix: format!("/{prefix}") })
            }
            ("ssm", ..) => {
                self.wrong(at, "What is from ssm has a \"prefix\" like /kprov/demo/pki.")
            }
            ("s3", prefix, Some(bucket), _) => {
                Some(Source::S3 { bucket: bucket.value, prefix: prefix.unwrap_or_default() })
            }
            ("s3", ..) => self.wrong(at, "What is from s3 has a \"bucket\"."),
            (_, _, _, Some(path)) => Some(Source::Directory { path: self.absolute(&path)? }),
            _ => self.wrong(at, "What is from a directory has a \"path\"."),
        }
    }

    pub(super) fn absolute(&mut self, path: &At<String>) -> Option<PathBuf> {
        if path.value.starts_with('/') {
            return Some(PathBuf::from(&path.value));
        }
        self.wrong(path.referenced, format!("{:?} is no absolute path.", path.value))
    }

    pub(super) fn duration(
        &mut self,
        given: Option<&At<String>>,
        default: u64,
    ) -> Option<Duration> {
        let Some(given) = given else { return Some(Duration::from_secs(default)) };
        match duration::read(&given.value) {
            Some(duration) => Some(duration),
            None => self.wrong(
                given.referenced,
                format!("{:?} is no duration like 30s or 1m30s.", given.value),
            ),
        }
    }

    fn cidr(&mut self, given: Option<&At<String>>, default: &str) -> Option<Cidr> {
        let text = given.map_or(default, |given| given.value.as_str());
        let parsed = text.split_once('/').and_then(|(network, prefix)| {
            let (network, prefix) = (network.parse().ok()?, prefix.parse().ok()?);
            let bits = if matches!(network, IpAddr::V4(_)) { 32 } else { 128 };
            (prefix < bits).then_some(Cidr { network, prefix })
        });
        match (parsed, given) {
            (Some(cidr), _) if masked(cidr) == cidr => Some(cidr),
            (Some(cidr), Some(at)) => {
                let message = format!(
                    "{text} has bits set behind its prefix; {} would be right.",
                    masked(cidr)
                );
                self.wrong(at.referenced, message)
            }
            (_, Some(at)) => self
                .wrong(at.referenced, format!("{text:?} is no block of addresses like {default}.")),
            (_, None) => None,
        }
    }

    fn versions(&mut self, raw: At<raw::Versions>, master: bool) -> Option<Versions> {
        let at = raw.referenced;
        let kubernetes = self.version(&raw.value.kubernetes);
        if let Some(version) = kubernetes.filter(|version| *version < Version(1, 30, 0)) {
            let message = format!(
                "Kubernetes {version} is older than 1.30, the oldest that this program can run."
            );
            self.wrong::<()>(raw.value.kubernetes.referenced, message);
        }
        let etcd = match &raw.value.etcd {
            Some(etcd) => self.version(etcd).map(Some),
            None if master => self.wrong(at, "A master needs the version of \"etcd\"."),
            None => Some(None),
        };
        Some(Versions { kubernetes: kubernetes?, etcd: etcd? })
    }

    fn version(&mut self, given: &At<String>) -> Option<Version> {
        let parts: Vec<Option<u32>> =
            given.value.trim_start_matches('v').split('.').map(|part| part.parse().ok()).collect();
        match parts[..] {
            [Some(major), Some(minor), Some(patch)] => Some(Version(major, minor, patch)),
            _ => self
                .wrong(given.referenced, format!("{:?} is no version like 1.36.3.", given.value)),
        }
    }

    fn binaries(&mut self, raw: At<raw::Binaries>, needed: &[&str]) -> Option<Binaries> {
        let at = raw.referenced;
        match (raw.value.directory, raw.value.artifacts) {
            (Some(directory), None) => Some(Binaries::Directory(self.absolute(&directory)?)),
            (None, Some(artifacts)) => {
                let artifacts: Option<Vec<Artifact>> =
                    artifacts.into_iter().map(|artifact| self.artifact(artifact)).collect();
                let artifacts = artifacts?;
                for name in needed {
                    if !artifacts.iter().any(|artifact| artifact.name == *name) {
                        let why =
                            if *name == RESTORES { "restores snapshots" } else { "this role runs" };
                        self.wrong::<()>(at, format!("There is no artifact {name}, which {why}."));
                    }
                }
                Some(Binaries::Artifacts(artifacts))
            }
            _ => self.wrong(at, "Binaries are either a \"directory\" or \"artifacts\"."),
        }
    }

    fn artifact(&mut self, raw: raw::Artifact) -> Option<Artifact> {
        let name = self.name(&raw.name, "An artifact's name");
        let sha256 = raw.sha256.value.to_ascii_lowercase();
        if sha256.len() != 64 || !sha256.chars().all(|c| c.is_ascii_hexdigit()) {
            self.wrong::<()>(raw.sha256.referenced, "A SHA-256 is of 64 hexadecimal digits.");
        }
        if raw.urls.value.is_empty() {
            self.wrong::<()>(raw.urls.referenced, "An artifact has one URL at least.");
        }
        for url in &raw.urls.value {
            if !["https://", "http://", "file:///"]
                .iter()
                .any(|scheme| url.value.starts_with(scheme))
            {
                self.wrong::<()>(
                    url.referenced,
                    "A URL begins with https://, http:// or file:///.",
                );
            }
        }
        Some(Artifact {
            name: name?,
            sha256,
            urls: raw.urls.value.into_iter().map(|url| url.value).collect(),
        })
    }
}

fn masked(cidr: Cidr) -> Cidr {
    let network = match cidr.network {
        IpAddr::V4(v4) => IpAddr::from(
            (u32::from(v4) & u32::MAX.checked_shl(32 - u32::from(cidr.prefix)).unwrap_or(0))
                .to_be_bytes(),
        ),
        IpAddr::V6(v6) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(cidr.prefix)).unwrap_or(0);
            IpAddr::from((u128::from(v6) & mask).to_be_bytes())
        }
    };
    Cidr { network, ..cidr }
}

fn overlap(a: Cidr, b: Cidr) -> bool {
    let prefix = a.prefix.min(b.prefix);
    a.network.is_ipv4() == b.network.is_ipv4()
        && masked(Cidr { prefix, ..a }) == masked(Cidr { prefix, ..b })
}

//! A worker: a certificate asked for with the bootstrap token, then what runs pods. It follows the PKI tree as masters do
//! ([`look`]), and tells on its Node with which one it runs.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use kprov_pki::{Bundle, Certificate, KeyAlgorithm, PrivateKey, renewal_due};
use serde_json::json;

use super::begin::Begun;
use super::{Stop, begin, leave, notices, parts, stopped, unless_stopped};
use crate::components::{config, worker_config};
use crate::document::{Identity, Role, Runtime};
use crate::files;
use crate::https::Client;
use crate::kubernetes::{Api, ApiError, Asked, certificate};
use crate::problem::Problem;
use crate::randomness;
use crate::secrets::{self, Tree};
use crate::status::Expiry;

const LEAF: &str = "kubelet";
const BUNDLE: &str = "kubernetes-ca/bundle.pem";
/// On its Node: with which tree all that it runs does.
const TREE: &str = "kprov.dev/tree";

/// So soon it is tried again to come to the tree that was found.
const AGAIN: Duration = Duration::from_secs(3);

/// A worker that has begun.
pub(super) struct Worker {
    pub(super) begun: Begun,
    /// The tree in place.
    tree: Mutex<Tree>,
}

impl Worker {
    /// The cluster's API, asked by the certificate and trusted by the tree of now.
    pub(super) fn api(&self) -> Result<Api, Problem> {
        let tree = self.tree.lock().unwrap_or_else(PoisonError::into_inner).clone();
        api(&self.begun, &tree, false)
    }
}

pub(super) async fn run(begun: Begun, stop: Stop) -> Result<(), Problem> {
    let tree = Mutex::new(begun.tree.clone());
    let worker = Worker { begun, tree };
    let Some(prepared) = unless_stopped(&stop, prepare(&worker)).await else { return Ok(()) };
    prepared?;
    let begun = &worker.begun;
    let parts = parts::worker(begun.setting());
    let names: Vec<String> = parts.iter().map(|part| part.name.clone()).collect();
    for part in parts {
        begun.supervisor.want(part).await;
    }
    begun.board.change(|report| report.phase = "serves".to_owned());
    tokio::select! {
        biased;
        () = stopped(&stop) => {}
        () = stay(begun) => {}
        () = follow(&worker, &names) => {}
        () = notices::heed(&worker) => {}
    }
    begun.board.change(|report| report.phase = "stops".to_owned());
    for name in names.iter().rev() {
        begun.supervisor.stop(&[name.as_str()]).await;
    }
    Ok(())
}

impl Worker {
    fn tree(&self) -> Tree {
        self.tree.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn prepare(worker: &Worker) -> Result<(), Problem> {
    let (begun, tree) = (&worker.begun, worker.tree());
    files::directory(&begun.layout.certificates())?;
    let endpoint = &begun.document.cluster.endpoint;
    let text = config::kubeconfig(
        begun.setting(),
        endpoint,
        &format!("system:node:{}", begun.facts.name),
        LEAF,
    );
    files::write(&begun.layout.config("kubelet.kubeconfig"), text.as_bytes(), 0o600)?;
    for (name, text) in worker_config::of_worker(begun.setting(), resolver()) {
        files::write(&begun.layout.config(name), text.as_bytes(), 0o600)?;
    }
    if !holds(begun, &tree) {
        obtain(begun, &tree, true).await?;
    }
    tell(begun);
    if begun.document.kubelet.runtime == Runtime::Kwok {
        register(begun, &tree).await?;
    }
    Ok(())
}

/// Pods that ask the node's DNS servers must not ask systemd's own, which answers on loopback only.
fn resolver() -> &'static str {
    const OF_SYSTEMD: &str = "/run/systemd/resolve/resolv.conf";
    if std::path::Path::new(OF_SYSTEMD).exists() { OF_SYSTEMD } else { "/etc/resolv.conf" }
}

fn held(begun: &Begun) -> Option<Certificate> {
    Certificate::from_pem(&std::fs::read_to_string(begun.layout.certificate(LEAF)).ok()?).ok()
}

fn bundle(tree: &Tree) -> Option<Bundle> {
    Bundle::from_pem(tree.get(BUNDLE).unwrap_or_default()).ok()
}

/// Is there a certificate that the cluster trusts, for this node, and with its key?
fn holds(begun: &Begun, tree: &Tree) -> bool {
    let key = std::fs::read_to_string(begun.layout.key(LEAF))
        .ok()
        .and_then(|text| PrivateKey::from_pem(&text).ok());
    let (Some(certificate), Some(key), Some(bundle)) = (held(begun), key, bundle(tree)) else {
        return false;
    };
    let name = format!("system:node:{}", begun.facts.name);
    certificate.matches(&key).is_ok()
        && bundle.verify(&certificate, Timestamp::now()).is_ok()
        && certificate.subject().common_name.as_deref() == Some(&name)
}

/// Did the authority issue it that signs now? Others of the bundle are staged, or about to go.
fn is_of_primary(certificate: &Certificate, tree: &Tree) -> bool {
    let bundle = bundle(tree);
    let primary = bundle.as_ref().and_then(|bundle| bundle.certificates().first());
    primary.is_some_and(|primary| certificate.signed_by(primary).is_ok())
}

fn tell(begun: &Begun) {
    let expiry =
        held(begun).map(|it| Expiry { name: LEAF.to_owned(), until: it.not_after().to_string() });
    begun.board.change(|report| report.certificates = expiry.into_iter().collect());
}

/// With the bootstrap token the first time, then with the certificate itself.
fn api(begun: &Begun, tree: &Tree, by_token: bool) -> Result<Api, Problem> {
    let failed = |error: &dyn std::fmt::Display| {
        Problem::new("The cluster's API cannot be asked", format!("{error}."))
    };
    let bundle = tree.get(BUNDLE).unwrap_or_default().as_bytes();
    let url = begun.document.cluster.endpoint.clone();
    if by_token {
        let client = Client::trusting(bundle, None).map_err(|error| failed(&error))?;
        let token = tree.get("bootstrap/token").map(|token| token.trim().to_owned());
        return Ok(Api { client, url, token });
    }
    let read = |path: std::path::PathBuf| std::fs::read(&path).map_err(|error| failed(&error));
    let (certificate, key) = (read(begun.layout.certificate(LEAF))?, read(begun.layout.key(LEAF))?);
    let client =
        Client::trusting(bundle, Some((&certificate, &key))).map_err(|error| failed(&error))?;
    Ok(Api { client, url, token: None })
}

/// Asks until it is issued: masters may not be there yet.
async fn obtain(begun: &Begun, tree: &Tree, by_token: bool) -> Result<(), Problem> {
    let key = PrivateKey::generate(KeyAlgorithm::EcdsaP256, &mut randomness::generator()?)
        .map_err(|error| Problem::new("There is no key", format!("{error}.")))?;
    let api = api(begun, tree, by_token)?;
    let name = &begun.facts.name;
    loop {
        begun.board.change(|report| report.phase = format!("asks {} for its certificate", api.url));
        match certificate(&api, name, &key).await {
            Ok(Asked::Issued(text)) => {
                files::write(&begun.layout.key(LEAF), key.to_pkcs8_pem().as_bytes(), 0o600)?;
                files::write(&begun.layout.certificate(LEAF), text.as_bytes(), 0o600)?;
                begun.board.change(|report| report.problem = None);
                return Ok(());
            }
            Ok(Asked::Refused(why)) => {
                let detail =
                    format!("The cluster refused it: {why}. See its CertificateSigningRequests.");
                return Err(Problem::new("The node gets no certificate", detail));
            }
            Ok(Asked::Open) => {}
            Err(error) => begun.board.change(|report| report.problem = Some(format!("{error}"))),
        }
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
}

/// kwok manages nodes that are there; a kubelet would register itself.
async fn register(begun: &Begun, tree: &Tree) -> Result<(), Problem> {
    let (facts, kubelet) = (&begun.facts, &begun.document.kubelet);
    let mut labels = kubelet.labels.clone();
    labels.insert("kubernetes.io/hostname".to_owned(), facts.name.clone());
    // As a kubelet labels its own: by Go's names.
    let architecture = match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    };
    labels.insert("kubernetes.io/arch".to_owned(), architecture.to_owned());
    labels.insert("kubernetes.io/os".to_owned(), std::env::consts::OS.to_owned());
    if let Some(zone) = &facts.zone {
        labels.insert("topology.kubernetes.io/zone".to_owned(), zone.clone());
    }
    let taints: Vec<_> = kubelet.taints.iter().map(|it| worker_config::taint(it)).collect();
    let mut node = json!({
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": facts.name, "labels": labels, "annotations": {TREE: tree.told(Role::Worker)}},
        "spec": {"taints": taints},
    });
    if begun.document.identity == Identity::Ec2 {
        node["spec"]["providerID"] = worker_config::provider_id(facts).into();
    }
    let api = api(begun, tree, false)?;
    loop {
        match api.create("/api/v1/nodes", &node).await {
            Ok(_) | Err(ApiError::Refused(409, _)) => return Ok(()),
            Err(error) => begun
                .board
                .change(|report| report.problem = Some(format!("It cannot register: {error}."))),
        }
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
}

/// Keeps the board.
async fn stay(begun: &Begun) {
    loop {
        let views = begun.supervisor.views();
        begun.board.change(|report| report.components = views);
        if leave::request(&begun.layout).exists() {
            let detail = "It is a worker: drain it and delete its Node, then end it with SIGTERM.";
            leave::answer(
                &begun.layout,
                Some(&Problem::new("A worker has no member of etcd", detail)),
            );
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Keeps the certificate new, and follows the tree, for ever.
async fn follow(worker: &Worker, names: &[String]) {
    let mut told = None;
    loop {
        let (done, trouble) = match look(worker, names).await {
            Ok(done) => (done, None),
            Err(problem) => (true, Some(problem.to_string())),
        };
        worker.begun.board.trouble(&mut told, trouble);
        let every = worker.begun.document.secrets_every;
        tokio::time::sleep(if done { every } else { AGAIN.min(every) }).await;
    }
}

/// Once. Has it all that the tree wants? An authority that was promoted does not sign at once: who does has to follow, too.
async fn look(worker: &Worker, names: &[String]) -> Result<bool, Problem> {
    let begun = &worker.begun;
    let found = begin::tree(&begun.document, begun.aws.as_ref()).await?;
    let changed = worker.tree().get(BUNDLE) != found.get(BUNDLE);
    secrets::put(&found, &begun.layout)?;
    let fits = |it: &Certificate| is_of_primary(it, &found) && !renewal_due(it, Timestamp::now());
    if !held(begun).is_some_and(|it| fits(&it)) {
        obtain(begun, &found, !holds(begun, &found)).await?;
        tell(begun);
    }
    if !held(begun).is_some_and(|it| is_of_primary(&it, &found)) {
        return Ok(false);
    }
    if changed {
        // Whom to trust is read at the start only; and a connection by the certificate before would last for minutes.
        for name in names.iter().filter(|name| *name != "containerd") {
            begun.supervisor.restart(name).await;
        }
    }
    worker.tree.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&found);
    let hash = found.told(Role::Worker);
    begun.board.change(|report| report.generation = Some(hash.clone()));
    let path = format!("/api/v1/nodes/{}", begun.facts.name);
    let told = json!({"metadata": {"annotations": {TREE: hash}}});
    match api(begun, &found, false)?.merge(&path, &told).await {
        Ok(_) => Ok(true),
        // A kubelet that has just begun registers it in a moment.
        Err(ApiError::Refused(404, _)) => Ok(false),
        Err(error) => {
            Err(Problem::new("The node cannot tell its tree", format!("{path}: {error}.")))
        }
    }
}

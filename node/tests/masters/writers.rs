//! Clients that write through one API server each while something is done to the cluster. Each write is a request on a
//! connection of its own, and none is tried again: what is not acknowledged with 200 is lost.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;

use crate::cluster::Cluster;

const EVERY: Duration = Duration::from_millis(50);
const PATIENCE: Duration = Duration::from_secs(5);

/// What became of the writes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) written: u64,
    pub(crate) lost: Vec<String>,
    pub(crate) slowest: Duration,
}

impl Tally {
    fn note(&mut self, done: Result<(), String>, took: Duration) {
        self.slowest = self.slowest.max(took);
        match done {
            Ok(()) => self.written += 1,
            Err(why) => self.lost.push(why),
        }
    }
}

/// They write as long as it is held.
pub(crate) struct Writers {
    runtime: tokio::runtime::Runtime,
    tally: Arc<Mutex<Tally>>,
    tasks: BTreeMap<usize, (JoinHandle<()>, Arc<Mutex<bool>>)>,
}

impl Writers {
    /// One through each of these nodes. What they write must be there.
    pub(crate) fn start(cluster: &Cluster, nodes: &[usize]) -> Writers {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let tally = Arc::new(Mutex::new(Tally::default()));
        let mut tasks = BTreeMap::new();
        for n in nodes {
            let name = format!("written-{n}");
            cluster.until("something to write to", 60, |it| {
                let made = it.kubectl(0, &["create", "configmap", &name]);
                made.map_or_else(|why| why.contains("AlreadyExists"), |_| true)
            });
            let writer = Writer { address: cluster.address(*n), tls: connector(cluster), name };
            let (stop, tally) = (Arc::new(Mutex::new(false)), Arc::clone(&tally));
            let task = runtime.spawn(writer.write(Arc::clone(&stop), tally));
            tasks.insert(*n, (task, stop));
        }
        Writers { runtime, tally, tasks }
    }

    /// Nobody writes through this node any more; what was under way has ended.
    pub(crate) fn end(&mut self, n: usize) {
        let (task, stop) = self.tasks.remove(&n).expect("somebody writes through it");
        *stop.lock().expect("a writer") = true;
        self.runtime.block_on(task).expect("a writer");
    }

    pub(crate) fn so_far(&self) -> Tally {
        self.tally.lock().expect("a tally").clone()
    }
}

struct Writer {
    address: String,
    tls: TlsConnector,
    name: String,
}

impl Writer {
    async fn write(self, stop: Arc<Mutex<bool>>, tally: Arc<Mutex<Tally>>) {
        let mut number = 0_u64;
        while !*stop.lock().expect("a writer") {
            number += 1;
            let begun = Instant::now();
            let done = tokio::time::timeout(PATIENCE, self.once(number)).await;
            let done = done.unwrap_or_else(|_| Err(format!("no answer within {PATIENCE:?}")));
            let said = done.map_err(|why| format!("{number} through {}: {why}", self.address));
            tally.lock().expect("a tally").note(said, begun.elapsed());
            tokio::time::sleep(EVERY).await;
        }
    }

    async fn once(&self, number: u64) -> Result<(), String> {
        let said = |error: &dyn std::fmt::Display| error.to_string();
        let stream = TcpStream::connect((self.address.as_str(), 6443)).await;
        let name = ServerName::try_from(self.address.clone()).map_err(|it| said(&it))?;
        let stream = self.tls.connect(name, stream.map_err(|it| said(&it))?).await;
        let io = TokioIo::new(stream.map_err(|it| said(&it))?);
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(io).await.map_err(|it| said(&it))?;
        tokio::spawn(connection);
        let body = format!(r#"{{"data":{{"number":"{number}"}}}}"#);
        let request =
            Request::patch(format!("/api/v1/namespaces/default/configmaps/{}", self.name))
                .header("host", &self.address)
                .header("content-type", "application/merge-patch+json")
                .body(Full::new(Bytes::from(body)))
                .map_err(|it| said(&it))?;
        let answer = sender.send_request(request).await.map_err(|it| said(&it))?;
        let status = answer.status();
        let body = answer.into_body().collect().await.map_err(|it| said(&it))?.to_bytes();
        match status.as_u16() {
            200 => Ok(()),
            other => Err(format!("{other} {}", String::from_utf8_lossy(&body))),
        }
    }
}

fn connector(cluster: &Cluster) -> TlsConnector {
    let read = |file: &str| std::fs::read(cluster.at(&format!("pki/{file}"))).expect("a tree");
    let mut roots = rustls::RootCertStore::empty();
    for root in CertificateDer::pem_slice_iter(&read("kubernetes-ca/bundle.pem")) {
        roots.add(root.expect("a certificate")).expect("an authority");
    }
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&read("admin.pem")).collect();
    let key = PrivateKeyDer::from_pem_slice(&read("admin-key.pem")).expect("a key");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("TLS")
        .with_root_certificates(roots)
        .with_client_auth_cert(chain.expect("certificates"), key)
        .expect("an administrator");
    TlsConnector::from(Arc::new(config))
}

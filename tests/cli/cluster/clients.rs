//! [`Clients`]: who asks the cluster's API through its load balancer while something is done to it. Some keep their connection,
//! some make one for each request; some read, some write; each ten times in a second. They speak HTTP/2, as kubectl does.
//!
//! What must hold: nobody tries again what may have been done, or what kubectl would not. A request has failed when its connection
//! could not be made or broke off, when its answer is no success, or when there is none in time. Three things are no failures, and
//! are counted apart:
//! - it was not sent, as its kept connection had ended before;
//! - the server said that it had not looked at it (GOAWAY, RFC 9113 6.8): any client of HTTP/2 sends it again elsewhere;
//! - the API server put it off while it closes its connections: 503 with Retry-After, before anything is done. There is an instant
//!   between the one and the other, as both begin at once (WithWaitGroup and Server.Shutdown in k8s.io/apiserver). client-go waits and
//!   asks again (checkWait in its rest/with_retry.go), so users of kubectl see nothing of it. Any other 503, and each 429, is a failure.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use h2::client::SendRequest;
use http::{Method, Request, StatusCode};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use serde_json::Value as Json;
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;

/// Where clients read and write; each writes an object of its own.
pub(crate) const NAMESPACE: &str = "asked";
const EVERY: Duration = Duration::from_millis(100);
/// An answer takes milliseconds; kubectl waits longer.
const PATIENCE: Duration = Duration::from_secs(10);

/// How one reaches the API: what a kubeconfig says.
pub(crate) struct Access {
    address: SocketAddr,
    tls: TlsConnector,
}

impl Access {
    /// By a kubeconfig, as `kubectl config view --raw -o json` shows it.
    pub(crate) fn new(kubeconfig: &Json) -> Access {
        Access::mixed(kubeconfig, kubeconfig)
    }

    /// The server and whom to trust by one, who one is by the other.
    pub(crate) fn mixed(server: &Json, user: &Json) -> Access {
        let cluster = &server["clusters"][0]["cluster"];
        let user = &user["users"][0]["user"];
        let data = |json: &Json| STANDARD.decode(json.as_str().expect("data")).expect("base64");
        let mut roots = rustls::RootCertStore::empty();
        for root in CertificateDer::pem_slice_iter(&data(&cluster["certificate-authority-data"])) {
            roots.add(root.expect("a certificate")).expect("an authority");
        }
        let chain = CertificateDer::pem_slice_iter(&data(&user["client-certificate-data"]))
            .collect::<Result<Vec<_>, _>>();
        let key = PrivateKeyDer::from_pem_slice(&data(&user["client-key-data"])).expect("a key");
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(roots)
            .with_client_auth_cert(chain.expect("certificates"), key)
            .expect("a pair");
        config.alpn_protocols = vec![b"h2".to_vec()];
        // Who makes a new connection each time does not go on with an old session.
        config.resumption = rustls::client::Resumption::disabled();
        let url = cluster["server"].as_str().expect("a server");
        let address = url.strip_prefix("https://").expect("https").parse().expect("an address");
        Access { address, tls: TlsConnector::from(Arc::new(config)) }
    }

    async fn connect(&self) -> Result<SendRequest<Bytes>, String> {
        let no =
            |what: &'static str| move |error: &dyn std::error::Error| format!("{what}: {error}");
        let tcp = TcpStream::connect(self.address).await.map_err(|e| no("no connection")(&e))?;
        let name = ServerName::from(self.address.ip());
        let tls = self.tls.connect(name, tcp).await.map_err(|e| no("no TLS")(&e))?;
        let (sender, connection) =
            h2::client::handshake(tls).await.map_err(|e| no("no HTTP/2")(&e))?;
        // What it ends with is told to whoever asked on it.
        tokio::spawn(async move { drop(connection.await) });
        Ok(sender)
    }

    /// One request on a connection of its own.
    pub(crate) fn status(&self, path: &str) -> Result<StatusCode, String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(async {
            let sender = self.connect().await?;
            match send(sender, Method::GET, path, Bytes::new()).await {
                Sent::Answer(status, _) => Ok(status),
                Sent::Refused | Sent::Unsent | Sent::PutOff(_) => Err("it was refused".to_owned()),
                Sent::Broken(why) => Err(why),
            }
        })
    }
}

/// What clients have seen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    /// Requests with a good answer.
    pub(crate) answered: usize,
    /// Connections that were made.
    pub(crate) connections: usize,
    /// Requests that the server refused unseen.
    pub(crate) refused: usize,
    /// Requests that an API server put off because it was about to end.
    pub(crate) put_off: usize,
    pub(crate) slowest: Duration,
    /// When, who, what, why.
    pub(crate) failed: Vec<String>,
    /// By object: what was written there at last.
    pub(crate) written: std::collections::BTreeMap<&'static str, u64>,
}

/// See the module.
pub(crate) struct Clients {
    runtime: Runtime,
    tasks: JoinSet<()>,
    access: watch::Sender<Arc<Access>>,
    end: watch::Sender<bool>,
    tally: Arc<Mutex<Tally>>,
}

#[derive(Clone, Copy)]
struct Client {
    name: &'static str,
    keeps: bool,
    writes: bool,
}

/// All of them; names are those of their objects.
pub(crate) const NAMES: [&str; 4] = ["kept-read", "kept-write", "new-read", "new-write"];

impl Clients {
    pub(crate) fn start(access: Access) -> Clients {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime");
        let access = watch::Sender::new(Arc::new(access));
        let (end, tally) = (watch::Sender::new(false), Arc::<Mutex<Tally>>::default());
        let mut tasks = JoinSet::new();
        let begun = Instant::now();
        for name in NAMES {
            let client =
                Client { name, keeps: name.starts_with("kept"), writes: name.ends_with("write") };
            let (access, end, tally) = (access.subscribe(), end.subscribe(), Arc::clone(&tally));
            tasks.spawn_on(client.ask(access, end, tally, begun), runtime.handle());
        }
        Clients { runtime, tasks, access, end, tally }
    }

    /// They have read their kubeconfig anew.
    pub(crate) fn take(&self, access: Access) {
        self.access.send_replace(Arc::new(access));
    }

    pub(crate) fn so_far(&self) -> Tally {
        self.tally.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Each ends what it is at.
    pub(crate) fn end(mut self) -> Tally {
        self.end.send_replace(true);
        self.runtime.block_on(async { while self.tasks.join_next().await.is_some() {} });
        self.so_far()
    }
}

impl Client {
    async fn ask(
        self,
        mut access: watch::Receiver<Arc<Access>>,
        end: watch::Receiver<bool>,
        tally: Arc<Mutex<Tally>>,
        begun: Instant,
    ) {
        let mut tick = tokio::time::interval(EVERY);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let (mut kept, mut number) = (None, 0);
        while !*end.borrow() {
            tick.tick().await;
            if access.has_changed().unwrap_or(false) {
                kept = None;
            }
            let by = Arc::clone(&access.borrow_and_update());
            number += 1;
            let since = Instant::now();
            let asked = self.once(&by, &mut kept, number, &tally);
            let done = match tokio::time::timeout(PATIENCE, asked).await {
                Ok(done) => done,
                Err(_) => Err(format!("no answer in {PATIENCE:?}")),
            };
            if !self.keeps || done.is_err() {
                kept = None;
            }
            let mut tally = tally.lock().unwrap_or_else(PoisonError::into_inner);
            tally.slowest = tally.slowest.max(since.elapsed());
            match done {
                Ok(()) => {
                    tally.answered += 1;
                    if self.writes {
                        tally.written.insert(self.name, number);
                    }
                }
                Err(why) => {
                    let when = since.duration_since(begun).as_secs_f64();
                    tally.failed.push(format!("{when:.3} s, {} {number}: {why}", self.name));
                }
            }
        }
    }

    async fn once(
        self,
        by: &Access,
        kept: &mut Option<SendRequest<Bytes>>,
        number: u64,
        tally: &Mutex<Tally>,
    ) -> Result<(), String> {
        let count = |of: fn(&mut Tally) -> &mut usize| {
            *of(&mut tally.lock().unwrap_or_else(PoisonError::into_inner)) += 1;
        };
        let path = format!("/api/v1/namespaces/{NAMESPACE}/configmaps/{}", self.name);
        let (method, body) = match self.writes {
            true => (Method::PATCH, format!(r#"{{"data":{{"number":"{number}"}}}}"#).into()),
            false => (Method::GET, Bytes::new()),
        };
        loop {
            let (sender, fresh) = match kept.take() {
                Some(sender) => (sender, false),
                None => {
                    count(|tally| &mut tally.connections);
                    (by.connect().await?, true)
                }
            };
            match send(sender.clone(), method.clone(), &path, body.clone()).await {
                Sent::Answer(status, _) if status.is_success() => {
                    *kept = Some(sender);
                    return Ok(());
                }
                Sent::Answer(status, text) => return Err(format!("{status}: {text}")),
                Sent::PutOff(wait) => {
                    count(|tally| &mut tally.put_off);
                    tokio::time::sleep(wait).await;
                }
                Sent::Broken(why) => return Err(why),
                Sent::Unsent if fresh => return Err("a new connection ended at once".to_owned()),
                Sent::Unsent => {}
                Sent::Refused => count(|tally| &mut tally.refused),
            }
        }
    }
}

/// What became of a request.
enum Sent {
    Answer(StatusCode, String),
    /// An API server that is about to end says when to come back.
    PutOff(Duration),
    /// The connection had ended before.
    Unsent,
    /// The server said that it did not look at it.
    Refused,
    Broken(String),
}

async fn send(sender: SendRequest<Bytes>, method: Method, path: &str, body: Bytes) -> Sent {
    let broken = |error: h2::Error| match error.is_remote()
        && error.reason() == Some(h2::Reason::NO_ERROR)
        && error.is_go_away()
        || error.reason() == Some(h2::Reason::REFUSED_STREAM)
    {
        true => Sent::Refused,
        false => Sent::Broken(format!("broke off: {error}")),
    };
    let Ok(mut sender) = sender.ready().await else { return Sent::Unsent };
    let request = Request::builder()
        .method(method)
        .uri(format!("https://api{path}"))
        .header("content-type", "application/merge-patch+json")
        .body(())
        .expect("a request");
    let Ok((answer, mut stream)) = sender.send_request(request, body.is_empty()) else {
        return Sent::Unsent;
    };
    if !body.is_empty()
        && let Err(error) = stream.send_data(body, true)
    {
        return broken(error);
    }
    let answer = match answer.await {
        Ok(answer) => answer,
        Err(error) => return broken(error),
    };
    let (parts, mut body) = answer.into_parts();
    let mut text = Vec::new();
    while let Some(data) = body.data().await {
        match data {
            Ok(data) => {
                let _ = body.flow_control().release_capacity(data.len());
                text.extend_from_slice(&data);
            }
            Err(error) => return Sent::Broken(format!("broke off in its answer: {error}")),
        }
    }
    let text = String::from_utf8_lossy(&text).into_owned();
    let later = parts.headers.get(http::header::RETRY_AFTER);
    let later = later.and_then(|seconds| seconds.to_str().ok()?.parse().ok());
    match later {
        Some(seconds) if parts.status == 503 && text.contains("apiserver is shutting down") => {
            Sent::PutOff(Duration::from_secs(seconds))
        }
        _ => Sent::Answer(parts.status, text),
    }
}

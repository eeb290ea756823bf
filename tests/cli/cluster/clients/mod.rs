//! [`Clients`]: who asks the cluster's API through its load balancer while something is done to it. Some keep their connection,
//! some make one for each request; some read one object, some write one, some list them all; each ten times in a second. One
//! watches. They speak HTTP/2, as kubectl does.
//!
//! What must hold: nobody tries again what may have been done, or what kubectl would not. A request has failed when its connection
//! could not be made or broke off, when its answer is no success, or when there is none in time. Three things are no failures, and
//! are counted apart:
//! - it was not sent, as its kept connection had ended before;
//! - the server said that it had not looked at it (GOAWAY, RFC 9113 6.8): any client of HTTP/2 sends it again elsewhere;
//! - the API server put it off while it closes its connections: 503 with Retry-After, before anything is done. There is an instant
//!   between the one and the other, as both begin at once (WithWaitGroup and Server.Shutdown in k8s.io/apiserver). client-go waits and
//!   asks again (checkWait in its rest/with_retry.go), so users of kubectl see nothing of it. Any other 503, and each 429, is a failure.

mod access;
mod watcher;
mod wire;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use bytes::Bytes;
use h2::client::SendRequest;
use http::Method;
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::task::JoinSet;

pub(crate) use access::Access;
use watcher::Seen;
use wire::{Sent, send};

/// Where clients read and write; each writes an object of its own.
pub(crate) const NAMESPACE: &str = "asked";
const EVERY: Duration = Duration::from_millis(100);
/// An answer takes milliseconds; kubectl waits longer.
const PATIENCE: Duration = Duration::from_secs(10);

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
    /// How long answers took, connections included.
    pub(crate) took: Vec<Duration>,
    /// Events that the watcher got.
    pub(crate) events: usize,
    /// Watches that were ended by their server, and taken up again where they ended.
    pub(crate) resumed: usize,
    /// When, who, what, why.
    pub(crate) failed: Vec<String>,
    /// By object: what was written there at last.
    pub(crate) written: std::collections::BTreeMap<&'static str, u64>,
}

impl Tally {
    /// So long took all but one of a hundred.
    pub(crate) fn p99(&self) -> Duration {
        let mut took = self.took.clone();
        took.sort_unstable();
        took.get(took.len() * 99 / 100).copied().unwrap_or_default()
    }

    pub(crate) fn slowest(&self) -> Duration {
        self.took.iter().max().copied().unwrap_or_default()
    }
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
    does: Does,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Does {
    Read,
    Write,
    List,
}

/// All of them; names are those of their objects.
pub(crate) const NAMES: [&str; 6] =
    ["kept-read", "kept-write", "kept-list", "new-read", "new-write", "new-list"];

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
            let (keeps, does) = name.split_once('-').expect("a name of ours");
            let does = match does {
                "write" => Does::Write,
                "list" => Does::List,
                _ => Does::Read,
            };
            let client = Client { name, keeps: keeps == "kept", does };
            let (access, end, tally) = (access.subscribe(), end.subscribe(), Arc::clone(&tally));
            tasks.spawn_on(client.ask(access, end, tally, begun), runtime.handle());
        }
        let seen = Seen::default();
        let watcher = seen.watch(access.subscribe(), end.subscribe(), Arc::clone(&tally), begun);
        tasks.spawn_on(watcher, runtime.handle());
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
            tally.took.push(since.elapsed());
            match done {
                Ok(()) => {
                    tally.answered += 1;
                    if self.does == Does::Write {
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
        let all = format!("/api/v1/namespaces/{NAMESPACE}/configmaps");
        let path = format!("{all}/{}", self.name);
        let (method, path, body) = match self.does {
            Does::Write => {
                (Method::PATCH, path, format!(r#"{{"data":{{"number":"{number}"}}}}"#).into())
            }
            Does::Read => (Method::GET, path, Bytes::new()),
            Does::List => (Method::GET, all, Bytes::new()),
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

//! One task for each cluster: performs what the core asks for on tokio. Effects are performed in their order; what takes
//! long (looks, calls) goes on beside it and comes back as an event.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use futures::future::join;
use kprov_core::Host;
use kprov_provider::ProviderError;
use kprov_rotation::world::Lock;
use kprov_rotation::{GroupId, OperatorId};
use kprov_state::{RunId, StateError, Store};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::{oneshot, watch};
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::Instant;

use super::carry::{carry_out, keep_waiting};
use super::core::{Answer, Core, Effect, Event, LOCK_LIFE, Look, Order, StepOrder, Write};
use super::discretion::discreet;
use super::observe::{Observed, Observer, Site, no_clusters};
use crate::Reporter;
use crate::driver::{chain, crash, off_runtime, rfc3339};

/// A look that takes longer has seen nothing.
const LOOK_MAX: Duration = Duration::from_secs(60);

/// The lock is given back within so long, or runs out by itself.
const UNLOCK_MAX: Duration = Duration::from_secs(5);

/// What all rotators of a run share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) observer: Observer,
    pub(super) host: Arc<dyn Host>,
    pub(super) store: Arc<dyn Store>,
    pub(super) workspace: String,
    pub(super) run: RunId,
    pub(super) reporter: Arc<dyn Reporter>,
    pub(super) operator: OperatorId,
    pub(super) every: Duration,
}

/// An operation that registers its group, and where its answer goes.
#[derive(Debug)]
pub(super) struct Registration {
    pub(super) order: Order,
    pub(super) reply: oneshot::Sender<Result<(), ProviderError>>,
}

/// What goes on beside the task.
#[derive(Debug)]
enum Work {
    Looked(Box<Look>),
    Answered { token: String, answer: Answer },
    Kept,
}

#[derive(Debug)]
enum Kind {
    Look,
    Call(String),
    Keep,
}

struct Shell {
    shared: Arc<Shared>,
    core: Core,
    replies: BTreeMap<GroupId, oneshot::Sender<Result<(), ProviderError>>>,
    work: JoinSet<Work>,
    kinds: HashMap<Id, Kind>,
    due: Option<Instant>,
}

/// Rotates one cluster until nobody can register any more.
pub(super) async fn run(
    shared: Arc<Shared>,
    cluster: String,
    sites: Vec<Site>,
    mut registrations: UnboundedReceiver<Registration>,
    mut interrupts: watch::Receiver<bool>,
) {
    let stored = off_runtime(|| shared.store.rotations(&shared.workspace));
    let stored = match stored {
        Ok(records) => records.into_iter().find(|record| record.cluster == cluster),
        Err(error) => return refuse_all(&mut registrations, &error).await,
    };
    let (host, operator) = (shared.host.clone(), shared.operator.clone());
    let core = Core::new(&cluster, operator, host, shared.every, sites, stored);
    let mut shell = Shell {
        shared,
        core,
        replies: BTreeMap::new(),
        work: JoinSet::new(),
        kinds: HashMap::new(),
        due: None,
    };
    if *interrupts.borrow_and_update() {
        shell.handle(Event::Interrupted).await;
    }
    let mut listening = true;
    loop {
        let event = tokio::select! {
            biased;
            changed = interrupts.changed(), if listening => {
                listening = changed.is_ok();
                if !listening { continue }
                Event::Interrupted
            }
            registration = registrations.recv() => {
                let Some(Registration { order, reply }) = registration else { return };
                shell.replies.insert(order.site.group.id.clone(), reply);
                Event::Registered(Box::new(order))
            }
            Some(joined) = shell.work.join_next_with_id() => {
                match shell.came_back(joined) {
                    Some(event) => event,
                    None => continue,
                }
            }
            () = until(shell.due) => {
                shell.due = None;
                Event::Due
            }
        };
        shell.handle(event).await;
    }
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}

async fn refuse_all(registrations: &mut UnboundedReceiver<Registration>, error: &StateError) {
    let error = ProviderError::rejected(
        "Failed to read state",
        format!("What is stored of rotations could not be read: {}.", chain(error)),
    );
    while let Some(registration) = registrations.recv().await {
        // Whoever does not wait any more needs no answer.
        let _ = registration.reply.send(Err(error.clone()));
    }
}

impl Shell {
    async fn handle(&mut self, event: Event) {
        let mut effects = Vec::new();
        self.core.handle(event, &mut effects);
        let mut effects = effects.into_iter();
        while let Some(effect) = effects.next() {
            if let Err(error) = self.perform(effect).await {
                // What would have come after it is not done.
                let mut rest = Vec::new();
                self.core.handle(Event::AppendFailed(chain(&error)), &mut rest);
                effects = rest.into_iter();
            }
        }
    }

    async fn perform(&mut self, effect: Effect) -> Result<(), StateError> {
        match effect {
            Effect::Append(write) => return self.append(&write),
            Effect::Look { lock } => {
                self.due = None;
                let (shared, sites) = (self.shared.clone(), self.core.sites().to_vec());
                let kubeconfig = self.core.kubeconfig();
                let look = async move {
                    Work::Looked(Box::new(look(&shared, &sites, kubeconfig.as_ref(), lock).await))
                };
                let task = self.work.spawn(look);
                self.kinds.insert(task.id(), Kind::Look);
            }
            Effect::Call(order) => {
                let shared = self.shared.clone();
                let token = order.token.clone();
                let call = async move {
                    let answer = call(&shared.observer, &order).await;
                    Work::Answered { token: order.token, answer }
                };
                let task = self.work.spawn(call);
                self.kinds.insert(task.id(), Kind::Call(token));
            }
            Effect::Keep(site, members) => {
                let shared = self.shared.clone();
                let task = self.work.spawn(async move {
                    // The next look tells what became of them.
                    let _ = keep_waiting(&shared.observer, &site, &members).await;
                    Work::Kept
                });
                self.kinds.insert(task.id(), Kind::Keep);
            }
            Effect::Unlock(operator) => self.unlock(&operator).await,
            Effect::Answer(group, answer) => {
                if let Some(reply) = self.replies.remove(&group) {
                    // Whoever does not wait any more needs no answer.
                    let _ = reply.send(answer);
                }
            }
            Effect::Report(event) => self.shared.reporter.report(&event),
            Effect::Sleep(length) => self.due = Some(Instant::now() + length),
        }
        Ok(())
    }

    fn append(&self, write: &Write) -> Result<(), StateError> {
        let shared = &self.shared;
        let at = rfc3339(shared.host.now());
        let Write { entries, change } = write;
        off_runtime(|| {
            shared.store.append_rotation(&shared.workspace, shared.run, &at, entries, change)
        })
    }

    async fn unlock(&self, operator: &OperatorId) {
        let Some(kubeconfig) = self.core.kubeconfig() else { return };
        let observer = &self.shared.observer;
        let Some(code) = observer.clusters() else { return };
        let (Some(clusters), Ok(context)) = (code.clusters(), observer.connect(&kubeconfig)) else {
            return;
        };
        // What is not given back runs out by itself.
        let _ = tokio::time::timeout(UNLOCK_MAX, clusters.unlock(&context, operator)).await;
    }

    fn came_back(&mut self, joined: Result<(Id, Work), JoinError>) -> Option<Event> {
        match joined {
            Ok((id, work)) => {
                self.kinds.remove(&id);
                match work {
                    Work::Looked(look) => Some(Event::Looked(look)),
                    Work::Answered { token, answer } => Some(Event::Answered { token, answer }),
                    Work::Kept => None,
                }
            }
            // A provider has panicked: nobody knows how far it got.
            Err(error) => match self.kinds.remove(&error.id())? {
                Kind::Look => {
                    let now = self.shared.observer.now();
                    let look = nothing_seen(now, self.core.sites(), &crash());
                    Some(Event::Looked(Box::new(look)))
                }
                Kind::Call(token) => {
                    Some(Event::Answered { token, answer: Answer::Failed(crash()) })
                }
                Kind::Keep => None,
            },
        }
    }
}

async fn call(observer: &Observer, order: &StepOrder) -> Answer {
    let length = Duration::from_secs(order.timeout);
    let made = tokio::time::timeout(length, carry_out(observer, order));
    made.await.unwrap_or_else(|_| {
        Answer::Failed(ProviderError::ambiguous(
            "No answer",
            format!("The call was not answered within {} s.", order.timeout),
        ))
    })
}

async fn look(
    shared: &Shared,
    sites: &[Site],
    kubeconfig: Option<&kprov_rotation::settings::Secret>,
    operator: Option<OperatorId>,
) -> Look {
    let observer = &shared.observer;
    let now = observer.now();
    let lock = async {
        let (kubeconfig, operator) = (kubeconfig?, operator?);
        let taken = lock(observer, kubeconfig, &operator).await;
        Some(taken.map_err(|error| discreet(kubeconfig, error)))
    };
    let seen = tokio::time::timeout(LOOK_MAX, join(observer.observe(sites), lock)).await;
    let Ok((observed, lock)) = seen else {
        let late = format!("It was not answered within {} s.", LOOK_MAX.as_secs());
        return nothing_seen(now, sites, &ProviderError::ambiguous("No answer", late));
    };
    // Where they cannot be read, the next append says what is wrong with the store.
    let words = off_runtime(|| shared.store.words(&shared.workspace)).unwrap_or_default();
    Look { observed, lock, words }
}

async fn lock(
    observer: &Observer,
    kubeconfig: &kprov_rotation::settings::Secret,
    operator: &OperatorId,
) -> Result<Lock, ProviderError> {
    let code = observer.clusters().ok_or_else(no_clusters)?;
    let clusters = code.clusters().ok_or_else(no_clusters)?;
    let context = observer.connect(kubeconfig)?;
    let now = observer.now();
    clusters.lock(&context, operator, now, now.saturating_add(LOCK_LIFE)).await
}

fn nothing_seen(now: u64, sites: &[Site], error: &ProviderError) -> Look {
    let unseen = sites.iter().map(|site| (site.group.id.clone(), error.clone())).collect();
    Look {
        observed: Observed { now, unseen, ..Observed::default() },
        lock: None,
        words: Vec::new(),
    }
}

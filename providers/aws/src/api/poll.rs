//! [`Api::wait`]: waiting until objects are in a state, with one describe for all that wait.
//!
//! All waiters of one kind share a tick. The pause before a tick is a sixth of how long the
//! youngest of them has waited, from 0.5 s to 8 s; a newcomer brings it forward.

use std::any::Any;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use futures::FutureExt;
use futures::future::{BoxFuture, Either, Shared, select};
use tokio::sync::Notify;

use super::batch::{Found, load_all};
use super::{Api, AwsError};

const SHORTEST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(8);

/// What a probe makes of an object.
#[derive(Debug)]
pub(crate) enum Progress<T> {
    /// It is as it should be.
    Done(T),
    /// Not yet; the state that it is in.
    Pending(String),
    /// It will never be.
    Failed(AwsError),
}

type Tick<T> = Shared<BoxFuture<'static, Result<Arc<Found<T>>, AwsError>>>;

/// Who waits, since when, and for which object.
#[derive(Default)]
struct Waiters {
    next: u64,
    all: HashMap<u64, (String, SystemTime)>,
}

struct Poll<T> {
    waiters: Arc<Mutex<Waiters>>,
    newcomer: Arc<Notify>,
    tick: Option<Tick<T>>,
}

/// By kind and region; each its own type.
type ByKind = HashMap<(&'static str, String), Box<dyn Any + Send>>;

#[derive(Default)]
pub(super) struct Polls(Mutex<ByKind>);

/// One who waits; no longer so when dropped.
struct Waiter {
    number: u64,
    waiters: Arc<Mutex<Waiters>>,
}

impl Drop for Waiter {
    fn drop(&mut self) {
        let mut waiters = self.waiters.lock().unwrap_or_else(PoisonError::into_inner);
        waiters.all.remove(&self.number);
    }
}

fn pause(youngest: Duration) -> Duration {
    (youngest / 6).clamp(SHORTEST, LONGEST)
}

impl Api {
    /// Waits until `judge` is content with the object of that id (`None`: it is not there). Looks
    /// after a first pause, so ask only after a call that started something. Where kind and loader
    /// are those of a load, the object need not be read back: its last look is told ([`Api::tell`]).
    ///
    /// # Errors
    /// What `judge` says, the call's error, or that it took too long. All but a refusal by `judge`
    /// leave open what becomes of the object.
    pub(crate) async fn wait<T, R, F>(
        &self,
        kind: &'static str,
        id: &str,
        timeout: Duration,
        loader: fn(Api, Vec<String>) -> F,
        judge: impl Fn(Option<&T>) -> Progress<R> + Send + Sync,
    ) -> Result<R, AwsError>
    where
        T: Clone + Send + Sync + 'static,
        R: Send,
        F: Future<Output = Result<Found<T>, AwsError>> + Send + 'static,
    {
        self.wait_since(self.now(), kind, id, timeout, loader, judge).await
    }

    /// [`Api::wait`] for something that was started at `began`: who waits in slices asks less and
    /// less often all the same.
    ///
    /// # Errors
    /// As there; the timeout counts from now.
    pub(crate) async fn wait_since<T, R, F>(
        &self,
        began: SystemTime,
        kind: &'static str,
        id: &str,
        timeout: Duration,
        loader: fn(Api, Vec<String>) -> F,
        judge: impl Fn(Option<&T>) -> Progress<R> + Send + Sync,
    ) -> Result<R, AwsError>
    where
        T: Clone + Send + Sync + 'static,
        R: Send,
        F: Future<Output = Result<Found<T>, AwsError>> + Send + 'static,
    {
        let start = self.now();
        let waiter = self.enter::<T>(kind, id, began);
        loop {
            let found = self.tick(kind, &waiter, loader).await?;
            let state = match judge(found.get(id)) {
                Progress::Done(result) => {
                    // The last look of a wait is as good as a look of its own.
                    self.tell(kind, id, found.get(id).cloned());
                    return Ok(result);
                }
                Progress::Failed(error) => return Err(error),
                Progress::Pending(state) => state,
            };
            if self.since(start) >= timeout {
                return Err(AwsError::lost(
                    "Timeout",
                    format!(
                        "{id} is still {state:?} after {} s. It may get there yet: run again, or \
                         allow more time in its \"timeouts\" block.",
                        timeout.as_secs()
                    ),
                ));
            }
        }
    }

    fn poll<T: Clone + Send + Sync + 'static, O>(
        &self,
        kind: &'static str,
        work: impl FnOnce(&mut Poll<T>) -> O,
    ) -> O {
        let mut polls = self.shared.polls.0.lock().unwrap_or_else(PoisonError::into_inner);
        let poll = polls.entry((kind, self.region().to_owned())).or_insert_with(|| {
            Box::new(Poll::<T> { waiters: Arc::default(), newcomer: Arc::default(), tick: None })
        });
        work(poll.downcast_mut().expect("invariant: one loader per kind of wait"))
    }

    fn enter<T: Clone + Send + Sync + 'static>(
        &self,
        kind: &'static str,
        id: &str,
        start: SystemTime,
    ) -> Waiter {
        self.poll::<T, _>(kind, |poll| {
            let mut waiters = poll.waiters.lock().unwrap_or_else(PoisonError::into_inner);
            waiters.next += 1;
            let number = waiters.next;
            waiters.all.insert(number, (id.to_owned(), start));
            poll.newcomer.notify_one();
            Waiter { number, waiters: poll.waiters.clone() }
        })
    }

    /// The next tick: the one that is to come already, or a new one.
    fn tick<T, F>(
        &self,
        kind: &'static str,
        waiter: &Waiter,
        loader: fn(Api, Vec<String>) -> F,
    ) -> Tick<T>
    where
        T: Clone + Send + Sync + 'static,
        F: Future<Output = Result<Found<T>, AwsError>> + Send + 'static,
    {
        self.poll::<T, _>(kind, |poll| match &poll.tick {
            // One that is over has nothing new to say.
            Some(tick) if tick.peek().is_none() => tick.clone(),
            _ => {
                let work = run(self.plain(), waiter.waiters.clone(), poll.newcomer.clone(), loader);
                let tick = work.boxed().shared();
                poll.tick = Some(tick.clone());
                tick
            }
        })
    }
}

async fn run<T, F>(
    api: Api,
    waiters: Arc<Mutex<Waiters>>,
    newcomer: Arc<Notify>,
    loader: fn(Api, Vec<String>) -> F,
) -> Result<Arc<Found<T>>, AwsError>
where
    F: Future<Output = Result<Found<T>, AwsError>> + Send + 'static,
{
    let began = api.now();
    loop {
        let youngest = {
            let waiters = waiters.lock().unwrap_or_else(PoisonError::into_inner);
            waiters.all.values().map(|(_, start)| api.since(*start)).min().unwrap_or_default()
        };
        let rest = pause(youngest).saturating_sub(api.since(began));
        if rest.is_zero() {
            break;
        }
        let sleep = Box::pin(api.sleep(rest));
        match select(sleep, Box::pin(newcomer.notified())).await {
            Either::Left(_) => break,
            Either::Right(_) => continue,
        }
    }
    let ids: BTreeSet<String> = {
        let waiters = waiters.lock().unwrap_or_else(PoisonError::into_inner);
        waiters.all.values().map(|(id, _)| id.clone()).collect()
    };
    Ok(Arc::new(load_all(&api, ids.into_iter().collect(), loader).await?))
}

//! [`Calls`]: the calls under way. A call that is done without waiting costs no task and no hand-off
//! between threads; whatever waits, or takes long, runs on the runtime's threads.

use std::collections::{BTreeSet, HashMap};
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;

use kprov_core::{Host, Str};
use kprov_plan::OperationIndex;
use kprov_provider::ProviderError;
use tokio::task::{JoinError, JoinSet};

use super::Execution;
use super::call::Caller;
use crate::machine::{Call, Event, Reply, Request};

/// The driver may be held up so long by a call, once for each type.
const IN_PLACE_MAX: Duration = Duration::from_millis(1);

type Making = Pin<Box<dyn Future<Output = Reply> + Send>>;

/// See the module.
pub(super) struct Calls {
    caller: Arc<Caller>,
    host: Arc<dyn Host>,
    running: JoinSet<Reply>,
    operations: HashMap<tokio::task::Id, OperationIndex>,
    /// Types whose calls are not done at once.
    slow: BTreeSet<Str>,
}

impl Calls {
    pub(super) fn new(execution: &Execution) -> Calls {
        Calls {
            caller: Arc::new(Caller::new(execution)),
            host: execution.host.clone(),
            running: JoinSet::new(),
            operations: HashMap::new(),
            slow: BTreeSet::new(),
        }
    }

    /// Begins a call; gives its reply if that is there at once.
    pub(super) async fn start(
        &mut self,
        operation: OperationIndex,
        delay: Duration,
        call: Call,
    ) -> Option<Event> {
        let quick = delay.is_zero() && !starts_processes(&call.request);
        let ty = &call.address.instance.resource.ty;
        let quick = (quick && !self.slow.contains(ty)).then(|| ty.clone());
        let caller = self.caller.clone();
        let mut making: Making = Box::pin(async move {
            if !delay.is_zero() {
                tokio::time::sleep(delay).await;
            }
            caller.make(call).await
        });
        if let Some(ty) = quick {
            let begun = self.host.elapsed();
            let polled = poll_fn(|context| {
                Poll::Ready(catch_unwind(AssertUnwindSafe(|| making.as_mut().poll(context))))
            });
            let polled = polled.await;
            let took = self.host.elapsed().saturating_sub(begun);
            if took > IN_PLACE_MAX || matches!(polled, Ok(Poll::Pending)) {
                self.slow.insert(ty);
            }
            match polled {
                Ok(Poll::Pending) => {}
                Ok(Poll::Ready(reply)) => return Some(Event::Replied { operation, reply }),
                Err(_) => return Some(Event::Replied { operation, reply: crashed() }),
            }
        }
        let task = self.running.spawn(making);
        self.operations.insert(task.id(), operation);
        None
    }

    pub(super) fn are_none(&self) -> bool {
        self.running.is_empty()
    }

    /// A reply that is there already.
    pub(super) fn finished(&mut self) -> Option<Event> {
        let joined = self.running.try_join_next_with_id()?;
        self.event(joined)
    }

    /// The next reply.
    pub(super) async fn next(&mut self) -> Option<Event> {
        let joined = self.running.join_next_with_id().await?;
        self.event(joined)
    }

    fn event(&mut self, joined: Result<(tokio::task::Id, Reply), JoinError>) -> Option<Event> {
        let (id, reply) = joined.unwrap_or_else(|error| (error.id(), crashed()));
        let operation = self.operations.remove(&id)?;
        Some(Event::Replied { operation, reply })
    }

    /// The user wants to stop: rotations finish what they have begun.
    pub(super) fn interrupt(&self) {
        self.caller.rotators().interrupt();
    }

    /// Drops all calls; provisioners' processes are killed.
    pub(super) async fn abort(&mut self) {
        self.caller.rotators().abort();
        self.running.shutdown().await;
    }
}

/// Starting a process takes long even where nobody waits for it.
fn starts_processes(request: &Request) -> bool {
    match request {
        Request::Provision(_) => true,
        Request::Delete { provisioners, .. } => !provisioners.is_empty(),
        Request::Create(_)
        | Request::Update(_)
        | Request::Read { .. }
        | Request::Settle(_)
        | Request::ReadBack(_) => false,
    }
}

fn crashed() -> Reply {
    Reply::Failed(crash())
}

/// A provider that panics has failed, and nobody knows how far it got.
pub(crate) fn crash() -> ProviderError {
    ProviderError::ambiguous(
        "Provider crashed",
        "The provider's code failed unexpectedly. This is a bug in the provider.",
    )
}

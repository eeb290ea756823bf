//! [`execute`]: performs the machine's effects: calls on tokio, appends to the journal.
//!
//! Everything that has happened is taken in before anything is written, so that one transaction
//! takes it all. While no call is under way the driver appends itself; else the writer thread does,
//! so that calls do not wait for the disk.

mod call;
mod calls;
mod clock;
mod writer;

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use kprov_core::{Diagnostic, Host, ProviderConfigAddr};
use kprov_plan::{Plan, Resolver};
use kprov_provider::{CallContext, Provider, ProviderError, Registry};
use kprov_state::{RunId, RunOutcome, State, StateError, Store};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::mpsc::error::TryRecvError;

use crate::machine::{Effect, Event, ExecuteOutcome, Executor, Inputs, ops_max};
use crate::{Counts, Reporter};
pub(crate) use call::read_back;
use calls::Calls;
pub(crate) use calls::crash;
pub(crate) use clock::{moment, rfc3339};
use writer::Writer;

/// Where providers come from, connected.
#[async_trait]
pub trait Clients: Send + Sync + fmt::Debug {
    /// The provider's code.
    ///
    /// # Errors
    /// When the program does not have it.
    fn provider(&self, addr: &ProviderConfigAddr) -> Result<Arc<dyn Provider>, ProviderError>;

    /// The context of calls under that provider configuration; connects when first asked.
    ///
    /// # Errors
    /// When the provider is missing or refuses its configuration.
    async fn context(&self, addr: &ProviderConfigAddr) -> Result<CallContext, ProviderError>;
}

/// What to execute, and where.
#[derive(Clone, Debug)]
pub struct Execution {
    /// What to do.
    pub plan: Arc<Plan>,
    /// The state in the store, as it is now: without open intents.
    pub state: Arc<State>,
    /// For schemas.
    pub registry: Registry,
    /// Clock and randomness.
    pub host: Arc<dyn Host>,
    /// Where entries go.
    pub store: Arc<dyn Store>,
    /// In which workspace.
    pub workspace: String,
    /// The run, already begun.
    pub run: RunId,
    /// At most so many calls at once.
    pub parallelism: usize,
    /// Connected providers.
    pub clients: Arc<dyn Clients>,
    /// Who is told.
    pub reporter: Arc<dyn Reporter>,
}

/// Executes a plan to its end, under a lock that the caller holds.
///
/// The first message from `interrupts` stops new operations, the second one leaves at once; the
/// next run settles what was under way. The run is finished in the journal unless
/// [`ExecuteOutcome::run_open`] says otherwise.
pub async fn execute(
    execution: Execution,
    resolver: &mut dyn Resolver,
    interrupts: UnboundedReceiver<()>,
) -> ExecuteOutcome {
    let first_op = match execution.store.reserve_ops(ops_max(&execution.plan)) {
        Ok(first) => first,
        Err(error) => return not_begun(&error),
    };
    let writer = match Writer::start(&execution) {
        Ok(writer) => writer,
        Err(error) => return no_writer(&error),
    };
    let inputs = Inputs {
        plan: execution.plan.clone(),
        state: execution.state.clone(),
        registry: execution.registry.clone(),
        host: execution.host.clone(),
        parallelism: execution.parallelism,
        first_op,
    };
    let mut machine = Executor::new(inputs, resolver);
    let mut driver = Driver {
        reporter: execution.reporter.clone(),
        calls: Calls::new(&execution),
        writer,
        ready: VecDeque::new(),
        interrupts: Some(interrupts),
    };
    let mut effects = Vec::new();
    let mut interrupted = false;
    off_runtime(|| machine.start(&mut effects));
    loop {
        if let Some(outcome) = driver.perform(&mut effects).await {
            return outcome;
        }
        let event = driver.next().await;
        if matches!(event, Event::Interrupted) && std::mem::replace(&mut interrupted, true) {
            driver.calls.abort().await;
            drop(driver);
            return machine.abandon();
        }
        if matches!(event, Event::Interrupted) {
            driver.calls.interrupt();
        }
        off_runtime(|| machine.handle(event, &mut effects));
    }
}

/// What goes on outside the machine.
struct Driver {
    reporter: Arc<dyn Reporter>,
    calls: Calls,
    writer: Writer,
    /// Happened, and not told to the machine yet.
    ready: VecDeque<Event>,
    /// `None` when nobody can interrupt any more.
    interrupts: Option<UnboundedReceiver<()>>,
}

impl Driver {
    async fn perform(&mut self, effects: &mut Vec<Effect>) -> Option<ExecuteOutcome> {
        for effect in effects.drain(..) {
            match effect {
                Effect::Append { batch, entries } => self.writer.order(batch, entries),
                Effect::Call { operation, delay, call } => {
                    self.ready.extend(self.calls.start(operation, delay, *call).await);
                }
                Effect::Progress(event) => self.reporter.report(&event),
                Effect::Finish(outcome) => return Some(*outcome),
            }
        }
        None
    }

    /// What happens next; before waiting for it, what was ordered is written.
    async fn next(&mut self) -> Event {
        loop {
            if let Some(event) = self.happened() {
                return event;
            }
            if self.writer.flush(self.calls.are_none(), &mut self.ready) {
                // On a runtime of one thread others want a turn, too.
                tokio::task::yield_now().await;
                continue;
            }
            // What comes goes round once more: a wish that came before it goes before it.
            tokio::select! {
                Some(event) = self.writer.next() => self.ready.push_back(event),
                Some(event) = self.calls.next() => self.ready.push_back(event),
                message = interrupted(&mut self.interrupts) => match message {
                    Some(()) => return Event::Interrupted,
                    None => self.interrupts = None,
                },
            }
        }
    }

    /// What has happened already. A user's wish goes first.
    fn happened(&mut self) -> Option<Event> {
        match self.interrupts.as_mut().map(UnboundedReceiver::try_recv) {
            Some(Ok(())) => return Some(Event::Interrupted),
            Some(Err(TryRecvError::Disconnected)) => self.interrupts = None,
            Some(Err(TryRecvError::Empty)) | None => {}
        }
        let ready = self.ready.pop_front().or_else(|| self.writer.answered());
        ready.or_else(|| self.calls.finished())
    }
}

async fn interrupted(interrupts: &mut Option<UnboundedReceiver<()>>) -> Option<()> {
    match interrupts {
        Some(interrupts) => interrupts.recv().await,
        None => std::future::pending().await,
    }
}

/// Runs the machine where the resolver may wait for the runtime (it opens ephemeral resources).
/// A runtime of one thread cannot be waited for from inside; there the resolver must not.
pub(crate) fn off_runtime<T>(step: impl FnOnce() -> T) -> T {
    match tokio::runtime::Handle::current().runtime_flavor() {
        tokio::runtime::RuntimeFlavor::MultiThread => tokio::task::block_in_place(step),
        _ => step(),
    }
}

fn not_begun(error: &StateError) -> ExecuteOutcome {
    failed(Diagnostic::error(
        "Failed to save state",
        format!("Nothing was begun, because the state could not be written: {}.", chain(error)),
    ))
}

fn no_writer(error: &std::io::Error) -> ExecuteOutcome {
    failed(Diagnostic::error(
        "Failed to start writer",
        format!("Nothing was begun, because no thread could be started: {error}."),
    ))
}

fn failed(diagnostic: Diagnostic) -> ExecuteOutcome {
    ExecuteOutcome {
        diagnostics: diagnostic.into(),
        counts: Counts::default(),
        outcome: RunOutcome::Failed,
        run_open: true,
    }
}

/// An error with its sources.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text.push_str(": ");
        text.push_str(&error.to_string());
        source = error.source();
    }
    text
}

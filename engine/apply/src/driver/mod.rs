//! [`execute`]: performs the machine's effects: calls on tokio, appends on a writer thread.

mod call;
mod clock;
mod writer;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use kprov_core::{Diagnostic, Host, ProviderConfigAddr};
use kprov_plan::{OperationIndex, Plan, Resolver};
use kprov_provider::{CallContext, Provider, ProviderError, Registry};
use kprov_state::{RunId, RunOutcome, State, StateError, Store};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinSet;

use crate::machine::{Effect, Event, ExecuteOutcome, Executor, Inputs, Reply, ops_max};
use crate::{Counts, Reporter};
use call::Caller;
pub(crate) use call::read_back;
pub(crate) use clock::rfc3339;
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
    mut interrupts: UnboundedReceiver<()>,
) -> ExecuteOutcome {
    let first_op = match execution.store.reserve_ops(ops_max(&execution.plan)) {
        Ok(first) => first,
        Err(error) => return not_begun(&error),
    };
    let (told, mut events) = tokio::sync::mpsc::unbounded_channel();
    let writer = match Writer::start(&execution, told) {
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
    let mut calls = Calls::new(&execution);
    let mut effects = Vec::new();
    let mut interrupted = 0;
    let mut listening = true;
    off_runtime(|| machine.start(&mut effects));
    loop {
        for effect in effects.drain(..) {
            match effect {
                Effect::Append { batch, entries } => writer.append(batch, entries),
                Effect::Call { operation, delay, call } => calls.spawn(operation, delay, *call),
                Effect::Progress(event) => execution.reporter.report(&event),
                Effect::Finish(outcome) => return *outcome,
            }
        }
        let event = tokio::select! {
            Some(event) = events.recv() => event,
            Some(event) = calls.next() => event,
            message = interrupts.recv(), if listening => {
                if message.is_none() {
                    listening = false;
                    continue;
                }
                interrupted += 1;
                if interrupted > 1 {
                    calls.abort().await;
                    drop(writer);
                    return machine.abandon();
                }
                Event::Interrupted
            }
        };
        off_runtime(|| machine.handle(event, &mut effects));
    }
}

/// Runs the machine where the resolver may wait for the runtime (it opens ephemeral resources).
/// A runtime of one thread cannot be waited for from inside; there the resolver must not.
fn off_runtime<T>(step: impl FnOnce() -> T) -> T {
    match tokio::runtime::Handle::current().runtime_flavor() {
        tokio::runtime::RuntimeFlavor::MultiThread => tokio::task::block_in_place(step),
        _ => step(),
    }
}

/// Calls under way.
struct Calls {
    caller: Arc<Caller>,
    running: JoinSet<(OperationIndex, Reply)>,
    operations: HashMap<tokio::task::Id, OperationIndex>,
}

impl Calls {
    fn new(execution: &Execution) -> Calls {
        Calls {
            caller: Arc::new(Caller::new(execution)),
            running: JoinSet::new(),
            operations: HashMap::new(),
        }
    }

    fn spawn(&mut self, operation: OperationIndex, delay: Duration, call: crate::machine::Call) {
        let caller = self.caller.clone();
        let handle = self.running.spawn(async move {
            if !delay.is_zero() {
                tokio::time::sleep(delay).await;
            }
            (operation, caller.make(call).await)
        });
        self.operations.insert(handle.id(), operation);
    }

    /// The next reply. A provider that panics has failed, and nobody knows how far it got.
    async fn next(&mut self) -> Option<Event> {
        let joined = self.running.join_next_with_id().await?;
        let (id, reply) = match joined {
            Ok((id, (_, reply))) => (id, reply),
            Err(error) => {
                let failure = ProviderError::ambiguous(
                    "Provider crashed",
                    "The provider's code failed unexpectedly. This is a bug in the provider.",
                );
                (error.id(), Reply::Failed(failure))
            }
        };
        let operation = self.operations.remove(&id)?;
        Some(Event::Replied { operation, reply })
    }

    /// Drops all calls; provisioners' processes are killed.
    async fn abort(&mut self) {
        self.running.shutdown().await;
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

//! [`Executor`]: decides what may start and what is recorded. Sans-IO: it is told events and asks for
//! effects; a driver performs them. No async, no clock or randomness but through [`Host`].
//!
//! # Guarantees
//! - A call that may change something is asked for only after its `Intended` entry is durable.
//! - An operation's intent is appended in the same batch as the outcomes it waited for, or later;
//!   its call is asked for only when both are durable.
//! - At most `parallelism` calls are under way.
//! - After a failure everything goes on that does not depend on what failed (as in Terraform). After
//!   an interrupt, or when the store fails, nothing new starts; what is under way is waited for.
//! - An ambiguous failure is settled by reading back at once; where that fails too, the intent stays
//!   open, and the next run settles it.
//!
//! # Crash behaviour
//! Dropping the executor at any point loses nothing: everything it knows and the journal does not is
//! the outcome of calls with open intents.

mod backoff;
mod begin;
mod discretion;
mod event;
mod failure;
mod finish;
mod local;
mod opening;
mod reply;
mod schedule;

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use kprov_core::{
    DeposedKey, Diagnostic, Diagnostics, Host, InstanceAddr, ObjectAddr, Path, Str, Value,
};
use kprov_plan::{Change, OperationIndex, OperationKind, Plan, Resolver};
use kprov_provider::{ProviderError, Registry};
use kprov_state::{Entry, FailureClass, OpId, RunOutcome, State, StoredObject};

use discretion::Stretches;
pub use event::{BatchId, Call, Effect, Event, ExecuteOutcome, Reply, Request, Rotation};
use schedule::Schedule;

use crate::stored::StoredTypes;
use crate::{Counts, ProgressEvent, Verb};

/// What an executor works on.
#[derive(Clone, Debug)]
pub struct Inputs {
    /// What to do.
    pub plan: Arc<Plan>,
    /// The state as it is in the store when the run begins; it has no open intents.
    pub state: Arc<State>,
    /// For schemas.
    pub registry: Registry,
    /// Clock and randomness.
    pub host: Arc<dyn Host>,
    /// At most so many calls at once; at least one.
    pub parallelism: usize,
    /// The first of [`ops_max`] reserved operation ids.
    pub first_op: OpId,
}

/// How many operation ids applying `plan` may need.
pub fn ops_max(plan: &Plan) -> u64 {
    let needed = |kind: &OperationKind| match kind {
        // The create, and its provisioners.
        OperationKind::Create(_) => 2,
        OperationKind::Update(_) | OperationKind::Delete(_) => 1,
        OperationKind::Gate
        | OperationKind::Read(_)
        | OperationKind::Forget(_)
        | OperationKind::Import(_)
        | OperationKind::Record(_) => 0,
    };
    plan.operations.iter().map(|operation| needed(&operation.kind)).sum()
}

/// See the module.
pub struct Executor<'r> {
    inputs: Inputs,
    resolver: &'r mut dyn Resolver,
    schedule: Schedule,
    active: BTreeMap<OperationIndex, Active>,
    /// Batches that are not durable yet, and the calls that wait for each.
    outstanding: BTreeMap<BatchId, Vec<OperationIndex>>,
    next_batch: u64,
    next_op: OpId,
    /// Of what is stored.
    types: StoredTypes,
    /// Objects in the store, as of the newest batch.
    present: BTreeSet<ObjectAddr>,
    /// Under which key a change's former object was deposed.
    deposed: BTreeMap<u32, DeposedKey>,
    pace: Pace,
    ending: Ending,
    diagnostics: Diagnostics,
    counts: Counts,
    /// Of the whole plan; found once there is an error.
    known_secrets: OnceCell<Stretches>,
}

/// May something new start?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Pace {
    Running,
    /// The user wants to stop.
    Stopping,
    /// The store does not take entries.
    Broken,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    NotYet,
    /// The last batch is on its way.
    Closing,
    Finished,
}

/// An operation with a call under way, or about to be.
#[derive(Debug)]
struct Active {
    op: OpId,
    verb: Verb,
    call: Call,
    step: Step,
    tries: u32,
    started: Duration,
    /// Has its beginning been told?
    told: bool,
    id: Option<(Str, Str)>,
    write: Option<Write>,
    /// Where a create put the object that it replaces.
    aside: Option<ObjectAddr>,
}

/// What the call is for.
#[derive(Clone, Debug)]
enum Step {
    /// The operation itself.
    Main,
    /// The create provisioners of the object, which is stored as tainted.
    Provision(Box<StoredObject>, kprov_provider::Object),
    /// Finding out what became of it after this failure.
    Settle(ProviderError),
}

/// What is needed to judge and store the outcome of a create or update.
#[derive(Clone, Debug)]
struct Write {
    planned: Value,
    sensitive: Vec<Path>,
    shell: StoredObject,
    provisioners: usize,
}

/// Entries to be written together, and the calls that may be made then.
#[derive(Debug, Default)]
struct Batch {
    entries: Vec<Entry>,
    calls: Vec<OperationIndex>,
}

impl fmt::Debug for Executor<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Executor").field("active", &self.active.len()).finish_non_exhaustive()
    }
}

impl<'r> Executor<'r> {
    /// A machine at its beginning; nothing happens before [`Executor::start`].
    pub fn new(inputs: Inputs, resolver: &'r mut dyn Resolver) -> Executor<'r> {
        Executor {
            known_secrets: OnceCell::new(),
            schedule: Schedule::new(&inputs.plan.operations),
            present: inputs.state.objects.keys().cloned().collect(),
            next_op: inputs.first_op,
            inputs,
            resolver,
            active: BTreeMap::new(),
            outstanding: BTreeMap::new(),
            types: StoredTypes::default(),
            next_batch: 1,
            deposed: BTreeMap::new(),
            pace: Pace::Running,
            ending: Ending::NotYet,
            diagnostics: Diagnostics::new(),
            counts: Counts::default(),
        }
    }

    /// Begins: to be called once, first.
    pub fn start(&mut self, effects: &mut Vec<Effect>) {
        let mut batch = Batch::default();
        self.open(&mut batch);
        self.go_on(batch, effects);
    }

    /// Takes in what happened.
    pub fn handle(&mut self, event: Event, effects: &mut Vec<Effect>) {
        let mut batch = Batch::default();
        match event {
            Event::Durable { batch: durable } => self.durable(durable, &mut batch, effects),
            Event::AppendFailed { batch: lost, message } => self.append_failed(lost, &message),
            Event::Replied { operation, reply } => {
                self.replied(operation, reply, &mut batch, effects);
            }
            Event::Interrupted => {
                if self.pace == Pace::Running {
                    self.stop(Pace::Stopping);
                    effects.push(Effect::Progress(ProgressEvent::Stopping {
                        waiting: self.active.len(),
                    }));
                }
            }
        }
        self.go_on(batch, effects);
    }

    /// Has [`Effect::Finish`] been given?
    pub fn is_finished(&self) -> bool {
        self.ending == Ending::Finished
    }

    /// What is known so far, for a driver that must leave before the end. Calls under way keep
    /// their open intents.
    pub fn abandon(mut self) -> ExecuteOutcome {
        for active in self.active.values() {
            self.diagnostics.push(
                Diagnostic::error(
                    "Operation abandoned",
                    "The run was stopped before the outcome of this operation was known. Its \
                     intent is recorded; the next apply finds out what became of it.",
                )
                .of(&active.call.address),
            );
        }
        ExecuteOutcome {
            diagnostics: self.diagnostics,
            counts: self.counts,
            outcome: RunOutcome::Interrupted,
            run_open: true,
        }
    }

    fn go_on(&mut self, mut batch: Batch, effects: &mut Vec<Effect>) {
        self.advance(&mut batch);
        self.submit(batch, effects);
        self.try_finish(effects);
    }

    /// Starts what may start. Operations without calls take no slot.
    fn advance(&mut self, batch: &mut Batch) {
        if self.ending != Ending::NotYet {
            return;
        }
        while self.pace == Pace::Running {
            if let Some(operation) = self.schedule.next_immediate() {
                self.perform(operation, batch);
            } else if self.active.len() < self.inputs.parallelism.max(1)
                && let Some(operation) = self.schedule.next_call()
            {
                self.begin(operation, batch);
            } else {
                break;
            }
        }
    }

    /// Sends a batch off. Calls wait for it, and for all batches before it.
    fn submit(&mut self, batch: Batch, effects: &mut Vec<Effect>) {
        if !batch.entries.is_empty() {
            let id = BatchId(self.next_batch);
            self.next_batch += 1;
            self.outstanding.insert(id, batch.calls);
            effects.push(Effect::Append { batch: id, entries: batch.entries });
        } else if let Some((_, calls)) = self.outstanding.iter_mut().next_back() {
            calls.extend(batch.calls);
        } else {
            for operation in batch.calls {
                self.call(operation, Duration::ZERO, effects);
            }
        }
    }

    fn durable(&mut self, id: BatchId, batch: &mut Batch, effects: &mut Vec<Effect>) {
        let calls = self.outstanding.remove(&id).unwrap_or_default();
        for operation in calls {
            if self.pace == Pace::Broken {
                self.give_up(operation, batch);
            } else {
                self.call(operation, Duration::ZERO, effects);
            }
        }
    }

    /// Nothing in the batch can be relied upon. What it recorded is still true: open intents of
    /// calls that came back are settled by the next run.
    fn append_failed(&mut self, id: BatchId, message: &str) {
        let calls = self.outstanding.remove(&id).unwrap_or_default();
        for operation in calls {
            if self.active.remove(&operation).is_some() {
                self.failed(operation);
            }
        }
        if self.pace != Pace::Broken {
            self.stop(Pace::Broken);
            self.diagnostics.push(
                Diagnostic::error(
                    "Failed to save state",
                    format!(
                        "The state could not be written: {message}. Nothing new is started. \
                         Operations whose outcome could not be recorded have a recorded intent; \
                         the next apply finds out what became of them."
                    ),
                )
                .hint("Make room or repair the place where the state is kept, then apply again."),
            );
        }
    }

    /// A call is not made after all. One that was to read back leaves the intent open: the
    /// operation itself was called, and may have had an effect.
    fn give_up(&mut self, operation: OperationIndex, batch: &mut Batch) {
        let Some(active) = self.active.remove(&operation) else { return };
        if let Step::Settle(cause) = &active.step {
            self.diagnostics.push(failure::provider_problem(&active, cause));
        } else if active.verb != Verb::Read {
            batch.entries.push(Entry::Failed {
                op: active.op,
                address: active.call.address,
                class: FailureClass::Rejected,
                message: "not called, because the state could not be written".to_owned(),
                object: None,
            });
        }
        self.failed(operation);
    }

    fn stop(&mut self, pace: Pace) {
        self.pace = pace;
        self.counts.skipped += self.schedule.stop() as u64;
    }

    /// Asks for an operation's call.
    fn call(&mut self, operation: OperationIndex, delay: Duration, effects: &mut Vec<Effect>) {
        let now = self.inputs.host.elapsed();
        let Some(active) = self.active.get_mut(&operation) else { return };
        active.tries += 1;
        if !active.told {
            active.told = true;
            active.started = now;
            effects.push(Effect::Progress(ProgressEvent::Started {
                address: active.call.address.clone(),
                verb: active.verb,
                id: active.id.clone(),
            }));
        }
        effects.push(Effect::Call { operation, delay, call: Box::new(active.call.clone()) });
    }

    /// The operation is done and recorded; dependents may go.
    fn done(&mut self, operation: OperationIndex) {
        self.schedule.done(operation);
    }

    /// The operation failed; dependents never go.
    fn failed(&mut self, operation: OperationIndex) {
        self.counts.failed += 1;
        self.counts.skipped += self.schedule.fail(operation) as u64;
    }

    fn reserve_op(&mut self) -> OpId {
        let op = self.next_op;
        self.next_op = OpId(op.0 + 1);
        op
    }

    fn kind(&self, operation: OperationIndex) -> OperationKind {
        self.inputs.plan.operations[operation.0 as usize].kind
    }

    /// The change that an operation is about.
    fn change_of(&self, operation: OperationIndex) -> Option<(u32, &Change)> {
        let number = match self.kind(operation) {
            OperationKind::Gate => return None,
            OperationKind::Create(number)
            | OperationKind::Update(number)
            | OperationKind::Delete(number)
            | OperationKind::Read(number)
            | OperationKind::Forget(number)
            | OperationKind::Import(number)
            | OperationKind::Record(number) => number,
        };
        Some((number, &self.inputs.plan.changes[number as usize]))
    }

    fn is_present(&self, address: &ObjectAddr) -> bool {
        self.present.contains(address)
    }

    /// A free deposed key of the instance.
    fn new_deposed(&self, instance: &InstanceAddr) -> ObjectAddr {
        loop {
            let mut bytes = [0u8; 4];
            self.inputs.host.random(&mut bytes);
            let key = DeposedKey(format!("{:08x}", u32::from_be_bytes(bytes)).into());
            let address = ObjectAddr { instance: instance.clone(), deposed: Some(key) };
            if !self.is_present(&address) {
                return address;
            }
        }
    }

    /// Moves an object, in the journal and in what is known of it.
    fn relocate(&mut self, from: &ObjectAddr, to: &ObjectAddr, batch: &mut Batch) {
        self.present.remove(from);
        self.present.insert(to.clone());
        batch.entries.push(Entry::ObjectMoved { from: from.clone(), to: to.clone() });
    }

    fn forget(&mut self, address: &ObjectAddr, batch: &mut Batch) {
        if self.present.remove(address) {
            batch.entries.push(Entry::ObjectForgotten { address: address.clone() });
        }
    }
}

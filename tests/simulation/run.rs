//! [`Run`]: performs an executor's effects in simulated time: another driver beside the product's.
//!
//! Everything that takes time is a happening with a time; the earliest one is next. An append is
//! written, and later the machine is told; a call reaches the world, and later its reply comes back.
//! Between any two happenings the process may die.

use std::collections::{BTreeMap, HashMap};

use kprov_apply::machine::{
    BatchId, Call, Effect, Event, ExecuteOutcome, Executor, Reply, Request,
};
use kprov_core::Value;
use kprov_plan::{OperationIndex, OperationKind, Plan};
use kprov_provider::{ErrorClass, ProviderError, Settled};
use kprov_state::{Entry, OpId, RunId, StateError, Store};

use crate::dice::Dice;
use crate::faults::{Faults, Mutant};
use crate::sim::Sim;
use crate::watch::{Standing, Violation, lines};
use crate::world::text;

/// How the execution ended.
#[derive(Debug)]
pub(crate) enum Ended {
    Finished(Box<ExecuteOutcome>),
    /// The process died, or the user did not wait.
    Died,
}

/// What comes of a call.
#[derive(Clone, Debug)]
enum Fate {
    Well,
    /// It never reaches the world.
    Refused(ProviderError),
    /// It does, and the reply is lost.
    ReplyLost,
}

#[derive(Debug)]
enum Happening {
    Write(BatchId, Vec<Entry>),
    Call(OperationIndex, Box<Call>, Fate),
    Tell(Event),
    Drift,
}

/// No run of these sizes takes so many steps.
const STEPS_MAX: usize = 20_000;

pub(crate) struct Run<'s> {
    sim: &'s mut Sim,
    plan: &'s Plan,
    run: RunId,
    faults: &'s Faults,
    dice: Dice,
    /// By time, then in the order of being scheduled.
    agenda: BTreeMap<(u64, u64), Happening>,
    scheduled: u64,
    /// When the last append that was ordered will be written: they keep their order.
    written_ms: u64,
    /// Operation ids of operations that were called.
    ops: HashMap<OperationIndex, OpId>,
    calling: usize,
    /// Did the store fail in this run? Then later entries may contradict it.
    store_failed: bool,
    interrupts: usize,
}

impl<'s> Run<'s> {
    pub(crate) fn new(sim: &'s mut Sim, plan: &'s Plan, run: RunId, faults: &'s Faults) -> Run<'s> {
        let dice = sim.dice.fork();
        Run {
            sim,
            plan,
            run,
            faults,
            dice,
            agenda: BTreeMap::new(),
            scheduled: 0,
            written_ms: 0,
            ops: HashMap::new(),
            calling: 0,
            store_failed: false,
            interrupts: 0,
        }
    }

    fn at(&mut self, ms: u64, happening: Happening) {
        self.scheduled += 1;
        self.agenda.insert((ms, self.scheduled), happening);
    }

    fn later(&mut self, within_ms: usize, happening: Happening) {
        let ms = self.sim.host.now_ms() + 1 + self.dice.below(within_ms) as u64;
        self.at(ms, happening);
    }

    pub(crate) fn execute(mut self, mut machine: Executor<'_>) -> Result<Ended, Violation> {
        let begun = self.sim.host.now_ms();
        self.written_ms = begun;
        for &after in &self.faults.interrupts_ms {
            self.at(begun + after, Happening::Tell(Event::Interrupted));
        }
        for _ in 0..self.faults.drifts {
            let ms = begun + self.dice.below(500) as u64;
            self.at(ms, Happening::Drift);
        }
        let mut effects = Vec::new();
        machine.start(&mut effects);
        for step in 0..STEPS_MAX {
            if let Some(outcome) = self.take(&mut effects)? {
                self.quiet()?;
                return Ok(Ended::Finished(outcome));
            }
            if self.faults.dies_at == Some(step) {
                self.sim.note(|| "the process dies".to_owned());
                self.die()?;
                return Ok(Ended::Died);
            }
            let Some(((ms, _), happening)) = self.agenda.pop_first() else {
                return Err("the machine waits for nothing and is not finished".to_owned());
            };
            self.sim.pass(ms);
            if let Some(event) = self.happen(happening)? {
                if matches!(event, Event::Interrupted) {
                    self.interrupts += 1;
                    if self.interrupts > 1 {
                        drop(machine.abandon());
                        self.die()?;
                        return Ok(Ended::Died);
                    }
                }
                machine.handle(event, &mut effects);
            }
        }
        Err(format!("the run did not end within {STEPS_MAX} steps"))
    }

    /// Orders what the machine asks for.
    fn take(
        &mut self,
        effects: &mut Vec<Effect>,
    ) -> Result<Option<Box<ExecuteOutcome>>, Violation> {
        for effect in effects.drain(..) {
            match effect {
                Effect::Append { batch, entries } => self.order_append(batch, entries),
                Effect::Call { operation, delay, call } => {
                    self.order_call(operation, delay.as_millis(), call)?;
                }
                Effect::Progress(_) => {}
                Effect::Finish(outcome) => return Ok(Some(outcome)),
            }
        }
        Ok(None)
    }

    fn order_append(&mut self, batch: BatchId, entries: Vec<Entry>) {
        let now = self.sim.host.now_ms();
        self.written_ms = self.written_ms.max(now) + 1 + self.dice.below(6) as u64;
        if self.sim.mutant == Some(Mutant::EarlyAnswer) {
            self.at(now, Happening::Tell(Event::Durable { batch }));
        }
        self.at(self.written_ms, Happening::Write(batch, entries));
    }

    fn order_call(
        &mut self,
        operation: OperationIndex,
        delay_ms: u128,
        call: Box<Call>,
    ) -> Result<(), Violation> {
        self.calling += 1;
        let limit = self.faults.parallelism;
        if self.calling > limit {
            return Err(format!("{} calls at once, {limit} are allowed", self.calling));
        }
        if let Some((op, _)) = intent(&call.request) {
            self.ops.insert(operation, op);
        }
        self.predecessors_are_done(operation)?;
        let fate = self.fate(&call.request);
        let slow = if self.dice.chance(self.faults.slow) { 3000 } else { 30 };
        let ms = u64::try_from(delay_ms).unwrap_or(u64::MAX);
        let ms = self.sim.host.now_ms() + ms + 1 + self.dice.below(slow) as u64;
        self.at(ms, Happening::Call(operation, call, fate));
        Ok(())
    }

    fn fate(&mut self, request: &Request) -> Fate {
        let failure =
            |class| ProviderError { class, ..ProviderError::rejected("Injected", "Chance.") };
        let reading = matches!(request, Request::Settle(_) | Request::ReadBack(_));
        if reading {
            let fails = self.dice.chance(self.faults.reads * 5);
            return if fails { Fate::Refused(failure(ErrorClass::Retryable)) } else { Fate::Well };
        }
        if self.dice.chance(self.faults.ambiguous) {
            match self.dice.chance(50) {
                true => Fate::ReplyLost,
                false => Fate::Refused(failure(ErrorClass::Ambiguous)),
            }
        } else if self.dice.chance(self.faults.rejected) {
            Fate::Refused(failure(ErrorClass::Rejected))
        } else if self.dice.chance(self.faults.retryable) {
            Fate::Refused(failure(ErrorClass::Retryable))
        } else {
            Fate::Well
        }
    }

    /// What an operation waits for has a durable outcome, and a good one.
    fn predecessors_are_done(&self, operation: OperationIndex) -> Result<(), Violation> {
        let mut stack = self.plan.operations[operation.0 as usize].after.clone();
        while let Some(before) = stack.pop() {
            let before_it = &self.plan.operations[before.0 as usize];
            if before_it.kind == OperationKind::Gate {
                stack.extend(&before_it.after);
            }
            let Some(op) = self.ops.get(&before) else { continue };
            if self.sim.watch.standing(*op) != Some(Standing::Done) {
                return Err(format!(
                    "operation {} is called, and the outcome of operation {} before it is not \
                     durable",
                    operation.0, before.0
                ));
            }
        }
        Ok(())
    }

    fn happen(&mut self, happening: Happening) -> Result<Option<Event>, Violation> {
        match happening {
            Happening::Tell(event) => {
                if matches!(event, Event::Replied { .. }) {
                    self.calling -= 1;
                }
                return Ok(Some(event));
            }
            Happening::Write(batch, entries) => {
                let event = self.write(batch, &entries)?;
                if self.sim.mutant != Some(Mutant::EarlyAnswer) {
                    self.later(4, Happening::Tell(event));
                }
            }
            Happening::Call(operation, call, fate) => {
                let reply = self.reach(*call, fate)?;
                self.later(10, Happening::Tell(Event::Replied { operation, reply }));
            }
            Happening::Drift => {
                let what = self.sim.world.drift(&mut self.dice);
                self.sim.note(|| what.unwrap_or_default());
            }
        }
        self.sim.watch.compare(&self.sim.world)?;
        Ok(None)
    }

    fn write(&mut self, batch: BatchId, entries: &[Entry]) -> Result<Event, Violation> {
        let lost = |message: &str| Event::AppendFailed { batch, message: message.to_owned() };
        let fails = self.dice.chance(self.faults.store);
        if fails && self.dice.chance(50) {
            self.store_failed = true;
            self.sim.note(|| format!("batch {} is not written", batch.0));
            return Ok(lost("no room"));
        }
        if self.sim.mutant == Some(Mutant::LostBatch) && self.dice.chance(10) {
            return Ok(Event::Durable { batch });
        }
        match self.sim.store.append("default", self.run, "", entries) {
            Ok(_) => {}
            Err(StateError::Illegal { what }) if self.store_failed => return Ok(lost(&what)),
            Err(error) => return Err(format!("the store refuses an entry: {error}")),
        }
        self.sim.note(|| format!("durable:{}", lines(entries)));
        self.sim.watch.durable(self.run, entries)?;
        if fails {
            self.store_failed = true;
            return Ok(lost("the disk is gone"));
        }
        Ok(Event::Durable { batch })
    }

    /// A call reaches the world, or does not.
    fn reach(&mut self, call: Call, fate: Fate) -> Result<Reply, Violation> {
        if let Some((op, token)) = intent(&call.request) {
            self.sim.watch.may_call(op, token)?;
        }
        let address = call.address.clone();
        let misread = self.sim.mutant == Some(Mutant::AmbiguousIsRejected);
        let class = if misread { ErrorClass::Rejected } else { ErrorClass::Ambiguous };
        let lost = ProviderError { class, ..ProviderError::rejected("Injected", "Reply lost.") };
        let answer = match fate {
            Fate::Refused(error) => Err(error),
            Fate::Well => self.ask(&call.request),
            Fate::ReplyLost => self.ask(&call.request).and(Err(lost)),
        };
        let reply = answer.unwrap_or_else(Reply::Failed);
        self.sim.note(|| format!("{address}: {} -> {}", verb(&call.request), told(&reply)));
        Ok(reply)
    }

    fn ask(&self, request: &Request) -> Result<Reply, ProviderError> {
        let world = &self.sim.world;
        let id = |value: &Value| text(value, "id").unwrap_or_default();
        let settled = |found: Option<Value>| {
            Reply::Settled(found.map_or(Settled::Absent, |value| Settled::Exists(value.into())))
        };
        match request {
            Request::Create(it) => {
                world.create(&it.intent.token, &it.planned).map(|new| Reply::Object(new.into()))
            }
            Request::Update(it) => world.update(&it.planned).map(|new| Reply::Object(new.into())),
            Request::Delete { request, .. } => {
                world.delete(&id(&request.prior.value)).map(|()| Reply::Deleted)
            }
            Request::Settle(it) => Ok(settled(match &it.prior {
                Some(prior) => world.read(&id(&prior.value)),
                None => world.by_token(&it.intent.token),
            })),
            Request::ReadBack(it) => Ok(settled(world.read(&id(&it.prior.value)))),
            Request::Read { .. } | Request::Provision(_) => {
                Err(ProviderError::rejected("Not here", "There is no such thing in this world."))
            }
        }
    }

    /// Requests on their way may still arrive.
    fn die(&mut self) -> Result<(), Violation> {
        while let Some((_, happening)) = self.agenda.pop_first() {
            if let Happening::Call(_, call, Fate::Well | Fate::ReplyLost) = happening
                && self.dice.chance(50)
            {
                self.reach(*call, Fate::ReplyLost)?;
            }
        }
        self.sim.watch.compare(&self.sim.world)
    }

    /// After the end nothing is under way.
    fn quiet(&self) -> Result<(), Violation> {
        let left = self.agenda.values().find(|happening| {
            !matches!(happening, Happening::Drift | Happening::Tell(Event::Interrupted))
        });
        match left {
            Some(left) => Err(format!("the machine has finished and left {left:?}")),
            None => Ok(()),
        }
    }
}

fn intent(request: &Request) -> Option<(OpId, &str)> {
    let intent = match request {
        Request::Create(request) => &request.intent,
        Request::Update(request) => &request.intent,
        Request::Delete { request, .. } => &request.intent,
        Request::Read { .. }
        | Request::Provision(_)
        | Request::Settle(_)
        | Request::ReadBack(_) => return None,
    };
    Some((OpId(intent.op), &intent.token))
}

fn verb(request: &Request) -> &'static str {
    match request {
        Request::Create(_) => "create",
        Request::Update(_) => "update",
        Request::Delete { .. } => "delete",
        Request::Read { .. } => "read",
        Request::Provision(_) => "provision",
        Request::Settle(_) => "settle",
        Request::ReadBack(_) => "read back",
    }
}

fn told(reply: &Reply) -> String {
    match reply {
        Reply::Object(object) | Reply::Settled(Settled::Exists(object)) => {
            text(&object.value, "id").unwrap_or_default()
        }
        Reply::Failed(error) => format!("{:?}: {error}", error.class),
        other => format!("{other:?}"),
    }
}

//! [`perform`]: drives the executor one effect at a time. Which effect comes next is drawn from a
//! seed; a [`Script`] says where to die and which calls to answer wrongly.

use std::collections::{BTreeSet, VecDeque};

use futures::FutureExt as _;
use kprov_apply::Clients;
use kprov_apply::machine::{
    BatchId, Call, Effect, Event, ExecuteOutcome, Executor, Reply, Request,
};
use kprov_core::{Str, Value};
use kprov_plan::{OperationIndex, ProvisionerRun};
use kprov_provider::{ErrorClass, Object, ProviderError, Settled};
use kprov_state::{Entry, RunId, Store};

use crate::host::spread;
use crate::world::text;

/// The value of a future that waits for nothing, as all of the fake world's.
///
/// # Panics
/// When it waits.
pub fn at_once<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("invariant: nothing in the fake world waits")
}

/// When the process dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Before the effect: nothing of it happened.
    Before,
    /// After it happened, and before the executor heard of it.
    After,
}

/// How a call is answered wrongly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lie {
    /// It is refused, and nothing happens.
    Refused,
    /// It is throttled, and nothing happens. Once.
    Throttled,
    /// It happens, and the reply is lost.
    ReplyLost,
    /// It does not happen, and nobody knows.
    RequestLost,
    /// It happens, and the reply (a written object) tells another size.
    Misreported,
}

/// How a run goes.
#[derive(Clone, Debug, Default)]
pub struct Script {
    /// Draws the order of effects; 0: appends first, then calls, each in order.
    pub seed: u64,
    /// Die at the effect of that number.
    pub kill: Option<(usize, Moment)>,
    /// Answer the provider call of that number wrongly.
    pub lie: Option<(usize, Lie)>,
    /// Ask to stop before the effect of that number.
    pub interrupt: Option<usize>,
    /// Provisioners fail.
    pub provisioners_fail: bool,
    /// Effects so far.
    pub effects: usize,
    /// Provider calls so far.
    pub calls: usize,
}

impl Script {
    /// Calls at once.
    pub(crate) fn parallelism(&self) -> usize {
        [10, 1, 2][(self.seed % 3) as usize]
    }
}

/// Where effects happen.
#[derive(Debug)]
pub(crate) struct Place<'p> {
    pub(crate) store: &'p dyn Store,
    pub(crate) run: RunId,
    pub(crate) clients: &'p dyn Clients,
    pub(crate) provisioned: &'p mut Vec<String>,
}

/// How driving ended.
pub(crate) enum Stopped {
    Finished(Box<ExecuteOutcome>),
    Killed(String),
}

#[derive(Default)]
struct Pending {
    appends: VecDeque<(BatchId, Vec<Entry>)>,
    calls: VecDeque<(OperationIndex, Box<Call>)>,
}

enum Next {
    Append(BatchId, Vec<Entry>),
    Call(OperationIndex, Box<Call>),
}

impl Pending {
    /// Appends keep their order; calls do not.
    fn next(&mut self, draw: u64) -> Option<Next> {
        let (appends, calls) = (self.appends.len(), self.calls.len());
        let append_now = match (appends, calls) {
            (0, 0) => return None,
            (0, _) => false,
            (_, 0) => true,
            (..) => draw.is_multiple_of(2),
        };
        if append_now {
            return self.appends.pop_front().map(|(batch, entries)| Next::Append(batch, entries));
        }
        let at = usize::try_from(draw >> 1).unwrap_or(0) % calls;
        self.calls.remove(at).map(|(operation, call)| Next::Call(operation, call))
    }
}

/// Drives `machine` to its end or its death.
pub(crate) fn perform(
    machine: &mut Executor<'_>,
    mut place: Place<'_>,
    script: &mut Script,
) -> Stopped {
    let mut effects = Vec::new();
    let mut pending = Pending::default();
    let mut durable = BTreeSet::new();
    machine.start(&mut effects);
    loop {
        for effect in effects.drain(..) {
            match effect {
                Effect::Append { batch, entries } => pending.appends.push_back((batch, entries)),
                Effect::Call { operation, call, .. } => {
                    check_durable(&call, &durable);
                    pending.calls.push_back((operation, call));
                    assert!(pending.calls.len() <= script.parallelism(), "too many calls at once");
                }
                Effect::Progress(_) => {}
                Effect::Finish(outcome) => return Stopped::Finished(outcome),
            }
        }
        if script.interrupt == Some(script.effects) {
            script.interrupt = None;
            machine.handle(Event::Interrupted, &mut effects);
            continue;
        }
        let draw = if script.seed == 0 { 0 } else { spread(script.seed ^ script.effects as u64) };
        let next = pending.next(draw).expect("an executor that waits, waits for something");
        let name = describe(&next);
        let number = script.effects;
        script.effects += 1;
        if script.kill == Some((number, Moment::Before)) {
            return Stopped::Killed(name);
        }
        let event = match next {
            Next::Append(batch, entries) => {
                let event = place.append(batch, &entries);
                if matches!(event, Event::Durable { .. }) {
                    durable.extend(entries.iter().filter_map(token));
                }
                event
            }
            Next::Call(operation, call) => {
                Event::Replied { operation, reply: place.answer(*call, script) }
            }
        };
        if script.kill == Some((number, Moment::After)) {
            return Stopped::Killed(name);
        }
        machine.handle(event, &mut effects);
    }
}

fn token(entry: &Entry) -> Option<Str> {
    match entry {
        Entry::Intended { token, .. } => Some(token.clone()),
        _ => None,
    }
}

/// Rule 1: no call that changes something before its intent is durable.
fn check_durable(call: &Call, durable: &BTreeSet<Str>) {
    let token = match &call.request {
        Request::Create(request) => &request.intent.token,
        Request::Update(request) => &request.intent.token,
        Request::Delete { request, .. } => &request.intent.token,
        Request::Read { .. }
        | Request::Provision(_)
        | Request::Settle(_)
        | Request::ReadBack(_) => return,
    };
    assert!(durable.contains(token), "called without a durable intent: {}", call.address);
}

fn describe(next: &Next) -> String {
    match next {
        Next::Append(_, entries) => format!("append of {} entries", entries.len()),
        Next::Call(_, call) => format!("call for {}", call.address),
    }
}

impl Place<'_> {
    fn append(&mut self, batch: BatchId, entries: &[Entry]) -> Event {
        match self.store.append("default", self.run, "2026-01-01T00:00:00Z", entries) {
            Ok(_) => Event::Durable { batch },
            Err(error) => {
                assert!(
                    !matches!(error, kprov_state::StateError::Illegal { .. }),
                    "{error}: {entries:#?}"
                );
                Event::AppendFailed { batch, message: error.to_string() }
            }
        }
    }

    fn answer(&mut self, call: Call, script: &mut Script) -> Reply {
        if let Request::Provision(runs) = &call.request {
            let command = |run: &ProvisionerRun| text(&run.config, "command");
            self.provisioned.extend(runs.iter().map(command));
            if script.provisioners_fail {
                let failure = kprov_core::Diagnostic::error("Provisioner failed", "As told.");
                return Reply::ProvisionerFailed(failure.into());
            }
            return Reply::Provisioned;
        }
        let number = script.calls;
        script.calls += 1;
        let lie = script.lie.filter(|(at, _)| *at == number).map(|(_, lie)| lie);
        match lie {
            None => self.ask(call).unwrap_or_else(Reply::Failed),
            Some(Lie::ReplyLost) => {
                drop(self.ask(call));
                Reply::Failed(lied(ErrorClass::Ambiguous))
            }
            Some(Lie::Misreported) => match self.ask(call) {
                Ok(Reply::Object(object)) => Reply::Object(misreported(&object.value)),
                Ok(reply) => reply,
                Err(error) => Reply::Failed(error),
            },
            Some(Lie::RequestLost) => Reply::Failed(lied(ErrorClass::Ambiguous)),
            Some(Lie::Refused) => Reply::Failed(lied(ErrorClass::Rejected)),
            Some(Lie::Throttled) => Reply::Failed(lied(ErrorClass::Retryable)),
        }
    }

    fn ask(&mut self, call: Call) -> Result<Reply, ProviderError> {
        let provider = self.clients.provider(&call.provider)?;
        let context = at_once(self.clients.context(&call.provider))?;
        let ty = &call.address.instance.resource.ty;
        let missing = || ProviderError::rejected("No such type", ty.to_string());
        if let Request::Read { config } = &call.request {
            let source = provider.data_source(ty).ok_or_else(missing)?;
            return at_once(source.read(&context, config)).map(Reply::Data);
        }
        let resource = provider.resource(ty).ok_or_else(missing)?;
        match call.request {
            Request::Create(request) => {
                at_once(resource.create(&context, request)).map(Reply::Object)
            }
            Request::Update(request) => {
                at_once(resource.update(&context, request)).map(Reply::Object)
            }
            Request::Delete { provisioners, request } => {
                self.provisioned
                    .extend(provisioners.iter().map(|run| text(&run.config, "command")));
                at_once(resource.delete(&context, request)).map(|()| Reply::Deleted)
            }
            Request::Settle(request) => {
                at_once(resource.settle(&context, request)).map(Reply::Settled)
            }
            Request::ReadBack(request) => {
                match at_once(resource.read_many(&context, vec![request])).pop() {
                    Some(Ok(Some(object))) => Ok(Reply::Settled(Settled::Exists(object))),
                    Some(Ok(None)) => Ok(Reply::Settled(Settled::Absent)),
                    Some(Err(error)) => Err(error),
                    None => Err(missing()),
                }
            }
            Request::Read { .. } | Request::Provision(_) => Err(missing()),
        }
    }
}

fn misreported(value: &Value) -> Object {
    let entries = value.as_entries().into_iter().flatten();
    let entries = entries.map(|(name, part)| {
        let part = if name.as_str() == "size" { Value::int(99) } else { part.clone() };
        (name.clone(), part)
    });
    Value::object(entries).into()
}

fn lied(class: ErrorClass) -> ProviderError {
    ProviderError { class, ..ProviderError::rejected("Injected failure", "As told.") }
}

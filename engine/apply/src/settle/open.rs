//! [`settle_open`]: settles the open intents of runs that died, before anything is planned.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use kprov_core::{Diagnostic, Diagnostics, Host, ObjectAddr, ProviderConfigAddr, Str, Value};
use kprov_provider::{
    Intent, Object, ProviderError, ReadRequest, Registry, SettleRequest, Settled,
};
use kprov_state::{
    ActionKind, Entry, HowSettled, LogFilter, ObjectStatus, OpId, OpenIntent, RunId, State, Store,
    StoredObject,
};

use super::asking::{AskBack, Question, ask_all};
use super::{Decision, Found, decide};
use crate::driver::{Clients, chain, moment, rfc3339};
use crate::stored::StoredTypes;
use crate::{conform, record, stored};

/// Where to settle.
#[derive(Clone, Debug)]
pub struct Settling {
    /// Where the intents are.
    pub store: Arc<dyn Store>,
    /// In which workspace.
    pub workspace: String,
    /// The present run, already begun.
    pub run: RunId,
    /// For schemas.
    pub registry: Registry,
    /// Connected providers.
    pub clients: Arc<dyn Clients>,
    /// At most so many calls at once.
    pub parallelism: usize,
    /// Clock.
    pub host: Arc<dyn Host>,
}

/// An intent that was settled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettledIntent {
    /// Its object.
    pub address: ObjectAddr,
    /// What it was to do.
    pub action: ActionKind,
    /// What became of it.
    pub how: HowSettled,
}

/// What the journal says of an open intent.
struct Open<'s> {
    op: OpId,
    address: &'s ObjectAddr,
    action: ActionKind,
    token: &'s Str,
    planned: Option<Value>,
    private: &'s [u8],
    /// How long ago it was recorded.
    age: Duration,
    /// What to store an adopted object with.
    shell: Option<StoredObject>,
    /// As the state has it.
    stored: Option<&'s StoredObject>,
    /// The same, decoded and without marks.
    prior: Option<Object>,
}

/// Reads every open intent of `state` back, many at a time, and records what became of them in one
/// transaction. What cannot be told stays open and is an error: its object must not be planned.
pub async fn settle_open(settling: &Settling, state: &State) -> (Vec<SettledIntent>, Diagnostics) {
    let mut opened = Vec::with_capacity(state.open.len());
    let mut questions = Vec::new();
    let times = times(settling, state);
    for (at, intent) in state.open.iter().enumerate() {
        let age = age(settling, times.get(&intent.op));
        let open = opened_intent(settling, state, intent, age);
        if let Ok(Some((open, provider))) = &open {
            questions.extend(question(open, provider).map(|question| (at, question)));
        }
        opened.push(open);
    }
    let mut answers = ask_all(settling, questions).await;
    let mut settled = Vec::new();
    let mut entries = Vec::new();
    let mut problems = Diagnostics::new();
    let mut types = StoredTypes::default();
    // In the order of the intents, whoever answered first.
    for (at, open) in opened.into_iter().enumerate() {
        let concluded = open.and_then(|open| {
            open.map(|(open, _)| conclude(settling, &mut types, &open, answers.remove(&at)))
                .transpose()
        });
        match concluded {
            Ok(Some((done, entry, unfinished))) => {
                problems.extend(unfinished);
                entries.push(entry);
                entries.extend(put_back(state, &done));
                settled.push(done);
            }
            Ok(None) => {}
            Err(problem) => problems.push(*problem),
        }
    }
    if entries.is_empty() {
        return (settled, problems);
    }
    let at = rfc3339(settling.host.now());
    if let Err(error) = settling.store.append(&settling.workspace, settling.run, &at, &entries) {
        problems.push(Diagnostic::error(
            "Failed to save state",
            format!(
                "What became of interrupted operations could not be written: {}.",
                chain(&error)
            ),
        ));
        settled.clear();
    }
    (settled, problems)
}

/// A create that made nothing had put the object aside that it was to replace: that one is the
/// current one again. With several deposed objects nobody can say which; then all stay.
fn put_back(state: &State, done: &SettledIntent) -> Option<Entry> {
    if done.action != ActionKind::Create || done.how != HowSettled::Absent {
        return None;
    }
    let mut deposed = state
        .objects
        .keys()
        .filter(|address| address.instance == done.address.instance && address.deposed.is_some());
    let only = deposed.next()?;
    deposed
        .next()
        .is_none()
        .then(|| Entry::ObjectMoved { from: only.clone(), to: done.address.clone() })
}

/// When open intents were recorded, by operation.
fn times(settling: &Settling, state: &State) -> BTreeMap<OpId, String> {
    let runs: BTreeSet<RunId> = state.open.iter().map(|intent| intent.run).collect();
    let journals = runs.into_iter().filter_map(|run| {
        let filter = LogFilter { run: Some(run), ..LogFilter::default() };
        // What cannot be read is as if it were of now.
        settling.store.journal(&settling.workspace, filter).ok()
    });
    let times = journals.flatten().filter_map(|stored| match stored.entry {
        Entry::Intended { op, .. } => Some((op, stored.at)),
        _ => None,
    });
    times.collect()
}

/// How long ago that was. By a clock that was set back since, not at all.
fn age(settling: &Settling, at: Option<&String>) -> Duration {
    let at = at.and_then(|at| moment(at));
    let age = at.and_then(|at| settling.host.now().duration_since(at).ok());
    age.unwrap_or_default()
}

type Problem = Box<Diagnostic>;

/// What the journal and the state say of an intent, and whose it is.
fn opened_intent<'s>(
    settling: &Settling,
    state: &'s State,
    intent: &'s OpenIntent,
    age: Duration,
) -> Result<Option<(Open<'s>, &'s ProviderConfigAddr)>, Problem> {
    let Entry::Intended { op, object, action, token, provider, planned, private, adopt } =
        &intent.entry
    else {
        return Ok(None);
    };
    let mut open = Open {
        op: *op,
        address: object,
        action: *action,
        token,
        planned: None,
        private,
        age,
        shell: adopt.as_deref().cloned(),
        stored: state.objects.get(object),
        prior: None,
    };
    if let Some(planned) = planned {
        let value: Value = serde_json::from_str(planned.get()).map_err(|error| {
            Box::new(unsettled(&open, &format!("its plan is damaged: {error}")))
        })?;
        open.planned = Some(value);
    }
    if let Some(stored) = open.stored {
        open.prior = Some(decoded(&open, stored, &settling.registry)?);
    }
    Ok(Some((open, provider)))
}

/// What must be asked to settle it, if anything.
fn question<'s>(open: &Open<'s>, provider: &'s ProviderConfigAddr) -> Option<Question<'s>> {
    let request = match (open.action, open.prior.clone()) {
        (ActionKind::Provision | ActionKind::Import | ActionKind::Read, _) => return None,
        (ActionKind::Delete, Some(prior)) => AskBack::Read(ReadRequest { prior }),
        (ActionKind::Create | ActionKind::Update | ActionKind::Delete, prior) => {
            AskBack::Settle(Box::new(SettleRequest {
                intent: Intent { op: open.op.0, token: open.token.clone() },
                prior,
                planned: open.planned.clone().unwrap_or(Value::NULL),
                private: open.private.to_vec(),
                age: Some(open.age),
            }))
        }
    };
    Some(Question { provider, ty: &open.address.instance.resource.ty, request })
}

/// Looks the answer up in the table. A warning tells of an object that could not be finished.
fn conclude(
    settling: &Settling,
    types: &mut StoredTypes,
    open: &Open<'_>,
    answer: Option<Result<Settled, ProviderError>>,
) -> Result<(SettledIntent, Entry, Option<Diagnostic>), Problem> {
    let read = answer.transpose();
    let read = read.map_err(|error| Box::new(unsettled(open, &error.to_string())))?;
    let found = match &read {
        Some(read) => Found::of(read, open.prior.as_ref(), open.planned.as_ref()),
        None => Found::Unreadable,
    };
    let row = decide(open.action, found, open.stored.is_some());
    let mut unfinished = None;
    let (how, object) = match (row.decision, read) {
        (Decision::Adopt, Some(Settled::Exists(object))) => {
            (HowSettled::Adopted, Some(Box::new(adopted(settling, types, open, &object, true)?)))
        }
        (Decision::Adopt, Some(Settled::Unfinished(object, why))) => {
            unfinished = Some(warning(open, &why));
            (HowSettled::Adopted, Some(Box::new(adopted(settling, types, open, &object, false)?)))
        }
        (Decision::Absent, _) => (HowSettled::Absent, None),
        (Decision::Unchanged, _) => (HowSettled::Unchanged, None),
        (Decision::Adopt | Decision::StayOpen, _) => {
            return Err(Box::new(unsettled(
                open,
                &format!("what was found contradicts the state (case {})", row.label),
            )));
        }
    };
    let address = open.address.clone();
    let done = SettledIntent { address: address.clone(), action: open.action, how };
    Ok((done, Entry::Settled { op: open.op, address, how, object }, unfinished))
}

fn decoded(open: &Open<'_>, stored: &StoredObject, registry: &Registry) -> Result<Object, Problem> {
    let object = stored::decode(open.address, stored, registry)
        .map_err(|message| Box::new(unsettled(open, &message)))?;
    Ok(Object { value: object.value.unmark_deep().0, private: object.private })
}

/// The object as it goes into the state. One whose create did not get as far as planned is tainted,
/// as is one whose provisioners did not finish (its intent says so).
fn adopted(
    settling: &Settling,
    types: &mut StoredTypes,
    open: &Open<'_>,
    object: &Object,
    finished: bool,
) -> Result<StoredObject, Problem> {
    let problem = |message: &str| Box::new(unsettled(open, message));
    let shell = match (&open.shell, open.stored) {
        (Some(shell), _) => shell.clone(),
        (None, Some(stored)) => stored.clone(),
        (None, None) => return Err(problem("its intent does not say how to store the object")),
    };
    let whole = finished && conform::unknowns(&object.value).is_empty();
    let status = match (open.action, open.stored) {
        (ActionKind::Create, _) if !whole => ObjectStatus::Tainted,
        (ActionKind::Create, _) => shell.status,
        (_, Some(stored)) => stored.status,
        (_, None) => shell.status,
    };
    let value = conform::without_unknowns(&object.value);
    let value = stored::mark(value, shell.sensitive_paths.as_deref())
        .map_err(|message| problem(&message))?;
    let shell = StoredObject { status, ..shell };
    let instance = &open.address.instance;
    record::filled(&settling.registry, types, instance, &shell, &value, object.private.clone())
        .map_err(|message| problem(&message))
}

fn warning(open: &Open<'_>, why: &ProviderError) -> Diagnostic {
    Diagnostic::warning(
        "Interrupted operation left an unfinished object",
        format!(
            "An earlier run died during the operation {} ({}). Its object exists, but could not be \
             finished: {why}.",
            open.op.0,
            open.action.verb()
        ),
    )
    .of(open.address)
}

fn unsettled(open: &Open<'_>, why: &str) -> Diagnostic {
    Diagnostic::error(
        "Interrupted operation cannot be settled",
        format!(
            "An earlier run died during the operation {} ({}), and what became of it cannot be \
             told: {why}.",
            open.op.0,
            open.action.verb()
        ),
    )
    .of(open.address)
    .hint("Apply again when the provider can be reached; nothing is planned until then.")
}

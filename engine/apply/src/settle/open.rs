//! [`settle_open`]: settles the open intents of runs that died, before anything is planned.

use std::sync::Arc;

use kprov_core::{Diagnostic, Diagnostics, Host, ObjectAddr, Str, Value};
use kprov_provider::{
    Intent, Object, ProviderError, ReadRequest, Registry, Resource, SettleRequest, Settled,
};
use kprov_state::{
    ActionKind, Entry, HowSettled, ObjectStatus, OpId, OpenIntent, RunId, State, Store,
    StoredObject,
};

use super::{Decision, Found, decide};
use crate::driver::{Clients, chain, read_back, rfc3339};
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
    /// What to store an adopted object with.
    shell: Option<StoredObject>,
    /// As the state has it.
    stored: Option<&'s StoredObject>,
}

/// Reads every open intent of `state` back and records what became of it. What cannot be told stays
/// open and is an error: its object must not be planned.
pub async fn settle_open(settling: &Settling, state: &State) -> (Vec<SettledIntent>, Diagnostics) {
    let mut settled = Vec::new();
    let mut entries = Vec::new();
    let mut problems = Diagnostics::new();
    for intent in &state.open {
        match settle_one(settling, state, intent).await {
            Ok(Some((done, entry))) => {
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

type Problem = Box<Diagnostic>;

async fn settle_one(
    settling: &Settling,
    state: &State,
    intent: &OpenIntent,
) -> Result<Option<(SettledIntent, Entry)>, Problem> {
    let Some(open) = open(state, intent)? else { return Ok(None) };
    let prior = match open.stored {
        Some(stored) => Some(decoded(&open, stored, &settling.registry)?),
        None => None,
    };
    let read = match open.action {
        ActionKind::Create | ActionKind::Update | ActionKind::Delete => Some(
            read(settling, &open, intent, prior.clone())
                .await
                .map_err(|error| Box::new(unsettled(&open, &error.to_string())))?,
        ),
        ActionKind::Provision | ActionKind::Import | ActionKind::Read => None,
    };
    let found = match &read {
        Some(read) => Found::of(read, prior.as_ref(), open.planned.as_ref()),
        None => Found::Unreadable,
    };
    let row = decide(open.action, found, open.stored.is_some());
    let (how, object) = match (row.decision, read) {
        (Decision::Adopt, Some(Settled::Exists(object))) => {
            (HowSettled::Adopted, Some(Box::new(adopted(settling, &open, &object)?)))
        }
        (Decision::Absent, _) => (HowSettled::Absent, None),
        (Decision::Unchanged, _) => (HowSettled::Unchanged, None),
        (Decision::Adopt | Decision::StayOpen, _) => {
            return Err(Box::new(unsettled(
                &open,
                &format!("what was found contradicts the state (case {})", row.label),
            )));
        }
    };
    let address = open.address.clone();
    let done = SettledIntent { address: address.clone(), action: open.action, how };
    Ok(Some((done, Entry::Settled { op: open.op, address, how, object })))
}

fn open<'s>(state: &'s State, intent: &'s OpenIntent) -> Result<Option<Open<'s>>, Problem> {
    let Entry::Intended { op, object, action, token, planned, private, adopt, .. } = &intent.entry
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
        shell: adopt.as_deref().cloned(),
        stored: state.objects.get(object),
    };
    if let Some(planned) = planned {
        let value: Value = serde_json::from_str(planned.get()).map_err(|error| {
            Box::new(unsettled(&open, &format!("its plan is damaged: {error}")))
        })?;
        open.planned = Some(value);
    }
    Ok(Some(open))
}

fn decoded(open: &Open<'_>, stored: &StoredObject, registry: &Registry) -> Result<Object, Problem> {
    let object = stored::decode(open.address, stored, registry)
        .map_err(|message| Box::new(unsettled(open, &message)))?;
    Ok(Object { value: object.value.unmark_deep().0, private: object.private })
}

async fn read(
    settling: &Settling,
    open: &Open<'_>,
    intent: &OpenIntent,
    prior: Option<Object>,
) -> Result<Settled, ProviderError> {
    let Entry::Intended { provider: config, .. } = &intent.entry else {
        return Ok(Settled::Absent);
    };
    let provider = settling.clients.provider(config)?;
    let context = settling.clients.context(config).await?;
    let ty = &open.address.instance.resource.ty;
    let resource: &dyn Resource = provider.resource(ty).ok_or_else(|| {
        ProviderError::rejected("Invalid resource type", format!("The provider has no type {ty}."))
    })?;
    match (open.action, prior) {
        (ActionKind::Delete, Some(prior)) => {
            read_back(resource, &context, ReadRequest { prior }).await
        }
        (_, prior) => {
            let request = SettleRequest {
                intent: Intent { op: open.op.0, token: open.token.clone() },
                prior,
                planned: open.planned.clone().unwrap_or(Value::NULL),
                private: open.private.to_vec(),
            };
            resource.settle(&context, request).await
        }
    }
}

/// The object as it goes into the state. One whose create did not get as far as planned is tainted,
/// as is one whose provisioners did not finish (its intent says so).
fn adopted(settling: &Settling, open: &Open<'_>, object: &Object) -> Result<StoredObject, Problem> {
    let problem = |message: &str| Box::new(unsettled(open, message));
    let shell = match (&open.shell, open.stored) {
        (Some(shell), _) => shell.clone(),
        (None, Some(stored)) => stored.clone(),
        (None, None) => return Err(problem("its intent does not say how to store the object")),
    };
    let whole = conform::unknowns(&object.value).is_empty();
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
    record::filled(&settling.registry, instance, &shell, &value, object.private.clone())
        .map_err(|message| problem(&message))
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

//! [`Watch`]: sees every durable entry, and knows from these alone what must hold.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use kprov_core::ObjectAddr;
use kprov_state::{ActionKind, Entry, FailureClass, HowSettled, OpId, RunId, State, StoredObject};

use crate::world::World;

/// What does not hold, for people.
pub(crate) type Violation = String;

/// Where an operation stands by the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    Open,
    Done,
    /// For certain not done.
    Undone,
}

#[derive(Clone, Debug)]
struct Op {
    address: ObjectAddr,
    action: ActionKind,
    token: String,
    standing: Standing,
}

#[derive(Debug, Default)]
pub(crate) struct Watch {
    /// The journal, replayed entry by entry.
    state: State,
    ops: HashMap<OpId, Op>,
    open: BTreeSet<OpId>,
    /// Ids of the objects in the state.
    ids: BTreeMap<ObjectAddr, String>,
}

impl Watch {
    /// Entries became durable.
    pub(crate) fn durable(&mut self, run: RunId, entries: &[Entry]) -> Result<(), Violation> {
        for entry in entries {
            self.state
                .apply(run, entry)
                .map_err(|error| format!("a journal prefix does not replay: {error}"))?;
            self.follow(entry);
        }
        Ok(())
    }

    fn follow(&mut self, entry: &Entry) {
        match entry {
            Entry::Intended { op, object, action, token, .. } => {
                let (address, token) = (object.clone(), token.to_string());
                let standing = Standing::Open;
                self.ops.insert(*op, Op { address, action: *action, token, standing });
                self.open.insert(*op);
            }
            Entry::Succeeded { op, address, object } => {
                self.close(*op, Standing::Done);
                self.set(address, object.as_deref());
            }
            Entry::Failed { op, address, class, object, .. } => {
                if *class != FailureClass::Ambiguous {
                    self.close(*op, Standing::Undone);
                }
                if object.is_some() {
                    self.set(address, object.as_deref());
                }
            }
            Entry::Settled { op, address, how, object } => {
                let action = self.ops.get(op).map(|op| op.action);
                let done = matches!(
                    (how, action),
                    (HowSettled::Adopted, _) | (HowSettled::Absent, Some(ActionKind::Delete))
                );
                self.close(*op, if done { Standing::Done } else { Standing::Undone });
                if *how != HowSettled::Unchanged {
                    self.set(address, object.as_deref());
                }
            }
            Entry::ObjectSet { address, object } => self.set(address, Some(object)),
            Entry::ObjectForgotten { address } => self.set(address, None),
            Entry::ObjectMoved { from, to } => {
                if let Some(id) = self.ids.remove(from) {
                    self.ids.insert(to.clone(), id);
                }
            }
            Entry::RunStarted { .. }
            | Entry::OutputSet { .. }
            | Entry::ChecksSet { .. }
            | Entry::IdentitySet { .. }
            | Entry::StepStarted { .. }
            | Entry::StepDone { .. }
            | Entry::RunFinished { .. } => {}
        }
    }

    fn close(&mut self, op: OpId, standing: Standing) {
        self.open.remove(&op);
        if let Some(op) = self.ops.get_mut(&op) {
            op.standing = standing;
        }
    }

    fn set(&mut self, address: &ObjectAddr, object: Option<&StoredObject>) {
        match object.and_then(id_of) {
            Some(id) => self.ids.insert(address.clone(), id),
            None => self.ids.remove(address),
        };
    }

    pub(crate) fn standing(&self, op: OpId) -> Option<Standing> {
        self.ops.get(&op).map(|op| op.standing)
    }

    pub(crate) fn state(&self) -> &State {
        &self.state
    }

    /// The id of the object at an address.
    pub(crate) fn ids(&self) -> &BTreeMap<ObjectAddr, String> {
        &self.ids
    }

    /// A call is about to reach the world: its intent is durable and still open.
    pub(crate) fn may_call(&self, op: OpId, token: &str) -> Result<(), Violation> {
        match self.ops.get(&op) {
            None => Err(format!("operation {} is called before its intent is durable", op.0)),
            Some(it) if it.standing != Standing::Open => {
                Err(format!("operation {} is called and has an outcome already", op.0))
            }
            Some(it) if it.token != token => {
                Err(format!("operation {} is called with another token than intended", op.0))
            }
            Some(_) => Ok(()),
        }
    }

    /// Nothing is lost: what exists is in the state or under an open intent; what the state has
    /// exists, or its deletion is under way, or somebody else deleted it.
    pub(crate) fn compare(&self, world: &World) -> Result<(), Violation> {
        let open: Vec<&Op> = self.open.iter().filter_map(|op| self.ops.get(op)).collect();
        let known: BTreeSet<&String> = self.ids.values().collect();
        if known.len() < self.ids.len() {
            return Err(format!("an object is in the state twice: {:?}", self.ids));
        }
        world.with(|content| {
            if let Some(what) = content.violations.first() {
                return Err(format!("against the world's laws: {what}"));
            }
            for (id, thing) in &content.things {
                let intended = || open.iter().any(|op| op.token == thing.token);
                if !known.contains(id) && !intended() {
                    return Err(format!(
                        "{id} exists, and neither the state nor an open intent knows it"
                    ));
                }
            }
            for (address, id) in &self.ids {
                let explained =
                    content.taken.contains(id) || open.iter().any(|op| op.address == *address);
                if !content.things.contains_key(id) && !explained {
                    return Err(format!("{address} is {id}, which does not exist any more"));
                }
            }
            Ok(())
        })
    }
}

fn id_of(object: &StoredObject) -> Option<String> {
    let json: serde_json::Value = serde_json::from_str(object.attributes.get()).ok()?;
    json.get("id")?.as_str().map(str::to_owned)
}

/// An entry in a line.
pub(crate) fn line(entry: &Entry) -> String {
    let id = |object: &StoredObject| format!("{:?} {}", object.status, object.attributes.get());
    match entry {
        Entry::Intended { op, object, action, .. } => {
            format!("intended {}: {} {object}", op.0, action.verb())
        }
        Entry::Succeeded { op, address, object } => {
            format!(
                "succeeded {}: {address} {}",
                op.0,
                object.as_deref().map(id).unwrap_or_default()
            )
        }
        Entry::Failed { op, address, class, .. } => format!("failed {}: {address} {class:?}", op.0),
        Entry::Settled { op, address, how, object } => format!(
            "settled {}: {address} {how:?} {}",
            op.0,
            object.as_deref().map(id).unwrap_or_default()
        ),
        Entry::ObjectSet { address, object } => format!("set {address} {}", id(object)),
        Entry::ObjectForgotten { address } => format!("forgot {address}"),
        Entry::ObjectMoved { from, to } => format!("moved {from} to {to}"),
        Entry::RunFinished { outcome } => format!("run finished: {outcome:?}"),
        Entry::RunStarted { .. } => "run started".to_owned(),
        Entry::OutputSet { .. } => "output set".to_owned(),
        Entry::ChecksSet { .. } => "checks set".to_owned(),
        Entry::IdentitySet { .. } => "identity set".to_owned(),
        Entry::StepStarted { token, step, .. } => format!("step {token} started: {}", step.get()),
        Entry::StepDone { token, how, .. } => format!("step {token} {}", how.describe()),
    }
}

/// Entries, one a line.
pub(crate) fn lines(entries: &[Entry]) -> String {
    entries.iter().map(|entry| format!("\n             {}", line(entry))).collect()
}

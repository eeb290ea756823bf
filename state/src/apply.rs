//! What a journal entry does to a state: one decision for every entry in every situation.
//!
//! [`apply`] decides, a [`Rows`] holds: the same decision drives the in-memory [`State`], the
//! memory store and the SQLite tables, so that they cannot disagree. Every entry is checked in
//! full before the first row changes, so a refused entry leaves nothing behind.
//!
//! # Invariants
//! - No object is lost or overwritten by accident: a create needs a free address, a move too.
//! - While an operation on an object is open, only its own outcome may touch that object.
//! - The serial grows by one for each entry that changes objects, outputs or checks, and for each
//!   settled intent; so it does not depend on how entries were batched.

use kprov_core::{ObjectAddr, Str};

use crate::{
    ActionKind, CheckRecord, Entry, HowSettled, OpId, OpStatus, OpStep, OpenIntent, OutputRecord,
    RunId, State, StateError, StoredObject, Tally,
};

/// The open intent that an outcome answers.
#[derive(Clone, Debug)]
pub(crate) struct Intent {
    pub(crate) object: ObjectAddr,
    pub(crate) action: ActionKind,
}

/// How an operation ended, for its row.
#[derive(Clone, Debug)]
pub(crate) struct Closing {
    pub(crate) status: OpStatus,
    pub(crate) tally: Tally,
    pub(crate) outcome: String,
}

/// Where objects, outputs, checks and operations are kept.
pub(crate) trait Rows {
    fn status(&mut self, op: OpId) -> Result<OpStatus, StateError>;
    fn intent(&mut self, op: OpId) -> Result<Option<Intent>, StateError>;
    /// The open operation on an object.
    fn busy(&mut self, address: &ObjectAddr) -> Result<Option<OpId>, StateError>;
    fn has(&mut self, address: &ObjectAddr) -> Result<bool, StateError>;
    fn is(&mut self, address: &ObjectAddr, object: &StoredObject) -> Result<bool, StateError>;
    fn put(&mut self, address: &ObjectAddr, object: &StoredObject) -> Result<(), StateError>;
    /// True if there was one.
    fn remove(&mut self, address: &ObjectAddr) -> Result<bool, StateError>;
    fn rename(&mut self, from: &ObjectAddr, to: &ObjectAddr) -> Result<(), StateError>;
    /// True if that is new.
    fn put_output(&mut self, name: &Str, output: Option<&OutputRecord>)
    -> Result<bool, StateError>;
    /// True if they are new.
    fn put_checks(&mut self, checks: &[CheckRecord]) -> Result<bool, StateError>;
    fn serial(&mut self) -> Result<u64, StateError>;
    fn put_identity(&mut self, lineage: &str, serial: u64) -> Result<(), StateError>;
    /// An operation is intended; `entry` is its [`Entry::Intended`].
    fn open(&mut self, run: RunId, entry: &Entry) -> Result<(), StateError>;
    fn close(&mut self, op: OpId, closing: Closing) -> Result<(), StateError>;
}

fn illegal<T>(what: String) -> Result<T, StateError> {
    Err(StateError::Illegal { what })
}

/// Applies one entry. True if the state is another one now: its serial is to grow by one.
pub(crate) fn apply(rows: &mut impl Rows, run: RunId, entry: &Entry) -> Result<bool, StateError> {
    match entry {
        Entry::RunStarted { .. }
        | Entry::StepStarted { .. }
        | Entry::StepDone { .. }
        | Entry::RunFinished { .. } => Ok(false),
        Entry::Intended { op, object, action, .. } => {
            step(rows, *op, OpStep::Intended)?;
            intend(rows, *op, object, *action)?;
            rows.open(run, entry)?;
            Ok(false)
        }
        Entry::Succeeded { op, address, object } => {
            let status = step(rows, *op, OpStep::Succeeded)?;
            let intent = answered(rows, *op, address)?;
            succeed(rows, *op, &intent, object.as_deref())?;
            let closing =
                Closing { status, tally: Tally::Succeeded, outcome: "succeeded".to_owned() };
            rows.close(*op, closing)?;
            Ok(true)
        }
        Entry::Failed { op, address, message, object, .. } => {
            let step_taken = OpStep::of(entry).map_or(OpStep::Failed, |(_, step)| step);
            let status = step(rows, *op, step_taken)?;
            let intent = answered(rows, *op, address)?;
            if let Some(object) = object {
                put_failed(rows, &intent, object)?;
            }
            if status != OpStatus::Open {
                let outcome = format!("failed: {message}");
                rows.close(*op, Closing { status, tally: Tally::Failed, outcome })?;
            }
            Ok(object.is_some())
        }
        Entry::Settled { op, address, how, object } => {
            let status = step(rows, *op, OpStep::Settled)?;
            let intent = answered(rows, *op, address)?;
            settle(rows, *op, &intent, *how, object.as_deref())?;
            let outcome = format!("settled: {}", how.describe());
            rows.close(*op, Closing { status, tally: how.tally(intent.action), outcome })?;
            Ok(true)
        }
        Entry::ObjectSet { address, object } => {
            idle(rows, address)?;
            if rows.is(address, object)? {
                return Ok(false);
            }
            rows.put(address, object)?;
            Ok(true)
        }
        Entry::ObjectForgotten { address } => {
            idle(rows, address)?;
            match rows.remove(address)? {
                true => Ok(true),
                false => illegal(format!("{address} cannot be forgotten, it does not exist")),
            }
        }
        Entry::ObjectMoved { from, to } => relocate(rows, from, to),
        Entry::OutputSet { name, output } => rows.put_output(name, output.as_ref()),
        Entry::ChecksSet { checks } => rows.put_checks(checks),
        Entry::IdentitySet { lineage, serial } => identify(rows, lineage, *serial),
    }
}

/// The operation's status after the step, if it may be taken.
fn step(rows: &mut impl Rows, op: OpId, step: OpStep) -> Result<OpStatus, StateError> {
    let status = rows.status(op)?;
    match status.next(step) {
        Some(next) => Ok(next),
        None => {
            illegal(format!("operation {} cannot {}: it {}", op.0, step.verb(), status.describe()))
        }
    }
}

/// The open intent of `op`, which must be about `address`.
fn answered(rows: &mut impl Rows, op: OpId, address: &ObjectAddr) -> Result<Intent, StateError> {
    match rows.intent(op)? {
        Some(intent) if intent.object == *address => Ok(intent),
        Some(intent) => illegal(format!(
            "operation {} is about {}, its outcome names {address}",
            op.0, intent.object
        )),
        None => illegal(format!("operation {} has an outcome and no open intent", op.0)),
    }
}

/// No operation on the object is open.
fn idle(rows: &mut impl Rows, address: &ObjectAddr) -> Result<(), StateError> {
    match rows.busy(address)? {
        None => Ok(()),
        Some(op) => illegal(format!("operation {} on {address} is still open", op.0)),
    }
}

fn intend(
    rows: &mut impl Rows,
    op: OpId,
    object: &ObjectAddr,
    action: ActionKind,
) -> Result<(), StateError> {
    idle(rows, object)?;
    let exists = rows.has(object)?;
    match (action, exists) {
        (ActionKind::Create | ActionKind::Import, true) => {
            illegal(format!("operation {} would make {object}, which exists already", op.0))
        }
        (ActionKind::Update | ActionKind::Delete | ActionKind::Provision, false) => {
            illegal(format!("operation {} is about {object}, which does not exist", op.0))
        }
        (ActionKind::Create | ActionKind::Import, false)
        | (ActionKind::Update | ActionKind::Delete | ActionKind::Provision, true)
        | (ActionKind::Read, _) => Ok(()),
    }
}

fn succeed(
    rows: &mut impl Rows,
    op: OpId,
    intent: &Intent,
    object: Option<&StoredObject>,
) -> Result<(), StateError> {
    match (intent.action, object) {
        (ActionKind::Delete, Some(_)) => {
            illegal(format!("operation {} deleted {} and left an object", op.0, intent.object))
        }
        (ActionKind::Create | ActionKind::Import | ActionKind::Provision, None) => {
            illegal(format!("operation {} succeeded and left no object {}", op.0, intent.object))
        }
        (ActionKind::Delete | ActionKind::Update | ActionKind::Read, None) => {
            rows.remove(&intent.object).map(drop)
        }
        (_, Some(object)) => rows.put(&intent.object, object),
    }
}

/// What a failed operation left: of a create it is tainted.
fn put_failed(
    rows: &mut impl Rows,
    intent: &Intent,
    object: &StoredObject,
) -> Result<(), StateError> {
    match intent.action {
        ActionKind::Create => {
            let tainted = StoredObject { status: crate::ObjectStatus::Tainted, ..object.clone() };
            rows.put(&intent.object, &tainted)
        }
        ActionKind::Update
        | ActionKind::Delete
        | ActionKind::Provision
        | ActionKind::Import
        | ActionKind::Read => rows.put(&intent.object, object),
    }
}

fn settle(
    rows: &mut impl Rows,
    op: OpId,
    intent: &Intent,
    how: HowSettled,
    object: Option<&StoredObject>,
) -> Result<(), StateError> {
    let address = &intent.object;
    match (how, object) {
        (HowSettled::Adopted, None) => {
            illegal(format!("operation {} was settled by adopting no object {address}", op.0))
        }
        (HowSettled::Absent, Some(_)) => {
            illegal(format!("operation {} was settled as absent with an object {address}", op.0))
        }
        (HowSettled::Adopted | HowSettled::Unchanged | HowSettled::Operator, Some(object)) => {
            rows.put(address, object)
        }
        (HowSettled::Absent | HowSettled::Operator, None) => rows.remove(address).map(drop),
        // As it was before: what the state has stays.
        (HowSettled::Unchanged, None) => Ok(()),
    }
}

fn relocate(rows: &mut impl Rows, from: &ObjectAddr, to: &ObjectAddr) -> Result<bool, StateError> {
    idle(rows, from)?;
    idle(rows, to)?;
    if !rows.has(from)? {
        return illegal(format!("{from} cannot move to {to}: it does not exist"));
    }
    if rows.has(to)? {
        return illegal(format!("{from} cannot move to {to}: that address is taken"));
    }
    rows.rename(from, to)?;
    Ok(true)
}

fn identify(rows: &mut impl Rows, lineage: &str, serial: u64) -> Result<bool, StateError> {
    if lineage.is_empty() {
        return illegal("a state without lineage cannot be taken over".to_owned());
    }
    let serial = serial.max(rows.serial()?);
    rows.put_identity(lineage, serial)?;
    Ok(false)
}

impl State {
    /// Makes the change that `entry` of `run` says. Total: it is made in full, or the entry is
    /// [`StateError::Illegal`] and the state is as before.
    ///
    /// A state knows open intents only: that an operation which has ended is not intended again,
    /// and that a run has begun, is for the store to see, which knows all of them.
    ///
    /// # Errors
    /// When the entry contradicts the state.
    pub fn apply(&mut self, run: RunId, entry: &Entry) -> Result<(), StateError> {
        if apply(self, run, entry)? {
            self.serial = self.serial.saturating_add(1);
        }
        Ok(())
    }

    fn open_intent(&self, op: OpId) -> Option<Intent> {
        self.open.iter().find(|intent| intent.op == op).and_then(|open| Intent::of(&open.entry))
    }
}

impl Intent {
    pub(crate) fn of(entry: &Entry) -> Option<Intent> {
        match entry {
            Entry::Intended { object, action, .. } => {
                Some(Intent { object: object.clone(), action: *action })
            }
            _ => None,
        }
    }
}

impl Rows for State {
    fn status(&mut self, op: OpId) -> Result<OpStatus, StateError> {
        let open = self.open.iter().any(|intent| intent.op == op);
        Ok(if open { OpStatus::Open } else { OpStatus::Absent })
    }

    fn intent(&mut self, op: OpId) -> Result<Option<Intent>, StateError> {
        Ok(self.open_intent(op))
    }

    fn busy(&mut self, address: &ObjectAddr) -> Result<Option<OpId>, StateError> {
        let about = |open: &&OpenIntent| match &open.entry {
            Entry::Intended { object, .. } => object == address,
            _ => false,
        };
        Ok(self.open.iter().find(about).map(|open| open.op))
    }

    fn has(&mut self, address: &ObjectAddr) -> Result<bool, StateError> {
        Ok(self.objects.contains_key(address))
    }

    fn is(&mut self, address: &ObjectAddr, object: &StoredObject) -> Result<bool, StateError> {
        Ok(self.objects.get(address).is_some_and(|present| present == object))
    }

    fn put(&mut self, address: &ObjectAddr, object: &StoredObject) -> Result<(), StateError> {
        self.objects.insert(address.clone(), object.clone());
        Ok(())
    }

    fn remove(&mut self, address: &ObjectAddr) -> Result<bool, StateError> {
        Ok(self.objects.remove(address).is_some())
    }

    fn rename(&mut self, from: &ObjectAddr, to: &ObjectAddr) -> Result<(), StateError> {
        if let Some(object) = self.objects.remove(from) {
            self.objects.insert(to.clone(), object);
        }
        Ok(())
    }

    fn put_output(
        &mut self,
        name: &Str,
        output: Option<&OutputRecord>,
    ) -> Result<bool, StateError> {
        if self.outputs.get(name) == output {
            return Ok(false);
        }
        match output {
            Some(output) => self.outputs.insert(name.clone(), output.clone()),
            None => self.outputs.remove(name),
        };
        Ok(true)
    }

    fn put_checks(&mut self, checks: &[CheckRecord]) -> Result<bool, StateError> {
        if crate::object::same_checks(&self.checks, checks) {
            return Ok(false);
        }
        self.checks = checks.to_vec();
        Ok(true)
    }

    fn serial(&mut self) -> Result<u64, StateError> {
        Ok(self.serial)
    }

    fn put_identity(&mut self, lineage: &str, serial: u64) -> Result<(), StateError> {
        lineage.clone_into(&mut self.lineage);
        self.serial = serial;
        Ok(())
    }

    fn open(&mut self, run: RunId, entry: &Entry) -> Result<(), StateError> {
        if let Entry::Intended { op, .. } = entry {
            self.open.push(OpenIntent { run, op: *op, entry: entry.clone() });
        }
        Ok(())
    }

    fn close(&mut self, op: OpId, _closing: Closing) -> Result<(), StateError> {
        self.open.retain(|intent| intent.op != op);
        Ok(())
    }
}

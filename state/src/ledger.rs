//! [`Ledger`]: a whole journal's outcome in memory: the state, every operation, every run. What
//! the memory store keeps, and what fsck replays a journal into.
//!
//! A batch is taken in full or not at all: each change of a row leaves its inverse in an undo log,
//! so that a refusal costs what was changed, not a copy of the state.

use std::collections::BTreeMap;

use kprov_core::{ObjectAddr, Str};

use crate::apply::{Closing, Intent, Rows, apply};
use crate::{
    ActionKind, CheckRecord, Entry, LogFilter, OpId, OpRecord, OpStatus, OpenIntent, OutputRecord,
    RunId, RunRecord, RunStatus, State, StateError, StoredObject, Tally,
};

/// An operation.
#[derive(Clone, Debug)]
struct Op {
    run: RunId,
    status: OpStatus,
    tally: Tally,
    object: ObjectAddr,
    action: ActionKind,
    started: String,
    finished: Option<String>,
    outcome: Option<String>,
    /// Place among all intents, and the intent itself.
    place: u64,
    entry: Entry,
}

#[derive(Clone, Debug)]
struct Run {
    status: RunStatus,
    record: RunRecord,
}

#[derive(Debug)]
enum Undo {
    Object(ObjectAddr, Option<StoredObject>),
    Output(Str, Option<OutputRecord>),
    Checks(Vec<CheckRecord>),
    Identity(String, u64),
    Op(OpId, Option<Op>),
    Run(RunId, Option<Run>),
}

/// See the module.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ledger {
    /// Without its open intents: those are in `ops`.
    state: State,
    ops: BTreeMap<OpId, Op>,
    runs: BTreeMap<RunId, Run>,
    /// Open operations by object.
    busy: BTreeMap<ObjectAddr, OpId>,
    intents: u64,
}

impl Ledger {
    /// The state, open intents in the order in which they were intended.
    pub(crate) fn snapshot(&self) -> State {
        let mut open: Vec<(&OpId, &Op)> =
            self.busy.values().filter_map(|op| self.ops.get_key_value(op)).collect();
        open.sort_by_key(|(_, op)| op.place);
        let open = open
            .into_iter()
            .map(|(id, op)| OpenIntent { run: op.run, op: *id, entry: op.entry.clone() })
            .collect();
        State { open, ..self.state.clone() }
    }

    pub(crate) fn lineage(&self) -> &str {
        &self.state.lineage
    }

    pub(crate) fn serial(&self) -> u64 {
        self.state.serial
    }

    pub(crate) fn knows(&self, run: RunId) -> bool {
        self.runs.contains_key(&run)
    }

    pub(crate) fn set_lineage(&mut self, lineage: String) {
        self.state.lineage = lineage;
    }

    /// Takes all entries, or none.
    pub(crate) fn append(
        &mut self,
        run: RunId,
        at: &str,
        entries: &[Entry],
    ) -> Result<(), StateError> {
        let mut writing = Writing { ledger: self, at, undo: Vec::new() };
        let done = entries.iter().try_for_each(|entry| writing.take(run, entry));
        if done.is_err() {
            writing.roll_back();
        }
        done
    }

    /// Runs, newest first, with their operations counted.
    pub(crate) fn runs(&self, filter: &LogFilter) -> Vec<RunRecord> {
        let mut counted: BTreeMap<RunId, RunRecord> =
            self.runs.iter().map(|(id, run)| (*id, run.record.clone())).collect();
        for op in self.ops.values() {
            let Some(record) = counted.get_mut(&op.run) else { continue };
            match op.tally {
                Tally::Open => record.open += 1,
                Tally::Succeeded => record.succeeded += 1,
                Tally::Failed => record.failed += 1,
            }
        }
        let wanted = |record: &RunRecord| filter.run.is_none_or(|run| run == record.run);
        let limit = filter.limit.unwrap_or(usize::MAX);
        counted.into_values().rev().filter(wanted).take(limit).collect()
    }

    /// Operations by the order of their intents; `limit` keeps the newest.
    pub(crate) fn ops(&self, filter: &LogFilter) -> Vec<OpRecord> {
        let mut ops: Vec<(&OpId, &Op)> =
            self.ops.iter().filter(|(_, op)| filter.run.is_none_or(|run| run == op.run)).collect();
        ops.sort_by_key(|(_, op)| op.place);
        let skipped = ops.len().saturating_sub(filter.limit.unwrap_or(usize::MAX));
        ops.into_iter().skip(skipped).map(|(id, op)| op.record(*id)).collect()
    }
}

impl Op {
    fn record(&self, op: OpId) -> OpRecord {
        OpRecord {
            op,
            run: self.run,
            address: self.object.to_string(),
            action: self.action,
            started: self.started.clone(),
            finished: self.finished.clone(),
            outcome: self.outcome.clone(),
        }
    }
}

/// A batch being taken.
struct Writing<'a> {
    ledger: &'a mut Ledger,
    at: &'a str,
    undo: Vec<Undo>,
}

impl Writing<'_> {
    fn take(&mut self, run: RunId, entry: &Entry) -> Result<(), StateError> {
        self.run_takes(run, entry)?;
        if apply(self, run, entry)? {
            let (lineage, serial) = (self.ledger.state.lineage.clone(), self.ledger.state.serial);
            self.undo.push(Undo::Identity(lineage, serial));
            self.ledger.state.serial = serial.saturating_add(1);
        }
        Ok(())
    }

    fn run_takes(&mut self, id: RunId, entry: &Entry) -> Result<(), StateError> {
        let former = self.ledger.runs.get(&id);
        let status = former.map_or(RunStatus::Absent, |run| run.status);
        let Some(next) = status.next(entry) else {
            let what = format!("run {} takes no such entry: it {}", id.0, status.describe());
            return Err(StateError::Illegal { what });
        };
        match (entry, former) {
            (Entry::RunStarted { command, who, .. }, _) => {
                let record = RunRecord::begun(id, command, who, self.at);
                self.set_run(id, Run { status: next, record });
            }
            (Entry::RunFinished { outcome }, Some(run)) => {
                let mut record = run.record.clone();
                record.finished = Some(self.at.to_owned());
                record.outcome = Some(*outcome);
                self.set_run(id, Run { status: next, record });
            }
            _ => {}
        }
        Ok(())
    }

    fn set_run(&mut self, id: RunId, run: Run) {
        let former = self.ledger.runs.insert(id, run);
        self.undo.push(Undo::Run(id, former));
    }

    fn set_object(&mut self, address: &ObjectAddr, object: Option<StoredObject>) {
        let objects = &mut self.ledger.state.objects;
        let former = match object {
            Some(object) => objects.insert(address.clone(), object),
            None => objects.remove(address),
        };
        self.undo.push(Undo::Object(address.clone(), former));
    }

    fn roll_back(mut self) {
        while let Some(undo) = self.undo.pop() {
            let ledger = &mut *self.ledger;
            match undo {
                Undo::Object(address, former) => {
                    restore(&mut ledger.state.objects, address, former)
                }
                Undo::Output(name, former) => restore(&mut ledger.state.outputs, name, former),
                Undo::Checks(former) => ledger.state.checks = former,
                Undo::Identity(lineage, serial) => {
                    ledger.state.lineage = lineage;
                    ledger.state.serial = serial;
                }
                Undo::Op(id, former) => {
                    let open = |op: &&Op| op.status == OpStatus::Open;
                    if let Some(op) = ledger.ops.get(&id).filter(open) {
                        ledger.busy.remove(&op.object);
                    }
                    if let Some(op) = former.as_ref().filter(open) {
                        ledger.busy.insert(op.object.clone(), id);
                    }
                    restore(&mut ledger.ops, id, former);
                }
                Undo::Run(id, former) => restore(&mut ledger.runs, id, former),
            }
        }
    }
}

fn restore<K: Ord, V>(map: &mut BTreeMap<K, V>, key: K, former: Option<V>) {
    match former {
        Some(value) => map.insert(key, value),
        None => map.remove(&key),
    };
}

impl Rows for Writing<'_> {
    fn status(&mut self, op: OpId) -> Result<OpStatus, StateError> {
        Ok(self.ledger.ops.get(&op).map_or(OpStatus::Absent, |op| op.status))
    }

    fn intent(&mut self, op: OpId) -> Result<Option<Intent>, StateError> {
        let open = self.ledger.ops.get(&op).filter(|op| op.status == OpStatus::Open);
        Ok(open.map(|op| Intent { object: op.object.clone(), action: op.action }))
    }

    fn busy(&mut self, address: &ObjectAddr) -> Result<Option<OpId>, StateError> {
        Ok(self.ledger.busy.get(address).copied())
    }

    fn has(&mut self, address: &ObjectAddr) -> Result<bool, StateError> {
        self.ledger.state.has(address)
    }

    fn is(&mut self, address: &ObjectAddr, object: &StoredObject) -> Result<bool, StateError> {
        self.ledger.state.is(address, object)
    }

    fn put(&mut self, address: &ObjectAddr, object: &StoredObject) -> Result<(), StateError> {
        self.set_object(address, Some(object.clone()));
        Ok(())
    }

    fn remove(&mut self, address: &ObjectAddr) -> Result<bool, StateError> {
        let there = self.ledger.state.has(address)?;
        if there {
            self.set_object(address, None);
        }
        Ok(there)
    }

    fn rename(&mut self, from: &ObjectAddr, to: &ObjectAddr) -> Result<(), StateError> {
        if let Some(object) = self.ledger.state.objects.get(from).cloned() {
            self.set_object(from, None);
            self.set_object(to, Some(object));
        }
        Ok(())
    }

    fn put_output(
        &mut self,
        name: &Str,
        output: Option<&OutputRecord>,
    ) -> Result<bool, StateError> {
        let former = self.ledger.state.outputs.get(name).cloned();
        let changed = self.ledger.state.put_output(name, output)?;
        if changed {
            self.undo.push(Undo::Output(name.clone(), former));
        }
        Ok(changed)
    }

    fn put_checks(&mut self, checks: &[CheckRecord]) -> Result<bool, StateError> {
        if crate::object::same_checks(&self.ledger.state.checks, checks) {
            return Ok(false);
        }
        let former = std::mem::replace(&mut self.ledger.state.checks, checks.to_vec());
        self.undo.push(Undo::Checks(former));
        Ok(true)
    }

    fn serial(&mut self) -> Result<u64, StateError> {
        Ok(self.ledger.state.serial)
    }

    fn put_identity(&mut self, lineage: &str, serial: u64) -> Result<(), StateError> {
        let state = &mut self.ledger.state;
        self.undo.push(Undo::Identity(state.lineage.clone(), state.serial));
        state.put_identity(lineage, serial)
    }

    fn open(&mut self, run: RunId, entry: &Entry) -> Result<(), StateError> {
        let Entry::Intended { op, object, action, .. } = entry else { return Ok(()) };
        let row = Op {
            run,
            status: OpStatus::Open,
            tally: Tally::Open,
            object: object.clone(),
            action: *action,
            started: self.at.to_owned(),
            finished: None,
            outcome: None,
            place: self.ledger.intents,
            entry: entry.clone(),
        };
        self.ledger.intents += 1;
        self.ledger.busy.insert(object.clone(), *op);
        let former = self.ledger.ops.insert(*op, row);
        self.undo.push(Undo::Op(*op, former));
        Ok(())
    }

    fn close(&mut self, op: OpId, closing: Closing) -> Result<(), StateError> {
        let Some(row) = self.ledger.ops.get_mut(&op) else { return Ok(()) };
        let former = row.clone();
        row.status = closing.status;
        row.tally = closing.tally;
        row.finished = Some(self.at.to_owned());
        row.outcome = Some(closing.outcome);
        self.ledger.busy.remove(&former.object);
        self.undo.push(Undo::Op(op, Some(former)));
        Ok(())
    }
}

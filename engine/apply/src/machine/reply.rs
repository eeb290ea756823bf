//! What a call's reply means: which outcome is recorded, and who may go on. Here is what came to a
//! good end; the rest is in [`super::failure`].

use kprov_core::{Diagnostic, Diagnostics, Path, Value};
use kprov_plan::OperationIndex;
use kprov_provider::{Object, ProviderError};
use kprov_state::{ActionKind, Entry, HowSettled, ObjectStatus, StoredObject};

use super::failure::{provider_problem, still_open};
use super::local::cannot_store;
use super::{Active, Batch, Effect, Executor, Reply, Request, Step, Write};
use crate::{ProgressEvent, Verb, conform, record, stored};

impl Executor<'_> {
    pub(super) fn replied(
        &mut self,
        operation: OperationIndex,
        reply: Reply,
        batch: &mut Batch,
        effects: &mut Vec<Effect>,
    ) {
        let Some(active) = self.active.remove(&operation) else { return };
        let reply = self.discreet(operation, &active, reply);
        match (active.step.clone(), reply) {
            (Step::Main, Reply::Object(object)) => {
                self.written(operation, active, object, None, batch, effects);
            }
            (Step::Main, Reply::Deleted) => self.deleted(operation, active, None, batch, effects),
            (Step::Main, Reply::Data(value)) => {
                self.read(operation, active, value, batch, effects);
            }
            (Step::Provision(ready, object), Reply::Provisioned) => {
                batch.entries.push(Entry::Succeeded {
                    op: active.op,
                    address: active.call.address.clone(),
                    object: Some(ready),
                });
                self.finished(operation, &active, Some(&object), effects);
            }
            (Step::Settle(cause), Reply::Settled(found)) => {
                self.settled(operation, active, cause, found, batch, effects);
            }
            (Step::Settle(cause), Reply::Failed(error)) => {
                self.diagnostics.push(provider_problem(&active, &cause));
                self.diagnostics.push(still_open(&active, &error));
                self.lost(operation, &active, effects);
            }
            (_, Reply::ProvisionerFailed(problems)) => {
                self.provisioner_failed(operation, &active, problems, batch, effects);
            }
            (Step::Provision(..), Reply::Failed(error)) => {
                let problem = provider_problem(&active, &error).into();
                self.provisioner_failed(operation, &active, problem, batch, effects);
            }
            (Step::Main, Reply::Failed(error)) => {
                self.call_failed(operation, active, error, batch, effects);
            }
            (Step::Settle(_) | Step::Provision(..) | Step::Main, _) => {
                let error = ProviderError::ambiguous(
                    "Internal error",
                    "The reply does not answer the request. This is a bug in kprov.",
                );
                self.call_failed(operation, active, error, batch, effects);
            }
        }
    }

    /// A create or update is done, says the provider, or reading back (`how`).
    pub(super) fn written(
        &mut self,
        operation: OperationIndex,
        mut active: Active,
        object: Object,
        how: Option<HowSettled>,
        batch: &mut Batch,
        effects: &mut Vec<Effect>,
    ) {
        let Some(write) = active.write.clone() else { return };
        let creating = active.verb == Verb::Create;
        let (value, mut problems) = self.checked(&active, &write, object.value);
        let object = Object { value, private: object.private };
        let marked = stored::mark_paths(object.value.clone(), &write.sensitive);
        active.id = record::identity(&marked);
        let mut runs = Vec::new();
        if creating && write.provisioners > 0 && !problems.has_errors() {
            match self.resolver.create_provisioners(operation, &object) {
                Ok(found) => runs = found,
                Err(others) => problems.extend(others),
            }
        }
        let whole = !(creating && (problems.has_errors() || !runs.is_empty()));
        let shell = StoredObject { status: ObjectStatus::Ready, ..write.shell };
        let instance = &active.call.address.instance;
        let registry = &self.inputs.registry;
        let private = object.private.clone();
        let ready =
            match record::filled(registry, &mut self.types, instance, &shell, &marked, private) {
                Ok(ready) => ready,
                Err(message) => {
                    self.diagnostics.push(cannot_store(message.clone()).of(&active.call.address));
                    self.doubtful(&active, message, batch);
                    return self.lost(operation, &active, effects);
                }
            };
        let status = if whole { ObjectStatus::Ready } else { ObjectStatus::Tainted };
        let now = Box::new(StoredObject { status, ..ready.clone() });
        let address = active.call.address.clone();
        self.present.insert(address.clone());
        batch.entries.push(match how {
            None => Entry::Succeeded { op: active.op, address, object: Some(now) },
            Some(how) => Entry::Settled { op: active.op, address, how, object: Some(now) },
        });
        match active.verb {
            Verb::Create => self.counts.added += 1,
            Verb::Update => self.counts.changed += 1,
            Verb::Delete | Verb::Read | Verb::Import => {}
        }
        let failed = problems.has_errors();
        self.diagnostics.extend(problems);
        if failed {
            self.lost(operation, &active, effects);
        } else if runs.is_empty() {
            self.finished(operation, &active, Some(&object), effects);
        } else {
            self.provision(operation, active, runs, ready, object, batch);
        }
    }

    /// The provider's contract: what was planned came true, and everything is known.
    fn checked(&self, active: &Active, write: &Write, value: Value) -> (Value, Diagnostics) {
        let mut problems = Diagnostics::new();
        let provider = &active.call.provider.provider;
        let address = &active.call.address;
        let unknown = conform::unknowns(&value);
        let value = if unknown.is_empty() { value } else { conform::without_unknowns(&value) };
        if !unknown.is_empty() {
            problems.push(
                Diagnostic::error(
                    "Provider returned invalid result object after apply",
                    format!(
                        "After the operation, provider {provider} left values of {address} \
                         unknown: {}. All values must be known then; they are stored as null. \
                         This is a bug in the provider.",
                        listed(&unknown)
                    ),
                )
                .of(address),
            );
        }
        let different = conform::differences(&write.planned, &value);
        if !different.is_empty() && unknown.is_empty() {
            problems.push(
                Diagnostic::error(
                    "Provider produced inconsistent result after apply",
                    format!(
                        "Provider {provider} made {address} other than planned: {}. The object \
                         is stored as it is. This is a bug in the provider.",
                        listed(&different)
                    ),
                )
                .of(address),
            );
        }
        (value, problems)
    }

    /// Goes on with the create provisioners, under an intent of their own.
    fn provision(
        &mut self,
        operation: OperationIndex,
        mut active: Active,
        runs: Vec<kprov_plan::ProvisionerRun>,
        ready: StoredObject,
        object: Object,
        batch: &mut Batch,
    ) {
        let op = self.reserve_op();
        batch.entries.push(Entry::Intended {
            op,
            object: active.call.address.clone(),
            action: ActionKind::Provision,
            token: self.intent(op).token,
            provider: active.call.provider.clone(),
            planned: None,
            private: Vec::new(),
            adopt: None,
        });
        active.op = op;
        active.step = Step::Provision(Box::new(ready), object);
        active.call.request = Request::Provision(runs);
        self.active.insert(operation, active);
        batch.calls.push(operation);
    }

    pub(super) fn deleted(
        &mut self,
        operation: OperationIndex,
        active: Active,
        how: Option<HowSettled>,
        batch: &mut Batch,
        effects: &mut Vec<Effect>,
    ) {
        let address = active.call.address.clone();
        self.present.remove(&address);
        batch.entries.push(match how {
            None => Entry::Succeeded { op: active.op, address, object: None },
            Some(how) => Entry::Settled { op: active.op, address, how, object: None },
        });
        self.counts.destroyed += 1;
        self.finished(operation, &active, None, effects);
    }

    pub(super) fn read(
        &mut self,
        operation: OperationIndex,
        active: Active,
        value: Value,
        batch: &mut Batch,
        effects: &mut Vec<Effect>,
    ) {
        let Some(write) = active.write.clone() else { return };
        let address = active.call.address.clone();
        let unknown = conform::unknowns(&value);
        if !unknown.is_empty() {
            self.diagnostics.push(
                Diagnostic::error(
                    "Provider produced invalid object",
                    format!(
                        "Provider {} left values of {address} unknown: {}. This is a bug in the \
                         provider.",
                        active.call.provider.provider,
                        listed(&unknown)
                    ),
                )
                .of(&address),
            );
            return self.lost(operation, &active, effects);
        }
        let marked = stored::mark_paths(value.clone(), &write.sensitive);
        let registry = &self.inputs.registry;
        match record::filled(
            registry,
            &mut self.types,
            &address.instance,
            &write.shell,
            &marked,
            Vec::new(),
        ) {
            Ok(object) => {
                self.present.insert(address.clone());
                batch.entries.push(Entry::ObjectSet { address, object: Box::new(object) });
                let active = &Active { id: record::identity(&marked), ..active };
                self.finished(operation, active, Some(&value.into()), effects);
            }
            Err(message) => {
                self.diagnostics.push(cannot_store(message).of(&address));
                self.lost(operation, &active, effects);
            }
        }
    }

    /// The operation is done: tells the user and the resolver, and lets dependents go.
    fn finished(
        &mut self,
        operation: OperationIndex,
        active: &Active,
        object: Option<&Object>,
        effects: &mut Vec<Effect>,
    ) {
        effects.push(Effect::Progress(ProgressEvent::Finished {
            address: active.call.address.clone(),
            verb: active.verb,
            id: active.id.clone(),
            elapsed: self.inputs.host.elapsed().saturating_sub(active.started),
        }));
        if self.tell(operation, object) {
            self.failed(operation);
        } else {
            self.done(operation);
        }
    }

    /// The operation failed: tells the user, and stops dependents.
    pub(super) fn lost(
        &mut self,
        operation: OperationIndex,
        active: &Active,
        effects: &mut Vec<Effect>,
    ) {
        effects.push(Effect::Progress(ProgressEvent::Failed {
            address: active.call.address.clone(),
            verb: active.verb,
            elapsed: self.inputs.host.elapsed().saturating_sub(active.started),
        }));
        self.failed(operation);
    }
}

fn listed(paths: &[Path]) -> String {
    let listed: Vec<String> = paths
        .iter()
        .map(
            |path| if path.0.is_empty() { "the whole object".to_owned() } else { path.to_string() },
        )
        .collect();
    listed.join(", ")
}

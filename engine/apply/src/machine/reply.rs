//! What a call's reply means: which outcome is recorded, and who may go on.

use kprov_core::{Diagnostic, Diagnostics, Path, Value};
use kprov_plan::OperationIndex;
use kprov_provider::{ErrorClass, Object, ProviderError, ReadRequest, SettleRequest, Settled};
use kprov_state::{ActionKind, Entry, FailureClass, HowSettled, ObjectStatus, StoredObject};

use super::local::cannot_store;
use super::{Active, Batch, Effect, Executor, Pace, Reply, Request, Step, Write, backoff};
use crate::settle::{Decision, Found, decide};
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
    fn written(
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
        let ready = match record::filled(registry, instance, &shell, &marked, private) {
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

    fn deleted(
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

    fn read(
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
        match record::filled(registry, &address.instance, &write.shell, &marked, Vec::new()) {
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

    fn provisioner_failed(
        &mut self,
        operation: OperationIndex,
        active: &Active,
        problems: Diagnostics,
        batch: &mut Batch,
        effects: &mut Vec<Effect>,
    ) {
        batch.entries.push(Entry::Failed {
            op: active.op,
            address: active.call.address.clone(),
            class: FailureClass::Rejected,
            message: "a provisioner failed".to_owned(),
            object: None,
        });
        let address = active.call.address.to_string();
        self.diagnostics.extend(problems.into_iter().map(|problem| match problem.address {
            Some(_) => problem,
            None => problem.of(&address),
        }));
        self.lost(operation, active, effects);
    }

    fn call_failed(
        &mut self,
        operation: OperationIndex,
        mut active: Active,
        error: ProviderError,
        batch: &mut Batch,
        effects: &mut Vec<Effect>,
    ) {
        let again = error.class == ErrorClass::Retryable
            && active.tries < backoff::TRIES_MAX
            && self.pace == Pace::Running;
        if again {
            // Destroy provisioners have run: the provider was called.
            if let Request::Delete { provisioners, .. } = &mut active.call.request {
                provisioners.clear();
            }
            let pause = backoff::pause(active.tries, self.inputs.host.as_ref());
            self.active.insert(operation, active);
            return self.call(operation, pause, effects);
        }
        if active.verb == Verb::Read {
            let mut problem = provider_problem(&active, &error);
            if let Some(value) = self.resolver.read_failed(operation, &error) {
                problem.severity = kprov_core::Severity::Warning;
                self.diagnostics.push(problem);
                return self.read(operation, active, value, batch, effects);
            }
            self.diagnostics.push(problem);
            return self.lost(operation, &active, effects);
        }
        match read_back(&active.call.request, error.class) {
            Some(request) => {
                self.doubtful(&active, error.to_string(), batch);
                active.call.request = request;
                active.step = Step::Settle(error);
                self.active.insert(operation, active);
                batch.calls.push(operation);
            }
            None => {
                batch.entries.push(Entry::Failed {
                    op: active.op,
                    address: active.call.address.clone(),
                    class: class(error.class),
                    message: error.to_string(),
                    object: None,
                });
                self.put_back(operation, &active, batch);
                self.diagnostics.push(provider_problem(&active, &error));
                self.lost(operation, &active, effects);
            }
        }
    }

    /// The intent stays open.
    fn doubtful(&mut self, active: &Active, message: String, batch: &mut Batch) {
        batch.entries.push(Entry::Failed {
            op: active.op,
            address: active.call.address.clone(),
            class: FailureClass::Ambiguous,
            message,
            object: None,
        });
    }

    fn settled(
        &mut self,
        operation: OperationIndex,
        active: Active,
        cause: ProviderError,
        read: Settled,
        batch: &mut Batch,
        effects: &mut Vec<Effect>,
    ) {
        let (action, prior) = match &active.call.request {
            Request::Settle(request) if active.verb == Verb::Create => {
                (ActionKind::Create, request.prior.as_ref())
            }
            Request::Settle(request) => (ActionKind::Update, request.prior.as_ref()),
            Request::ReadBack(request) => (ActionKind::Delete, Some(&request.prior)),
            _ => return,
        };
        let planned = active.write.as_ref().map(|write| &write.planned);
        let found = Found::of(&read, prior, planned);
        let decision = decide(action, found, prior.is_some()).decision;
        match (decision, read) {
            (Decision::Adopt, Settled::Exists(object)) if found == Found::AsPlanned => {
                let how = Some(HowSettled::Adopted);
                return self.written(operation, active, object, how, batch, effects);
            }
            (Decision::Absent, _) if action == ActionKind::Delete => {
                let how = Some(HowSettled::Absent);
                return self.deleted(operation, active, how, batch, effects);
            }
            (Decision::Adopt, Settled::Exists(object)) => {
                self.adopt_half_done(&active, object, batch);
            }
            (Decision::Absent, _) => {
                self.present.remove(&active.call.address);
                self.settle_without(&active, HowSettled::Absent, batch);
                self.put_back(operation, &active, batch);
            }
            (Decision::Unchanged, _) => {
                self.settle_without(&active, HowSettled::Unchanged, batch);
            }
            (Decision::Adopt | Decision::StayOpen, _) => {}
        }
        self.diagnostics.push(provider_problem(&active, &cause));
        self.lost(operation, &active, effects);
    }

    fn settle_without(&mut self, active: &Active, how: HowSettled, batch: &mut Batch) {
        let address = active.call.address.clone();
        batch.entries.push(Entry::Settled { op: active.op, address, how, object: None });
    }

    /// Something is there that is neither the old nor the planned object: the next plan compares it
    /// with the configuration.
    fn adopt_half_done(&mut self, active: &Active, object: Object, batch: &mut Batch) {
        let Some(write) = &active.write else { return };
        let value = stored::mark_paths(conform::without_unknowns(&object.value), &write.sensitive);
        let address = active.call.address.clone();
        let registry = &self.inputs.registry;
        match record::filled(registry, &address.instance, &write.shell, &value, object.private) {
            Ok(object) => {
                self.present.insert(address.clone());
                batch.entries.push(Entry::Settled {
                    op: active.op,
                    address,
                    how: HowSettled::Adopted,
                    object: Some(Box::new(object)),
                });
            }
            Err(message) => self.diagnostics.push(cannot_store(message).of(&address)),
        }
    }

    /// A create made nothing: the object that it was to replace is the current one again.
    fn put_back(&mut self, operation: OperationIndex, active: &Active, batch: &mut Batch) {
        let Some(aside) = &active.aside else { return };
        self.relocate(aside, &active.call.address, batch);
        if let Some((number, _)) = self.change_of(operation) {
            self.deposed.remove(&number);
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
    fn lost(&mut self, operation: OperationIndex, active: &Active, effects: &mut Vec<Effect>) {
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

fn class(class: ErrorClass) -> FailureClass {
    match class {
        ErrorClass::Rejected => FailureClass::Rejected,
        ErrorClass::Retryable => FailureClass::Retryable,
        ErrorClass::Ambiguous => FailureClass::Ambiguous,
    }
}

pub(super) fn provider_problem(active: &Active, error: &ProviderError) -> Diagnostic {
    Diagnostic::error(error.summary.as_str(), error.message.clone()).of(&active.call.address)
}

fn still_open(active: &Active, error: &ProviderError) -> Diagnostic {
    Diagnostic::error(
        "Outcome of operation unknown",
        format!(
            "The operation failed in a way that may have had an effect, and reading back failed \
             too: {error}. Its intent is recorded; the next apply finds out what became of it."
        ),
    )
    .of(&active.call.address)
}

/// What finds out whether a call that failed ambiguously has had an effect; `None` where there is
/// nothing to find out.
fn read_back(request: &Request, class: ErrorClass) -> Option<Request> {
    if class != ErrorClass::Ambiguous {
        return None;
    }
    match request {
        Request::Create(request) => Some(Request::Settle(SettleRequest {
            intent: request.intent.clone(),
            prior: None,
            planned: request.planned.clone(),
            private: request.private.clone(),
        })),
        Request::Update(request) => Some(Request::Settle(SettleRequest {
            intent: request.intent.clone(),
            prior: Some(request.prior.clone()),
            planned: request.planned.clone(),
            private: request.private.clone(),
        })),
        Request::Delete { request, .. } => {
            Some(Request::ReadBack(ReadRequest { prior: request.prior.clone() }))
        }
        Request::Read { .. }
        | Request::Provision(_)
        | Request::Settle(_)
        | Request::ReadBack(_) => None,
    }
}

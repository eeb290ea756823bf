//! What becomes of an operation whose call failed: it is tried again, read back when nobody knows
//! whether it had an effect, or recorded as failed. Nothing is recorded as failed that may have
//! happened: such an intent stays open, or is settled by the table.

use kprov_core::{Diagnostic, Diagnostics};
use kprov_plan::OperationIndex;
use kprov_provider::{ErrorClass, Object, ProviderError, ReadRequest, SettleRequest, Settled};
use kprov_state::{ActionKind, Entry, FailureClass, HowSettled, ObjectStatus, StoredObject};

use super::local::cannot_store;
use super::{Active, Batch, Effect, Executor, Pace, Request, Step, backoff};
use crate::settle::{Decision, Found, decide};
use crate::{Verb, conform, record, stored};

impl Executor<'_> {
    pub(super) fn provisioner_failed(
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

    pub(super) fn call_failed(
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
    pub(super) fn doubtful(&mut self, active: &Active, message: String, batch: &mut Batch) {
        batch.entries.push(Entry::Failed {
            op: active.op,
            address: active.call.address.clone(),
            class: FailureClass::Ambiguous,
            message,
            object: None,
        });
    }

    pub(super) fn settled(
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
        let (unfinished, cause) = match &read {
            Settled::Unfinished(_, why) => (true, why.clone()),
            Settled::Exists(_) | Settled::Absent => (false, cause),
        };
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
                self.adopt_half_done(&active, object, None, batch);
            }
            (Decision::Adopt, Settled::Unfinished(object, _)) => {
                // As after a create whose provisioners failed: the next plan makes it anew.
                let tainted = (action == ActionKind::Create).then_some(ObjectStatus::Tainted);
                self.adopt_half_done(&active, object, tainted, batch);
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
        let mut problem = provider_problem(&active, &cause);
        if action == ActionKind::Create && unfinished {
            problem = problem.hint(format!(
                "The object exists and is marked as tainted: the next apply replaces it. To keep it \
                 as it is, run: kprov untaint '{}'",
                active.call.address.instance
            ));
        }
        self.diagnostics.push(problem);
        self.lost(operation, &active, effects);
    }

    fn settle_without(&mut self, active: &Active, how: HowSettled, batch: &mut Batch) {
        let address = active.call.address.clone();
        batch.entries.push(Entry::Settled { op: active.op, address, how, object: None });
    }

    /// Something is there that is neither the old nor the planned object: the next plan compares it
    /// with the configuration.
    fn adopt_half_done(
        &mut self,
        active: &Active,
        object: Object,
        status: Option<ObjectStatus>,
        batch: &mut Batch,
    ) {
        let Some(write) = &active.write else { return };
        let status = status.unwrap_or(write.shell.status);
        let shell = StoredObject { status, ..write.shell.clone() };
        let value = stored::mark_paths(conform::without_unknowns(&object.value), &write.sensitive);
        let address = active.call.address.clone();
        let registry = &self.inputs.registry;
        match record::filled(
            registry,
            &mut self.types,
            &address.instance,
            &shell,
            &value,
            object.private,
        ) {
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

pub(super) fn still_open(active: &Active, error: &ProviderError) -> Diagnostic {
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
            age: None,
        })),
        Request::Update(request) => Some(Request::Settle(SettleRequest {
            intent: request.intent.clone(),
            prior: Some(request.prior.clone()),
            planned: request.planned.clone(),
            private: request.private.clone(),
            age: None,
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

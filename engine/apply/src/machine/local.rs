//! Operations without a call: gates, and those that only change what the state records. They are
//! done at once; their entries go into the batch with the intents of what waited for them.

use kprov_core::{Diagnostic, ObjectAddr, ResourceMode, Value};
use kprov_plan::{Action, OperationIndex, OperationKind};
use kprov_provider::{Object, Private};
use kprov_state::{Entry, ObjectStatus};

use super::{Batch, Executor, begin};
use crate::record;

impl Executor<'_> {
    pub(super) fn perform(&mut self, operation: OperationIndex, batch: &mut Batch) {
        let plan = self.inputs.plan.clone();
        let change = |number: u32| &plan.changes[number as usize];
        let made = match self.kind(operation) {
            OperationKind::Forget(number) => {
                let change = change(number);
                let deposed = change.deposed.clone();
                let instance = change.addr.clone();
                self.forget(&ObjectAddr { instance, deposed }, batch);
                // Data sources leave with what they were read for; that is nobody's news.
                self.counts.forgotten +=
                    u64::from(change.addr.resource.mode == ResourceMode::Managed);
                Ok(Some(None))
            }
            OperationKind::Import(number) => {
                let change = change(number);
                self.counts.imported += 1;
                let tell = change.action == Action::NoOp;
                self.set(number, &change.before, &change.prior_private, batch)
                    .map(|object| tell.then_some(Some(object)))
            }
            OperationKind::Record(number) => {
                let change = change(number);
                // Conditions that planning could not tell must hold before anything is kept.
                if let Err(problems) = self.resolver.prepare(operation) {
                    self.diagnostics.extend(problems);
                    return self.failed(operation);
                }
                if change.after.is_null() {
                    let deposed = change.deposed.clone();
                    self.forget(&ObjectAddr { instance: change.addr.clone(), deposed }, batch);
                    Ok(Some(None))
                } else {
                    let private = &change.prior_private;
                    self.set(number, &change.after, private, batch).map(|object| Some(Some(object)))
                }
            }
            // A gate; the others have calls and never come here.
            OperationKind::Gate
            | OperationKind::Create(_)
            | OperationKind::Update(_)
            | OperationKind::Delete(_)
            | OperationKind::Read(_) => Ok(None),
        };
        let failed = match made {
            Ok(None) => false,
            Ok(Some(object)) => self.tell(operation, object.as_ref()),
            Err(diagnostic) => {
                self.diagnostics.push(*diagnostic);
                true
            }
        };
        if failed { self.failed(operation) } else { self.done(operation) }
    }

    /// Tells the resolver; true if dependents must not go.
    pub(super) fn tell(&mut self, operation: OperationIndex, object: Option<&Object>) -> bool {
        let problems = self.resolver.complete(operation, object);
        let failed = problems.has_errors();
        self.diagnostics.extend(problems);
        failed
    }

    /// Records the object of a change, unless the store has exactly that.
    fn set(
        &mut self,
        number: u32,
        content: &Value,
        private: &Private,
        batch: &mut Batch,
    ) -> Result<Object, Box<Diagnostic>> {
        let plan = self.inputs.plan.clone();
        let change = &plan.changes[number as usize];
        let status = if change.tainted { ObjectStatus::Tainted } else { ObjectStatus::Ready };
        let stored = record::object(
            &self.inputs.registry,
            &mut self.types,
            change,
            content,
            private.clone(),
            status,
        )
        .map_err(|message| Box::new(cannot_store(message).of(&change.addr)))?;
        let deposed = change.deposed.clone();
        let address = ObjectAddr { instance: change.addr.clone(), deposed };
        let known = change.previous_addr.is_none()
            && self.is_present(&address)
            && self.inputs.state.objects.get(&address) == Some(&stored);
        if !known {
            self.present.insert(address.clone());
            batch.entries.push(Entry::ObjectSet { address, object: Box::new(stored) });
        }
        Ok(begin::prior(content, private))
    }
}

pub(super) fn cannot_store(message: String) -> Diagnostic {
    Diagnostic::error(
        "Failed to save object",
        format!("What the provider returned cannot be stored: {message}."),
    )
}

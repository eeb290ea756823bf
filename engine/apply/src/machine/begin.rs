//! Beginning an operation that calls a provider: its final request, its intent.

use std::time::Duration;

use kprov_core::{Diagnostic, Diagnostics, ObjectAddr, Value};
use kprov_plan::{Action, OperationIndex, OperationKind, Prepared, ReplaceOrder};
use kprov_provider::{CreateRequest, DeleteRequest, Intent, Object, UpdateRequest};
use kprov_state::{ActionKind, Entry, ObjectStatus, OpId};
use serde_json::value::RawValue;

use super::{Active, Batch, Call, Executor, Request, Rotation, Step, Write};
use crate::{Verb, record};

impl Executor<'_> {
    pub(super) fn begin(&mut self, operation: OperationIndex, batch: &mut Batch) {
        let prepared = match self.resolver.prepare(operation) {
            Ok(prepared) => prepared,
            Err(problems) => {
                self.diagnostics.extend(problems);
                return self.failed(operation);
            }
        };
        if let Err(problems) = self.begin_prepared(operation, prepared, batch) {
            self.diagnostics.extend(problems);
            self.failed(operation);
        }
    }

    fn begin_prepared(
        &mut self,
        operation: OperationIndex,
        prepared: Prepared,
        batch: &mut Batch,
    ) -> Result<(), Diagnostics> {
        match (self.kind(operation), prepared) {
            (OperationKind::Create(number), prepared @ Prepared::Write { .. }) => {
                self.begin_create(operation, number, prepared, batch)
            }
            (OperationKind::Update(number), prepared @ Prepared::Write { .. }) => {
                self.begin_update(operation, number, prepared, batch)
            }
            (OperationKind::Delete(number), Prepared::Delete { provisioners }) => {
                self.begin_delete(operation, number, provisioners, batch);
                Ok(())
            }
            (OperationKind::Read(number), Prepared::Read { config, sensitive_paths }) => {
                self.begin_read(operation, number, config, sensitive_paths, batch)
            }
            (OperationKind::Update(number), Prepared::Nothing) => {
                self.skip_update(operation, number, batch)
            }
            (kind, Prepared::Nothing) if kind != OperationKind::Gate => {
                self.done(operation);
                Ok(())
            }
            _ => Err(Diagnostic::error(
                "Internal error",
                "The final request of an operation is of another kind than the operation. This \
                 is a bug in kprov, please report it.",
            )
            .into()),
        }
    }

    fn begin_create(
        &mut self,
        operation: OperationIndex,
        number: u32,
        prepared: Prepared,
        batch: &mut Batch,
    ) -> Result<(), Diagnostics> {
        let Prepared::Write { planned, config, private, sensitive_paths, provisioners } = prepared
        else {
            return Ok(());
        };
        let plan = self.inputs.plan.clone();
        let change = &plan.changes[number as usize];
        let status = if provisioners > 0 { ObjectStatus::Tainted } else { ObjectStatus::Ready };
        let address = change.addr.clone().current();
        let problem = |message| cannot_begin(message, &address);
        let shell = record::shell(&self.inputs.registry, change, status, &sensitive_paths)
            .map_err(problem)?;
        let recorded = raw(&planned).map_err(problem)?;
        let aside = self.make_room(number, &address, batch);
        let op = self.reserve_op();
        let intent = self.intent(op);
        batch.entries.push(Entry::Intended {
            op,
            object: address.clone(),
            action: ActionKind::Create,
            token: intent.token.clone(),
            provider: change.provider.clone(),
            planned: Some(recorded),
            private: private.clone(),
            adopt: Some(Box::new(shell.clone())),
        });
        let write =
            Write { planned: planned.clone(), sensitive: sensitive_paths, shell, provisioners };
        let request = Request::Create(CreateRequest { intent, planned, config, private });
        let call = Call { address, provider: change.provider.clone(), request, rotation: None };
        let active = Active { aside, write: Some(write), ..Active::new(op, Verb::Create, call) };
        self.active.insert(operation, active);
        batch.calls.push(operation);
        Ok(())
    }

    /// A new object needs its address: the old one is deposed, or was found gone.
    fn make_room(
        &mut self,
        number: u32,
        address: &ObjectAddr,
        batch: &mut Batch,
    ) -> Option<ObjectAddr> {
        if !self.is_present(address) {
            return None;
        }
        let action = self.inputs.plan.changes[number as usize].action;
        if action != Action::Replace(ReplaceOrder::CreateFirst) {
            self.forget(address, batch);
            return None;
        }
        let aside = self.new_deposed(&address.instance);
        self.relocate(address, &aside, batch);
        if let Some(key) = &aside.deposed {
            self.deposed.insert(number, key.clone());
        }
        Some(aside)
    }

    fn begin_update(
        &mut self,
        operation: OperationIndex,
        number: u32,
        prepared: Prepared,
        batch: &mut Batch,
    ) -> Result<(), Diagnostics> {
        let Prepared::Write { planned, config, private, sensitive_paths, .. } = prepared else {
            return Ok(());
        };
        let plan = self.inputs.plan.clone();
        let change = &plan.changes[number as usize];
        let address = change.addr.clone().current();
        let problem = |message| cannot_begin(message, &address);
        let shell =
            record::shell(&self.inputs.registry, change, ObjectStatus::Ready, &sensitive_paths)
                .map_err(problem)?;
        let recorded = raw(&planned).map_err(problem)?;
        let rotation = self.resolver.rotation(operation)?.map(|settings| {
            let (settings, _) = settings.unmark_deep();
            Box::new(Rotation { settings, outdated: change.outdated.clone() })
        });
        let op = self.reserve_op();
        let intent = self.intent(op);
        batch.entries.push(Entry::Intended {
            op,
            object: address.clone(),
            action: ActionKind::Update,
            token: intent.token.clone(),
            provider: change.provider.clone(),
            planned: Some(recorded),
            private: private.clone(),
            adopt: Some(Box::new(shell.clone())),
        });
        let write =
            Write { planned: planned.clone(), sensitive: sensitive_paths, shell, provisioners: 0 };
        let prior = prior(&change.before, &change.prior_private);
        let request = Request::Update(UpdateRequest { intent, prior, planned, config, private });
        let call = Call { address, provider: change.provider.clone(), request, rotation };
        let id = record::identity(&change.before);
        let active = Active { write: Some(write), id, ..Active::new(op, Verb::Update, call) };
        self.active.insert(operation, active);
        batch.calls.push(operation);
        Ok(())
    }

    fn begin_delete(
        &mut self,
        operation: OperationIndex,
        number: u32,
        provisioners: Vec<kprov_plan::ProvisionerRun>,
        batch: &mut Batch,
    ) {
        let plan = self.inputs.plan.clone();
        let change = &plan.changes[number as usize];
        let deposed = change.deposed.clone().or_else(|| self.deposed.get(&number).cloned());
        let address = ObjectAddr { instance: change.addr.clone(), deposed };
        if !self.is_present(&address) {
            return self.done(operation);
        }
        let op = self.reserve_op();
        let intent = self.intent(op);
        batch.entries.push(Entry::Intended {
            op,
            object: address.clone(),
            action: ActionKind::Delete,
            token: intent.token.clone(),
            provider: change.provider.clone(),
            planned: None,
            private: Vec::new(),
            adopt: None,
        });
        let prior = prior(&change.before, &change.prior_private);
        let request = DeleteRequest { intent, prior };
        let request = Request::Delete { provisioners, request };
        let call = Call { address, provider: change.provider.clone(), request, rotation: None };
        let id = record::identity(&change.before);
        self.active.insert(operation, Active { id, ..Active::new(op, Verb::Delete, call) });
        batch.calls.push(operation);
    }

    /// Reading changes nothing, so it needs no intent; it waits for what it depends on like others.
    fn begin_read(
        &mut self,
        operation: OperationIndex,
        number: u32,
        config: Value,
        sensitive: Vec<kprov_core::Path>,
        batch: &mut Batch,
    ) -> Result<(), Diagnostics> {
        let plan = self.inputs.plan.clone();
        let change = &plan.changes[number as usize];
        let address = change.addr.clone().current();
        let shell = record::shell(&self.inputs.registry, change, ObjectStatus::Ready, &sensitive)
            .map_err(|message| cannot_begin(message, &address))?;
        let write = Write { planned: Value::NULL, sensitive, shell, provisioners: 0 };
        let request = Request::Read { config };
        let call = Call { address, provider: change.provider.clone(), request, rotation: None };
        let active = Active { write: Some(write), ..Active::new(OpId(0), Verb::Read, call) };
        self.active.insert(operation, active);
        batch.calls.push(operation);
        Ok(())
    }

    /// With everything known the update turned out to change nothing outside; what the state
    /// records of the object may still be new. The resolver knows, for it said so.
    fn skip_update(
        &mut self,
        operation: OperationIndex,
        number: u32,
        batch: &mut Batch,
    ) -> Result<(), Diagnostics> {
        let plan = self.inputs.plan.clone();
        let change = &plan.changes[number as usize];
        let address = change.addr.clone().current();
        let private = change.prior_private.clone();
        let registry = &self.inputs.registry;
        let stored = record::object(
            registry,
            &mut self.types,
            change,
            &change.before,
            private,
            ObjectStatus::Ready,
        )
        .map_err(|message| cannot_begin(message, &address))?;
        if self.inputs.state.objects.get(&address) != Some(&stored) {
            batch.entries.push(Entry::ObjectSet { address, object: Box::new(stored) });
        }
        self.done(operation);
        Ok(())
    }

    pub(super) fn intent(&self, op: OpId) -> Intent {
        Intent { op: op.0, token: self.inputs.host.uuid().into() }
    }
}

impl Active {
    pub(super) fn new(op: OpId, verb: Verb, call: Call) -> Active {
        Active {
            op,
            verb,
            call,
            step: Step::Main,
            tries: 0,
            started: Duration::ZERO,
            told: false,
            id: None,
            write: None,
            aside: None,
        }
    }
}

/// An object as providers take it: without marks.
pub(super) fn prior(value: &Value, private: &[u8]) -> Object {
    Object { value: value.clone().unmark_deep().0, private: private.to_vec() }
}

fn raw(value: &Value) -> Result<Box<RawValue>, String> {
    serde_json::value::to_raw_value(value).map_err(|error| error.to_string())
}

fn cannot_begin(message: String, address: &ObjectAddr) -> Diagnostics {
    Diagnostic::error(
        "Operation cannot be recorded",
        format!("The operation was not begun: {message}."),
    )
    .of(address)
    .into()
}

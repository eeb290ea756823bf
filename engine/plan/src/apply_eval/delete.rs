//! Deletes: destroy provisioners, which may refer to `self`, `count` and `each` only. Nothing else
//! is evaluated: what the configuration refers to may not be complete when a delete starts.

use std::rc::Rc;

use kprov_core::{Diagnostics, InstanceKey, Number, Type, Value};
use kprov_lang::SourceMap;
use kprov_lang::config::Provisioner;

use super::ApplyResolver;
use crate::evaluation::{BlockScope, ModuleInstance};
use crate::expand::Repeated;
use crate::{Action, Change, Prepared, ProvisionerRun, ReplaceOrder};

impl<'a> ApplyResolver<'a> {
    pub(super) fn prepare_delete(&mut self, index: u32) -> Result<Prepared, Diagnostics> {
        let change = self.change(index)?;
        if !runs_provisioners(change) {
            return Ok(Prepared::Delete { provisioners: Vec::new() });
        }
        let path = change.addr.module.path();
        let graph = self.evaluation.graph.clone();
        // Where the module is gone, too, a `removed` block further out speaks for its objects.
        let place = graph.modules.iter().position(|module| module.path == path);
        let config: &'a kprov_lang::config::Module = graph.modules[place.unwrap_or(0)].config;
        let resource = config.resources.get(&change.addr.resource).filter(|_| place.is_some());
        let provisioners: &'a [Provisioner] = match resource {
            Some(resource) => &resource.provisioners,
            None => match self.removed.for_instance(&change.addr) {
                Some(removed) => &removed.provisioners,
                None => return Ok(Prepared::Delete { provisioners: Vec::new() }),
            },
        };
        let place = place.unwrap_or(0);
        let module = Rc::new(ModuleInstance::detached(place, change.addr.module.clone(), config));
        let scope = BlockScope::of(&self.evaluation, &module, repeated(&change.addr.key))
            .with_self(change.before.clone());
        let provisioners = provisioners
            .iter()
            .filter(|provisioner| provisioner.on_destroy)
            .map(|provisioner| provisioner_run(provisioner, &scope, self.input.sources))
            .collect::<Result<_, _>>()?;
        Ok(Prepared::Delete { provisioners })
    }
}

/// Tainted and deposed objects go without ceremony, and so do those whose successor is there.
fn runs_provisioners(change: &Change) -> bool {
    change.deposed.is_none()
        && !change.tainted
        && change.action != Action::Replace(ReplaceOrder::CreateFirst)
}

/// `count` and `each` as far as a key tells them.
fn repeated(key: &InstanceKey) -> Repeated {
    match key {
        InstanceKey::None => Repeated::No,
        InstanceKey::Int(index) => Repeated::Count(Value::Number(Number::from(*index))),
        InstanceKey::String(key) => {
            Repeated::Each(Value::String(key.clone()), Value::unknown(Type::Dynamic))
        }
    }
}

/// A provisioner, evaluated.
pub(super) fn provisioner_run(
    provisioner: &Provisioner,
    scope: &BlockScope<'_, '_>,
    sources: &SourceMap,
) -> Result<ProvisionerRun, Diagnostics> {
    let config = super::write::arguments(&provisioner.body, scope)?;
    let (config, marks) = config.unmark_deep();
    Ok(ProvisionerRun {
        ty: provisioner.ty.clone(),
        config,
        continue_on_failure: provisioner.continue_on_failure,
        sensitive: !marks.is_empty(),
        subject: Some(sources.range(provisioner.span)),
    })
}

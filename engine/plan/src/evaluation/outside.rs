//! What evaluation needs of providers: their configurations, and ephemeral resources during apply.

use std::rc::Rc;

use kprov_core::{Diagnostic, Diagnostics, InstanceAddr, Marks, ProviderConfigAddr, Value};
use kprov_lang::Span;
use kprov_lang::ast::Body;

use super::{BlockScope, Evaluation, ModuleInstance, ResourceInstances, Touched};
use crate::decode::{Decoder, mark_like};
use crate::provider_config::{ConfigPlace, provider_addr};
use crate::{DataRead, PlanHost};

/// A provider configuration, evaluated: the value without marks, warnings, and where it stands.
#[derive(Debug)]
pub(crate) struct ProviderValue {
    pub(crate) value: Value,
    pub(crate) warnings: Diagnostics,
    pub(crate) header: Span,
}

impl<'a> Evaluation<'a> {
    /// Who opens ephemeral resources.
    pub(crate) fn set_host(&self, host: Option<&'a mut dyn PlanHost>) {
        self.host.replace(host);
    }

    /// Gives that back.
    pub(crate) fn take_host(&self) -> Option<&'a mut dyn PlanHost> {
        self.host.take()
    }

    /// Evaluates a provider configuration.
    ///
    /// # Errors
    /// When it is wrong.
    pub(crate) fn provider(
        &self,
        place: &ConfigPlace,
    ) -> (Result<ProviderValue, Diagnostics>, Option<Rc<ModuleInstance<'a>>>, Touched) {
        let Some(provider) = self.providers.get(&place.addr.provider) else {
            return (Err(Diagnostics::new()), None, Touched::new());
        };
        let Some(module) = self.modules(place.module).into_iter().next() else {
            return (Err(Diagnostics::new()), None, Touched::new());
        };
        let empty = Body::default();
        let block = place.block.as_ref().and_then(|key| module.config.providers.get(key));
        let (body, header) = block.map_or((&empty, Span::default()), |it| (&it.body, it.span));
        let decoder = Decoder::new(self.functions, self.sources).allow_ephemeral();
        let scope = BlockScope::plain(self, &module);
        let schema = &provider.schema().provider.block;
        let ((value, warnings), touched) =
            self.recorder.record(|| decoder.decode(body, schema, &scope, header));
        let result = match value {
            Some(value) => Ok(ProviderValue { value: value.unmark_deep().0, warnings, header }),
            None => Err(warnings),
        };
        (result, Some(module), touched)
    }

    /// Where a provider configuration stands.
    fn place_of(&self, addr: &ProviderConfigAddr) -> Option<ConfigPlace> {
        let module = self.graph.modules.iter().position(|module| module.path == addr.module)?;
        let config = self.graph.modules[module].config;
        let block = config
            .providers
            .keys()
            .find(|(name, alias)| {
                *alias == addr.alias && provider_addr(config, name) == addr.provider
            })
            .cloned();
        Some(ConfigPlace { module, block, addr: addr.clone() })
    }

    /// A provider configuration's value without marks.
    ///
    /// # Errors
    /// When it cannot be evaluated.
    pub(crate) fn provider_value(&self, addr: &ProviderConfigAddr) -> Result<Value, Diagnostics> {
        let place = self.place_of(addr).ok_or_else(Diagnostics::new)?;
        self.provider(&place).0.map(|provider| provider.value)
    }

    /// Opens an ephemeral resource's instances, which live for one phase only.
    pub(super) fn open(
        &self,
        module: &Rc<ModuleInstance<'a>>,
        resource: &ResourceInstances<'a>,
    ) -> Result<(), Diagnostics> {
        let config = resource.config;
        let Some((_, block, place)) = self.schema(module, config) else { return Ok(()) };
        let decoder = Decoder::new(self.functions, self.sources).allow_ephemeral();
        let (mut reads, mut configs) = (Vec::new(), Vec::new());
        for index in 0..resource.len() {
            let scope = BlockScope::of(self, module, resource.expansion.repeated(index));
            let (value, problems) = decoder.decode(&config.body, block, &scope, config.span);
            let value = value.ok_or(problems)?;
            let bare = value.clone().unmark_deep().0;
            if !bare.is_wholly_known() {
                return Ok(());
            }
            let addr = InstanceAddr {
                module: module.addr.clone(),
                resource: config.name.clone(),
                key: resource.expansion.key(index),
            };
            reads.push(DataRead { addr, provider: place.addr.clone(), config: bare });
            configs.push(value);
        }
        if reads.is_empty() || self.host.borrow().is_none() {
            return Ok(());
        }
        let provider = self.provider(&place).0?;
        let known = provider.value.is_wholly_known().then_some(&provider.value);
        let mut host = self.host.borrow_mut();
        let Some(host) = host.as_deref_mut() else { return Ok(()) };
        host.configure(&place.addr, known)?;
        let answers = host.open_ephemeral(reads);
        for (index, (answer, config_value)) in answers.into_iter().zip(configs).enumerate() {
            let value = answer.map_err(|error| {
                let range = self.sources.range(config.span);
                Diagnostics::from(Diagnostic::error(error.summary, error.message).at(range))
            })?;
            let value = mark_like(&value, &config_value).with_marks(Marks::EPHEMERAL);
            resource.set(index, value);
        }
        Ok(())
    }
}

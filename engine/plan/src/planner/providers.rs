//! Provider configurations: evaluated once, when the first instance needs them.

use kprov_core::{Diagnostic, Diagnostics, ProviderConfigAddr, Value};
use kprov_lang::Span;

use super::{Configured, Planner};
use crate::evaluation::{ProviderValue, VertexId};
use crate::provider_config::ConfigPlace;

impl Planner<'_, '_> {
    /// Evaluates a provider configuration and hands it to the host. Says whether it is known, and
    /// the vertex of what it is made from.
    ///
    /// # Errors
    /// When it is wrong. Told once; later `Err` is empty.
    pub(super) fn configure(
        &mut self,
        place: &ConfigPlace,
    ) -> Result<(Configured, Option<VertexId>), Diagnostics> {
        match self.providers.get(&place.addr) {
            Some((Configured::Failed, _)) => return Err(Diagnostics::new()),
            Some(found) => return Ok(*found),
            None => {}
        }
        let result = self.configure_new(place);
        let state = result.as_ref().map_or((Configured::Failed, None), |state| *state);
        self.providers.insert(place.addr.clone(), state);
        result
    }

    fn configure_new(
        &mut self,
        place: &ConfigPlace,
    ) -> Result<(Configured, Option<VertexId>), Diagnostics> {
        let evaluation = self.evaluation.clone();
        let (result, module, touched) = evaluation.provider(place);
        let vertex = evaluation.recorder.vertex();
        if let Some(module) = &module {
            let block = place.block.as_ref().and_then(|key| module.config.providers.get(key));
            let statics = block.map(|it| kprov_lang::eval::references_in_body(&it.body));
            evaluation.order(vertex, module, &statics.unwrap_or_default(), touched);
        }
        let ProviderValue { value, warnings, header } = result?;
        self.found.extend(warnings);
        let Some(provider) = self.input.providers.get(&place.addr.provider) else {
            return Err(Diagnostics::new());
        };
        self.refuse_invalid_provider(provider.as_ref(), &value, header)?;
        self.provider_configs.insert(place.addr.clone(), value.clone().unmark_deep().0);
        if !value.is_wholly_known() {
            self.host.configure(&place.addr, None)?;
            return Ok((Configured::Unknown, Some(vertex)));
        }
        self.host.configure(&place.addr, Some(&value))?;
        Ok((Configured::Known, Some(vertex)))
    }

    fn refuse_invalid_provider(
        &mut self,
        provider: &dyn kprov_provider::Provider,
        value: &Value,
        header: Span,
    ) -> Result<(), Diagnostics> {
        let problems = crate::validate::attribute_problems(
            provider.validate(value),
            None,
            self.input.sources.range(header),
        );
        if problems.has_errors() {
            return Err(problems);
        }
        self.found.extend(problems);
        Ok(())
    }
}

/// With `-no-defer` a provider must be known when it is needed.
pub(super) fn unknown_provider_error(provider: &ProviderConfigAddr) -> Diagnostic {
    Diagnostic::error(
        "Provider configuration not known",
        format!(
            "The configuration of {provider} depends on values that cannot be determined until \
             apply, so that nothing that needs it can be planned. Apply what it depends on first \
             with -target, or leave out -no-defer to have it done within one apply."
        ),
    )
}

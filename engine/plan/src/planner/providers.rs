//! Provider configurations: evaluated once, when the first instance needs them.

use kprov_core::{Diagnostic, Diagnostics, ProviderConfigAddr, Value};
use kprov_lang::Span;
use kprov_lang::ast::Body;

use super::{Configured, Planner};
use crate::decode::Decoder;
use crate::evaluation::{BlockScope, VertexId};
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
        let Some(provider) = self.input.providers.get(&place.addr.provider) else {
            return Err(Diagnostics::new());
        };
        let Some(module) = evaluation.modules(place.module).into_iter().next() else {
            return Err(Diagnostics::new());
        };
        let empty = Body::default();
        let (body, header) = match &place.block {
            Some(key) => match module.config.providers.get(key) {
                Some(block) => (&block.body, block.span),
                None => (&empty, Span::default()),
            },
            None => (&empty, Span::default()),
        };
        let decoder = Decoder::new(self.input.functions, self.input.sources).allow_ephemeral();
        let scope = BlockScope::plain(&evaluation, &module);
        let schema = &provider.schema().provider.block;
        let vertex = evaluation.recorder.vertex();
        let ((value, problems), touched) =
            evaluation.recorder.record(|| decoder.decode(body, schema, &scope, header));
        evaluation.order(vertex, &module, &kprov_lang::eval::references_in_body(body), touched);
        let Some(value) = value else { return Err(problems) };
        self.found.extend(problems);
        let (value, _) = value.unmark_deep();
        self.refuse_invalid(provider.as_ref(), &value, header)?;
        if !value.is_wholly_known() {
            self.host.configure(&place.addr, None)?;
            return Ok((Configured::Unknown, Some(vertex)));
        }
        self.host.configure(&place.addr, Some(&value))?;
        Ok((Configured::Known, Some(vertex)))
    }

    fn refuse_invalid(
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

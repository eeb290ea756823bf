//! What is secret, by schemas and by marks: for sealing states and saved plans.

use std::sync::Arc;

use kprov_core::{ModulePath, ProviderConfigAddr, ResourceMode, ResourceName};
use kprov_provider::Registry;
use kprov_state::{SecretTypes, Vault};

use crate::Planned;

/// Types with secret attributes, by the schemas of these providers. A type that nobody here knows
/// counts as one: better sealed for nothing.
pub fn secret_types(registry: Registry) -> Arc<SecretTypes> {
    Arc::new(move |config: &ProviderConfigAddr, resource: &ResourceName| {
        let Some(provider) = registry.get(&config.provider) else { return true };
        let schemas = provider.schema();
        let schema = match resource.mode {
            ResourceMode::Managed => schemas.resources.get(&resource.ty).map(|it| &it.schema),
            ResourceMode::Data => schemas.data_sources.get(&resource.ty),
            ResourceMode::Ephemeral => None,
        };
        schema.is_none_or(|schema| schema.block.has_sensitive())
    })
}

/// Is there anything secret in a plan or in what it was made from? Marks are for the codec to see.
pub(crate) fn is_secret(planned: &Planned, vault: &Vault) -> bool {
    let root = planned.tree.modules.get(&ModulePath::root());
    let variable = |name| root.and_then(|root| root.variables.get(name));
    let plan = &planned.plan;
    let state = &planned.state;
    let mut changes = plan.changes.iter().chain(plan.drift.iter().map(|drift| &drift.change));
    planned.variables.keys().any(|name| variable(name).is_none_or(|found| found.sensitive))
        || plan.outputs.values().any(|output| output.sensitive)
        || state.outputs.values().any(|output| output.sensitive)
        || state.objects.iter().any(|(address, object)| {
            !object.private.is_empty() || vault.is_secret_object(address, object)
        })
        || changes.any(|change| {
            !change.prior_private.is_empty()
                || !change.planned_private.is_empty()
                || vault.is_secret_type(&change.provider, &change.addr.resource)
        })
}

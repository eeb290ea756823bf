//! [`Schemas`]: where a renderer finds out which parts of an object are nested blocks.

use kprov_core::{ProviderAddr, ResourceMode, ResourceName};
use kprov_provider::{Block, Provider, Registry};

/// The schemas at hand. An object of which none is known is told by its values alone.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Schemas<'r>(Option<&'r Registry>);

impl<'r> Schemas<'r> {
    /// Those of these providers.
    pub(crate) fn of(registry: &'r Registry) -> Schemas<'r> {
        Schemas(Some(registry))
    }

    /// The schema of a resource's objects.
    pub(super) fn block(
        self,
        provider: &ProviderAddr,
        resource: &ResourceName,
    ) -> Option<&'r Block> {
        find(&**self.0?.get(provider)?, resource)
    }

    /// The same where the provider is not written down: of the one that has code for the type. No
    /// other provider is made to build its schemas.
    pub(super) fn block_of_type(self, resource: &ResourceName) -> Option<&'r Block> {
        let has_code = |provider: &dyn Provider| match resource.mode {
            ResourceMode::Managed => provider.resource(&resource.ty).is_some(),
            ResourceMode::Data => provider.data_source(&resource.ty).is_some(),
            ResourceMode::Ephemeral => provider.ephemeral(&resource.ty).is_some(),
        };
        let mut with_code = self.0?.iter().filter(|(_, provider)| has_code(&***provider));
        with_code.find_map(|(_, provider)| find(&**provider, resource))
    }
}

fn find<'p>(provider: &'p dyn Provider, resource: &ResourceName) -> Option<&'p Block> {
    let schema = provider.schema();
    let found = match resource.mode {
        ResourceMode::Managed => schema.resources.get(&resource.ty).map(|it| &it.schema),
        ResourceMode::Data => schema.data_sources.get(&resource.ty),
        ResourceMode::Ephemeral => schema.ephemerals.get(&resource.ty),
    };
    found.map(|schema| &schema.block)
}

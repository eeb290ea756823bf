//! Which providers a configuration and its state need.

use std::collections::{BTreeMap, BTreeSet};

use kprov_core::{Diagnostics, ModulePath, ProviderAddr};
use kprov_lang::config::Module;

use crate::{OpsError, Project};

/// Providers by module, and those of the state.
#[derive(Clone, Debug, Default)]
pub struct ProvidersInUse {
    /// What each module says or means.
    pub modules: BTreeMap<ModulePath, BTreeSet<ProviderAddr>>,
    /// Of objects.
    pub state: BTreeSet<ProviderAddr>,
}

impl ProvidersInUse {
    /// All of them.
    pub fn all(&self) -> BTreeSet<&ProviderAddr> {
        self.modules.values().flatten().chain(&self.state).collect()
    }
}

/// Looks at the configuration and the state.
///
/// # Errors
/// When one of them cannot be read.
pub fn providers_in_use(project: &Project) -> Result<ProvidersInUse, OpsError> {
    let (tree, problems): (_, Diagnostics) = project.load();
    if problems.has_errors() {
        return Err(problems.into());
    }
    let of = |module: &Module| {
        let named = module.required_providers.values().map(|required| required.source.clone());
        let blocks = module.providers.keys().map(|(name, _)| addr(module, name));
        let implied = module.resources.values().map(|resource| match &resource.provider {
            Some(provider) => addr(module, &provider.name),
            None => addr(module, resource.name.ty.split('_').next().unwrap_or_default()),
        });
        named.chain(blocks).chain(implied).collect()
    };
    let modules = tree.modules.iter().map(|(path, module)| (path.clone(), of(module))).collect();
    let state = project.outline()?;
    let state = state.objects.values().map(|object| object.provider.provider.clone()).collect();
    Ok(ProvidersInUse { modules, state })
}

fn addr(module: &Module, local: &str) -> ProviderAddr {
    match module.required_providers.get(local) {
        Some(required) => required.source.clone(),
        None if local == "terraform" => ProviderAddr::builtin(local),
        None => ProviderAddr::hashicorp(local),
    }
}

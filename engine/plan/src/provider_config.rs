//! Which provider configuration a resource uses: its own module's block, one handed down by the
//! caller (`providers = {...}`, or the default one by inheritance), or an implied empty one.

use kprov_core::{Diagnostic, ModulePath, ProviderAddr, ProviderConfigAddr, Str};
use kprov_lang::config::{Module, ProviderRef};

use crate::graph::GraphModule;

/// Where a provider configuration stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ConfigPlace {
    /// Index of the module.
    pub(crate) module: usize,
    /// Local name and alias of its block; `None` for an implied empty one.
    pub(crate) block: Option<(Str, Option<Str>)>,
    /// Its address.
    pub(crate) addr: ProviderConfigAddr,
}

/// What a local name stands for in a module.
pub(crate) fn provider_addr(config: &Module, local: &str) -> ProviderAddr {
    match config.required_providers.get(local) {
        Some(required) => required.source.clone(),
        None if local == "terraform" => ProviderAddr::builtin(local),
        None => ProviderAddr::hashicorp(local),
    }
}

/// The first word of a resource type, which names its provider.
pub(crate) fn implied_local_name(ty: &str) -> &str {
    ty.split('_').next().unwrap_or(ty)
}

/// The configuration that a resource of type `ty` in `module` uses.
pub(crate) fn resolve(
    modules: &[GraphModule<'_>],
    module: usize,
    ty: &str,
    chosen: Option<&ProviderRef>,
) -> Result<ConfigPlace, Diagnostic> {
    let (name, alias) = match chosen {
        Some(chosen) => (chosen.name.clone(), chosen.alias.clone()),
        None => (Str::from(implied_local_name(ty)), None),
    };
    resolve_name(modules, module, name, alias)
}

/// The configuration that a local name and alias mean in `module`.
pub(crate) fn resolve_name(
    modules: &[GraphModule<'_>],
    module: usize,
    name: Str,
    alias: Option<Str>,
) -> Result<ConfigPlace, Diagnostic> {
    let (mut here, mut name, mut alias) = (module, name, alias);
    let provider = provider_addr(modules[here].config, &name);
    loop {
        let current = &modules[here];
        if let Some((parent, up_name, up_alias)) = handed_down(modules, here, &name, &alias) {
            (here, name, alias) = (parent, up_name, up_alias);
            continue;
        }
        let key = (name.clone(), alias.clone());
        if current.config.providers.contains_key(&key) {
            let addr = ProviderConfigAddr { module: current.path.clone(), provider, alias };
            return Ok(ConfigPlace { module: here, block: Some(key), addr });
        }
        match (current.parent, &alias) {
            (_, Some(alias)) => return Err(missing(&current.path, &name, alias)),
            (None, None) => {
                let addr = ProviderConfigAddr { module: ModulePath::root(), provider, alias: None };
                return Ok(ConfigPlace { module: here, block: None, addr });
            }
            (Some(parent), None) => {
                name = local_name_of(modules[parent].config, &provider, &name);
                here = parent;
            }
        }
    }
}

/// What the caller's `providers` argument says about `(name, alias)`.
fn handed_down(
    modules: &[GraphModule<'_>],
    here: usize,
    name: &Str,
    alias: &Option<Str>,
) -> Option<(usize, Str, Option<Str>)> {
    let parent = modules[here].parent?;
    let (_, call_name) = modules[here].path.parent()?;
    let call = modules[parent].config.calls.get(call_name)?;
    let (_, ours) =
        call.providers.iter().find(|(child, _)| child.name == *name && child.alias == *alias)?;
    Some((parent, ours.name.clone(), ours.alias.clone()))
}

/// The name under which a module knows a provider.
fn local_name_of(config: &Module, provider: &ProviderAddr, fallback: &Str) -> Str {
    if provider_addr(config, fallback) == *provider {
        return fallback.clone();
    }
    config
        .required_providers
        .iter()
        .find(|(_, required)| required.source == *provider)
        .map_or_else(|| provider.name.clone(), |(name, _)| name.clone())
}

fn missing(module: &ModulePath, name: &str, alias: &str) -> Diagnostic {
    let place = if module.is_root() { "the root module".to_owned() } else { module.to_string() };
    Diagnostic::error(
        "Reference to undeclared provider configuration",
        format!(
            "There is no provider configuration \"{name}.{alias}\" in {place}. Declare it with a \
             provider block that has alias = \"{alias}\", or pass it in with the \"providers\" \
             argument of the module block."
        ),
    )
}

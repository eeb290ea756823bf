//! [`Registry`]: the providers that a program has.

use std::collections::BTreeMap;
use std::sync::Arc;

use kprov_core::ProviderAddr;

use crate::Provider;

/// Providers by address. Filled by the program (the engine names no provider).
#[derive(Clone, Debug, Default)]
pub struct Registry(BTreeMap<ProviderAddr, Arc<dyn Provider>>);

impl Registry {
    /// None yet.
    pub fn new() -> Registry {
        Registry::default()
    }

    /// Adds a provider under its own address.
    pub fn with(mut self, provider: Arc<dyn Provider>) -> Registry {
        self.0.insert(provider.addr(), provider);
        self
    }

    /// The provider of that address.
    pub fn get(&self, addr: &ProviderAddr) -> Option<&Arc<dyn Provider>> {
        self.0.get(addr)
    }

    /// All of them, by address.
    pub fn iter(&self) -> impl Iterator<Item = (&ProviderAddr, &Arc<dyn Provider>)> {
        self.0.iter()
    }
}

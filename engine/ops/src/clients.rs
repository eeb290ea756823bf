//! [`Clients`]: provider clients, made once per provider configuration when first needed.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use kprov_core::{Host, ProviderConfigAddr, Value};
use kprov_provider::{CallContext, Provider, ProviderError, Registry};

use crate::host::empty_config;

/// All provider configurations of a run and the clients made of them.
///
/// A configuration is told first ([`Clients::configure`]) and used later: a provider that nothing is
/// asked of is never connected.
#[derive(Clone, Debug)]
pub struct Clients(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    registry: Registry,
    host: Arc<dyn Host>,
    configs: Mutex<BTreeMap<ProviderConfigAddr, Option<Value>>>,
    ready: tokio::sync::Mutex<BTreeMap<ProviderConfigAddr, CallContext>>,
}

impl Clients {
    /// No client yet.
    pub fn new(registry: Registry, host: Arc<dyn Host>) -> Clients {
        Clients(Arc::new(Inner {
            registry,
            host,
            configs: Mutex::default(),
            ready: tokio::sync::Mutex::default(),
        }))
    }

    /// Says what a provider's configuration is, wholly known and without marks. A client that was
    /// made from another configuration before is made anew.
    pub fn configure(&self, addr: &ProviderConfigAddr, config: Value) {
        let mut configs = self.0.configs.lock().unwrap_or_else(PoisonError::into_inner);
        let config = Some(config);
        let changed = configs.get(addr).is_some_and(|before| *before != config);
        configs.insert(addr.clone(), config);
        if changed && let Ok(mut ready) = self.0.ready.try_lock() {
            ready.remove(addr);
        }
    }

    /// Says that a provider's configuration is not known yet: nothing can be asked of it.
    pub fn leave_unknown(&self, addr: &ProviderConfigAddr) {
        let mut configs = self.0.configs.lock().unwrap_or_else(PoisonError::into_inner);
        configs.entry(addr.clone()).or_insert(None);
    }

    /// Is the configuration not known yet?
    pub fn is_unknown(&self, addr: &ProviderConfigAddr) -> bool {
        let configs = self.0.configs.lock().unwrap_or_else(PoisonError::into_inner);
        configs.get(addr).is_some_and(Option::is_none)
    }

    /// The provider's code.
    ///
    /// # Errors
    /// When the program does not have it.
    pub fn provider(&self, addr: &ProviderConfigAddr) -> Result<Arc<dyn Provider>, ProviderError> {
        self.0.registry.get(&addr.provider).cloned().ok_or_else(|| {
            ProviderError::rejected(
                "Provider not available",
                format!("This program has no provider {}.", addr.provider),
            )
        })
    }

    /// The context of calls to that provider configuration; connects when first asked. A
    /// configuration that nobody told is an empty one.
    ///
    /// # Errors
    /// When the provider is missing, refuses its configuration, or that is not known yet.
    pub async fn context(&self, addr: &ProviderConfigAddr) -> Result<CallContext, ProviderError> {
        let mut ready = self.0.ready.lock().await;
        if let Some(context) = ready.get(addr) {
            return Ok(context.clone());
        }
        let provider = self.provider(addr)?;
        let told = self.0.configs.lock().unwrap_or_else(PoisonError::into_inner).get(addr).cloned();
        let config = match told {
            Some(Some(config)) => config,
            Some(None) => return Err(not_known(addr)),
            None => empty_config(&provider.schema().provider.block),
        };
        let client = provider.configure(&config, &self.0.host).await?;
        let context = CallContext { client, host: self.0.host.clone() };
        ready.insert(addr.clone(), context.clone());
        Ok(context)
    }
}

fn not_known(addr: &ProviderConfigAddr) -> ProviderError {
    ProviderError::rejected(
        "Provider configuration not known",
        format!("The configuration of {addr} depends on values that only apply can tell."),
    )
}

#[async_trait::async_trait]
impl kprov_apply::Clients for Clients {
    fn provider(&self, addr: &ProviderConfigAddr) -> Result<Arc<dyn Provider>, ProviderError> {
        Clients::provider(self, addr)
    }

    async fn context(&self, addr: &ProviderConfigAddr) -> Result<CallContext, ProviderError> {
        Clients::context(self, addr).await
    }
}

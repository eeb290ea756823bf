//! [`Provider`]: the entry to everything a provider offers.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use kprov_core::{Host, ProviderAddr, ResourceMode, Value};

use crate::rotation::{Clusters, HookAction};
use crate::{
    AttributeError, DataSource, EphemeralResource, PlannedInstance, ProviderError, ProviderSchema,
    Resource,
};

/// A configured provider's connection: whatever the provider's `configure` made. Built once per
/// provider configuration and run, shared by all calls.
pub type Client = Arc<dyn Any + Send + Sync>;

/// What every call gets besides its request.
#[derive(Clone)]
pub struct CallContext {
    /// From [`Provider::configure`].
    pub client: Client,
    /// Clock and randomness.
    pub host: Arc<dyn Host>,
}

impl CallContext {
    /// The client as the provider's own type.
    ///
    /// # Panics
    /// When the provider asks for a type that its `configure` did not make: a bug in the provider.
    pub fn client<T: Any + Send + Sync>(&self) -> &T {
        self.client
            .downcast_ref::<T>()
            .expect("invariant: a provider asks for the client type that its configure returned")
    }
}

impl fmt::Debug for CallContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallContext").finish_non_exhaustive()
    }
}

/// A provider. Cheap to make: no I/O, no heavy set-up before [`Provider::configure`].
#[async_trait]
pub trait Provider: Send + Sync + fmt::Debug {
    /// `registry.terraform.io/hashicorp/local`
    fn addr(&self) -> ProviderAddr;

    /// All schemas; built once.
    fn schema(&self) -> &ProviderSchema;

    /// Code of a managed resource type that is in the schema.
    fn resource(&self, ty: &str) -> Option<&dyn Resource>;

    /// Code of a data source type that is in the schema.
    fn data_source(&self, _ty: &str) -> Option<&dyn DataSource> {
        None
    }

    /// Code of an ephemeral resource type that is in the schema.
    fn ephemeral(&self, _ty: &str) -> Option<&dyn EphemeralResource> {
        None
    }

    /// Asked for a type without code: is it one that the public provider of this address has? Modules that others wrote name such types and make none of them (`count = 0`): that is
    /// no error. Not so for a name that no provider knows.
    fn lacks(&self, _mode: ResourceMode, _ty: &str) -> bool {
        false
    }

    /// Calls `provider::NAME::function`; `None` where there is no such function.
    fn function(&self, _name: &str, _arguments: &[Value]) -> Option<Result<Value, String>> {
        None
    }

    /// What it knows of clusters that run on machines of member groups.
    fn clusters(&self) -> Option<&dyn Clusters> {
        None
    }

    /// Names of its hook actions, as they stand in configurations: `http`, `target_healthy`.
    fn hook_actions(&self) -> &[&str] {
        &[]
    }

    /// Code of a hook action that is named by [`Provider::hook_actions`].
    fn hook_action(&self, _name: &str) -> Option<&dyn HookAction> {
        None
    }

    /// What was asked of the API so far in this process: operation ("ec2 DescribeVpcs") and number
    /// of calls. Told to people at the end of a run; nothing depends on it.
    fn calls(&self) -> Vec<(String, u64)> {
        Vec::new()
    }

    /// Checks the `provider` block without any call; parts may be unknown.
    fn validate(&self, _config: &Value) -> Vec<AttributeError> {
        Vec::new()
    }

    /// Managed resource types that [`Provider::check_plan`] looks at; the others are not shown to it.
    fn checked_together(&self) -> &[&str] {
        &[]
    }

    /// Checks what no resource sees alone: two subnets on the same addresses. Pure, without any
    /// call; once for each provider configuration and phase, after all its instances are planned.
    /// Deletes are left out, and a plan of a selection (`-target`, `-exclude`) is not checked. Each
    /// problem goes with the index of the instance at fault; what is not certain is a warning, or
    /// not said at all.
    fn check_plan(&self, _planned: &[PlannedInstance<'_>]) -> Vec<(usize, AttributeError)> {
        Vec::new()
    }

    /// Makes the client. The configuration is wholly known.
    ///
    /// # Errors
    /// When no client can be made: credentials missing, wrong account ...
    async fn configure(
        &self,
        _config: &Value,
        _host: &Arc<dyn Host>,
    ) -> Result<Client, ProviderError> {
        Ok(Arc::new(()))
    }
}

//! `hashicorp/aws`: AWS, with bulk reads and safe retries. See docs/adr/0002-aws-and-airplane.md.
//!
//! A type is one file (`ec2/vpc.rs`), one schema file and one line in `types.rs`; see
//! docs/guides/adding-an-aws-resource.md.

mod airborne;
mod api;
mod autoscaling;
mod bulk;
mod cidr;
mod config;
mod credentials;
mod data;
mod ec2;
mod ecr;
mod elbv2;
mod events;
mod fields;
mod hooks;
mod iam;
mod kms;
mod names;
mod public_names;
mod resource;
mod route53;
mod row;
mod s3;
mod schema;
mod shared_files;
mod sqs;
mod ssm;
pub mod state_key;
mod tags;
pub mod testing;
#[cfg(test)]
mod tests;
mod together;
mod transport;
mod types;
mod web_identity;

use std::sync::{Arc, LazyLock};

use async_trait::async_trait;
use kprov_core::{Host, ProviderAddr, ResourceMode, Value};
use kprov_provider::rotation::HookAction;
use kprov_provider::{
    AttributeError, Client, DataSource, PlannedInstance, Provider, ProviderError, ProviderSchema,
    Resource,
};

use api::Api;
pub use transport::Transport;

/// `registry.terraform.io/hashicorp/aws`
#[derive(Debug, Default)]
pub struct Aws {
    transport: Transport,
    clients: std::sync::Mutex<Vec<Api>>,
}

static SCHEMA: LazyLock<ProviderSchema> = LazyLock::new(schema::all);

impl Aws {
    /// With requests going elsewhere than to AWS, or by another clock.
    pub fn new(transport: Transport) -> Aws {
        Aws { transport, ..Aws::default() }
    }
}

#[async_trait]
impl Provider for Aws {
    fn addr(&self) -> ProviderAddr {
        ProviderAddr::hashicorp("aws")
    }

    fn schema(&self) -> &ProviderSchema {
        &SCHEMA
    }

    fn resource(&self, ty: &str) -> Option<&dyn Resource> {
        types::RESOURCES.iter().find(|entry| entry.name == ty).map(|entry| entry.code)
    }

    fn data_source(&self, ty: &str) -> Option<&dyn DataSource> {
        types::DATA_SOURCES.iter().find(|entry| entry.name == ty).map(|entry| entry.code)
    }

    fn hook_actions(&self) -> &[&str] {
        &hooks::NAMES
    }

    fn hook_action(&self, name: &str) -> Option<&dyn HookAction> {
        hooks::find(name)
    }

    fn lacks(&self, mode: ResourceMode, ty: &str) -> bool {
        public_names::is_public(mode, ty)
    }

    fn calls(&self) -> Vec<(String, u64)> {
        let mut all = std::collections::BTreeMap::<String, u64>::new();
        let clients = self.clients.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        for (name, count) in clients.iter().flat_map(Api::calls) {
            *all.entry(name).or_default() += count;
        }
        all.into_iter().collect()
    }

    fn validate(&self, config: &Value) -> Vec<AttributeError> {
        config::validate(config)
    }

    fn checked_together(&self) -> &[&str] {
        &together::TYPES
    }

    fn check_plan(&self, planned: &[PlannedInstance<'_>]) -> Vec<(usize, AttributeError)> {
        together::problems(planned)
    }

    async fn configure(
        &self,
        config: &Value,
        host: &Arc<dyn Host>,
    ) -> Result<Client, ProviderError> {
        let settings = config::load(config, host, &self.transport).await?;
        let Transport { sleep, time, .. } = self.transport.clone();
        let api = Api::new(settings, sleep, time, host.clone());
        // Told once, at the provider's block, and before anything is read.
        let allowed = api.check_account().await;
        allowed.map_err(|error| error.provider(credentials::SUMMARY))?;
        let mut clients = self.clients.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        clients.push(api.clone());
        Ok(Arc::new(api))
    }
}

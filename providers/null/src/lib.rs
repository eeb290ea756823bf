//! The provider `hashicorp/null`: a resource and a data source that do nothing but hold values.

mod data_source;
mod resource;
#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use async_trait::async_trait;
use kprov_core::{Host, ProviderAddr};
use kprov_provider::{DataSource, InState, Provider, ProviderSchema, Resource};

use data_source::NullDataSource;
use resource::NullResource;

/// `registry.terraform.io/hashicorp/null`
#[derive(Debug, Default)]
pub struct Null;

static SCHEMA: LazyLock<ProviderSchema> = LazyLock::new(|| ProviderSchema {
    resources: [("null_resource".into(), resource::schema())].into(),
    data_sources: [("null_data_source".into(), data_source::schema())].into(),
    ..ProviderSchema::default()
});

#[async_trait]
impl Provider for Null {
    fn addr(&self) -> ProviderAddr {
        ProviderAddr::hashicorp("null")
    }

    fn schema(&self) -> &ProviderSchema {
        &SCHEMA
    }

    fn resource(&self, ty: &str) -> Option<&dyn Resource> {
        (ty == "null_resource").then_some(&InState(NullResource) as &dyn Resource)
    }

    fn data_source(&self, ty: &str) -> Option<&dyn DataSource> {
        (ty == "null_data_source").then_some(&NullDataSource as &dyn DataSource)
    }
}

/// A number that is another every time, as text: up to 63 bits, as in Terraform's provider.
fn random_number(host: &dyn Host) -> String {
    let mut bytes = [0; 8];
    host.random(&mut bytes);
    (u64::from_le_bytes(bytes) >> 1).to_string()
}

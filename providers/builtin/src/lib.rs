//! The provider `terraform.io/builtin/terraform`, as Terraform 1.11 has it.

mod data_store;

use std::sync::LazyLock;

use async_trait::async_trait;
use kprov_core::ProviderAddr;
use kprov_provider::{Provider, ProviderSchema, Resource};

use data_store::TerraformData;

/// `terraform.io/builtin/terraform`
#[derive(Debug, Default)]
pub struct Builtin;

static SCHEMA: LazyLock<ProviderSchema> = LazyLock::new(|| ProviderSchema {
    resources: [("terraform_data".into(), data_store::schema())].into(),
    ..ProviderSchema::default()
});

#[async_trait]
impl Provider for Builtin {
    fn addr(&self) -> ProviderAddr {
        ProviderAddr::builtin("terraform")
    }

    fn schema(&self) -> &ProviderSchema {
        &SCHEMA
    }

    fn resource(&self, ty: &str) -> Option<&dyn Resource> {
        (ty == "terraform_data").then_some(&TerraformData as &dyn Resource)
    }
}

//! The provider `hashicorp/local`: files on the machine that runs kprov.
//!
//! This is the one provider whose objects are files, so it reads and writes them itself.

mod checksums;
mod data_local_file;
mod data_local_sensitive_file;
mod data_read;
mod directory_exists;
mod disk;
mod local_file;
mod local_sensitive_file;
#[cfg(test)]
mod tests;
mod written_file;

use std::sync::LazyLock;

use async_trait::async_trait;
use kprov_core::{ProviderAddr, Value};
use kprov_provider::{DataSource, Provider, ProviderSchema, Resource};

use data_read::ReadFile;
use directory_exists::directory_exists;
use written_file::WrittenFile;

/// `registry.terraform.io/hashicorp/local`
#[derive(Debug, Default)]
pub struct Local;

static SCHEMA: LazyLock<ProviderSchema> = LazyLock::new(|| ProviderSchema {
    resources: [
        ("local_file".into(), local_file::schema()),
        ("local_sensitive_file".into(), local_sensitive_file::schema()),
    ]
    .into(),
    data_sources: [
        ("local_file".into(), data_local_file::schema()),
        ("local_sensitive_file".into(), data_local_sensitive_file::schema()),
    ]
    .into(),
    ..ProviderSchema::default()
});

#[async_trait]
impl Provider for Local {
    fn addr(&self) -> ProviderAddr {
        ProviderAddr::hashicorp("local")
    }

    fn schema(&self) -> &ProviderSchema {
        &SCHEMA
    }

    fn resource(&self, ty: &str) -> Option<&dyn Resource> {
        match ty {
            "local_file" => Some(&WrittenFile { contents: &local_file::CONTENTS }),
            "local_sensitive_file" => {
                Some(&WrittenFile { contents: &local_sensitive_file::CONTENTS })
            }
            _ => None,
        }
    }

    fn data_source(&self, ty: &str) -> Option<&dyn DataSource> {
        matches!(ty, "local_file" | "local_sensitive_file").then_some(&ReadFile as &dyn DataSource)
    }

    fn function(&self, name: &str, arguments: &[Value]) -> Option<Result<Value, String>> {
        (name == "direxists").then(|| directory_exists(arguments))
    }
}

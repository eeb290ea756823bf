//! The provider `terraform.io/builtin/terraform`, as Terraform 1.11 has it.
//!
//! Two things that it offers live elsewhere, in rooms that providers do not depend on: functions
//! that need the language, and kprov's own state. The program that makes the provider hands them in.

mod data_store;
mod remote_state;
mod state_file;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use async_trait::async_trait;
use kprov_core::{ProviderAddr, Str, Value};
use kprov_provider::{DataSource, Provider, ProviderSchema, Resource};

use data_store::TerraformData;
use remote_state::RemoteState;

/// Calls `provider::terraform::NAME`; `None` where there is no such function.
pub type Functions = dyn Fn(&str, &[Value]) -> Option<Result<Value, String>> + Send + Sync;

/// Reads outputs from kprov's own state.
#[async_trait]
pub trait StateReader: Send + Sync + fmt::Debug {
    /// The root module's outputs of a workspace, without marks; `None` if there is no such
    /// workspace in the database, which exists.
    ///
    /// # Errors
    /// A sentence for people: why the database cannot be read.
    async fn outputs(
        &self,
        database: &Path,
        workspace: &str,
    ) -> Result<Option<BTreeMap<Str, Value>>, String>;
}

/// `terraform.io/builtin/terraform`
#[derive(Default)]
pub struct Builtin {
    functions: Option<Box<Functions>>,
    remote_state: RemoteState,
}

impl Builtin {
    /// Without functions, and reading no other state than Terraform's.
    pub fn new() -> Builtin {
        Builtin::default()
    }

    /// With these functions.
    pub fn with_functions(
        mut self,
        functions: impl Fn(&str, &[Value]) -> Option<Result<Value, String>> + Send + Sync + 'static,
    ) -> Builtin {
        self.functions = Some(Box::new(functions));
        self
    }

    /// Reading kprov's own state with this.
    pub fn with_state_reader(mut self, reader: Arc<dyn StateReader>) -> Builtin {
        self.remote_state.reader = Some(reader);
        self
    }
}

impl fmt::Debug for Builtin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builtin").field("remote_state", &self.remote_state).finish_non_exhaustive()
    }
}

static SCHEMA: LazyLock<ProviderSchema> = LazyLock::new(|| ProviderSchema {
    resources: [("terraform_data".into(), data_store::schema())].into(),
    data_sources: [("terraform_remote_state".into(), remote_state::schema())].into(),
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

    fn data_source(&self, ty: &str) -> Option<&dyn DataSource> {
        (ty == "terraform_remote_state").then_some(&self.remote_state as &dyn DataSource)
    }

    fn function(&self, name: &str, arguments: &[Value]) -> Option<Result<Value, String>> {
        self.functions.as_ref()?(name, arguments)
    }
}

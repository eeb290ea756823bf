//! Provider `node`, our own: `provider::node::user_data(DOCUMENT, MACHINE)`, which modules make user data by. It has no
//! resources, and asks nobody anything.
//!
//! What is wrong with a document is told in the plan, not by a machine that does not come up: as soon as all of the document is
//! known.

mod user_data;

use std::sync::LazyLock;

use async_trait::async_trait;
use kprov_core::{ProviderAddr, Value};
use kprov_provider::{Provider, ProviderSchema, Resource};

/// `registry.terraform.io/hashicorp/node`: where a name without a source is looked for, so that no configuration need say more.
#[derive(Debug, Default)]
pub struct Node;

static SCHEMA: LazyLock<ProviderSchema> = LazyLock::new(ProviderSchema::default);

#[async_trait]
impl Provider for Node {
    fn addr(&self) -> ProviderAddr {
        ProviderAddr::hashicorp("node")
    }

    fn schema(&self) -> &ProviderSchema {
        &SCHEMA
    }

    fn resource(&self, _ty: &str) -> Option<&dyn Resource> {
        None
    }

    fn function(&self, name: &str, arguments: &[Value]) -> Option<Result<Value, String>> {
        (name == "user_data").then(|| user_data::call(arguments))
    }
}

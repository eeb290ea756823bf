//! `lifecycle_hook`: a lifecycle hook of the group holds the machine until the hooks before this one are done, and is
//! completed then.
//!
//! Meanwhile the rotation keeps it waiting by heartbeats. A machine that does not wait for the hook any more has been let go,
//! by this action before or by somebody else: that is done, too.

use std::sync::LazyLock;

use async_trait::async_trait;
use kprov_core::Value;
use kprov_provider::rotation::world::Lifecycle;
use kprov_provider::rotation::{HookAction, HookCall, HookLook};
use kprov_provider::{AttributeError, ProviderError, Schema};

use super::{is_empty, schema, text, wrong};
use crate::api::Api;
use crate::autoscaling::group::rotation::go_on;
use crate::fields::Fields;

static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
    let name = text().required().describe("The lifecycle hook's name.");
    schema("name", name, "Completes a lifecycle hook of the group for the machine.")
});

#[derive(Debug)]
pub(super) struct LifecycleHook;

#[async_trait]
impl HookAction for LifecycleHook {
    fn schema(&self) -> &Schema {
        &SCHEMA
    }

    fn validate(&self, config: &Value) -> Vec<AttributeError> {
        if is_empty(Fields(config), "name") {
            return wrong("name", "Expected the name of a lifecycle hook of the group.");
        }
        Vec::new()
    }

    async fn look(&self, call: &HookCall<'_>) -> Result<HookLook, ProviderError> {
        let name = Fields(call.config).str("name").unwrap_or_default();
        let (machine, group) = (call.member.id.as_str(), call.group.as_str());
        if call.member.lifecycle == Lifecycle::Pending {
            return Ok(HookLook::NotYet(format!(
                "{machine} is launching, and {name} does not hold it yet."
            )));
        }
        let api = call.group_context.client::<Api>();
        let completed = go_on(api, group, name, machine).await;
        completed.map_err(|error| error.provider("Cannot complete a lifecycle hook"))?;
        Ok(HookLook::Done)
    }
}

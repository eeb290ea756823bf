//! `target_unused`: nothing comes to the machine from the balancer any more.

use async_trait::async_trait;
use kprov_core::Value;
use kprov_provider::rotation::{HookAction, HookCall, HookLook};
use kprov_provider::{AttributeError, ProviderError, Schema};

use super::targets;
use crate::fields::Fields;

#[derive(Debug)]
pub(super) struct TargetUnused;

#[async_trait]
impl HookAction for TargetUnused {
    fn schema(&self) -> &Schema {
        &targets::SCHEMA
    }

    fn validate(&self, config: &Value) -> Vec<AttributeError> {
        targets::validate(Fields(config))
    }

    async fn look(&self, call: &HookCall<'_>) -> Result<HookLook, ProviderError> {
        let seen = targets::look(call).await?;
        let other = targets::first_other(call.member.id.as_str(), &seen, |it| !it.in_use());
        Ok(other.map_or(HookLook::Done, HookLook::NotYet))
    }
}

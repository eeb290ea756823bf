//! `target_healthy`: the balancer finds the machine healthy.

use async_trait::async_trait;
use kprov_core::Value;
use kprov_provider::rotation::world::Target;
use kprov_provider::rotation::{HookAction, HookCall, HookLook};
use kprov_provider::{AttributeError, ProviderError, Schema};

use super::targets;
use crate::fields::Fields;

#[derive(Debug)]
pub(super) struct TargetHealthy;

#[async_trait]
impl HookAction for TargetHealthy {
    fn schema(&self) -> &Schema {
        &targets::SCHEMA
    }

    fn validate(&self, config: &Value) -> Vec<AttributeError> {
        targets::validate(Fields(config))
    }

    async fn look(&self, call: &HookCall<'_>) -> Result<HookLook, ProviderError> {
        let seen = targets::look(call).await?;
        if seen.is_empty() {
            let message = format!(
                "{} has no target groups, so its machines are healthy in none. Give it one, or name one in \
                 target_group_arn.",
                call.group
            );
            return Err(ProviderError::rejected("No target group", message));
        }
        let other =
            targets::first_other(call.member.id.as_str(), &seen, |it| it == Target::Healthy);
        Ok(other.map_or(HookLook::Done, HookLook::NotYet))
    }
}

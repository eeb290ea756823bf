//! `drain`: pods leave the machine by eviction, as their budgets allow. It is done when none is left but those that are on
//! every node.

use async_trait::async_trait;
use kprov_provider::rotation::{HookAction, HookCall, HookLook};
use kprov_provider::{ProviderError, Schema};

use super::{EMPTY, connection};

#[derive(Debug)]
pub(super) struct Drain;

#[async_trait]
impl HookAction for Drain {
    fn schema(&self) -> &Schema {
        &EMPTY
    }

    async fn look(&self, call: &HookCall<'_>) -> Result<HookLook, ProviderError> {
        let machine = &call.member.id;
        let drained = connection(call)?.drain(machine).await?;
        if drained.is_done() {
            return Ok(HookLook::Done);
        }
        if let Some(held) = drained.held() {
            return Ok(HookLook::NotYet(held));
        }
        drained.result(machine)?;
        Ok(HookLook::NotYet(format!("{} pods are leaving {machine}.", drained.leaving)))
    }
}

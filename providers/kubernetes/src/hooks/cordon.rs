//! `cordon`: the machine's Node gets no new pods. A machine that returns to service is uncordoned, unless somebody else had
//! cordoned it.

use async_trait::async_trait;
use kprov_provider::rotation::{HookAction, HookCall, HookLook};
use kprov_provider::{ProviderError, Schema};

use super::{EMPTY, connection, rotation};

#[derive(Debug)]
pub(super) struct Cordon;

#[async_trait]
impl HookAction for Cordon {
    fn schema(&self) -> &Schema {
        &EMPTY
    }

    async fn look(&self, call: &HookCall<'_>) -> Result<HookLook, ProviderError> {
        connection(call)?.cordon(&call.member.id, &rotation(call)).await?;
        Ok(HookLook::Done)
    }
}

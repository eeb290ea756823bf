//! GetCallerIdentity.
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::Outcome;
use serde_json::json;

pub(crate) const ACTIONS: &[Action] = &[("GetCallerIdentity", identity)];

fn identity(call: &mut Call<'_>) -> Outcome {
    Ok(json!({"Account": call.account, "Arn": call.caller.arn, "UserId": call.caller.user_id}))
}

//! GetSessionToken: temporary credentials of who asks, which an assumed role cannot have.
use super::issue;
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};
use serde_json::json;

pub(crate) const ACTIONS: &[Action] = &[("GetSessionToken", get)];

/// Twelve hours.
const DEFAULT_SECONDS: i64 = 12 * 60 * 60;

fn get(call: &mut Call<'_>) -> Outcome {
    if call.caller.arn.contains(":assumed-role/") {
        let message = "Cannot call GetSessionToken with session credentials";
        return Err(Fault::new("AccessDenied", message).status(403));
    }
    let (account, arn, id) =
        (call.account.clone(), call.caller.arn.clone(), call.caller.user_id.clone());
    let seconds = call.opt_int("DurationSeconds").unwrap_or(DEFAULT_SECONDS);
    Ok(json!({"Credentials": issue(call, &account, &arn, &id, seconds)}))
}

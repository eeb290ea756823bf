//! AssumeRole: temporary credentials for a role of this or another account.
use super::issue;
use crate::around::call::Call;
use crate::service::Action;
use crate::service::iam;
use crate::service::iam::permission::{Principal, Question, allows};
use crate::wire::fault::{Fault, Outcome};
use crate::world::scope::Scope;
use serde_json::json;

pub(crate) const ACTIONS: &[Action] = &[("AssumeRole", assume)];

// The id of the role, if it is there, trusts the caller, and allows sessions so long.
fn admitted(call: &mut Call<'_>, arn: &str, account: &str, name: &str) -> Result<String, Fault> {
    let context = call.opt_str("ExternalId");
    let context: Vec<(&str, &str)> =
        context.iter().map(|id| ("sts:ExternalId", id.as_str())).collect();
    let from = call.account.clone();
    let caller = Principal::Caller { account: &from, arn: &call.caller.arn };
    let question =
        Question { principal: caller, action: "sts:AssumeRole", resource: None, context: &context };
    let denied = format!(
        "User: {} is not authorized to perform: sts:AssumeRole on resource: {arn}",
        call.caller.arn
    );
    let region = call.scope.region.clone();
    let mut there = Scope { world: &mut *call.scope.world, account: account.to_owned(), region };
    let role = iam::role_known(&mut there, name)
        .filter(|role| role.arn == arn && allows(&role.trust, &question))
        .ok_or_else(|| Fault::new("AccessDenied", denied).status(403))?;
    let chained = call.caller.arn.contains(":assumed-role/");
    let (most, why) = match chained {
        true => (3600, "the 1 hour session limit for roles assumed by role chaining"),
        false => (role.max_session, "the MaxSessionDuration set for this role"),
    };
    if call.opt_int("DurationSeconds").is_some_and(|seconds| seconds > most) {
        let message = format!("The requested DurationSeconds exceeds {why}.");
        return Err(Fault::new("ValidationError", message));
    }
    Ok(role.id)
}

/// Account and name of the role that an ARN names.
pub(super) fn parts(arn: &str) -> Result<(String, String), Fault> {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    match parts.as_slice() {
        ["arn", _, "iam", "", account, resource]
            if account.len() == 12 && resource.starts_with("role/") =>
        {
            let name = resource.rsplit('/').next().unwrap_or_default();
            Ok(((*account).to_owned(), name.to_owned()))
        }
        _ => Err(Fault::new("ValidationError", format!("{arn} is invalid"))),
    }
}

fn assume(call: &mut Call<'_>) -> Outcome {
    let (arn, name) = (call.str("RoleArn"), call.str("RoleSessionName"));
    let (account, role) = parts(&arn)?;
    let id = format!("{}:{name}", admitted(call, &arn, &account, &role)?);
    let assumed = format!("arn:aws:sts::{account}:assumed-role/{role}/{name}");
    let seconds = call.opt_int("DurationSeconds").unwrap_or(3600);
    let credentials = issue(call, &account, &assumed, &id, seconds);
    Ok(json!({
        "Credentials": credentials,
        "AssumedRoleUser": {"AssumedRoleId": id, "Arn": assumed},
    }))
}

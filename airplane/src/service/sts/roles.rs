//! AssumeRole: temporary credentials for a role of this or another account.
use super::{Event, Session};
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};
use serde_json::json;

pub(crate) const ACTIONS: &[Action] = &[("AssumeRole", assume)];

fn assume(call: &mut Call<'_>) -> Outcome {
    let (arn, name) = (call.str("RoleArn"), call.str("RoleSessionName"));
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let (account, role) = match parts.as_slice() {
        ["arn", _, "iam", "", account, resource]
            if account.len() == 12 && resource.starts_with("role/") =>
        {
            (account.to_string(), resource.rsplit('/').next().unwrap_or_default().to_owned())
        }
        _ => return Err(Fault::new("ValidationError", format!("{arn} is invalid"))),
    };
    let life = call.opt_int("DurationSeconds").unwrap_or(3600) * 1000;
    let (now, key) = (call.now(), format!("ASIA{}", call.world.ids.base32(16)));
    let secret = call.world.ids.hex(40);
    let token = call.world.ids.base32(120);
    let role_id = format!("AROA{}:{name}", call.world.ids.base32(17));
    let assumed = format!("arn:aws:sts::{account}:assumed-role/{role}/{name}");
    let session = Session { arn: assumed.clone(), user_id: role_id.clone(), expires: now + life };
    call.world.account(&account).global.sts.sessions.insert_implicit(&key, session, now);
    let region = call.region.clone();
    // Kept for an hour past its end, so that its use is refused as expired and not as unknown.
    let forget = Event::Forget { access_key: key.clone() };
    call.world.schedule(&account, &region, now + life + 3_600_000, forget.into());
    Ok(json!({
        "Credentials": {"AccessKeyId": key, "SecretAccessKey": secret, "SessionToken": token, "Expiration": now + life},
        "AssumedRoleUser": {"AssumedRoleId": role_id, "Arn": assumed},
    }))
}

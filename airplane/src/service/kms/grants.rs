//! Grants: who may do what with a key besides its policy.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::keys::{named, usable};
use crate::around::call::Call;
use crate::service::Action;
use crate::service::iam::permission::is_principal;
use crate::wire::fault::{Fault, Outcome};
use crate::world::scope::Scope;

pub(crate) const ACTIONS: &[Action] = &[
    ("CreateGrant", create),
    ("ListGrants", list),
    ("RevokeGrant", revoke),
    ("RetireGrant", retire),
];

/// A grant, as answers have it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Grant {
    key: String,
    token: String,
    answer: Value,
}

/// What makes two grants the same, when they have a name.
const PARAMETERS: &[&str] =
    &["Name", "GranteePrincipal", "Operations", "RetiringPrincipal", "Constraints"];

fn same(call: &mut Call<'_>, key: &str) -> Option<String> {
    call.opt_str("Name")?;
    let asked: Vec<Value> =
        PARAMETERS.iter().map(|member| call.get(member).cloned().unwrap_or_default()).collect();
    let mut grants = call.realm().kms.grants.iter();
    let found = grants.find(|(_, grant)| {
        grant.key == key
            && PARAMETERS.iter().zip(&asked).all(|(m, wanted)| grant.answer[*m] == *wanted)
    });
    found.map(|(id, _)| id.to_owned())
}

fn create(call: &mut Call<'_>) -> Outcome {
    let (key, found) = usable(call)?;
    for member in ["GranteePrincipal", "RetiringPrincipal"] {
        let arn = call.str(member);
        if !is_principal(call, &arn) {
            let message = format!("ARN does not refer to a valid principal: {arn}");
            return Err(Fault::new("InvalidArnException", message));
        }
    }
    let token = call.world.ids.hex(64);
    if let Some(id) = same(call, &key) {
        // A named grant with the same parameters is there: its id, and a token of its own.
        return Ok(json!({"GrantToken": token, "GrantId": id}));
    }
    let id = call.world.ids.hex(64);
    let mut answer = json!({
        "KeyId": found.arn,
        "GrantId": id,
        "CreationDate": call.now(),
        "GranteePrincipal": call.str("GranteePrincipal"),
        "IssuingAccount": format!("arn:aws:iam::{}:root", call.account),
        "Operations": call.strings("Operations"),
    });
    for member in ["Name", "RetiringPrincipal", "Constraints"] {
        if let Some(value) = call.get(member) {
            answer[member] = value.clone();
        }
    }
    let now = call.now();
    let grant = Grant { key, token: token.clone(), answer };
    call.realm().kms.grants.insert(&id, grant, now, now);
    Ok(json!({"GrantToken": token, "GrantId": id}))
}

/// Does a grant let somebody use the key?
pub(super) fn has(scope: &mut Scope<'_>, key: &str, grantee: &str) -> bool {
    let mut grants = scope.realm().kms.grants.values();
    grants
        .any(|grant| grant.key == key && grant.answer["GranteePrincipal"].as_str() == Some(grantee))
}

fn list(call: &mut Call<'_>) -> Outcome {
    let (key, _) = named(call)?;
    let (id, principal) = (call.opt_str("GrantId"), call.opt_str("GranteePrincipal"));
    let all = call.realm().kms.grants.iter();
    let grants: Vec<Value> = all
        .filter(|(known, grant)| grant.key == key && id.as_deref().is_none_or(|id| id == *known))
        .filter(|(_, grant)| {
            principal.as_deref().is_none_or(|p| grant.answer["GranteePrincipal"] == p)
        })
        .map(|(_, grant)| grant.answer.clone())
        .collect();
    Ok(json!({"Grants": grants, "Truncated": false}))
}

fn missing() -> Fault {
    Fault::new("NotFoundException", "The grant does not exist")
}

fn revoke(call: &mut Call<'_>) -> Outcome {
    let (key, _) = named(call)?;
    let id = call.str("GrantId");
    if call.realm().kms.grants.get(&id).is_none_or(|grant| grant.key != key) {
        return Err(missing());
    }
    call.realm().kms.grants.remove(&id);
    Ok(json!({}))
}

fn retire(call: &mut Call<'_>) -> Outcome {
    let (id, token) = (call.opt_str("GrantId"), call.opt_str("GrantToken"));
    let is_meant = |(known, grant): &(&str, &Grant)| {
        id.as_deref() == Some(*known) || token.as_ref() == Some(&grant.token)
    };
    let found = call.realm().kms.grants.iter().find(is_meant).map(|(id, _)| id.to_owned());
    let id = found.ok_or_else(missing)?;
    call.realm().kms.grants.remove(&id);
    Ok(json!({}))
}

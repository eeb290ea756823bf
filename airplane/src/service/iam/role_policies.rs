//! What roles may do: inline policies and attached ones.

use serde_json::{Value, json};

use super::check_quota;
use super::documents::{Kind, check, encoded};
use super::roles::{missing, named};
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};

pub(crate) const ACTIONS: &[Action] = &[
    ("PutRolePolicy", put),
    ("GetRolePolicy", get),
    ("DeleteRolePolicy", delete),
    ("ListRolePolicies", list),
    ("AttachRolePolicy", attach),
    ("DetachRolePolicy", detach),
    ("ListAttachedRolePolicies", list_attached),
];

/// IAM counts the characters of all inline policies of a role, white space aside.
const INLINE_MAX: usize = 10_240;

fn put(call: &mut Call<'_>) -> Outcome {
    let (policy, document) = (call.str("PolicyName"), call.str("PolicyDocument"));
    check(&document, Kind::Identity)?;
    let role = named(call)?;
    let others = role.inline.iter().filter(|(name, _)| *name != policy).map(|(_, text)| text);
    let size: usize = others.chain([&document]).map(|text| super::documents::size(text)).sum();
    if size > INLINE_MAX {
        let message =
            format!("Maximum policy size of {INLINE_MAX} bytes exceeded for role {}", role.name);
        return Err(Fault::new("LimitExceeded", message).status(409));
    }
    match role.inline.iter_mut().find(|(name, _)| *name == policy) {
        Some(known) => known.1 = document,
        None => role.inline.push((policy, document)),
    }
    Ok(json!({}))
}

fn unknown_inline(policy: &str) -> Fault {
    missing(&format!("The role policy with name {policy}"))
}

fn get(call: &mut Call<'_>) -> Outcome {
    let policy = call.str("PolicyName");
    let role = named(call)?;
    let found = role.inline.iter().find(|(name, _)| *name == policy);
    let (_, document) = found.ok_or_else(|| unknown_inline(&policy))?;
    Ok(json!({"RoleName": role.name, "PolicyName": policy, "PolicyDocument": encoded(document)}))
}

fn delete(call: &mut Call<'_>) -> Outcome {
    let policy = call.str("PolicyName");
    let role = named(call)?;
    let before = role.inline.len();
    role.inline.retain(|(name, _)| *name != policy);
    if role.inline.len() == before {
        return Err(unknown_inline(&policy));
    }
    Ok(json!({}))
}

fn list(call: &mut Call<'_>) -> Outcome {
    let mut names: Vec<String> = named(call)?.inline.iter().map(|(name, _)| name.clone()).collect();
    names.sort();
    Ok(json!({"PolicyNames": names, "IsTruncated": false}))
}

fn attach(call: &mut Call<'_>) -> Outcome {
    let arn = call.str("PolicyArn");
    if !super::policies::exists(call, &arn) {
        return Err(missing(&format!("Policy {arn} does not exist or is not attachable, which")));
    }
    let attached = &named(call)?.attached;
    if attached.contains(&arn) {
        return Ok(json!({}));
    }
    let count = attached.len();
    check_quota(call, "iam-managed-policies-per-role", "PoliciesPerRole", count)?;
    named(call)?.attached.push(arn);
    Ok(json!({}))
}

fn detach(call: &mut Call<'_>) -> Outcome {
    let arn = call.str("PolicyArn");
    let role = named(call)?;
    let before = role.attached.len();
    role.attached.retain(|known| *known != arn);
    if role.attached.len() == before {
        return Err(missing(&format!("Policy {arn} was not found, and so")));
    }
    Ok(json!({}))
}

/// The name that an ARN ends with.
pub(super) fn name_of(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or(arn)
}

/// As answers have attached policies.
pub(super) fn attached(arns: &[String]) -> Value {
    arns.iter().map(|arn| json!({"PolicyName": name_of(arn), "PolicyArn": arn})).collect()
}

fn list_attached(call: &mut Call<'_>) -> Outcome {
    let arns = named(call)?.attached.clone();
    Ok(json!({"AttachedPolicies": attached(&arns), "IsTruncated": false}))
}

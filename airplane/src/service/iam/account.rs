//! The account as a whole: one call that shows all roles with their policies.

use serde_json::{Value, json};

use super::documents::encoded;
use super::profiles::Profile;
use super::role_policies::attached;
use super::roles::Role;
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::Outcome;

pub(crate) const ACTIONS: &[Action] = &[
    ("GetAccountAuthorizationDetails", details),
    ("ListAccountAliases", aliases),
    ("GetAccountSummary", summary),
];

fn details(call: &mut Call<'_>) -> Outcome {
    let (filter, now) = (call.strings("Filter"), call.now());
    let wants = |kind: &str| filter.is_empty() || filter.iter().any(|wanted| wanted == kind);
    let mut roles = Vec::new();
    if wants("Role") {
        let seen: Vec<Role> =
            call.global().iam.roles.seen(now).map(|(_, role)| role.clone()).collect();
        for role in &seen {
            let profiles = call.global().iam.profiles.seen(now);
            let with_role: Vec<Profile> = profiles
                .filter(|(_, profile)| profile.role.as_deref() == Some(&role.name))
                .map(|(_, profile)| profile.clone())
                .collect();
            let profiles: Vec<Value> =
                with_role.iter().map(|profile| super::profiles::answer(call, profile)).collect();
            roles.push(role_detail(role, profiles));
        }
    }
    let mut policies = Vec::new();
    if wants("LocalManagedPolicy") {
        let all = &call.global().iam;
        for (_, policy) in all.policies.seen(now) {
            let arn = policy.arn().to_owned();
            let count = all.roles.values().filter(|role| role.attached.contains(&arn)).count();
            let bound =
                all.roles.values().filter(|role| role.boundary.as_ref() == Some(&arn)).count();
            policies.push(policy.detail(count, bound));
        }
    }
    Ok(json!({
        "RoleDetailList": roles,
        "Policies": policies,
        "UserDetailList": [],
        "GroupDetailList": [],
        "IsTruncated": false,
    }))
}

fn role_detail(role: &Role, profiles: Vec<Value>) -> Value {
    let inline = role.inline.iter();
    let inline: Vec<Value> = inline
        .map(|(name, document)| json!({"PolicyName": name, "PolicyDocument": encoded(document)}))
        .collect();
    let mut detail = json!({
        "Path": role.path,
        "RoleName": role.name,
        "RoleId": role.id,
        "Arn": role.arn,
        "CreateDate": role.created,
        "AssumeRolePolicyDocument": encoded(&role.trust),
        "InstanceProfileList": profiles,
        "RolePolicyList": inline,
        "AttachedManagedPolicies": attached(&role.attached),
        "Tags": role.tags.answer(),
        "RoleLastUsed": {},
    });
    if let Some(boundary) = &role.boundary {
        detail["PermissionsBoundary"] = json!({
            "PermissionsBoundaryType": "Policy",
            "PermissionsBoundaryArn": boundary,
        });
    }
    detail
}

fn aliases(_call: &mut Call<'_>) -> Outcome {
    Ok(json!({"AccountAliases": [], "IsTruncated": false}))
}

fn summary(call: &mut Call<'_>) -> Outcome {
    let iam = &call.global().iam;
    let (roles, policies, profiles, users) =
        (iam.roles.len(), iam.policies.len(), iam.profiles.len(), iam.users.len());
    Ok(json!({"SummaryMap": {
        "Roles": roles, "Policies": policies, "InstanceProfiles": profiles, "Users": users,
    }}))
}

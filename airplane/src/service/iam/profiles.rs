//! Instance profiles: one role at most, and other services see them after a while.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::check_quota;
use super::roles::{missing, path, taken};
use super::tags::{self, Tags};
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};
use crate::world::Millis;

pub(crate) const ACTIONS: &[Action] = &[
    ("CreateInstanceProfile", create),
    ("GetInstanceProfile", get),
    ("DeleteInstanceProfile", delete),
    ("ListInstanceProfiles", list),
    ("ListInstanceProfilesForRole", list_for_role),
    ("AddRoleToInstanceProfile", add_role),
    ("RemoveRoleFromInstanceProfile", remove_role),
    ("TagInstanceProfile", |call| tags::tag(call, own_tags)),
    ("UntagInstanceProfile", |call| tags::untag(call, own_tags)),
    ("ListInstanceProfileTags", |call| tags::list(call, own_tags)),
];

/// An instance profile.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Profile {
    pub(super) name: String,
    path: String,
    pub(super) id: String,
    pub(super) arn: String,
    created: Millis,
    pub(super) role: Option<String>,
    tags: Tags,
}

/// As answers have it, with its role.
pub(super) fn answer(call: &mut Call<'_>, profile: &Profile) -> Value {
    let roles = &call.global().iam.roles;
    let role =
        profile.role.as_ref().and_then(|name| roles.get(name)).map(super::roles::Role::answer);
    json!({
        "Path": profile.path,
        "InstanceProfileName": profile.name,
        "InstanceProfileId": profile.id,
        "Arn": profile.arn,
        "CreateDate": profile.created,
        "Roles": role.into_iter().collect::<Vec<_>>(),
        "Tags": profile.tags.answer(),
    })
}

fn named<'c>(call: &'c mut Call<'_>) -> Result<&'c mut Profile, Fault> {
    let name = call.str("InstanceProfileName");
    let fault = missing(&format!("Instance Profile {name}"));
    call.global().iam.profiles.get_mut(&name).ok_or(fault)
}

fn create(call: &mut Call<'_>) -> Outcome {
    let (name, path) = (call.str("InstanceProfileName"), path(call)?);
    if super::is_taken(call.global().iam.profiles.iter().map(|(known, _)| known), &name) {
        return Err(taken(&format!("Instance Profile {name}")));
    }
    let count = call.global().iam.profiles.len();
    check_quota(call, "iam-instance-profiles", "InstanceProfilesPerAccount", count)?;
    let (now, id) = (call.now(), format!("AIPA{}", call.world.ids.base32(17)));
    let arn = format!("arn:aws:iam::{}:instance-profile{path}{name}", call.account);
    let tags = Tags::of(call)?;
    let profile = Profile { name: name.clone(), path, id, arn, created: now, role: None, tags };
    let answer = answer(call, &profile);
    let visible = call.visible_at();
    call.global().iam.profiles.insert(&name, profile, now, visible);
    Ok(json!({"InstanceProfile": answer}))
}

fn get(call: &mut Call<'_>) -> Outcome {
    let (name, now) = (call.str("InstanceProfileName"), call.now());
    let fault = missing(&format!("Instance Profile {name}"));
    let profile = call.global().iam.profiles.see(&name, now).cloned().ok_or(fault)?;
    Ok(json!({"InstanceProfile": answer(call, &profile)}))
}

fn delete(call: &mut Call<'_>) -> Outcome {
    let name = call.str("InstanceProfileName");
    if named(call)?.role.is_some() {
        let message = "Cannot delete entity, must remove roles from instance profile first.";
        return Err(Fault::new("DeleteConflict", message).status(409));
    }
    call.global().iam.profiles.remove(&name);
    Ok(json!({}))
}

fn answers(call: &mut Call<'_>, wanted: impl Fn(&Profile) -> bool) -> Outcome {
    let now = call.now();
    let seen = call.global().iam.profiles.seen(now).map(|(_, profile)| profile.clone());
    let found: Vec<Profile> = seen.filter(wanted).collect();
    let found: Vec<Value> = found.iter().map(|profile| answer(call, profile)).collect();
    Ok(json!({"InstanceProfiles": found, "IsTruncated": false}))
}

fn list(call: &mut Call<'_>) -> Outcome {
    let prefix = call.opt_str("PathPrefix").unwrap_or_else(|| "/".to_owned());
    answers(call, |profile| profile.path.starts_with(&prefix))
}

fn list_for_role(call: &mut Call<'_>) -> Outcome {
    let role = super::roles::named(call)?.name.clone();
    answers(call, |profile| profile.role.as_ref() == Some(&role))
}

fn add_role(call: &mut Call<'_>) -> Outcome {
    let role = super::roles::named(call)?.name.clone();
    let profile = named(call)?;
    if profile.role.is_some() {
        let message = "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1";
        return Err(Fault::new("LimitExceeded", message).status(409));
    }
    profile.role = Some(role);
    Ok(json!({}))
}

fn remove_role(call: &mut Call<'_>) -> Outcome {
    let role = call.str("RoleName");
    let profile = named(call)?;
    if profile.role.as_deref() != Some(&role) {
        return Err(missing(&format!(
            "The role {role} is not in the instance profile {}, and so",
            profile.name
        )));
    }
    profile.role = None;
    Ok(json!({}))
}

fn own_tags<'c>(call: &'c mut Call<'_>) -> Result<&'c mut Tags, Fault> {
    Ok(&mut named(call)?.tags)
}

//! Roles: what they are, who may assume them. Deleting one that still has anything is refused.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::check_quota;
use super::documents::{Kind, check, encoded};
use super::permission::unknown_principal;
use super::tags::{self, Tags};
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};
use crate::world::Millis;
use crate::world::scope::Scope;

pub(crate) const ACTIONS: &[Action] = &[
    ("CreateRole", create),
    ("GetRole", get),
    ("UpdateRole", update),
    ("UpdateRoleDescription", update_description),
    ("DeleteRole", delete),
    ("ListRoles", list),
    ("UpdateAssumeRolePolicy", update_trust),
    ("PutRolePermissionsBoundary", put_boundary),
    ("DeleteRolePermissionsBoundary", delete_boundary),
    ("TagRole", |call| tags::tag(call, own_tags)),
    ("UntagRole", |call| tags::untag(call, own_tags)),
    ("ListRoleTags", |call| tags::list(call, own_tags)),
    ("CreateServiceLinkedRole", create_service_linked),
    ("DeleteServiceLinkedRole", delete_service_linked),
    ("GetServiceLinkedRoleDeletionStatus", deletion_status),
];

/// A role.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Role {
    pub(super) name: String,
    pub(super) path: String,
    pub(super) id: String,
    pub(super) arn: String,
    pub(super) created: Millis,
    pub(super) trust: String,
    pub(super) description: Option<String>,
    pub(super) max_session: i64,
    pub(super) boundary: Option<String>,
    pub(super) tags: Tags,
    /// Inline policies by name, in the order in which they came.
    pub(super) inline: Vec<(String, String)>,
    /// ARNs of attached policies.
    pub(super) attached: Vec<String>,
}

impl Role {
    /// As `GetRole` shows it.
    pub(super) fn answer(&self) -> Value {
        let mut role = json!({
            "Path": self.path,
            "RoleName": self.name,
            "RoleId": self.id,
            "Arn": self.arn,
            "CreateDate": self.created,
            "AssumeRolePolicyDocument": encoded(&self.trust),
            "MaxSessionDuration": self.max_session,
        });
        if let Some(description) = &self.description {
            role["Description"] = json!(description);
        }
        if let Some(boundary) = &self.boundary {
            role["PermissionsBoundary"] = json!({
                "PermissionsBoundaryType": "Policy",
                "PermissionsBoundaryArn": boundary,
            });
        }
        role
    }

    /// With what only single reads show.
    pub(super) fn whole(&self) -> Value {
        let mut role = self.answer();
        role["Tags"] = self.tags.answer();
        role["RoleLastUsed"] = json!({});
        role
    }
}

/// What IAM says of names that mean nothing.
pub(super) fn missing(what: &str) -> Fault {
    Fault::new("NoSuchEntity", format!("{what} cannot be found.")).status(404)
}

/// The role that a call names.
pub(super) fn named<'c>(call: &'c mut Call<'_>) -> Result<&'c mut Role, Fault> {
    let name = call.str("RoleName");
    let fault = missing(&format!("The role with name {name}"));
    call.global().iam.roles.get_mut(&name).ok_or(fault)
}

/// What IAM says of names that are taken.
pub(super) fn taken(what: &str) -> Fault {
    Fault::new("EntityAlreadyExists", format!("{what} already exists.")).status(409)
}

/// The path of a call, checked.
pub(super) fn path(call: &Call<'_>) -> Result<String, Fault> {
    let path = call.opt_str("Path").unwrap_or_else(|| "/".to_owned());
    if !path.starts_with('/') || !path.ends_with('/') {
        let message = "The specified value for path is invalid. It must begin and end with / and contain only \
                       alphanumeric characters and/or / characters.";
        return Err(Fault::new("ValidationError", message));
    }
    Ok(path)
}

fn check_trust(call: &mut Call<'_>, document: &str) -> Result<(), Fault> {
    check(document, Kind::Trust)?;
    match unknown_principal(call, document) {
        Some(arn) => {
            let message = format!("Invalid principal in policy: \"AWS\":\"{arn}\"");
            Err(Fault::new("MalformedPolicyDocument", message))
        }
        None => Ok(()),
    }
}

fn create(call: &mut Call<'_>) -> Outcome {
    let (name, path) = (call.str("RoleName"), path(call)?);
    let trust = call.str("AssumeRolePolicyDocument");
    check_trust(call, &trust)?;
    if super::is_taken(call.global().iam.roles.iter().map(|(known, _)| known), &name) {
        return Err(taken(&format!("Role with name {name}")));
    }
    make(call, name, path, trust)
}

fn make(call: &mut Call<'_>, name: String, path: String, trust: String) -> Outcome {
    let count = call.global().iam.roles.len();
    check_quota(call, "iam-roles", "RolesPerAccount", count)?;
    let id = format!("AROA{}", call.world.ids.base32(17));
    let (now, account) = (call.now(), call.account.clone());
    let role = Role {
        arn: format!("arn:aws:iam::{account}:role{path}{name}"),
        name,
        path,
        id,
        created: now,
        trust,
        description: call.opt_str("Description").filter(|text| !text.is_empty()),
        max_session: call.opt_int("MaxSessionDuration").unwrap_or(3600),
        boundary: call.opt_str("PermissionsBoundary"),
        tags: Tags::of(call)?,
        inline: Vec::new(),
        attached: Vec::new(),
    };
    let mut answer = role.answer();
    answer["Tags"] = role.tags.answer();
    let visible = call.visible_at();
    call.global().iam.roles.insert(&role.name.clone(), role, now, visible);
    Ok(json!({"Role": answer}))
}

fn get(call: &mut Call<'_>) -> Outcome {
    let (name, now) = (call.str("RoleName"), call.now());
    let fault = missing(&format!("The role with name {name}"));
    let role = call.global().iam.roles.see(&name, now).ok_or(fault)?;
    Ok(json!({"Role": role.whole()}))
}

fn update(call: &mut Call<'_>) -> Outcome {
    let (description, max) = (call.opt_str("Description"), call.opt_int("MaxSessionDuration"));
    let role = named(call)?;
    if let Some(description) = description {
        role.description = Some(description).filter(|text| !text.is_empty());
    }
    role.max_session = max.unwrap_or(role.max_session);
    Ok(json!({}))
}

fn update_description(call: &mut Call<'_>) -> Outcome {
    let description = call.opt_str("Description").filter(|text| !text.is_empty());
    let role = named(call)?;
    role.description = description;
    Ok(json!({"Role": role.whole()}))
}

fn delete(call: &mut Call<'_>) -> Outcome {
    let name = call.str("RoleName");
    let role = named(call)?.clone();
    let in_profile =
        call.global().iam.profiles.values().any(|profile| profile.role.as_ref() == Some(&name));
    let conflict = |what: &str| {
        let message = format!("Cannot delete entity, must {what} first.");
        Err(Fault::new("DeleteConflict", message).status(409))
    };
    if in_profile {
        return conflict("remove roles from instance profile");
    }
    if !role.attached.is_empty() {
        return conflict("detach all policies");
    }
    if !role.inline.is_empty() {
        return conflict("delete policies");
    }
    if role.path.starts_with("/aws-service-role/") {
        let message = format!(
            "Cannot perform the operation on the protected role '{name}' - this role is only \
                               modifiable by AWS"
        );
        return Err(Fault::new("UnmodifiableEntity", message));
    }
    call.global().iam.roles.remove(&name);
    Ok(json!({}))
}

fn list(call: &mut Call<'_>) -> Outcome {
    let (prefix, now) = (call.opt_str("PathPrefix").unwrap_or_else(|| "/".to_owned()), call.now());
    let seen = call.global().iam.roles.seen(now);
    let mut roles: Vec<&Role> =
        seen.map(|(_, role)| role).filter(|role| role.path.starts_with(&prefix)).collect();
    roles.sort_by(|a, b| a.name.cmp(&b.name));
    let roles: Vec<Value> = roles.into_iter().map(Role::answer).collect();
    Ok(json!({"Roles": roles, "IsTruncated": false}))
}

fn update_trust(call: &mut Call<'_>) -> Outcome {
    let document = call.str("PolicyDocument");
    check_trust(call, &document)?;
    named(call)?.trust = document;
    Ok(json!({}))
}

fn put_boundary(call: &mut Call<'_>) -> Outcome {
    let boundary = call.str("PermissionsBoundary");
    if !super::policies::exists(call, &boundary) {
        return Err(missing(&format!(
            "Scope ARN: {boundary} does not exist or is not attachable, which"
        )));
    }
    named(call)?.boundary = Some(boundary);
    Ok(json!({}))
}

fn delete_boundary(call: &mut Call<'_>) -> Outcome {
    named(call)?.boundary = None;
    Ok(json!({}))
}

fn own_tags<'c>(call: &'c mut Call<'_>) -> Result<&'c mut Tags, Fault> {
    Ok(&mut named(call)?.tags)
}

/// Name of a service's role, for services that have one.
fn service_linked_name(service: &str) -> Option<String> {
    Some(match service.strip_suffix(".amazonaws.com")? {
        "autoscaling" => "AWSServiceRoleForAutoScaling".to_owned(),
        "elasticloadbalancing" => "AWSServiceRoleForElasticLoadBalancing".to_owned(),
        "spot" => "AWSServiceRoleForEC2Spot".to_owned(),
        other @ ("ec2fleet" | "spotfleet") => format!("AWSServiceRoleFor{other}"),
        _ => return None,
    })
}

fn service_linked_trust(service: &str) -> String {
    json!({
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}],
    })
    .to_string()
}

/// Makes the role of a service, unless it is there.
pub(super) fn ensure_service_linked(scope: &mut Scope<'_>, service: &str) {
    let Some(name) = service_linked_name(service) else { return };
    if scope.global().iam.roles.contains(&name) {
        return;
    }
    let (now, path) = (scope.now(), format!("/aws-service-role/{service}/"));
    let role = Role {
        arn: format!("arn:aws:iam::{}:role{path}{name}", scope.account),
        id: format!("AROA{}", scope.world.ids.base32(17)),
        name: name.clone(),
        path,
        created: now,
        trust: service_linked_trust(service),
        description: None,
        max_session: 3600,
        boundary: None,
        tags: Tags::default(),
        inline: Vec::new(),
        attached: Vec::new(),
    };
    scope.global().iam.roles.insert_implicit(&name, role, now);
}

fn create_service_linked(call: &mut Call<'_>) -> Outcome {
    let service = call.str("AWSServiceName");
    let Some(name) = service_linked_name(&service) else {
        let message = format!("Service role name for {service} is not known.");
        return Err(Fault::new("InvalidInput", message));
    };
    if call.global().iam.roles.contains(&name) {
        let message = format!(
            "Service role name {name} has been taken in this account, please try a different suffix."
        );
        return Err(Fault::new("InvalidInput", message));
    }
    let trust = service_linked_trust(&service);
    make(call, name, format!("/aws-service-role/{service}/"), trust)
}

fn delete_service_linked(call: &mut Call<'_>) -> Outcome {
    let name = call.str("RoleName");
    let path = named(call)?.path.clone();
    call.global().iam.roles.remove(&name);
    let task = call.world.ids.uuid();
    Ok(json!({"DeletionTaskId": format!("task{path}{name}/{task}")}))
}

fn deletion_status(_call: &mut Call<'_>) -> Outcome {
    Ok(json!({"Status": "SUCCEEDED"}))
}

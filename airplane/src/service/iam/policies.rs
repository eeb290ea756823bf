//! Customer-managed policies and their versions. A policy has at most five; the default one stays.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::check_quota;
use super::documents::{Kind, check, encoded};
use super::roles::{missing, path, taken};
use super::tags::{self, Tags};
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};
use crate::world::Millis;

pub(crate) const ACTIONS: &[Action] = &[
    ("CreatePolicy", create),
    ("GetPolicy", get),
    ("DeletePolicy", delete),
    ("ListPolicies", list),
    ("CreatePolicyVersion", create_version),
    ("GetPolicyVersion", get_version),
    ("DeletePolicyVersion", delete_version),
    ("ListPolicyVersions", list_versions),
    ("SetDefaultPolicyVersion", set_default),
    ("TagPolicy", |call| tags::tag(call, own_tags)),
    ("UntagPolicy", |call| tags::untag(call, own_tags)),
    ("ListPolicyTags", |call| tags::list(call, own_tags)),
    ("ListEntitiesForPolicy", entities),
];

/// A version of a policy.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Version {
    id: String,
    document: String,
    created: Millis,
}

/// A policy.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Policy {
    name: String,
    path: String,
    id: String,
    arn: String,
    description: Option<String>,
    created: Millis,
    updated: Millis,
    default: String,
    next: u64,
    versions: Vec<Version>,
    tags: Tags,
}

/// AWS's own policies are not listed here; what has their form counts as one of them.
fn is_aws_managed(arn: &str) -> bool {
    arn.strip_prefix("arn:aws:iam::aws:policy/").is_some_and(|name| !name.is_empty())
}

/// Can it be attached?
pub(super) fn exists(call: &mut Call<'_>, arn: &str) -> bool {
    is_aws_managed(arn) || call.global().iam.policies.contains(arn)
}

fn attachments(call: &mut Call<'_>, arn: &str) -> usize {
    let roles = call.global().iam.roles.values();
    roles.filter(|role| role.attached.iter().any(|known| known == arn)).count()
}

impl Policy {
    fn answer(&self, attached: usize, boundaries: usize) -> Value {
        json!({
            "PolicyName": self.name,
            "PolicyId": self.id,
            "Arn": self.arn,
            "Path": self.path,
            "DefaultVersionId": self.default,
            "AttachmentCount": attached,
            "PermissionsBoundaryUsageCount": boundaries,
            "IsAttachable": true,
            "CreateDate": self.created,
            "UpdateDate": self.updated,
        })
    }

    /// As `GetAccountAuthorizationDetails` shows it.
    pub(super) fn detail(&self, attached: usize, boundaries: usize) -> Value {
        let mut detail = self.answer(attached, boundaries);
        detail["PolicyVersionList"] =
            self.versions.iter().map(|version| self.version(version, true)).collect();
        detail
    }

    fn version(&self, version: &Version, with_document: bool) -> Value {
        let mut answer = json!({
            "VersionId": version.id,
            "IsDefaultVersion": version.id == self.default,
            "CreateDate": version.created,
        });
        if with_document {
            answer["Document"] = json!(encoded(&version.document));
        }
        answer
    }

    /// What its default version says.
    pub(super) fn document(&self) -> &str {
        let default = self.versions.iter().find(|version| version.id == self.default);
        default.map(|version| version.document.as_str()).unwrap_or_default()
    }

    /// Its ARN.
    pub(super) fn arn(&self) -> &str {
        &self.arn
    }
}

/// IAM counts the characters of a managed policy, white space aside.
const DOCUMENT_MAX: usize = 6144;

fn check_document(document: &str) -> Result<(), Fault> {
    check(document, Kind::Identity)?;
    if super::documents::size(document) > DOCUMENT_MAX {
        let message = format!("Cannot exceed quota for PolicySize: {DOCUMENT_MAX}");
        return Err(Fault::new("LimitExceeded", message).status(409));
    }
    Ok(())
}

fn boundaries(call: &mut Call<'_>, arn: &str) -> usize {
    let roles = call.global().iam.roles.values();
    roles.filter(|role| role.boundary.as_deref() == Some(arn)).count()
}

fn unknown(arn: &str) -> Fault {
    missing(&format!("Policy {arn} was not found, and so"))
}

fn named<'c>(call: &'c mut Call<'_>) -> Result<&'c mut Policy, Fault> {
    let arn = call.str("PolicyArn");
    if is_aws_managed(&arn) {
        return Err(Fault::new("AccessDenied", format!("{arn} belongs to AWS.")).status(403));
    }
    call.global().iam.policies.get_mut(&arn).ok_or_else(|| unknown(&arn))
}

fn create(call: &mut Call<'_>) -> Outcome {
    let (name, path, document) = (call.str("PolicyName"), path(call)?, call.str("PolicyDocument"));
    check_document(&document)?;
    let arn = format!("arn:aws:iam::{}:policy{path}{name}", call.account);
    let names = call.global().iam.policies.values().map(|policy| policy.name.as_str());
    if super::is_taken(names, &name) {
        return Err(taken(&format!("A policy called {name}")));
    }
    let count = call.global().iam.policies.len();
    check_quota(call, "iam-policies", "PoliciesPerAccount", count)?;
    let (now, id) = (call.now(), format!("ANPA{}", call.world.ids.base32(17)));
    let policy = Policy {
        name,
        path,
        id,
        arn: arn.clone(),
        description: call.opt_str("Description").filter(|text| !text.is_empty()),
        created: now,
        updated: now,
        default: "v1".to_owned(),
        next: 2,
        versions: vec![Version { id: "v1".to_owned(), document, created: now }],
        tags: Tags::of(call)?,
    };
    let mut answer = policy.answer(0, 0);
    answer["Tags"] = policy.tags.answer();
    let visible = call.visible_at();
    call.global().iam.policies.insert(&arn, policy, now, visible);
    Ok(json!({"Policy": answer}))
}

fn get(call: &mut Call<'_>) -> Outcome {
    let (arn, now) = (call.str("PolicyArn"), call.now());
    let (count, boundaries) = (attachments(call, &arn), boundaries(call, &arn));
    if is_aws_managed(&arn) {
        let name = super::role_policies::name_of(&arn).to_owned();
        return Ok(json!({"Policy": {
            "PolicyName": name, "PolicyId": "ANPAAIRPLANEMANAGED00", "Arn": arn, "Path": "/",
            "DefaultVersionId": "v1", "AttachmentCount": count, "PermissionsBoundaryUsageCount": boundaries,
            "IsAttachable": true, "CreateDate": 0, "UpdateDate": 0, "Tags": [],
        }}));
    }
    let policy = call.global().iam.policies.see(&arn, now).ok_or_else(|| unknown(&arn))?;
    let mut answer = policy.answer(count, boundaries);
    answer["Tags"] = policy.tags.answer();
    if let Some(description) = &policy.description {
        answer["Description"] = json!(description);
    }
    Ok(json!({"Policy": answer}))
}

fn delete(call: &mut Call<'_>) -> Outcome {
    let arn = call.str("PolicyArn");
    let versions = named(call)?.versions.len();
    let conflict = |message: &str| Err(Fault::new("DeleteConflict", message).status(409));
    if attachments(call, &arn) + boundaries(call, &arn) > 0 {
        return conflict("Cannot delete a policy attached to entities.");
    }
    if versions > 1 {
        return conflict(
            "This policy has more than one version. Before you delete a policy, you must delete the \
                         policy's versions. The default version is deleted with the policy.",
        );
    }
    call.global().iam.policies.remove(&arn);
    Ok(json!({}))
}

fn list(call: &mut Call<'_>) -> Outcome {
    let (prefix, now) = (call.opt_str("PathPrefix").unwrap_or_else(|| "/".to_owned()), call.now());
    let only_attached = call.opt_bool("OnlyAttached").unwrap_or(false);
    let mut found = Vec::new();
    if call.opt_str("Scope").as_deref() != Some("AWS") {
        let seen: Vec<Policy> =
            call.global().iam.policies.seen(now).map(|(_, policy)| policy.clone()).collect();
        for policy in seen.into_iter().filter(|policy| policy.path.starts_with(&prefix)) {
            let count = attachments(call, &policy.arn);
            let boundaries = boundaries(call, &policy.arn);
            if count > 0 || !only_attached {
                found.push(policy.answer(count, boundaries));
            }
        }
    }
    Ok(json!({"Policies": found, "IsTruncated": false}))
}

fn create_version(call: &mut Call<'_>) -> Outcome {
    let (document, now) = (call.str("PolicyDocument"), call.now());
    check_document(&document)?;
    let (most, is_default) =
        (call.quota("iam-policy-versions"), call.opt_bool("SetAsDefault").unwrap_or(false));
    let policy = named(call)?;
    if policy.versions.len() >= most {
        let message = format!(
            "A managed policy can have up to {most} versions. Before you create a new version, you \
                               must delete an existing version."
        );
        return Err(Fault::new("LimitExceeded", message).status(409));
    }
    let version = Version { id: format!("v{}", policy.next), document, created: now };
    policy.next += 1;
    policy.updated = now;
    if is_default {
        policy.default = version.id.clone();
    }
    let answer = policy.version(&version, false);
    policy.versions.push(version);
    Ok(json!({"PolicyVersion": answer}))
}

fn version_index(policy: &Policy, id: &str) -> Result<usize, Fault> {
    let found = policy.versions.iter().position(|version| version.id == id);
    found.ok_or_else(|| {
        missing(&format!("Policy {} version {id} does not exist, and so", policy.arn))
    })
}

fn get_version(call: &mut Call<'_>) -> Outcome {
    let id = call.str("VersionId");
    let arn = call.str("PolicyArn");
    if is_aws_managed(&arn) {
        let document = r#"{"Version":"2012-10-17","Statement":[]}"#;
        let answer = json!({"VersionId": id, "IsDefaultVersion": true, "CreateDate": 0, "Document": encoded(document)});
        return Ok(json!({"PolicyVersion": answer}));
    }
    let policy = named(call)?;
    let at = version_index(policy, &id)?;
    Ok(json!({"PolicyVersion": policy.version(&policy.versions[at], true)}))
}

fn delete_version(call: &mut Call<'_>) -> Outcome {
    let id = call.str("VersionId");
    let policy = named(call)?;
    let at = version_index(policy, &id)?;
    if policy.default == id {
        let message = "Cannot delete the default version of a policy.";
        return Err(Fault::new("DeleteConflict", message).status(409));
    }
    policy.versions.remove(at);
    Ok(json!({}))
}

fn list_versions(call: &mut Call<'_>) -> Outcome {
    let policy = named(call)?;
    let versions: Vec<Value> =
        policy.versions.iter().rev().map(|version| policy.version(version, false)).collect();
    Ok(json!({"Versions": versions, "IsTruncated": false}))
}

fn set_default(call: &mut Call<'_>) -> Outcome {
    let id = call.str("VersionId");
    let policy = named(call)?;
    version_index(policy, &id)?;
    policy.default = id;
    Ok(json!({}))
}

fn own_tags<'c>(call: &'c mut Call<'_>) -> Result<&'c mut Tags, Fault> {
    Ok(&mut named(call)?.tags)
}

fn entities(call: &mut Call<'_>) -> Outcome {
    let arn = call.str("PolicyArn");
    if !exists(call, &arn) {
        return Err(unknown(&arn));
    }
    let roles = call.global().iam.roles.values();
    let roles: Vec<Value> = roles
        .filter(|role| role.attached.contains(&arn))
        .map(|role| json!({"RoleName": role.name, "RoleId": role.id}))
        .collect();
    Ok(json!({"PolicyRoles": roles, "PolicyUsers": [], "PolicyGroups": [], "IsTruncated": false}))
}

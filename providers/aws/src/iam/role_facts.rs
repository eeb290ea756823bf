//! [`role`]: all that IAM knows of a role, shared by the role, its policies and its attachments.
//!
//! A few roles are asked for one by one. Many are taken from two lists, whose pages hold a thousand
//! each: ListRoles knows descriptions and durations, GetAccountAuthorizationDetails all the rest.

use std::collections::BTreeMap;

use aws_sdk_iam::types::{AttachedPolicy, EntityType, Tag};

use super::{decoded, time};
use crate::api::{Api, AwsError};
use crate::bulk::{Found, each};
use crate::resource::Result;

/// From how many roles on the lists are cheaper.
const MANY: usize = 5;

/// A role.
#[derive(Clone, Debug, Default)]
pub(crate) struct RoleFacts {
    pub(crate) arn: String,
    pub(crate) path: String,
    pub(crate) unique_id: String,
    pub(crate) create_date: String,
    pub(crate) assume_role_policy: String,
    pub(crate) description: String,
    pub(crate) max_session_duration: i32,
    pub(crate) boundary: Option<String>,
    pub(crate) tags: Vec<Tag>,
    pub(crate) last_used: Option<(String, String)>,
    /// Documents of inline policies by name.
    pub(crate) inline: BTreeMap<String, String>,
    /// ARNs of attached policies.
    pub(crate) attached: Vec<String>,
}

/// The role of that name.
pub(crate) async fn role(api: &Api, name: &str) -> Result<Option<RoleFacts>> {
    api.load("iam role", name, roles).await
}

async fn roles(api: Api, names: Vec<String>) -> Result<Found<RoleFacts>> {
    if names.len() >= MANY {
        match listed(&api, &names).await {
            // Those who may read a role need not be allowed to list all.
            Err(error) if error.is(&["AccessDenied", "AccessDeniedException"]) => {}
            // A new role may be missing in the list: those are asked for below.
            Ok(mut found) => {
                let missing = names.into_iter().filter(|name| !found.contains_key(name)).collect();
                found.extend(each(missing, |name| one(&api, name)).await?);
                return Ok(found);
            }
            Err(error) => return Err(error),
        }
    }
    each(names, |name| one(&api, name)).await
}

fn facts(role: &aws_sdk_iam::types::Role) -> RoleFacts {
    let used = role.role_last_used();
    RoleFacts {
        arn: role.arn().to_owned(),
        path: role.path().to_owned(),
        unique_id: role.role_id().to_owned(),
        create_date: time(role.create_date()),
        assume_role_policy: decoded(role.assume_role_policy_document().unwrap_or_default()),
        description: role.description().unwrap_or_default().to_owned(),
        max_session_duration: role.max_session_duration().unwrap_or(3600),
        boundary: role
            .permissions_boundary()
            .and_then(|it| it.permissions_boundary_arn())
            .map(str::to_owned),
        tags: role.tags().to_vec(),
        last_used: used.and_then(|it| {
            Some((it.last_used_date().map(time)?, it.region().unwrap_or_default().to_owned()))
        }),
        ..RoleFacts::default()
    }
}

async fn one(api: &Api, name: String) -> Result<RoleFacts> {
    let name = name.as_str();
    let get = || api.iam().get_role().role_name(name).send();
    let (role, attached, inline) = futures::try_join!(
        api.call("iam", "GetRole", get),
        attached(api, name),
        inline(api, name),
    )?;
    let role = role.role().ok_or_else(|| AwsError::refused("NoSuchEntity", "No role"))?;
    Ok(RoleFacts { attached, inline, ..facts(role) })
}

fn arns(policies: Option<&[AttachedPolicy]>) -> Vec<String> {
    let all = policies.unwrap_or_default().iter();
    all.filter_map(|it| it.policy_arn().map(str::to_owned)).collect()
}

async fn attached(api: &Api, name: &str) -> Result<Vec<String>> {
    let list =
        |marker| api.iam().list_attached_role_policies().role_name(name).set_marker(marker).send();
    let all = api
        .pages("iam", "ListAttachedRolePolicies", list, |answer| {
            (answer.attached_policies, answer.marker)
        })
        .await?;
    Ok(arns(Some(&all)))
}

async fn inline(api: &Api, name: &str) -> Result<BTreeMap<String, String>> {
    let list = |marker| api.iam().list_role_policies().role_name(name).set_marker(marker).send();
    let names = api
        .pages("iam", "ListRolePolicies", list, |answer| (Some(answer.policy_names), answer.marker))
        .await?;
    let documents = each(names, |policy| async move {
        let get = || api.iam().get_role_policy().role_name(name).policy_name(&policy).send();
        let answer = api.call("iam", "GetRolePolicy", get).await?;
        Ok(decoded(answer.policy_document()))
    });
    Ok(documents.await?.into_iter().collect())
}

async fn listed(api: &Api, names: &[String]) -> Result<Found<RoleFacts>> {
    let list = |marker| api.iam().list_roles().max_items(1000).set_marker(marker).send();
    let details = |marker| {
        let call = api.iam().get_account_authorization_details().filter(EntityType::Role);
        call.max_items(1000).set_marker(marker).send()
    };
    let roles = api.pages("iam", "ListRoles", list, |answer| (Some(answer.roles), answer.marker));
    let details = api.pages("iam", "GetAccountAuthorizationDetails", details, |answer| {
        (answer.role_detail_list, answer.marker)
    });
    let (roles, details) = futures::try_join!(roles, details)?;
    let mut found: Found<RoleFacts> = roles
        .iter()
        .filter(|role| names.iter().any(|name| name == role.role_name()))
        .map(|role| (role.role_name().to_owned(), facts(role)))
        .collect();
    let mut whole = Found::new();
    for detail in details {
        let Some(name) = detail.role_name() else { continue };
        let Some(mut facts) = found.remove(name) else { continue };
        let policies = detail.role_policy_list().iter();
        facts.inline = policies
            .filter_map(|it| Some((it.policy_name()?.to_owned(), decoded(it.policy_document()?))))
            .collect();
        facts.attached = arns(Some(detail.attached_managed_policies()));
        facts.tags = detail.tags().to_vec();
        let boundary = detail.permissions_boundary();
        facts.boundary = boundary.and_then(|it| it.permissions_boundary_arn()).map(str::to_owned);
        whole.insert(name.to_owned(), facts);
    }
    Ok(whole)
}

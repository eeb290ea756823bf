//! What IAM knows of roles, shared by the role, its policies and its attachments: each asks only for
//! what it shows.
//!
//! A few are asked for one by one. Many are taken from lists, whose pages hold a thousand each:
//! ListRoles knows descriptions and durations, GetAccountAuthorizationDetails all the rest. Who may
//! read a role need not be allowed to list all, and a new one may be missing in a list: what the
//! lists do not have is asked for one by one all the same.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use aws_sdk_iam::types::{AttachedPolicy, EntityType, PolicyDetail, RoleDetail, RoleLastUsed, Tag};

use super::{decoded, time};
use crate::api::{Api, AwsError};
use crate::bulk::{Found, each};
use crate::resource::Result;

/// From how many on the lists are cheaper.
const MANY: usize = 5;

/// A role.
#[derive(Clone, Debug)]
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
}

/// The role of that name.
pub(crate) async fn role(api: &Api, name: &str) -> Result<Option<RoleFacts>> {
    api.load("iam role", name, roles).await
}

/// ARNs of the policies that are attached to the role; `None` where there is no role.
pub(crate) async fn attached(api: &Api, role: &str) -> Result<Option<Vec<String>>> {
    api.load("iam policies attached to role", role, attachments).await
}

/// Documents of the role's inline policies by name; `None` where there is no role.
pub(crate) async fn inline(api: &Api, role: &str) -> Result<Option<BTreeMap<String, String>>> {
    api.load("iam inline policies of role", role, inline_policies).await
}

/// The document of one inline policy.
pub(crate) async fn inline_policy(api: &Api, role: &str, name: &str) -> Result<Option<String>> {
    api.load("iam inline policy", &format!("{role}\t{name}"), documents).await
}

async fn roles(api: Api, names: Vec<String>) -> Result<Found<RoleFacts>> {
    let listed = if names.len() >= MANY { listed(&api, &names).await? } else { Found::new() };
    rest(listed, names, |name| get(&api, name)).await
}

async fn attachments(api: Api, roles: Vec<String>) -> Result<Found<Vec<String>>> {
    let all = details(&api, roles.len()).await?;
    let known = |name: &String| {
        Some((name.clone(), arns(all.get(name)?.attached_managed_policies.as_deref())))
    };
    let listed = roles.iter().filter_map(known).collect();
    rest(listed, roles, |name| list_attached(&api, name)).await
}

async fn inline_policies(api: Api, roles: Vec<String>) -> Result<Found<BTreeMap<String, String>>> {
    let all = details(&api, roles.len()).await?;
    let known = |name: &String| {
        let policies = all.get(name)?.role_policy_list().iter();
        Some((name.clone(), policies.filter_map(document).collect()))
    };
    let listed = roles.iter().filter_map(known).collect();
    rest(listed, roles, |name| list_inline(&api, name)).await
}

async fn documents(api: Api, keys: Vec<String>) -> Result<Found<String>> {
    let all = details(&api, keys.len()).await?;
    let known = |key: &String| {
        let (role, name) = key.split_once('\t')?;
        let mut policies = all.get(role)?.role_policy_list().iter().filter_map(document);
        Some((key.clone(), policies.find(|(policy, _)| policy == name)?.1))
    };
    let listed = keys.iter().filter_map(known).collect();
    rest(listed, keys, |key| get_document(&api, key)).await
}

/// What was listed, and what was not, one by one.
async fn rest<T, F>(
    mut listed: Found<T>,
    mut names: Vec<String>,
    ask: impl Fn(String) -> F + Sync,
) -> Result<Found<T>>
where
    F: Future<Output = Result<T>>,
{
    names.retain(|name| !listed.contains_key(name));
    listed.extend(each(names, ask).await?);
    Ok(listed)
}

type Details = Arc<HashMap<String, RoleDetail>>;

/// All roles of the account, where `count` of them are asked for; else none.
async fn details(api: &Api, count: usize) -> Result<Details> {
    if count < MANY {
        return Ok(Details::default());
    }
    Ok(api.load("iam role details", "all", all_details).await?.unwrap_or_default())
}

async fn all_details(api: Api, _: Vec<String>) -> Result<Found<Details>> {
    let ask = |marker| {
        let call = api.iam().get_account_authorization_details().filter(EntityType::Role);
        call.max_items(1000).set_marker(marker).send()
    };
    let all = api.pages("iam", "GetAccountAuthorizationDetails", ask, |answer| {
        (answer.role_detail_list, answer.marker)
    });
    let all = or_none(all.await)?.into_iter();
    let all: HashMap<_, _> = all.filter_map(|it| Some((it.role_name.clone()?, it))).collect();
    Ok(Found::from([("all".to_owned(), Arc::new(all))]))
}

async fn listed(api: &Api, names: &[String]) -> Result<Found<RoleFacts>> {
    let list = |marker| api.iam().list_roles().max_items(1000).set_marker(marker).send();
    let roles = api.pages("iam", "ListRoles", list, |answer| (Some(answer.roles), answer.marker));
    let roles = async { or_none(roles.await) };
    let (roles, details) = futures::try_join!(roles, details(api, names.len()))?;
    let wanted = roles.iter().filter(|role| names.iter().any(|name| name == role.role_name()));
    let known = |role: &aws_sdk_iam::types::Role| {
        let detail = details.get(role.role_name())?;
        let boundary = detail.permissions_boundary();
        let facts = RoleFacts {
            tags: detail.tags().to_vec(),
            boundary: boundary.and_then(|it| it.permissions_boundary_arn()).map(str::to_owned),
            last_used: last_used(detail.role_last_used()),
            ..facts(role)
        };
        Some((role.role_name().to_owned(), facts))
    };
    Ok(wanted.filter_map(known).collect())
}

/// Nothing, where AWS does not allow the list.
fn or_none<T>(result: Result<Vec<T>>) -> Result<Vec<T>> {
    match result {
        Err(error) if error.is(&["AccessDenied", "AccessDeniedException"]) => Ok(Vec::new()),
        result => result,
    }
}

fn facts(role: &aws_sdk_iam::types::Role) -> RoleFacts {
    let boundary = role.permissions_boundary();
    RoleFacts {
        arn: role.arn().to_owned(),
        path: role.path().to_owned(),
        unique_id: role.role_id().to_owned(),
        create_date: time(role.create_date()),
        assume_role_policy: decoded(role.assume_role_policy_document().unwrap_or_default()),
        description: role.description().unwrap_or_default().to_owned(),
        max_session_duration: role.max_session_duration().unwrap_or(3600),
        boundary: boundary.and_then(|it| it.permissions_boundary_arn()).map(str::to_owned),
        tags: role.tags().to_vec(),
        last_used: last_used(role.role_last_used()),
    }
}

fn last_used(used: Option<&RoleLastUsed>) -> Option<(String, String)> {
    let used = used?;
    Some((used.last_used_date().map(time)?, used.region().unwrap_or_default().to_owned()))
}

fn arns(policies: Option<&[AttachedPolicy]>) -> Vec<String> {
    let all = policies.unwrap_or_default().iter();
    all.filter_map(|it| it.policy_arn().map(str::to_owned)).collect()
}

fn document(policy: &PolicyDetail) -> Option<(String, String)> {
    Some((policy.policy_name()?.to_owned(), decoded(policy.policy_document()?)))
}

async fn get(api: &Api, name: String) -> Result<RoleFacts> {
    let get = || api.iam().get_role().role_name(&name).send();
    let answer = api.call("iam", "GetRole", get).await?;
    let role = answer.role().ok_or_else(|| AwsError::refused("NoSuchEntity", "No role"))?;
    Ok(facts(role))
}

async fn list_attached(api: &Api, name: String) -> Result<Vec<String>> {
    let list =
        |marker| api.iam().list_attached_role_policies().role_name(&name).set_marker(marker).send();
    let all = api
        .pages("iam", "ListAttachedRolePolicies", list, |answer| {
            (answer.attached_policies, answer.marker)
        })
        .await?;
    Ok(arns(Some(&all)))
}

async fn list_inline(api: &Api, role: String) -> Result<BTreeMap<String, String>> {
    let list = |marker| api.iam().list_role_policies().role_name(&role).set_marker(marker).send();
    let names = api
        .pages("iam", "ListRolePolicies", list, |answer| (Some(answer.policy_names), answer.marker))
        .await?;
    let role = &role;
    let documents =
        each(names, |name| async move { get_document(api, format!("{role}\t{name}")).await });
    Ok(documents.await?.into_iter().collect())
}

async fn get_document(api: &Api, key: String) -> Result<String> {
    let (role, name) = key.split_once('\t').unwrap_or_default();
    let get = || api.iam().get_role_policy().role_name(role).policy_name(name).send();
    let answer = api.call("iam", "GetRolePolicy", get).await?;
    Ok(decoded(answer.policy_document()))
}

//! `aws_iam_policy`: a managed policy. A change is a new version; of five, the oldest makes room.

use async_trait::async_trait;
use aws_sdk_iam::types::{EntityType, ManagedPolicyDetail, PolicyVersion};
use kprov_core::Value;

use super::role::gone;
use super::{
    NAME_WORDS, PROPAGATION, check_document, check_path, decoded, is_arn, is_name, is_ours,
    may_spread, pairs, tags,
};
use crate::api::{Api, AwsError};
use crate::bulk::{Found, each};
use crate::fields::{Fields, Problems};
use crate::names;
use crate::resource::{AwsResource, Changes, Create, Made, Plan, Result, Tagging};
use crate::row::{Row, same_document};
use crate::tags::Tags;

/// From how many policies on one list of all is cheaper than a call for each document.
const MANY: usize = 5;

/// How many versions IAM keeps.
const VERSIONS: usize = 5;

#[derive(Debug)]
pub(crate) struct Policy;

#[async_trait]
impl AwsResource for Policy {
    fn tagging(&self) -> Tagging {
        Tagging::Own
    }

    fn validate(&self, config: Fields<'_>, problems: &mut Problems) {
        names::check(problems, config, 128, is_name, NAME_WORDS);
        check_path(problems, config);
        check_document(problems, config, "policy");
        // IAM does not count spaces, but then at most 6144 characters.
        let length = |text: &str| text.chars().filter(|c| !c.is_whitespace()).count();
        if config.text("policy").is_some_and(|text| length(text) > 6144) {
            let message = "A managed policy has at most 6144 characters: split it.";
            problems.add("policy", "Policy too long", message);
        }
    }

    fn plan(&self, plan: &mut Plan<'_>) {
        plan.keep_same_document("policy");
    }

    async fn read(&self, api: &Api, prior: Fields<'_>) -> Result<Option<Row>> {
        let arn = prior.id();
        let Some((policy, text)) = api.load("iam policy", arn, policies).await? else {
            return Ok(None);
        };
        let name = policy.policy_name().unwrap_or_default();
        let mut row = Row::new();
        row.set("id", arn)
            .set("arn", arn)
            .set("name", name)
            .set("name_prefix", names::prefix(name))
            .set("path", policy.path())
            .set("description", policy.description())
            .set("policy_id", policy.policy_id())
            .set("attachment_count", policy.attachment_count())
            .document("policy", Some(&text))
            .tags(pairs(policy.tags()));
        Ok(Some(row))
    }

    async fn create(&self, api: &Api, create: Create<'_>) -> Result<Made> {
        let planned = create.planned;
        let name = names::chosen(planned, create.token, "terraform-");
        let all = tags(&create.tags_with_token());
        let make = || {
            api.iam()
                .create_policy()
                .policy_name(&name)
                .set_path(planned.string("path"))
                .set_description(planned.string("description"))
                .set_policy_document(planned.string("policy"))
                .set_tags(Some(all.clone()))
                .send()
        };
        let answer = api.call("iam", "CreatePolicy", make).await.map_err(at)?;
        let Some(policy) = answer.policy else { return Ok(Made::id("")) };
        let mut known = Row::new();
        known
            .set("arn", policy.arn())
            .set("name", name.as_str())
            .set("name_prefix", names::prefix(&name))
            .set("policy_id", policy.policy_id())
            .set("attachment_count", 0);
        Ok(Made::knowing(policy.arn.unwrap_or_default(), known))
    }

    async fn update(&self, api: &Api, changes: Changes<'_>) -> Result<()> {
        if !changes.has("policy") {
            return Ok(());
        }
        let (arn, text) = (changes.id(), changes.planned.str("policy").unwrap_or_default());
        let now = api.load("iam policy", arn, policies).await?;
        if now.is_some_and(|(_, now)| same_document(&now, text)) {
            return Ok(());
        }
        let versions = versions(api, arn).await?;
        if versions.len() >= VERSIONS {
            let others = versions.iter().filter(|version| !version.is_default_version());
            let oldest = others.min_by_key(|version| {
                version.create_date().map_or((0, 0), |date| (date.secs(), date.subsec_nanos()))
            });
            if let Some(id) = oldest.and_then(|version| version.version_id()) {
                delete_version(api, arn, id).await?;
            }
        }
        let make = || {
            let call = api.iam().create_policy_version().policy_arn(arn);
            call.policy_document(text).set_as_default(true).send()
        };
        api.call("iam", "CreatePolicyVersion", make).await.map(|_| ()).map_err(at)
    }

    async fn delete(&self, api: &Api, prior: Fields<'_>) -> Result<()> {
        let arn = prior.id();
        for version in versions(api, arn).await?.iter().filter(|it| !it.is_default_version()) {
            delete_version(api, arn, version.version_id().unwrap_or_default()).await?;
        }
        let delete = || api.iam().delete_policy().policy_arn(arn).send();
        api.call("iam", "DeletePolicy", delete).await.map(|_| ())
    }

    fn delete_patience(&self) -> std::time::Duration {
        PROPAGATION
    }

    async fn holders(&self, api: &Api, prior: Fields<'_>) -> Result<Vec<String>> {
        let list = || api.iam().list_entities_for_policy().policy_arn(prior.id()).send();
        let answer = api.call("iam", "ListEntitiesForPolicy", list).await?;
        let name = |kind: &str, name: Option<&str>| format!("{kind} {}", name.unwrap_or_default());
        let roles = answer.policy_roles().iter().map(|it| name("role", it.role_name()));
        let users = answer.policy_users().iter().map(|it| name("user", it.user_name()));
        let groups = answer.policy_groups().iter().map(|it| name("group", it.group_name()));
        Ok(roles.chain(users).chain(groups).collect())
    }

    async fn find(&self, api: &Api, create: Create<'_>) -> Result<Option<Made>> {
        let name = names::chosen(create.planned, create.token, "terraform-");
        let path = create.planned.str("path").unwrap_or("/");
        let account = &api.identity().await?.account;
        let arn = format!("arn:{}:iam::{account}:policy{path}{name}", api.partition());
        let found = api.load("iam policy", &arn, policies).await?;
        Ok(found.filter(|(it, _)| is_ours(it.tags(), create.token)).map(|_| Made::id(arn)))
    }

    async fn retag(
        &self,
        api: &Api,
        object: Fields<'_>,
        removed: Vec<String>,
        written: Tags,
    ) -> Result<()> {
        let arn = object.id();
        if !removed.is_empty() {
            let call = || {
                api.iam().untag_policy().policy_arn(arn).set_tag_keys(Some(removed.clone())).send()
            };
            api.call("iam", "UntagPolicy", call).await?;
        }
        if !written.is_empty() {
            let all = tags(&written);
            let call = || api.iam().tag_policy().policy_arn(arn).set_tags(Some(all.clone())).send();
            api.call("iam", "TagPolicy", call).await?;
        }
        Ok(())
    }

    fn import(&self, id: &str) -> std::result::Result<Vec<(&'static str, Value)>, String> {
        match is_arn(id) {
            true => Ok(vec![("id", Value::string(id))]),
            false => Err(format!("Expected the ARN of a policy, not {id:?}.")),
        }
    }
}

fn at(error: AwsError) -> AwsError {
    match &*error.code {
        "EntityAlreadyExists" => error.at("name"),
        "MalformedPolicyDocument" | "LimitExceeded" => error.at("policy"),
        _ => error,
    }
}

/// Policies and the documents of their default versions, by ARN. Tags are only in the answer about
/// one policy; the documents of many come from one list.
async fn policies(
    api: Api,
    arns: Vec<String>,
) -> Result<Found<(aws_sdk_iam::types::Policy, String)>> {
    let api = &api;
    let documents = match arns.len() >= MANY {
        true => documents(api, &arns).await?,
        false => Found::new(),
    };
    let documents = &documents;
    each(arns, |arn| async move {
        let get = || api.iam().get_policy().policy_arn(&arn).send();
        let policy = api.call("iam", "GetPolicy", get).await?.policy;
        let policy = policy.ok_or_else(|| AwsError::refused("NoSuchEntity", "No policy"))?;
        let version = policy.default_version_id().unwrap_or("v1");
        // A version that is newer than the list is asked for.
        let document = match documents.get(&arn).filter(|(listed, _)| listed == version) {
            Some((_, document)) => document.clone(),
            None => document(api, &arn, version).await?,
        };
        Ok((policy.clone(), document))
    })
    .await
}

async fn document(api: &Api, arn: &str, version: &str) -> Result<String> {
    let get = || api.iam().get_policy_version().policy_arn(arn).version_id(version).send();
    let work = || api.call("iam", "GetPolicyVersion", get);
    let version = api.insist(std::time::Duration::from_secs(5), may_spread, work).await?;
    let document = version.policy_version().and_then(|version| version.document());
    Ok(decoded(document.unwrap_or_default()))
}

/// Default versions and their documents by ARN, of the account's own policies.
async fn documents(api: &Api, arns: &[String]) -> Result<Found<(String, String)>> {
    let ask = |marker| {
        let call = api.iam().get_account_authorization_details();
        call.filter(EntityType::LocalManagedPolicy).max_items(1000).set_marker(marker).send()
    };
    let all = api.pages("iam", "GetAccountAuthorizationDetails", ask, |answer| {
        (answer.policies, answer.marker)
    });
    let all = match all.await {
        // Those who may read a policy need not be allowed to list all.
        Err(error) if error.is(&["AccessDenied", "AccessDeniedException"]) => Vec::new(),
        all => all?,
    };
    let document = |policy: ManagedPolicyDetail| {
        let version = policy.default_version_id().unwrap_or("v1");
        let mut versions = policy.policy_version_list().iter();
        let found = versions.find(|it| it.version_id() == Some(version))?;
        let document = decoded(found.document()?);
        Some((
            policy.arn().filter(|arn| arns.iter().any(|it| it == arn))?.to_owned(),
            (version.to_owned(), document),
        ))
    };
    Ok(all.into_iter().filter_map(document).collect())
}

async fn versions(api: &Api, arn: &str) -> Result<Vec<PolicyVersion>> {
    let list = |marker| api.iam().list_policy_versions().policy_arn(arn).set_marker(marker).send();
    api.pages("iam", "ListPolicyVersions", list, |answer| (answer.versions, answer.marker)).await
}

async fn delete_version(api: &Api, arn: &str, id: &str) -> Result<()> {
    let delete = || api.iam().delete_policy_version().policy_arn(arn).version_id(id).send();
    gone(api.call("iam", "DeletePolicyVersion", delete).await)
}

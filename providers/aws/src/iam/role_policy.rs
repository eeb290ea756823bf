//! `aws_iam_role_policy`: an inline policy of a role.

use std::time::Duration;

use async_trait::async_trait;
use kprov_core::Value;

use super::role::gone;
use super::role_facts::inline_policy;
use super::{NAME_WORDS, check_document, is_name, may_spread};
use crate::api::Api;
use crate::fields::{Fields, Problems};
use crate::names;
use crate::resource::{AwsResource, Changes, Create, Made, Plan, Result};
use crate::row::{Row, same_document};

#[derive(Debug)]
pub(crate) struct RolePolicy;

#[async_trait]
impl AwsResource for RolePolicy {
    fn validate(&self, config: Fields<'_>, problems: &mut Problems) {
        names::check(problems, config, 128, is_name, NAME_WORDS);
        check_document(problems, config, "policy");
    }

    fn plan(&self, plan: &mut Plan<'_>) {
        plan.keep_same_document("policy");
    }

    async fn read(&self, api: &Api, prior: Fields<'_>) -> Result<Option<Row>> {
        let Some((owner, name)) = prior.id().split_once(':') else { return Ok(None) };
        let Some(text) = inline_policy(api, owner, name).await? else { return Ok(None) };
        let mut row = Row::new();
        row.set("id", prior.id())
            .set("role", owner)
            .set("name", name)
            .set("name_prefix", names::prefix(name))
            .document("policy", Some(&text));
        Ok(Some(row))
    }

    async fn create(&self, api: &Api, create: Create<'_>) -> Result<Made> {
        let name = names::chosen(create.planned, create.token, "terraform-");
        let owner = create.planned.str("role").unwrap_or_default();
        put(api, owner, &name, create.planned).await?;
        let mut known = Row::new();
        known.set("name", name.as_str()).set("name_prefix", names::prefix(&name));
        Ok(Made::knowing(format!("{owner}:{name}"), known))
    }

    async fn update(&self, api: &Api, changes: Changes<'_>) -> Result<()> {
        match changes.id().split_once(':') {
            Some((owner, name)) if changes.has("policy") => {
                put(api, owner, name, changes.planned).await
            }
            _ => Ok(()),
        }
    }

    async fn delete(&self, api: &Api, prior: Fields<'_>) -> Result<()> {
        let Some((owner, name)) = prior.id().split_once(':') else { return Ok(()) };
        let call = || api.iam().delete_role_policy().role_name(owner).policy_name(name).send();
        gone(api.call("iam", "DeleteRolePolicy", call).await)
    }

    /// A policy has no tags: what is there under the name with our document is ours.
    async fn find(&self, api: &Api, create: Create<'_>) -> Result<Option<Made>> {
        let name = names::chosen(create.planned, create.token, "terraform-");
        let owner = create.planned.str("role").unwrap_or_default();
        let wanted = create.planned.str("policy").unwrap_or_default();
        let found = inline_policy(api, owner, &name).await?;
        let ours = found.is_some_and(|text| same_document(&text, wanted));
        Ok(ours.then(|| Made::id(format!("{owner}:{name}"))))
    }

    fn import(&self, id: &str) -> std::result::Result<Vec<(&'static str, Value)>, String> {
        match id.split_once(':') {
            Some((owner, name)) if !owner.is_empty() && !name.is_empty() => {
                Ok(vec![("id", Value::string(id))])
            }
            _ => Err(format!("Expected ROLE:POLICY, such as \"node:logs\", not {id:?}.")),
        }
    }
}

async fn put(api: &Api, owner: &str, name: &str, planned: Fields<'_>) -> Result<()> {
    let text = planned.str("policy").unwrap_or_default();
    let call = || {
        let call = api.iam().put_role_policy().role_name(owner);
        call.policy_name(name).policy_document(text).send()
    };
    let work = || api.call("iam", "PutRolePolicy", call);
    let result = api.insist(Duration::from_secs(20), may_spread, work).await;
    result.map(|_| ()).map_err(|error| match error.is_not_found() {
        true => error.at("role"),
        false => error.at("policy"),
    })
}

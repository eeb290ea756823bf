//! `aws_iam_role_policy_attachment`.

use async_trait::async_trait;
use kprov_core::Value;

use super::check_arn;
use super::role::{attach, detach};
use super::role_facts::attached;
use crate::api::Api;
use crate::fields::{Fields, Problems};
use crate::resource::{AwsResource, Changes, Create, Made, Result};
use crate::row::Row;

#[derive(Debug)]
pub(crate) struct RolePolicyAttachment;

fn id(object: Fields<'_>) -> String {
    let part = |name| object.str(name).unwrap_or_default();
    format!("{}/{}", part("role"), part("policy_arn"))
}

#[async_trait]
impl AwsResource for RolePolicyAttachment {
    fn validate(&self, config: Fields<'_>, problems: &mut Problems) {
        check_arn(problems, config, "policy_arn");
    }

    async fn read(&self, api: &Api, prior: Fields<'_>) -> Result<Option<Row>> {
        let (owner, arn) =
            (prior.str("role").unwrap_or_default(), prior.str("policy_arn").unwrap_or_default());
        let Some(attached) = attached(api, owner).await? else { return Ok(None) };
        if !attached.iter().any(|attached| attached == arn) {
            return Ok(None);
        }
        // Terraform's ids are random; those in a state that comes from it are kept.
        let known = prior.string("id").unwrap_or_else(|| id(prior));
        let mut row = Row::new();
        row.set("id", known).set("role", owner).set("policy_arn", arn);
        Ok(Some(row))
    }

    async fn create(&self, api: &Api, create: Create<'_>) -> Result<Made> {
        let planned = create.planned;
        let part = |name| planned.str(name).unwrap_or_default();
        attach(api, part("role"), part("policy_arn")).await.map_err(|error| {
            match error.message.contains("policy") || error.is(&["InvalidInput"]) {
                true => error.at("policy_arn"),
                false => error.at("role"),
            }
        })?;
        Ok(Made::id(id(planned)))
    }

    async fn update(&self, _api: &Api, _changes: Changes<'_>) -> Result<()> {
        Ok(())
    }

    async fn delete(&self, api: &Api, prior: Fields<'_>) -> Result<()> {
        let part = |name| prior.str(name).unwrap_or_default();
        detach(api, part("role"), part("policy_arn")).await
    }

    async fn find(&self, api: &Api, create: Create<'_>) -> Result<Option<Made>> {
        let there = self.read(api, create.planned).await?.is_some();
        Ok(there.then(|| Made::id(id(create.planned))))
    }

    fn import(&self, id: &str) -> std::result::Result<Vec<(&'static str, Value)>, String> {
        match id.split_once('/') {
            Some((owner, arn)) if !owner.is_empty() && super::is_arn(arn) => Ok(vec![
                ("id", Value::string(id)),
                ("role", Value::string(owner)),
                ("policy_arn", Value::string(arn)),
            ]),
            _ => Err(format!("Expected ROLE/POLICY_ARN, not {id:?}.")),
        }
    }
}

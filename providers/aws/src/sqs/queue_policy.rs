//! `aws_sqs_queue_policy`: who may use a queue, apart from the queue.

use async_trait::async_trait;
use aws_sdk_sqs::types::QueueAttributeName as Name;
use kprov_core::Value;

use super::{attributes, set};
use crate::api::{Api, Progress};
use crate::fields::{Fields, Problems};
use crate::iam::{PROPAGATION, check_document};
use crate::resource::{AwsResource, Changes, Create, Made, Plan, Result};
use crate::row::{Row, same_document};

#[derive(Debug)]
pub(crate) struct QueuePolicy;

#[async_trait]
impl AwsResource for QueuePolicy {
    fn validate(&self, config: Fields<'_>, problems: &mut Problems) {
        check_document(problems, config, "policy");
    }

    fn plan(&self, plan: &mut Plan<'_>) {
        plan.keep_same_document("policy");
    }

    async fn read(&self, api: &Api, prior: Fields<'_>) -> Result<Option<Row>> {
        let url = prior.id();
        let Some(found) = api.load("sqs queue", url, attributes).await? else { return Ok(None) };
        let Some(policy) = found.get("Policy").filter(|policy| !policy.is_empty()) else {
            return Ok(None);
        };
        let mut row = Row::new();
        row.set("id", url).set("queue_url", url).document("policy", Some(policy));
        Ok(Some(row))
    }

    async fn create(&self, api: &Api, create: Create<'_>) -> Result<Made> {
        let url = create.planned.str("queue_url").unwrap_or_default();
        write(api, url, create.planned.str("policy").unwrap_or_default()).await?;
        Ok(Made::id(url))
    }

    async fn update(&self, api: &Api, changes: Changes<'_>) -> Result<()> {
        if !changes.has("policy") {
            return Ok(());
        }
        write(api, changes.id(), changes.planned.str("policy").unwrap_or_default()).await
    }

    async fn delete(&self, api: &Api, prior: Fields<'_>) -> Result<()> {
        write(api, prior.id(), "").await
    }

    async fn find(&self, api: &Api, create: Create<'_>) -> Result<Option<Made>> {
        let url = create.planned.str("queue_url").unwrap_or_default();
        let wanted = create.planned.str("policy").unwrap_or_default();
        let found = api.load("sqs queue", url, attributes).await?;
        let found = found.and_then(|mut found| found.remove("Policy"));
        Ok(found.is_some_and(|policy| same_document(&policy, wanted)).then(|| Made::id(url)))
    }

    fn import(&self, id: &str) -> std::result::Result<Vec<(&'static str, Value)>, String> {
        match id.starts_with("http") {
            true => Ok(vec![("id", Value::string(id))]),
            false => Err(format!("Expected the URL of a queue, not {id:?}.")),
        }
    }
}

/// Sets the policy (a principal in it may be new) and waits until AWS tells it.
async fn write(api: &Api, url: &str, policy: &str) -> Result<()> {
    let early = |error: &crate::api::AwsError| {
        error.is(&["InvalidAttributeValue"]) && error.message.contains("rincipal")
    };
    let work = || set(api, url, vec![(Name::Policy, policy.to_owned())]);
    let result = api.insist(PROPAGATION, early, work).await;
    result.map_err(|error| match error.is_not_found() {
        true => error.at("queue_url"),
        false => error.at("policy"),
    })?;
    api.wait("sqs queue", url, PROPAGATION, attributes, |found| {
        let now = found.and_then(|found| found.get("Policy")).map_or("", String::as_str);
        match found.is_none() || same_document(now, policy) {
            true => Progress::Done(()),
            false => Progress::Pending("Policy not spread".to_owned()),
        }
    })
    .await
}

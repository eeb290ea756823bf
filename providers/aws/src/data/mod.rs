//! [`AwsData`]: what a data source says of itself, and [`Reads`], which makes a [`DataSource`] of it.

pub(crate) mod ami;
pub(crate) mod autoscaling_groups;
pub(crate) mod availability_zones;
pub(crate) mod caller_identity;
pub(crate) mod default_tags;
mod filters;
pub(crate) mod iam_policy_document;
pub(crate) mod iam_role;
pub(crate) mod instances;
pub(crate) mod internet_gateway;
pub(crate) mod partition;
pub(crate) mod region;
pub(crate) mod route53_zone;
pub(crate) mod route_table;
pub(crate) mod security_group;
pub(crate) mod ssm_parameter;
pub(crate) mod subnet;
pub(crate) mod subnets;
pub(crate) mod vpc;

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use kprov_core::{Path, Value};
use kprov_provider::{AttributeError, CallContext, DataSource, ProviderError, with_attributes};

use crate::api::{Api, AwsError};
use crate::fields::{Fields, Problems};
use crate::resource::Result;
use crate::row::Row;

/// How long what was made a moment ago may not be seen.
const INVISIBLE: Duration = Duration::from_secs(4);

/// A data source type.
#[async_trait]
pub(crate) trait AwsData: Send + Sync + fmt::Debug {
    /// Checks a configuration without a call; parts may be unknown.
    fn validate(&self, _config: Fields<'_>, _problems: &mut Problems) {}

    /// Reads it. What the row does not mention is as configured. Tags go into [`Row::tags`].
    async fn read(&self, api: &Api, config: Fields<'_>) -> Result<Row>;
}

/// The `filter` blocks, as EC2 takes them.
pub(crate) fn filters(config: Fields<'_>) -> Vec<aws_sdk_ec2::types::Filter> {
    let blocks = config.blocks("filter");
    blocks
        .filter_map(|block| Some(crate::ec2::filter(block.str("name")?, block.strings("values"))))
        .collect()
}

/// The one object that was found; what it is is said in the error.
pub(crate) fn only<T>(found: Vec<T>, what: &str) -> Result<T> {
    let count = found.len();
    match found.into_iter().next() {
        Some(one) if count == 1 => Ok(one),
        None => {
            let message = format!("No {what} matches. Check the region and what is asked for.");
            Err(AwsError::refused("NotFound", message))
        }
        Some(_) => {
            let message = format!("{count} times a {what} matches: ask more precisely.");
            Err(AwsError::refused("TooMany", message))
        }
    }
}

/// A type with its name.
#[derive(Debug)]
pub(crate) struct Reads<T> {
    /// `aws_caller_identity`
    pub(crate) name: &'static str,
    /// Its code.
    pub(crate) inner: T,
}

#[async_trait]
impl<T: AwsData> DataSource for Reads<T> {
    fn validate(&self, config: &Value) -> Vec<AttributeError> {
        let mut problems = Problems::default();
        self.inner.validate(Fields(config), &mut problems);
        problems.0
    }

    async fn read(
        &self,
        context: &CallContext,
        config: &Value,
    ) -> std::result::Result<Value, ProviderError> {
        let schema = crate::SCHEMA.data_sources.get(self.name);
        let block = &schema.expect("invariant: a type with code has a schema").block;
        let api = context.client::<Api>();
        let api = Fields(config).str("region").map_or_else(|| api.clone(), |region| api.at(region));
        let summary = || format!("Cannot read data source {}", self.name);
        // What this run, or one before, made a moment ago may not be seen yet.
        let read = || self.inner.read(&api, Fields(config));
        let unseen = |error: &AwsError| error.is_not_found() || error.is(&[filters::NO_MATCH]);
        let row = api.insist(INVISIBLE, unseen, read).await;
        let row = row.map_err(|error| error.provider(summary()))?;
        let broken = |error: String| {
            let message = format!("AWS's answer does not fit the schema: {error}");
            ProviderError::rejected(summary(), message).at(Path::root())
        };
        let value = row.onto(block, config).map_err(broken)?;
        let mut more = Vec::new();
        if block.attributes.contains_key("region") && row.str("region").is_none() {
            more.push(("region", Value::string(api.region())));
        }
        if let Some(tags) = row.all_tags()
            && block.attributes.contains_key("tags")
        {
            // Data sources show defaults too, as they say nothing of whose the tags are.
            more.push(("tags", api.tag_rules().shown(tags, &Value::NULL).1));
        }
        Ok(with_attributes(&value, more))
    }
}

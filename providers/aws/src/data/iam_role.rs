//! `data.aws_iam_role`.

use async_trait::async_trait;
use serde_json::json;

use super::AwsData;
use crate::api::{Api, AwsError};
use crate::fields::Fields;
use crate::iam::{pairs, role_facts::role};
use crate::resource::Result;
use crate::row::Row;

#[derive(Debug)]
pub(crate) struct IamRole;

#[async_trait]
impl AwsData for IamRole {
    async fn read(&self, api: &Api, config: Fields<'_>) -> Result<Row> {
        let name = config.str("name").unwrap_or_default();
        let facts = role(api, name).await?.ok_or_else(|| {
            AwsError::refused("NoSuchEntity", format!("There is no role {name:?}")).at("name")
        })?;
        let used =
            facts.last_used.map(|(date, region)| json!({"last_used_date": date, "region": region}));
        let mut row = Row::new();
        row.set("id", name)
            .set("arn", facts.arn)
            .set("path", facts.path)
            .set("unique_id", facts.unique_id)
            .set("create_date", facts.create_date)
            .set("assume_role_policy", facts.assume_role_policy)
            .set("description", facts.description)
            .set("max_session_duration", facts.max_session_duration)
            .set("permissions_boundary", facts.boundary.unwrap_or_default())
            .set("role_last_used", Vec::from_iter(used))
            .tags(pairs(&facts.tags));
        Ok(row)
    }
}

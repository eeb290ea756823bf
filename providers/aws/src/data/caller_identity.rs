//! `data.aws_caller_identity`: who the credentials are.

use async_trait::async_trait;

use super::AwsData;
use crate::api::Api;
use crate::fields::Fields;
use crate::resource::Result;
use crate::row::Row;

#[derive(Debug)]
pub(crate) struct CallerIdentity;

#[async_trait]
impl AwsData for CallerIdentity {
    async fn read(&self, api: &Api, _config: Fields<'_>) -> Result<Row> {
        let identity = api.identity().await?;
        let mut row = Row::new();
        row.set("id", identity.account.as_str())
            .set("account_id", identity.account.as_str())
            .set("arn", identity.arn.as_str())
            .set("user_id", identity.user_id.as_str());
        Ok(row)
    }
}

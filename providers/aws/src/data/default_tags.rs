//! `data.aws_default_tags`: the provider's default_tags.

use async_trait::async_trait;

use super::AwsData;
use crate::api::Api;
use crate::fields::Fields;
use crate::resource::Result;
use crate::row::Row;

#[derive(Debug)]
pub(crate) struct DefaultTags;

#[async_trait]
impl AwsData for DefaultTags {
    async fn read(&self, api: &Api, _config: Fields<'_>) -> Result<Row> {
        let mut row = Row::new();
        row.set("id", api.partition()).tags(api.tag_rules().defaults.clone());
        Ok(row)
    }
}

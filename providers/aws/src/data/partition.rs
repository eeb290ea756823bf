//! `data.aws_partition`: told by the region, without a call.

use async_trait::async_trait;

use super::AwsData;
use crate::api::Api;
use crate::fields::Fields;
use crate::resource::Result;
use crate::row::Row;

#[derive(Debug)]
pub(crate) struct Partition;

#[async_trait]
impl AwsData for Partition {
    async fn read(&self, api: &Api, _config: Fields<'_>) -> Result<Row> {
        let suffix = api.dns_suffix();
        let parts: Vec<&str> = suffix.rsplit('.').collect();
        let mut row = Row::new();
        row.set("id", api.partition())
            .set("partition", api.partition())
            .set("dns_suffix", suffix)
            .set("reverse_dns_prefix", parts.join("."));
        Ok(row)
    }
}

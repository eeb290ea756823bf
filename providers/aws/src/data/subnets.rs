//! `data.aws_subnets`: ids of all subnets that match.

use async_trait::async_trait;

use super::AwsData;
use super::filters::{filters, some};
use crate::api::Api;
use crate::fields::Fields;
use crate::resource::Result;
use crate::row::Row;

#[derive(Debug)]
pub(crate) struct Subnets;

#[async_trait]
impl AwsData for Subnets {
    async fn read(&self, api: &Api, config: Fields<'_>) -> Result<Row> {
        let by = some(filters(config, &[]));
        let ask = |token| {
            api.ec2().describe_subnets().set_filters(by.clone()).set_next_token(token).send()
        };
        let all =
            api.pages("ec2", "DescribeSubnets", ask, |answer| (answer.subnets, answer.next_token));
        // Sorted, so that the same subnets are the same list.
        let mut ids: Vec<String> = all.await?.into_iter().filter_map(|it| it.subnet_id).collect();
        ids.sort();
        let mut row = Row::new();
        row.set("id", api.region()).strings("ids", ids);
        Ok(row)
    }
}

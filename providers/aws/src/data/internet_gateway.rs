//! `data.aws_internet_gateway`.

use async_trait::async_trait;
use serde_json::json;

use super::AwsData;
use super::filters::{filters, only};
use crate::api::{Api, AwsError};
use crate::ec2::{arn, pairs};
use crate::fields::Fields;
use crate::resource::Result;
use crate::row::Row;

/// Arguments and their filters.
const BY: [(&str, &str); 1] = [("internet_gateway_id", "internet-gateway-id")];

#[derive(Debug)]
pub(crate) struct InternetGateway;

#[async_trait]
impl AwsData for InternetGateway {
    async fn read(&self, api: &Api, config: Fields<'_>) -> Result<Row> {
        let by = filters(config, &BY);
        if by.is_empty() {
            let message = "One of \"internet_gateway_id\", \"tags\" and \"filter\" must say which gateway is wanted.";
            return Err(AwsError::refused("NoArguments", message));
        }
        let ask = |token| {
            let call = api.ec2().describe_internet_gateways().set_filters(Some(by.clone()));
            call.set_next_token(token).send()
        };
        let all = api.pages("ec2", "DescribeInternetGateways", ask, |answer| {
            (answer.internet_gateways, answer.next_token)
        });
        let gateway = only(all.await?, "internet gateway", |it| it.internet_gateway_id())?;
        let id = gateway.internet_gateway_id().unwrap_or_default();
        let owner = gateway.owner_id().unwrap_or_default();
        let attachments = gateway.attachments().iter().map(
            |it| json!({"state": it.state().map(|state| state.as_str()), "vpc_id": it.vpc_id()}),
        );
        let mut row = Row::new();
        row.set("id", id)
            .set("arn", arn(api, owner, "internet-gateway", id))
            .set("attachments", attachments.collect::<Vec<_>>())
            .set("internet_gateway_id", id)
            .set("owner_id", owner)
            .tags(pairs(gateway.tags()));
        Ok(row)
    }
}

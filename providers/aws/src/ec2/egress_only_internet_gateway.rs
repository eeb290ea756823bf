//! `aws_egress_only_internet_gateway`.

use async_trait::async_trait;
use aws_sdk_ec2::types::EgressOnlyInternetGateway as Gateway;

use super::{pairs, tag_specification};
use crate::api::Api;
use crate::fields::Fields;
use crate::resource::{AwsResource, Changes, Create, Made, Result, Tagging};
use crate::row::Row;

type Found<T> = std::collections::HashMap<String, T>;

#[derive(Debug)]
pub(crate) struct EgressOnlyInternetGateway;

#[async_trait]
impl AwsResource for EgressOnlyInternetGateway {
    fn tagging(&self) -> Tagging {
        Tagging::Ec2("egress-only-internet-gateway")
    }

    async fn read(&self, api: &Api, prior: Fields<'_>) -> Result<Option<Row>> {
        let id = prior.id();
        let found = api.load("egress-only internet gateway", id, gateways).await?;
        let Some(gateway) = found else { return Ok(None) };
        let vpc = gateway.attachments().first().and_then(|attachment| attachment.vpc_id());
        let mut row = Row::new();
        row.set("id", id).set("vpc_id", vpc).tags(pairs(gateway.tags()));
        Ok(Some(row))
    }

    async fn create(&self, api: &Api, create: Create<'_>) -> Result<Made> {
        let tags = tag_specification("egress-only-internet-gateway", &create.tags_with_token());
        let make = || {
            api.ec2()
                .create_egress_only_internet_gateway()
                .set_vpc_id(create.planned.string("vpc_id"))
                .client_token(create.token)
                .tag_specifications(tags.clone())
                .send()
        };
        let answer = api.call("ec2", "CreateEgressOnlyInternetGateway", make).await?;
        let gateway = answer.egress_only_internet_gateway;
        let id = gateway.and_then(|gateway| gateway.egress_only_internet_gateway_id);
        Ok(Made::id(id.unwrap_or_default()))
    }

    async fn update(&self, _api: &Api, _changes: Changes<'_>) -> Result<()> {
        Ok(())
    }

    async fn delete(&self, api: &Api, prior: Fields<'_>) -> Result<()> {
        let delete = || {
            let call = api.ec2().delete_egress_only_internet_gateway();
            call.egress_only_internet_gateway_id(prior.id()).send()
        };
        api.call("ec2", "DeleteEgressOnlyInternetGateway", delete).await.map(|_| ())
    }
}

/// Egress-only internet gateways by id. The API has no filter for ids, and there are few of them.
async fn gateways(api: Api, _ids: Vec<String>) -> Result<Found<Gateway>> {
    let ask =
        |token| api.ec2().describe_egress_only_internet_gateways().set_next_token(token).send();
    let all = api.pages("ec2", "DescribeEgressOnlyInternetGateways", ask, |answer| {
        (answer.egress_only_internet_gateways, answer.next_token)
    });
    let all = all.await?.into_iter();
    Ok(all.filter_map(|it| Some((it.egress_only_internet_gateway_id.clone()?, it))).collect())
}

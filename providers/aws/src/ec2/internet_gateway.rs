//! `aws_internet_gateway`: made, then attached; detached, then deleted.

use async_trait::async_trait;
use aws_sdk_ec2::types::{InternetGateway as Gateway, NetworkInterface};

use super::{arn, filter, interfaces_that, nats_of, pairs, tag_specification};
use crate::api::Api;
use crate::fields::Fields;
use crate::resource::{AwsResource, Changes, Create, Made, Result, Tagging};
use crate::row::Row;

type Found<T> = std::collections::HashMap<String, T>;

#[derive(Debug)]
pub(crate) struct InternetGateway;

#[async_trait]
impl AwsResource for InternetGateway {
    fn tagging(&self) -> Tagging {
        Tagging::Ec2("internet-gateway")
    }

    async fn read(&self, api: &Api, prior: Fields<'_>) -> Result<Option<Row>> {
        let id = prior.id();
        let Some(gateway) = api.load("internet gateway", id, gateways).await? else {
            return Ok(None);
        };
        let owner = gateway.owner_id().unwrap_or_default();
        let mut row = Row::new();
        row.set("id", id)
            .set("arn", arn(api, owner, "internet-gateway", id))
            .set("owner_id", owner)
            .set("vpc_id", vpc_of(&gateway))
            .tags(pairs(gateway.tags()));
        Ok(Some(row))
    }

    async fn create(&self, api: &Api, create: Create<'_>) -> Result<Made> {
        let tags = tag_specification("internet-gateway", &create.tags_with_token());
        let make = || api.ec2().create_internet_gateway().tag_specifications(tags.clone()).send();
        let answer = api.call("ec2", "CreateInternetGateway", make).await?;
        let Some(gateway) = answer.internet_gateway else { return Ok(Made::id("")) };
        let id = gateway.internet_gateway_id().unwrap_or_default();
        let owner = gateway.owner_id().unwrap_or_default();
        let mut known = Row::new();
        known
            .set("arn", arn(api, owner, "internet-gateway", id))
            .set("owner_id", owner)
            .set("vpc_id", create.planned.str("vpc_id"));
        Ok(Made::knowing(id, known))
    }

    async fn complete(&self, api: &Api, id: &str, create: Create<'_>) -> Result<()> {
        match create.planned.str("vpc_id") {
            Some(vpc) => attach(api, id, vpc).await,
            None => Ok(()),
        }
    }

    async fn update(&self, api: &Api, changes: Changes<'_>) -> Result<()> {
        let id = changes.id();
        if let Some(old) = changes.prior.str("vpc_id") {
            detach(api, id, old).await?;
        }
        match changes.planned.str("vpc_id") {
            Some(vpc) => attach(api, id, vpc).await,
            None => Ok(()),
        }
    }

    async fn delete(&self, api: &Api, prior: Fields<'_>) -> Result<()> {
        let id = prior.id();
        if let Some(vpc) = prior.str("vpc_id") {
            detach(api, id, vpc).await?;
        }
        let delete = || api.ec2().delete_internet_gateway().internet_gateway_id(id).send();
        api.call("ec2", "DeleteInternetGateway", delete).await.map(|_| ())
    }

    async fn holders(&self, api: &Api, prior: Fields<'_>) -> Result<Vec<String>> {
        let Some(vpc) = prior.str("vpc_id") else { return Ok(Vec::new()) };
        let public = |interface: &NetworkInterface| {
            interface.association().is_some_and(|it| it.public_ip().is_some())
        };
        let mut names = nats_of(api, filter("vpc-id", [vpc])).await?;
        names.extend(interfaces_that(api, filter("vpc-id", [vpc]), public).await?);
        Ok(names)
    }
}

fn vpc_of(gateway: &Gateway) -> Option<&str> {
    gateway.attachments().first().and_then(|attachment| attachment.vpc_id())
}

async fn attach(api: &Api, id: &str, vpc: &str) -> Result<()> {
    let attach = || api.ec2().attach_internet_gateway().internet_gateway_id(id).vpc_id(vpc).send();
    match api.call("ec2", "AttachInternetGateway", attach).await {
        // It may be this very VPC, where the call is repeated.
        Err(error) if error.is(&["Resource.AlreadyAssociated"]) => {
            let now = api.load("internet gateway", id, gateways).await?;
            let here = now.as_ref().and_then(vpc_of) == Some(vpc);
            if here { Ok(()) } else { Err(error.at("vpc_id")) }
        }
        result => result.map(|_| ()).map_err(|error| error.at("vpc_id")),
    }
}

/// AWS refuses while the VPC has public addresses; deletes wait for that.
async fn detach(api: &Api, id: &str, vpc: &str) -> Result<()> {
    let detach = || api.ec2().detach_internet_gateway().internet_gateway_id(id).vpc_id(vpc).send();
    match api.call("ec2", "DetachInternetGateway", detach).await {
        Err(error) if error.is(&["Gateway.NotAttached"]) => Ok(()),
        result => result.map(|_| ()),
    }
}

/// Internet gateways by id.
async fn gateways(api: Api, ids: Vec<String>) -> Result<Found<Gateway>> {
    let by = filter("internet-gateway-id", ids);
    let ask = |token| {
        let call = api.ec2().describe_internet_gateways().filters(by.clone());
        call.set_next_token(token).send()
    };
    let all = api.pages("ec2", "DescribeInternetGateways", ask, |answer| {
        (answer.internet_gateways, answer.next_token)
    });
    let all = all.await?.into_iter();
    Ok(all.filter_map(|it| Some((it.internet_gateway_id.clone()?, it))).collect())
}

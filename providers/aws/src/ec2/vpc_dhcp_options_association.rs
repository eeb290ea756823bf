//! `aws_vpc_dhcp_options_association`: which set of DHCP options a VPC uses. Without one it has none.

use async_trait::async_trait;
use kprov_core::Value;

use super::vpc::vpcs;
use crate::api::Api;
use crate::fields::Fields;
use crate::resource::{AwsResource, Changes, Create, Made, Plan, Result};
use crate::row::Row;

/// What AWS calls having no options.
const NONE: &str = "default";

#[derive(Debug)]
pub(crate) struct VpcDhcpOptionsAssociation;

#[async_trait]
impl AwsResource for VpcDhcpOptionsAssociation {
    fn plan(&self, plan: &mut Plan<'_>) {
        if plan.changes("dhcp_options_id") {
            plan.unknown("id");
        }
    }

    async fn read(&self, api: &Api, prior: Fields<'_>) -> Result<Option<Row>> {
        let vpc = prior.str("vpc_id").unwrap_or_default();
        let Some(found) = api.load("vpc", vpc, vpcs).await? else { return Ok(None) };
        let options = found.dhcp_options_id().unwrap_or(NONE);
        if options == NONE && prior.str("dhcp_options_id") != Some(NONE) {
            return Ok(None);
        }
        let mut row = Row::new();
        row.set("id", id(options, vpc)).set("dhcp_options_id", options).set("vpc_id", vpc);
        Ok(Some(row))
    }

    async fn create(&self, api: &Api, create: Create<'_>) -> Result<Made> {
        let options = create.planned.str("dhcp_options_id").unwrap_or_default();
        let vpc = create.planned.str("vpc_id").unwrap_or_default();
        associate(api, options, vpc).await?;
        Ok(Made::id(id(options, vpc)))
    }

    async fn update(&self, api: &Api, changes: Changes<'_>) -> Result<()> {
        let options = changes.planned.str("dhcp_options_id").unwrap_or_default();
        associate(api, options, changes.planned.str("vpc_id").unwrap_or_default()).await
    }

    async fn delete(&self, api: &Api, prior: Fields<'_>) -> Result<()> {
        let vpc = prior.str("vpc_id").unwrap_or_default();
        let found = api.load("vpc", vpc, vpcs).await?;
        // Another set is not ours to take away.
        let ours = found.is_some_and(|it| it.dhcp_options_id() == prior.str("dhcp_options_id"));
        if ours { associate(api, NONE, vpc).await } else { Ok(()) }
    }

    async fn find(&self, api: &Api, create: Create<'_>) -> Result<Option<Made>> {
        let options = create.planned.str("dhcp_options_id").unwrap_or_default();
        let vpc = create.planned.str("vpc_id").unwrap_or_default();
        let found = api.load("vpc", vpc, vpcs).await?;
        let ours = found.is_some_and(|it| it.dhcp_options_id() == Some(options));
        Ok(ours.then(|| Made::id(id(options, vpc))))
    }

    fn import(&self, id: &str) -> std::result::Result<Vec<(&'static str, Value)>, String> {
        match id.starts_with("vpc-") {
            true => Ok(vec![("vpc_id", Value::string(id))]),
            false => Err(format!("{id:?} is not the id of a VPC, by which it is imported.")),
        }
    }
}

fn id(options: &str, vpc: &str) -> String {
    format!("{options}-{vpc}")
}

async fn associate(api: &Api, options: &str, vpc: &str) -> Result<()> {
    let call = || api.ec2().associate_dhcp_options().dhcp_options_id(options).vpc_id(vpc).send();
    api.call("ec2", "AssociateDhcpOptions", call).await.map(|_| ()).map_err(|error| {
        let vpc = error.code.to_ascii_lowercase().starts_with("invalidvpc");
        error.at(if vpc { "vpc_id" } else { "dhcp_options_id" })
    })
}

//! `aws_eip_association`: what has an address that is managed elsewhere.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_ec2::types::Address;

use super::eip::is_starting;
use super::filter;
use crate::api::Api;
use crate::fields::{Fields, Problems};
use crate::resource::{AwsResource, Changes, Create, Made, Result};
use crate::row::Row;

type Found<T> = std::collections::HashMap<String, T>;

/// How long an instance that starts up refuses an address.
const STARTING: Duration = Duration::from_secs(5 * 60);

#[derive(Debug)]
pub(crate) struct EipAssociation;

#[async_trait]
impl AwsResource for EipAssociation {
    fn validate(&self, config: Fields<'_>, problems: &mut Problems) {
        problems.needs_one(config, &["allocation_id", "public_ip"]);
        problems.conflicts(config, &["allocation_id", "public_ip"]);
        problems.needs_one(config, &["instance_id", "network_interface_id"]);
    }

    async fn read(&self, api: &Api, prior: Fields<'_>) -> Result<Option<Row>> {
        let found = api.load("address association", prior.id(), associated).await?;
        let Some(address) = found else { return Ok(None) };
        let mut row = Row::new();
        row.set("id", prior.id())
            .set("allocation_id", address.allocation_id())
            .set("instance_id", address.instance_id())
            .set("network_interface_id", address.network_interface_id())
            .set("private_ip_address", address.private_ip_address())
            .set("public_ip", address.public_ip());
        Ok(Some(row))
    }

    async fn create(&self, api: &Api, create: Create<'_>) -> Result<Made> {
        let planned = create.planned;
        let work = || async {
            let call = || {
                api.ec2()
                    .associate_address()
                    .set_allocation_id(planned.string("allocation_id"))
                    .set_allow_reassociation(planned.bool("allow_reassociation"))
                    .set_instance_id(planned.string("instance_id"))
                    .set_network_interface_id(planned.string("network_interface_id"))
                    .set_private_ip_address(planned.string("private_ip_address"))
                    .set_public_ip(planned.string("public_ip"))
                    .send()
            };
            api.call("ec2", "AssociateAddress", call).await
        };
        let answer = api.insist(STARTING, is_starting, work).await?;
        Ok(Made::id(answer.association_id.unwrap_or_default()))
    }

    async fn update(&self, _api: &Api, _changes: Changes<'_>) -> Result<()> {
        Ok(())
    }

    async fn delete(&self, api: &Api, prior: Fields<'_>) -> Result<()> {
        let call = || api.ec2().disassociate_address().association_id(prior.id()).send();
        api.call("ec2", "DisassociateAddress", call).await.map(|_| ())
    }

    async fn find(&self, api: &Api, create: Create<'_>) -> Result<Option<Made>> {
        let planned = create.planned;
        let by = match (planned.str("allocation_id"), planned.str("public_ip")) {
            (Some(id), _) => filter("allocation-id", [id]),
            (None, Some(ip)) => filter("public-ip", [ip]),
            (None, None) => return Ok(None),
        };
        let all = describe(api, by).await?;
        let planned_is = |name: &str, actual: Option<&str>| {
            planned.str(name).is_none_or(|wanted| Some(wanted) == actual)
        };
        let ours = all.into_iter().find(|it| {
            planned_is("instance_id", it.instance_id())
                && planned_is("network_interface_id", it.network_interface_id())
                && planned_is("private_ip_address", it.private_ip_address())
        });
        Ok(ours.and_then(|it| it.association_id).map(Made::id))
    }
}

async fn describe(api: &Api, by: aws_sdk_ec2::types::Filter) -> Result<Vec<Address>> {
    let ask = || api.ec2().describe_addresses().filters(by.clone()).send();
    Ok(api.call("ec2", "DescribeAddresses", ask).await?.addresses.unwrap_or_default())
}

/// Addresses by association.
async fn associated(api: Api, ids: Vec<String>) -> Result<Found<Address>> {
    let all = describe(&api, filter("association-id", ids)).await?;
    Ok(all.into_iter().filter_map(|it| Some((it.association_id.clone()?, it))).collect())
}

//! `aws_vpc_ipv4_cidr_block_association`: a further IPv4 block of a VPC.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_ec2::types::{Vpc, VpcCidrBlockAssociation as Association, VpcCidrBlockStateCode};

use super::filter;
use crate::api::{Api, AwsError, Progress};
use crate::cidr;
use crate::fields::{Fields, Problems};
use crate::resource::{AwsResource, Changes, Create, Made, Result};
use crate::row::Row;

type Found<T> = std::collections::HashMap<String, T>;

const PATIENCE: Duration = Duration::from_secs(10 * 60);

#[derive(Debug)]
pub(crate) struct VpcIpv4CidrBlockAssociation;

#[async_trait]
impl AwsResource for VpcIpv4CidrBlockAssociation {
    fn validate(&self, config: Fields<'_>, problems: &mut Problems) {
        cidr::check_v4(problems, config, "cidr_block", 16, 28);
        problems.needs_one(config, &["cidr_block", "ipv4_ipam_pool_id"]);
        problems.conflicts(config, &["cidr_block", "ipv4_netmask_length"]);
        problems.in_range(config, "ipv4_netmask_length", 16, 28);
    }

    async fn read(&self, api: &Api, prior: Fields<'_>) -> Result<Option<Row>> {
        let found = api.load("ipv4 block", prior.id(), associations).await?;
        let Some((vpc, association)) = found.filter(|(_, it)| !is_over(it)) else {
            return Ok(None);
        };
        let mut row = Row::new();
        row.set("id", prior.id()).set("vpc_id", vpc).set("cidr_block", association.cidr_block());
        Ok(Some(row))
    }

    async fn create(&self, api: &Api, create: Create<'_>) -> Result<Made> {
        let planned = create.planned;
        let make = || {
            api.ec2()
                .associate_vpc_cidr_block()
                .set_vpc_id(planned.string("vpc_id"))
                .set_cidr_block(planned.string("cidr_block"))
                .set_ipv4_ipam_pool_id(planned.string("ipv4_ipam_pool_id"))
                .set_ipv4_netmask_length(planned.i32("ipv4_netmask_length"))
                .send()
        };
        let answer = api.call("ec2", "AssociateVpcCidrBlock", make).await.map_err(|error| {
            let vpc = error.code.starts_with("InvalidVpc") && error.is_not_found();
            error.at(if vpc { "vpc_id" } else { "cidr_block" })
        })?;
        let id = answer.cidr_block_association.and_then(|it| it.association_id);
        Ok(Made::id(id.unwrap_or_default()))
    }

    async fn complete(&self, api: &Api, id: &str, create: Create<'_>) -> Result<()> {
        let patience = create.planned.timeout("create", PATIENCE);
        let there = |found: Option<&(String, Association)>| {
            let state = found.and_then(|(_, it)| it.cidr_block_state());
            match state.and_then(|state| state.state()) {
                Some(VpcCidrBlockStateCode::Associated) => Progress::Done(()),
                Some(VpcCidrBlockStateCode::Failed | VpcCidrBlockStateCode::Failing) => {
                    let why = state.and_then(|state| state.status_message()).unwrap_or_default();
                    let message = format!("The IPv4 block could not be associated: {why}");
                    Progress::Failed(AwsError::refused("Failed", message).at("cidr_block"))
                }
                other => {
                    Progress::Pending(other.map_or("not visible", |it| it.as_str()).to_owned())
                }
            }
        };
        api.wait("ipv4 block", id, patience, associations, there).await
    }

    async fn update(&self, _api: &Api, _changes: Changes<'_>) -> Result<()> {
        Ok(())
    }

    async fn delete(&self, api: &Api, prior: Fields<'_>) -> Result<()> {
        let id = prior.id();
        let call = || api.ec2().disassociate_vpc_cidr_block().association_id(id).send();
        api.call("ec2", "DisassociateVpcCidrBlock", call).await?;
        let gone = |found: Option<&(String, Association)>| {
            let state = found.and_then(|(_, it)| it.cidr_block_state()).and_then(|it| it.state());
            match state {
                None | Some(VpcCidrBlockStateCode::Disassociated) => Progress::Done(()),
                Some(state) => Progress::Pending(state.as_str().to_owned()),
            }
        };
        let patience = prior.timeout("delete", PATIENCE);
        api.wait("ipv4 block", id, patience, associations, gone).await
    }

    async fn holders(&self, api: &Api, prior: Fields<'_>) -> Result<Vec<String>> {
        let Some(vpc) = prior.str("vpc_id") else { return Ok(Vec::new()) };
        let inside = |subnet: &str| cidr::contains(prior.str("cidr_block").unwrap_or(""), subnet);
        let by = filter("vpc-id", [vpc]);
        let ask =
            |token| api.ec2().describe_subnets().filters(by.clone()).set_next_token(token).send();
        let subnets = api
            .pages("ec2", "DescribeSubnets", ask, |answer| (answer.subnets, answer.next_token))
            .await?;
        let held = subnets.iter().filter(|subnet| subnet.cidr_block().is_some_and(inside));
        Ok(held.filter_map(|it| it.subnet_id()).map(|id| format!("subnet {id}")).collect())
    }

    async fn find(&self, api: &Api, create: Create<'_>) -> Result<Option<Made>> {
        let vpc = create.planned.str("vpc_id").unwrap_or_default();
        let Some(wanted) = create.planned.str("cidr_block") else { return Ok(None) };
        let found = api.load("vpc", vpc, super::vpc::vpcs).await?;
        let all = found.and_then(|vpc| vpc.cidr_block_association_set).unwrap_or_default();
        let ours = all.into_iter().find(|it| {
            !is_over(it) && it.cidr_block().is_some_and(|block| cidr::same(block, wanted))
        });
        Ok(ours.and_then(|it| it.association_id).map(Made::id))
    }
}

fn is_over(association: &Association) -> bool {
    use VpcCidrBlockStateCode::{Disassociated, Disassociating, Failed, Failing};
    let state = association.cidr_block_state().and_then(|state| state.state());
    matches!(state, Some(Disassociated | Disassociating | Failed | Failing))
}

/// Associations by id, each with its VPC's.
async fn associations(api: Api, ids: Vec<String>) -> Result<Found<(String, Association)>> {
    let by = filter("cidr-block-association.association-id", ids);
    let ask = |token| api.ec2().describe_vpcs().filters(by.clone()).set_next_token(token).send();
    let all = api.pages("ec2", "DescribeVpcs", ask, |answer| (answer.vpcs, answer.next_token));
    let of = |vpc: Vpc| {
        let id = vpc.vpc_id.unwrap_or_default();
        let all = vpc.cidr_block_association_set.unwrap_or_default().into_iter();
        all.filter_map(move |it| Some((it.association_id.clone()?, (id.clone(), it))))
    };
    Ok(all.await?.into_iter().flat_map(of).collect())
}

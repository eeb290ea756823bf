//! `aws_subnet`. The exemplar: one batched describe, attributes that are modified one per call.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_ec2::types::{HostnameType, SubnetCidrBlockStateCode, SubnetState};

use super::{filter, interfaces, pairs, tag_specification, truth};
use crate::api::{Api, Progress};
use crate::cidr;
use crate::fields::{Fields, Problems};
use crate::resource::{AwsResource, Changes, Create, Made, Plan, Result, Tagging};
use crate::row::Row;

type Found<T> = std::collections::HashMap<String, T>;

const PATIENCE: Duration = Duration::from_secs(10 * 60);

/// Attributes that ModifySubnetAttribute changes, one per call, in an order that AWS accepts.
const MODIFIED: [&str; 7] = [
    "map_public_ip_on_launch",
    "assign_ipv6_address_on_creation",
    "enable_dns64",
    "enable_resource_name_dns_a_record_on_launch",
    "enable_resource_name_dns_aaaa_record_on_launch",
    "private_dns_hostname_type_on_launch",
    "map_customer_owned_ip_on_launch",
];

#[derive(Debug)]
pub(crate) struct Subnet;

#[async_trait]
impl AwsResource for Subnet {
    fn tagging(&self) -> Tagging {
        Tagging::Ec2("subnet")
    }

    fn validate(&self, config: Fields<'_>, problems: &mut Problems) {
        cidr::check_v4(problems, config, "cidr_block", 16, 28);
        cidr::check_v6(problems, config, "ipv6_cidr_block", 44, 64);
        problems.conflicts(config, &["availability_zone", "availability_zone_id"]);
        let blocks = ["cidr_block", "ipv4_ipam_pool_id", "ipv6_cidr_block", "ipv6_ipam_pool_id"];
        problems.needs_one(config, &blocks);
        problems.conflicts(config, &["cidr_block", "ipv4_netmask_length"]);
        problems.conflicts(config, &["ipv6_cidr_block", "ipv6_netmask_length"]);
        problems.one_of(
            config,
            "private_dns_hostname_type_on_launch",
            &["ip-name", "resource-name"],
        );
        if config.str("customer_owned_ipv4_pool").is_some() && !config.is_set("outpost_arn") {
            let message = "\"customer_owned_ipv4_pool\" needs \"outpost_arn\".";
            problems.add("customer_owned_ipv4_pool", "Missing required argument", message);
        }
    }

    fn plan(&self, plan: &mut Plan<'_>) {
        if plan.changes("ipv6_cidr_block") {
            plan.unknown("ipv6_cidr_block_association_id");
        }
    }

    async fn read(&self, api: &Api, prior: Fields<'_>) -> Result<Option<Row>> {
        let Some(subnet) = api.load("subnet", prior.id(), subnets).await? else { return Ok(None) };
        Ok(Some(row(&subnet)))
    }

    async fn create(&self, api: &Api, create: Create<'_>) -> Result<Made> {
        let planned = create.planned;
        let tags = tag_specification("subnet", &create.tags_with_token());
        let make = || {
            api.ec2()
                .create_subnet()
                .set_vpc_id(planned.string("vpc_id"))
                .set_cidr_block(planned.string("cidr_block"))
                .set_availability_zone(planned.string("availability_zone"))
                .set_availability_zone_id(planned.string("availability_zone_id"))
                .set_ipv6_cidr_block(planned.string("ipv6_cidr_block"))
                .set_ipv6_native(planned.bool("ipv6_native").filter(|native| *native))
                .set_ipv4_ipam_pool_id(planned.string("ipv4_ipam_pool_id"))
                .set_ipv4_netmask_length(planned.i32("ipv4_netmask_length"))
                .set_ipv6_ipam_pool_id(planned.string("ipv6_ipam_pool_id"))
                .set_ipv6_netmask_length(planned.i32("ipv6_netmask_length"))
                .set_outpost_arn(planned.string("outpost_arn"))
                .tag_specifications(tags.clone())
                .send()
        };
        let answer = api.call("ec2", "CreateSubnet", make).await?;
        Ok(Made::id(answer.subnet.and_then(|subnet| subnet.subnet_id).unwrap_or_default()))
    }

    async fn complete(&self, api: &Api, id: &str, create: Create<'_>) -> Result<()> {
        let planned = create.planned;
        let patience = planned.timeout("create", PATIENCE);
        let now = api.wait("subnet", id, patience, subnets, usable).await?;
        for name in MODIFIED {
            // Only what differs from what AWS gives a new subnet.
            let wanted = match name {
                "private_dns_hostname_type_on_launch" => {
                    let now = now.private_dns_name_options_on_launch();
                    let now = now.and_then(|it| it.hostname_type()).map(HostnameType::as_str);
                    planned.str(name).is_some_and(|wanted| now != Some(wanted))
                }
                _ => planned.bool(name) == Some(true),
            };
            if wanted {
                modify(api, id, name, planned).await?;
            }
        }
        // What was modified is as planned.
        api.tell("subnet", id, Some(now));
        Ok(())
    }

    async fn update(&self, api: &Api, changes: Changes<'_>) -> Result<()> {
        let id = changes.id();
        // An address cannot be assigned without a block, nor the block go while they are assigned.
        let assigned = "assign_ipv6_address_on_creation";
        let assign = changes.planned.bool(assigned) == Some(true);
        if changes.has(assigned) && !assign {
            modify(api, id, assigned, changes.planned).await?;
        }
        if changes.has("ipv6_cidr_block") {
            change_ipv6(api, changes).await?;
        }
        for name in MODIFIED {
            if changes.has(name) && (name != assigned || assign) {
                modify(api, id, name, changes.planned).await?;
            }
        }
        Ok(())
    }

    async fn delete(&self, api: &Api, prior: Fields<'_>) -> Result<()> {
        let delete = || api.ec2().delete_subnet().subnet_id(prior.id()).send();
        api.call("ec2", "DeleteSubnet", delete).await.map(|_| ())
    }

    async fn holders(&self, api: &Api, prior: Fields<'_>) -> Result<Vec<String>> {
        interfaces(api, filter("subnet-id", [prior.id()])).await
    }
}

/// A subnet as AWS has it.
pub(crate) fn row(subnet: &aws_sdk_ec2::types::Subnet) -> Row {
    let names = subnet.private_dns_name_options_on_launch();
    let ipv6 = live_ipv6(subnet);
    let mut row = Row::new();
    row.set("id", subnet.subnet_id())
        .set("arn", subnet.subnet_arn())
        .set("vpc_id", subnet.vpc_id())
        .set("owner_id", subnet.owner_id())
        .set("availability_zone", subnet.availability_zone())
        .set("availability_zone_id", subnet.availability_zone_id())
        .set("cidr_block", subnet.cidr_block())
        .set("map_public_ip_on_launch", subnet.map_public_ip_on_launch())
        .set("map_customer_owned_ip_on_launch", subnet.map_customer_owned_ip_on_launch())
        .set("customer_owned_ipv4_pool", subnet.customer_owned_ipv4_pool())
        .set("outpost_arn", subnet.outpost_arn())
        .set("enable_lni_at_device_index", subnet.enable_lni_at_device_index())
        .set("assign_ipv6_address_on_creation", subnet.assign_ipv6_address_on_creation())
        .set("enable_dns64", subnet.enable_dns64())
        .set("ipv6_native", subnet.ipv6_native())
        .set(
            "private_dns_hostname_type_on_launch",
            names.and_then(|it| it.hostname_type()).map(HostnameType::as_str),
        )
        .set(
            "enable_resource_name_dns_a_record_on_launch",
            names.and_then(|it| it.enable_resource_name_dns_a_record()).unwrap_or(false),
        )
        .set(
            "enable_resource_name_dns_aaaa_record_on_launch",
            names.and_then(|it| it.enable_resource_name_dns_aaaa_record()).unwrap_or(false),
        )
        .set("ipv6_cidr_block", ipv6.as_ref().map(|(block, _)| block.as_str()))
        .set("ipv6_cidr_block_association_id", ipv6.as_ref().map(|(_, id)| id.as_str()))
        .tags(pairs(subnet.tags()));
    row
}

/// Subnets by id.
pub(crate) async fn subnets(
    api: Api,
    ids: Vec<String>,
) -> Result<Found<aws_sdk_ec2::types::Subnet>> {
    let by = filter("subnet-id", ids);
    let ask = |token| api.ec2().describe_subnets().filters(by.clone()).set_next_token(token).send();
    let all =
        api.pages("ec2", "DescribeSubnets", ask, |answer| (answer.subnets, answer.next_token));
    let all = all.await?.into_iter();
    Ok(all.filter_map(|subnet| Some((subnet.subnet_id.clone()?, subnet))).collect())
}

/// The IPv6 block and its association.
fn live_ipv6(subnet: &aws_sdk_ec2::types::Subnet) -> Option<(String, String)> {
    use SubnetCidrBlockStateCode::{Associated, Associating};
    let live = subnet.ipv6_cidr_block_association_set().iter().find(|it| {
        let state = it.ipv6_cidr_block_state().and_then(|state| state.state());
        matches!(state, Some(Associated | Associating))
    })?;
    Some((live.ipv6_cidr_block()?.to_owned(), live.association_id()?.to_owned()))
}

fn usable(subnet: Option<&aws_sdk_ec2::types::Subnet>) -> Progress<aws_sdk_ec2::types::Subnet> {
    match subnet {
        None => Progress::Pending("not visible".to_owned()),
        Some(subnet) => match subnet.state() {
            Some(SubnetState::Available) => Progress::Done(subnet.clone()),
            state => Progress::Pending(state.map_or("", SubnetState::as_str).to_owned()),
        },
    }
}

/// The API changes one attribute per call.
async fn modify(api: &Api, id: &str, name: &str, planned: Fields<'_>) -> Result<()> {
    let value = truth(planned.bool(name).unwrap_or(false));
    let make = || {
        let call = api.ec2().modify_subnet_attribute().subnet_id(id);
        let value = value.clone();
        match name {
            "map_public_ip_on_launch" => call.map_public_ip_on_launch(value),
            "assign_ipv6_address_on_creation" => call.assign_ipv6_address_on_creation(value),
            "enable_dns64" => call.enable_dns64(value),
            "enable_resource_name_dns_a_record_on_launch" => {
                call.enable_resource_name_dns_a_record_on_launch(value)
            }
            "enable_resource_name_dns_aaaa_record_on_launch" => {
                call.enable_resource_name_dns_aaaa_record_on_launch(value)
            }
            "private_dns_hostname_type_on_launch" => call
                .set_private_dns_hostname_type_on_launch(planned.str(name).map(HostnameType::from)),
            _ => call
                .map_customer_owned_ip_on_launch(value)
                .set_customer_owned_ipv4_pool(planned.string("customer_owned_ipv4_pool")),
        }
        .send()
    };
    let result = api.call("ec2", "ModifySubnetAttribute", make).await;
    result.map(|_| ()).map_err(|error| error.at(name))
}

/// Gives the old IPv6 block back and takes the new one.
async fn change_ipv6(api: &Api, changes: Changes<'_>) -> Result<()> {
    let id = changes.id();
    let wanted = changes.planned.str("ipv6_cidr_block");
    let now = api.load("subnet", id, subnets).await?.as_ref().and_then(live_ipv6);
    if let Some((block, association)) = &now {
        if wanted.is_some_and(|wanted| cidr::same(wanted, block)) {
            return Ok(());
        }
        let free = || api.ec2().disassociate_subnet_cidr_block().association_id(association).send();
        api.call("ec2", "DisassociateSubnetCidrBlock", free).await?;
    }
    let Some(wanted) = wanted else { return Ok(()) };
    let associate =
        || api.ec2().associate_subnet_cidr_block().subnet_id(id).ipv6_cidr_block(wanted).send();
    api.call("ec2", "AssociateSubnetCidrBlock", associate)
        .await
        .map(|_| ())
        .map_err(|error| error.at("ipv6_cidr_block"))
}

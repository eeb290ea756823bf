//! `aws_vpc`. The exemplar for types whose reads need several calls.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_ec2::types::{
    Tenancy, VpcAttributeName, VpcCidrBlockStateCode, VpcIpv6CidrBlockAssociation, VpcState,
    VpcTenancy,
};

use super::{filter, interfaces, pairs, tag_specification, truth};
use crate::api::{Api, AwsError, Progress};
use crate::bulk::{Found, each};
use crate::cidr;
use crate::fields::{Fields, Problems};
use crate::resource::{AwsResource, Changes, Create, Made, Plan, Result, Tagging};
use crate::row::Row;

/// How long the VPC and its IPv6 block may take.
const PATIENCE: Duration = Duration::from_secs(10 * 60);

/// Attributes that are told one by one: the kind of load, ours, and what AWS gives a new VPC.
const ATTRIBUTES: [(&str, &str, bool); 3] = [
    ("dns support of vpc", "enable_dns_support", true),
    ("dns hostnames of vpc", "enable_dns_hostnames", false),
    ("usage metrics of vpc", "enable_network_address_usage_metrics", false),
];

#[derive(Debug)]
pub(crate) struct Vpc;

#[async_trait]
impl AwsResource for Vpc {
    fn tagging(&self) -> Tagging {
        Tagging::Ec2("vpc")
    }

    fn validate(&self, config: Fields<'_>, problems: &mut Problems) {
        cidr::check_v4(problems, config, "cidr_block", 16, 28);
        cidr::check_v6(problems, config, "ipv6_cidr_block", 44, 60);
        problems.needs_one(config, &["cidr_block", "ipv4_ipam_pool_id"]);
        problems.conflicts(config, &["cidr_block", "ipv4_netmask_length"]);
        problems.conflicts(config, &["assign_generated_ipv6_cidr_block", "ipv6_ipam_pool_id"]);
        problems.conflicts(config, &["ipv6_cidr_block", "ipv6_netmask_length"]);
        problems.in_range(config, "ipv4_netmask_length", 16, 28);
        problems.in_range(config, "ipv6_netmask_length", 44, 60);
        problems.one_of(config, "instance_tenancy", &["default", "dedicated"]);
    }

    fn plan(&self, plan: &mut Plan<'_>) {
        // AWS lets a VPC become less dedicated, not more.
        if plan.changes("instance_tenancy")
            && plan.get("instance_tenancy").as_str() != Some("default")
        {
            plan.replace("instance_tenancy");
        }
        let ipv6 = ["assign_generated_ipv6_cidr_block", "ipv6_cidr_block", "ipv6_ipam_pool_id"];
        if ipv6.iter().any(|name| plan.changes(name)) {
            let computed =
                ["ipv6_association_id", "ipv6_cidr_block", "ipv6_cidr_block_network_border_group"];
            computed.into_iter().for_each(|name| plan.unknown(name));
        }
    }

    async fn read(&self, api: &Api, prior: Fields<'_>) -> Result<Option<Row>> {
        let id = prior.id();
        let Some(vpc) = api.load("vpc", id, vpcs).await? else { return Ok(None) };
        let (support, hostnames, metrics, table, group, acl) = futures::try_join!(
            attribute(api, id, VpcAttributeName::EnableDnsSupport),
            attribute(api, id, VpcAttributeName::EnableDnsHostnames),
            attribute(api, id, VpcAttributeName::EnableNetworkAddressUsageMetrics),
            api.load("main route table of vpc", id, main_route_tables),
            api.load("default security group of vpc", id, default_security_groups),
            api.load("default network acl of vpc", id, default_network_acls),
        )?;
        let mut row = Row::new();
        let owner = vpc.owner_id().unwrap_or_default();
        row.set("id", id)
            .set("arn", format!("arn:{}:ec2:{}:{owner}:vpc/{id}", api.partition(), api.region()))
            .set("owner_id", owner)
            .set("cidr_block", vpc.cidr_block())
            .set("dhcp_options_id", vpc.dhcp_options_id())
            .set("instance_tenancy", vpc.instance_tenancy().map(Tenancy::as_str))
            .set("enable_dns_support", support)
            .set("enable_dns_hostnames", hostnames)
            .set("enable_network_address_usage_metrics", metrics)
            .set("main_route_table_id", table.as_deref())
            .set("default_route_table_id", table.as_deref())
            .set("default_security_group_id", group)
            .set("default_network_acl_id", acl)
            .tags(pairs(vpc.tags()));
        ipv6_of(&vpc, prior, &mut row);
        Ok(Some(row))
    }

    async fn create(&self, api: &Api, create: Create<'_>) -> Result<Made> {
        let planned = create.planned;
        let tags = tag_specification("vpc", &create.tags_with_token());
        let make = || {
            api.ec2()
                .create_vpc()
                .set_cidr_block(planned.string("cidr_block"))
                .set_instance_tenancy(planned.str("instance_tenancy").map(Tenancy::from))
                .set_amazon_provided_ipv6_cidr_block(
                    planned.bool("assign_generated_ipv6_cidr_block"),
                )
                .set_ipv4_ipam_pool_id(planned.string("ipv4_ipam_pool_id"))
                .set_ipv4_netmask_length(planned.i32("ipv4_netmask_length"))
                .set_ipv6_cidr_block(planned.string("ipv6_cidr_block"))
                .set_ipv6_ipam_pool_id(planned.string("ipv6_ipam_pool_id"))
                .set_ipv6_netmask_length(planned.i32("ipv6_netmask_length"))
                .set_ipv6_cidr_block_network_border_group(
                    planned.string("ipv6_cidr_block_network_border_group"),
                )
                .tag_specifications(tags.clone())
                .send()
        };
        let answer = api.call("ec2", "CreateVpc", make).await?;
        Ok(Made::id(answer.vpc.and_then(|vpc| vpc.vpc_id).unwrap_or_default()))
    }

    async fn complete(&self, api: &Api, id: &str, create: Create<'_>) -> Result<()> {
        let planned = create.planned;
        let vpc = api.wait("vpc", id, PATIENCE, vpcs, |vpc| usable(vpc, planned)).await?;
        // Only what differs from what AWS gives a new VPC.
        if planned.bool("enable_dns_hostnames") == Some(true) {
            modify(api, id, "enable_dns_hostnames", true).await?;
        }
        if planned.bool("enable_dns_support") == Some(false) {
            modify(api, id, "enable_dns_support", false).await?;
        }
        if planned.bool("enable_network_address_usage_metrics") == Some(true) {
            modify(api, id, "enable_network_address_usage_metrics", true).await?;
        }
        api.tell("vpc", id, Some(vpc));
        for (kind, name, default) in ATTRIBUTES {
            api.tell(kind, id, Some(Some(planned.bool(name).unwrap_or(default))));
        }
        Ok(())
    }

    async fn update(&self, api: &Api, changes: Changes<'_>) -> Result<()> {
        let id = changes.id();
        // AWS refuses host names without a resolver, so support goes on first and off last.
        let support = changes.planned.bool("enable_dns_support").unwrap_or(true);
        let order = match support {
            true => ["enable_dns_support", "enable_dns_hostnames"],
            false => ["enable_dns_hostnames", "enable_dns_support"],
        };
        for name in order.into_iter().chain(["enable_network_address_usage_metrics"]) {
            if changes.has(name) {
                modify(api, id, name, changes.planned.bool(name).unwrap_or(false)).await?;
            }
        }
        if changes.has("instance_tenancy") {
            let make =
                || api.ec2().modify_vpc_tenancy().vpc_id(id).instance_tenancy(VpcTenancy::Default);
            api.call("ec2", "ModifyVpcTenancy", || make().send()).await?;
        }
        if changes.any(&[
            "assign_generated_ipv6_cidr_block",
            "ipv6_cidr_block",
            "ipv6_ipam_pool_id",
        ]) {
            change_ipv6(api, changes).await?;
        }
        Ok(())
    }

    async fn delete(&self, api: &Api, prior: Fields<'_>) -> Result<()> {
        let delete = || api.ec2().delete_vpc().vpc_id(prior.id()).send();
        api.call("ec2", "DeleteVpc", delete).await.map(|_| ())
    }

    fn delete_patience(&self) -> Duration {
        Duration::from_secs(5 * 60)
    }

    async fn holders(&self, api: &Api, prior: Fields<'_>) -> Result<Vec<String>> {
        let mut names = interfaces(api, filter("vpc-id", [prior.id()])).await?;
        let by = filter("vpc-id", [prior.id()]);
        let ask =
            |token| api.ec2().describe_subnets().filters(by.clone()).set_next_token(token).send();
        let subnets = api
            .pages("ec2", "DescribeSubnets", ask, |answer| (answer.subnets, answer.next_token))
            .await?;
        let subnets = subnets.iter().filter_map(|subnet| subnet.subnet_id());
        names.extend(subnets.map(|id| format!("subnet {id}")));
        Ok(names)
    }
}

/// VPCs by id.
pub(crate) async fn vpcs(api: Api, ids: Vec<String>) -> Result<Found<aws_sdk_ec2::types::Vpc>> {
    let by = filter("vpc-id", ids);
    let ask = |token| api.ec2().describe_vpcs().filters(by.clone()).set_next_token(token).send();
    let all = api.pages("ec2", "DescribeVpcs", ask, |answer| (answer.vpcs, answer.next_token));
    let all = all.await?.into_iter();
    Ok(all.filter_map(|vpc| Some((vpc.vpc_id.clone()?, vpc))).collect())
}

/// Ids of main route tables, by VPC.
pub(crate) async fn main_route_tables(api: Api, ids: Vec<String>) -> Result<Found<String>> {
    let by = [filter("vpc-id", ids), filter("association.main", ["true"])];
    let ask = |token| {
        let call = api.ec2().describe_route_tables().set_filters(Some(by.to_vec()));
        call.set_next_token(token).send()
    };
    let all = api.pages("ec2", "DescribeRouteTables", ask, |answer| {
        (answer.route_tables, answer.next_token)
    });
    Ok(all.await?.into_iter().filter_map(|it| Some((it.vpc_id?, it.route_table_id?))).collect())
}

/// Ids of default security groups, by VPC.
async fn default_security_groups(api: Api, ids: Vec<String>) -> Result<Found<String>> {
    let by = [filter("vpc-id", ids), filter("group-name", ["default"])];
    let ask = |token| {
        let call = api.ec2().describe_security_groups().set_filters(Some(by.to_vec()));
        call.set_next_token(token).send()
    };
    let all = api.pages("ec2", "DescribeSecurityGroups", ask, |answer| {
        (answer.security_groups, answer.next_token)
    });
    Ok(all.await?.into_iter().filter_map(|it| Some((it.vpc_id?, it.group_id?))).collect())
}

/// Ids of default network ACLs, by VPC.
pub(crate) async fn default_network_acls(api: Api, ids: Vec<String>) -> Result<Found<String>> {
    let by = [filter("vpc-id", ids), filter("default", ["true"])];
    let ask = |token| {
        let call = api.ec2().describe_network_acls().set_filters(Some(by.to_vec()));
        call.set_next_token(token).send()
    };
    let all = api.pages("ec2", "DescribeNetworkAcls", ask, |answer| {
        (answer.network_acls, answer.next_token)
    });
    Ok(all.await?.into_iter().filter_map(|it| Some((it.vpc_id?, it.network_acl_id?))).collect())
}

/// An attribute of a VPC.
pub(crate) async fn attribute(api: &Api, id: &str, name: VpcAttributeName) -> Result<Option<bool>> {
    let [support, hostnames, metrics] = ATTRIBUTES.map(|(kind, ..)| kind);
    let found = match name {
        VpcAttributeName::EnableDnsSupport => api.load(support, id, supports).await?,
        VpcAttributeName::EnableDnsHostnames => api.load(hostnames, id, hostnames_of).await?,
        _ => api.load(metrics, id, metrics_of).await?,
    };
    Ok(found.flatten())
}

async fn supports(api: Api, ids: Vec<String>) -> Result<Found<Option<bool>>> {
    attributes(api, ids, VpcAttributeName::EnableDnsSupport).await
}

async fn hostnames_of(api: Api, ids: Vec<String>) -> Result<Found<Option<bool>>> {
    attributes(api, ids, VpcAttributeName::EnableDnsHostnames).await
}

async fn metrics_of(api: Api, ids: Vec<String>) -> Result<Found<Option<bool>>> {
    attributes(api, ids, VpcAttributeName::EnableNetworkAddressUsageMetrics).await
}

/// The API tells one attribute of one VPC per call.
async fn attributes(
    api: Api,
    ids: Vec<String>,
    name: VpcAttributeName,
) -> Result<Found<Option<bool>>> {
    let (api, name) = (&api, &name);
    each(ids, |id| async move {
        let ask = || api.ec2().describe_vpc_attribute().vpc_id(&id).attribute(name.clone()).send();
        let answer = api.call("ec2", "DescribeVpcAttribute", ask).await?;
        let value = match name {
            VpcAttributeName::EnableDnsSupport => answer.enable_dns_support,
            VpcAttributeName::EnableDnsHostnames => answer.enable_dns_hostnames,
            _ => answer.enable_network_address_usage_metrics,
        };
        Ok(value.and_then(|value| value.value))
    })
    .await
}

/// The API changes one attribute per call.
async fn modify(api: &Api, id: &str, name: &str, value: bool) -> Result<()> {
    let make = || {
        let call = api.ec2().modify_vpc_attribute().vpc_id(id);
        match name {
            "enable_dns_support" => call.enable_dns_support(truth(value)),
            "enable_dns_hostnames" => call.enable_dns_hostnames(truth(value)),
            _ => call.enable_network_address_usage_metrics(truth(value)),
        }
        .send()
    };
    let result = api.call("ec2", "ModifyVpcAttribute", make).await;
    result.map(|_| ()).map_err(|error| error.at(name))
}

fn is_ipv6_live(association: &&VpcIpv6CidrBlockAssociation) -> bool {
    let state = association.ipv6_cidr_block_state().and_then(|state| state.state());
    matches!(state, Some(VpcCidrBlockStateCode::Associated | VpcCidrBlockStateCode::Associating))
}

/// The VPC's IPv6 block: the one known before, else the first.
fn live_ipv6<'v>(
    vpc: &'v aws_sdk_ec2::types::Vpc,
    known: Option<&str>,
) -> Option<&'v VpcIpv6CidrBlockAssociation> {
    let live = || vpc.ipv6_cidr_block_association_set().iter().filter(is_ipv6_live);
    live().find(|it| known.is_some() && it.association_id() == known).or_else(|| live().next())
}

fn ipv6_of(vpc: &aws_sdk_ec2::types::Vpc, prior: Fields<'_>, row: &mut Row) {
    let Some(found) = live_ipv6(vpc, prior.str("ipv6_association_id")) else {
        for name in
            ["ipv6_association_id", "ipv6_cidr_block", "ipv6_cidr_block_network_border_group"]
        {
            row.set(name, serde_json::Value::Null);
        }
        row.set("assign_generated_ipv6_cidr_block", false);
        return;
    };
    let amazon = found.ipv6_pool() == Some("Amazon");
    row.set("ipv6_association_id", found.association_id())
        .set("ipv6_cidr_block", found.ipv6_cidr_block())
        .set("ipv6_cidr_block_network_border_group", found.network_border_group())
        .set("assign_generated_ipv6_cidr_block", amazon);
    if !amazon && prior.is_set("ipv6_ipam_pool_id") {
        row.set("ipv6_ipam_pool_id", found.ipv6_pool());
    }
}

/// Available, with the IPv6 block that was asked for?
fn usable(
    vpc: Option<&aws_sdk_ec2::types::Vpc>,
    planned: Fields<'_>,
) -> Progress<aws_sdk_ec2::types::Vpc> {
    let Some(vpc) = vpc else { return Progress::Pending("not visible".into()) };
    if vpc.state() != Some(&VpcState::Available) {
        return Progress::Pending(vpc.state().map_or("", VpcState::as_str).to_owned());
    }
    let wanted = planned.bool("assign_generated_ipv6_cidr_block") == Some(true)
        || planned.str("ipv6_ipam_pool_id").is_some();
    if !wanted {
        return Progress::Done(vpc.clone());
    }
    let states = vpc.ipv6_cidr_block_association_set().iter();
    let state = states.filter_map(|it| it.ipv6_cidr_block_state()).next_back();
    match state.and_then(|state| state.state()) {
        Some(VpcCidrBlockStateCode::Associated) => Progress::Done(vpc.clone()),
        Some(VpcCidrBlockStateCode::Failed) => {
            let why = state.and_then(|state| state.status_message()).unwrap_or_default();
            let message = format!("The IPv6 block could not be associated: {why}");
            Progress::Failed(AwsError::refused("Failed", message).at("ipv6_cidr_block"))
        }
        other => {
            Progress::Pending(other.map_or("associating", VpcCidrBlockStateCode::as_str).to_owned())
        }
    }
}

/// Gives the old IPv6 block back and asks for the new one.
async fn change_ipv6(api: &Api, changes: Changes<'_>) -> Result<()> {
    let (id, planned) = (changes.id(), changes.planned);
    let now = api.load("vpc", id, vpcs).await?;
    let now = now.as_ref().and_then(|vpc| live_ipv6(vpc, changes.prior.str("ipv6_association_id")));
    let generated = planned.bool("assign_generated_ipv6_cidr_block") == Some(true);
    let as_planned = now.is_some_and(|now| {
        let block = now.ipv6_cidr_block().unwrap_or_default();
        (now.ipv6_pool() == Some("Amazon")) == generated
            && planned.str("ipv6_cidr_block").is_none_or(|wanted| cidr::same(wanted, block))
    });
    if as_planned {
        return Ok(());
    }
    if let Some(association) = now.and_then(|now| now.association_id()) {
        let free = || api.ec2().disassociate_vpc_cidr_block().association_id(association).send();
        api.call("ec2", "DisassociateVpcCidrBlock", free).await?;
    }
    if !generated && planned.str("ipv6_ipam_pool_id").is_none() {
        return Ok(());
    }
    let associate = || {
        api.ec2()
            .associate_vpc_cidr_block()
            .vpc_id(id)
            .set_amazon_provided_ipv6_cidr_block(generated.then_some(true))
            .set_ipv6_cidr_block(planned.string("ipv6_cidr_block").filter(|_| !generated))
            .set_ipv6_ipam_pool_id(planned.string("ipv6_ipam_pool_id"))
            .set_ipv6_netmask_length(planned.i32("ipv6_netmask_length"))
            .send()
    };
    api.call("ec2", "AssociateVpcCidrBlock", associate).await?;
    api.wait("vpc", id, PATIENCE, vpcs, |vpc| usable(vpc, planned)).await.map(|_| ())
}

//! CreateVpc, DescribeVpcs, DescribeVpcAttribute, ModifyVpcAttribute, DeleteVpc.
use super::{State, filters, kinds, network_acl, route_table, security_group, subnet, tags};
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};
use ipnet::Ipv4Net;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(crate) const ACTIONS: &[Action] = &[
    ("CreateVpc", create),
    ("DescribeVpcs", describe),
    ("DescribeVpcAttribute", describe_attribute),
    ("ModifyVpcAttribute", modify_attribute),
    ("DeleteVpc", delete),
];

const FILTERS: filters::FilterMap = &[
    ("vpc-id", "VpcId"),
    ("cidr", "CidrBlock"),
    ("cidr-block-association.cidr-block", "CidrBlockAssociationSet.CidrBlock"),
    ("cidr-block-association.association-id", "CidrBlockAssociationSet.AssociationId"),
    ("cidr-block-association.state", "CidrBlockAssociationSet.CidrBlockState.State"),
    ("ipv6-cidr-block-association.ipv6-cidr-block", "Ipv6CidrBlockAssociationSet.Ipv6CidrBlock"),
    ("ipv6-cidr-block-association.association-id", "Ipv6CidrBlockAssociationSet.AssociationId"),
    ("ipv6-cidr-block-association.state", "Ipv6CidrBlockAssociationSet.Ipv6CidrBlockState.State"),
    ("dhcp-options-id", "DhcpOptionsId"),
    ("is-default", "IsDefault"),
    ("owner-id", "OwnerId"),
    ("state", "State"),
];

// What keeps a VPC from deletion: one line per kind of object that can stand in a VPC.
const HOLDERS: &[fn(&State, &str) -> bool] =
    &[subnet::holds, route_table::holds, security_group::holds, network_acl::holds];

/// A CIDR block of a VPC, IPv4 or IPv6.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Block {
    pub(crate) association: String,
    pub(crate) cidr: String,
    pub(crate) state: String,
}

/// A VPC. The first of `blocks` is the primary one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Vpc {
    pub(crate) blocks: Vec<Block>,
    pub(crate) blocks6: Vec<Block>,
    pub(crate) tenancy: String,
    pub(crate) dhcp_options: String,
    pub(crate) dns_support: bool,
    pub(crate) dns_hostnames: bool,
    pub(crate) address_metrics: bool,
}

/// Reads a CIDR of a VPC or subnet: IPv4, /16 to /28, in canonical form.
pub(crate) fn cidr(text: &str, code: &str) -> Result<Ipv4Net, Fault> {
    let net: Ipv4Net = text.parse().map_err(|_| {
        let message = format!(
            "Value ({text}) for parameter cidrBlock is invalid. This is not a valid CIDR block."
        );
        Fault::new("InvalidParameterValue", message)
    })?;
    if !(16..=28).contains(&net.prefix_len()) {
        return Err(Fault::new(code, format!("The CIDR '{text}' is invalid.")));
    }
    Ok(net.trunc())
}

fn create(call: &mut Call<'_>) -> Outcome {
    let Some(text) = call.opt_str("CidrBlock") else {
        return Err(Fault::new(
            "MissingParameter",
            "Either 'cidrBlock' or 'ipv4IpamPoolId' should be provided.",
        ));
    };
    let net = cidr(&text, "InvalidVpc.Range")?;
    let given = tags::specified(call, "vpc", &[])?;
    if call.realm().ec2.vpcs.len() >= call.quota("vpcs-per-region") {
        return Err(Fault::new("VpcLimitExceeded", "The maximum number of VPCs has been reached."));
    }
    let (id, association, seen) = (call.id("vpc"), call.id("vpc-cidr-assoc"), call.visible_at());
    let mut blocks6 = Vec::new();
    if call.opt_bool("AmazonProvidedIpv6CidrBlock") == Some(true) {
        let cidr = format!(
            "2600:1f1{}:{}:{}00::/56",
            call.world.ids.hex(1),
            call.world.ids.hex(4),
            call.world.ids.hex(2)
        );
        // Leading zeros of a group are not written.
        let cidr = cidr.parse::<ipnet::Ipv6Net>().map(|n| n.trunc().to_string()).unwrap_or(cidr);
        blocks6.push(Block {
            association: call.id("vpc-cidr-assoc"),
            cidr,
            state: "associated".into(),
        });
    }
    let vpc = Vpc {
        blocks: vec![Block { association, cidr: net.to_string(), state: "associated".into() }],
        blocks6,
        tenancy: call.opt_str("InstanceTenancy").unwrap_or_else(|| "default".into()),
        dhcp_options: "default".into(),
        dns_support: true,
        dns_hostnames: false,
        address_metrics: false,
    };
    let now = call.now();
    call.realm().ec2.vpcs.insert(&id, vpc, now, seen);
    tags::put(call, &id, &given)?;
    route_table::create_main(call, &id, &net.to_string());
    security_group::create_default(call, &id);
    network_acl::create_default(call, &id);
    let mut shown = view(call, &id);
    shown["State"] = "pending".into();
    Ok(json!({"Vpc": shown}))
}

/// A VPC as answers show it.
pub(crate) fn view(call: &mut Call<'_>, id: &str) -> Value {
    let owner = call.account.clone();
    let group = call.region.clone();
    let state = &call.realm().ec2;
    let Some(vpc) = state.vpcs.get(id) else { return Value::Null };
    let v4 = |b: &Block| json!({"AssociationId": b.association, "CidrBlock": b.cidr, "CidrBlockState": {"State": b.state}});
    let v6 = |b: &Block| {
        json!({"AssociationId": b.association, "Ipv6CidrBlock": b.cidr, "Ipv6CidrBlockState": {"State": b.state},
            "NetworkBorderGroup": group, "Ipv6Pool": "Amazon", "Ipv6AddressAttribute": "public", "IpSource": "amazon"})
    };
    json!({
        "VpcId": id, "OwnerId": owner, "State": "available", "IsDefault": false,
        "CidrBlock": vpc.blocks.first().map(|b| b.cidr.clone()),
        "CidrBlockAssociationSet": vpc.blocks.iter().map(v4).collect::<Vec<_>>(),
        "Ipv6CidrBlockAssociationSet": vpc.blocks6.iter().map(v6).collect::<Vec<_>>(),
        "DhcpOptionsId": vpc.dhcp_options, "InstanceTenancy": vpc.tenancy, "Tags": tags::of(state, id),
    })
}

fn describe(call: &mut Call<'_>) -> Outcome {
    let (ids, now) = (call.strings("VpcIds"), call.now());
    let found = kinds::VPC.select(&call.realm().ec2.vpcs, &ids, now)?;
    let items = found.iter().map(|(id, _)| view(call, id)).collect();
    Ok(json!({"Vpcs": filters::apply(call, FILTERS, items)?}))
}

fn describe_attribute(call: &mut Call<'_>) -> Outcome {
    let (id, now) = (call.str("VpcId"), call.now());
    let attribute = call.str("Attribute");
    let vpc = call.realm().ec2.vpcs.see(&id, now).ok_or_else(|| kinds::VPC.missing(&id))?;
    let (member, value) = match attribute.as_str() {
        "enableDnsSupport" => ("EnableDnsSupport", vpc.dns_support),
        "enableDnsHostnames" => ("EnableDnsHostnames", vpc.dns_hostnames),
        _ => ("EnableNetworkAddressUsageMetrics", vpc.address_metrics),
    };
    Ok(json!({"VpcId": id, member: {"Value": value}}))
}

fn modify_attribute(call: &mut Call<'_>) -> Outcome {
    let id = call.str("VpcId");
    const MEMBERS: [&str; 3] =
        ["EnableDnsSupport", "EnableDnsHostnames", "EnableNetworkAddressUsageMetrics"];
    let given: Vec<(&str, bool)> =
        MEMBERS.iter().filter_map(|m| Some((*m, call.attribute(m)?.as_bool()?))).collect();
    kinds::VPC.require(call, &id)?;
    let [(member, value)] = given.as_slice() else {
        let message = if given.is_empty() {
            "No attributes specified."
        } else {
            "Fields for multiple attribute types specified"
        };
        return Err(Fault::new("InvalidParameterCombination", message));
    };
    if let Some(vpc) = call.realm().ec2.vpcs.get_mut(&id) {
        match *member {
            "EnableDnsSupport" => vpc.dns_support = *value,
            "EnableDnsHostnames" => vpc.dns_hostnames = *value,
            _ => vpc.address_metrics = *value,
        }
    }
    Ok(json!({}))
}

fn delete(call: &mut Call<'_>) -> Outcome {
    let id = call.str("VpcId");
    kinds::VPC.require(call, &id)?;
    if HOLDERS.iter().any(|holds| holds(&call.realm().ec2, &id)) {
        let message = format!("The vpc '{id}' has dependencies and cannot be deleted.");
        return Err(Fault::new("DependencyViolation", message));
    }
    let state = &mut call.realm().ec2;
    let of = |all: Vec<(String, String)>| {
        all.into_iter().filter(|(_, vpc)| *vpc == id).map(|(i, _)| i).collect::<Vec<_>>()
    };
    let tables =
        of(state.route_tables.iter().map(|(i, t)| (i.to_owned(), t.vpc.clone())).collect());
    let groups =
        of(state.security_groups.iter().map(|(i, g)| (i.to_owned(), g.vpc.clone())).collect());
    let acls = of(state.network_acls.iter().map(|(i, a)| (i.to_owned(), a.vpc.clone())).collect());
    let rules: Vec<String> = state
        .security_group_rules
        .iter()
        .filter(|(_, r)| groups.contains(&r.group))
        .map(|(i, _)| i.to_owned())
        .collect();
    for rule in &rules {
        state.security_group_rules.remove(rule);
    }
    for gone in tables.iter().chain(&groups).chain(&acls) {
        state.route_tables.remove(gone);
        state.security_groups.remove(gone);
        state.network_acls.remove(gone);
    }
    state.vpcs.remove(&id);
    for gone in tables.iter().chain(&groups).chain(&acls).chain(&rules).chain([&id]) {
        tags::forget(call, gone);
    }
    Ok(json!({}))
}

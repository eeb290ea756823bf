//! Subnets: blocks inside their VPC that overlap no other, one zone each, addresses counted by network interfaces.
use super::filters::{Spec, View, describe, view};
use super::vpc::Vpc;
use super::vpc_cidr::Block;
use super::{
    cidr, ec2, find, network_acl, network_interface, one_attribute, route_table, subnet_cidr, tags,
    zones,
};
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};
use crate::world::scope::Scope;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(crate) const ACTIONS: &[Action] = &[
    ("CreateSubnet", create),
    ("DeleteSubnet", delete),
    ("DescribeSubnets", describe_all),
    ("ModifySubnetAttribute", modify),
];

/// A subnet.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Subnet {
    pub(crate) vpc: String,
    /// Empty in a subnet of IPv6 alone.
    pub(crate) cidr: String,
    pub(crate) zone: String,
    pub(crate) ipv6_blocks: Vec<Block>,
    pub(crate) ipv6_native: bool,
    pub(crate) default_for_zone: bool,
    pub(crate) map_public_ip: bool,
    pub(crate) assign_ipv6: bool,
    pub(crate) dns64: bool,
    pub(crate) hostname_type: String,
    pub(crate) dns_a: bool,
    pub(crate) dns_aaaa: bool,
}

fn render(view: &View<'_>, id: &str, s: &Subnet) -> Value {
    let mut out = json!({
        "SubnetId": id, "SubnetArn": view.arn(&format!("subnet/{id}")), "VpcId": s.vpc, "OwnerId": view.account,
        "AvailabilityZone": s.zone, "AvailabilityZoneId": zones::zone_id(&s.zone), "State": "available",
        "AvailableIpAddressCount": network_interface::free_addresses(view.ec2, id, s),
        "DefaultForAz": s.default_for_zone, "MapPublicIpOnLaunch": s.map_public_ip,
        "MapCustomerOwnedIpOnLaunch": false, "AssignIpv6AddressOnCreation": s.assign_ipv6,
        "Ipv6CidrBlockAssociationSet": subnet_cidr::list(&s.ipv6_blocks), "Ipv6Native": s.ipv6_native,
        "EnableDns64": s.dns64, "Tags": tags::of(view, id),
        "PrivateDnsNameOptionsOnLaunch": {"HostnameType": s.hostname_type, "EnableResourceNameDnsARecord": s.dns_a,
            "EnableResourceNameDnsAAAARecord": s.dns_aaaa},
        "BlockPublicAccessStates": {"InternetGatewayBlockMode": "off"},
    });
    if !s.cidr.is_empty() {
        out["CidrBlock"] = json!(s.cidr);
    }
    out
}

fn create(call: &mut Call<'_>) -> Outcome {
    let tags = tags::specified(call, "subnet")?;
    let vpc_id = call.str("VpcId");
    let vpc = find(call, |s| &s.vpcs, "vpc", &vpc_id)?;
    let native = call.opt_bool("Ipv6Native").unwrap_or(false);
    let wanted = match call.opt_str("CidrBlock") {
        Some(_) if native => {
            let message = "A subnet of IPv6 alone cannot have an IPv4 CIDR block";
            return Err(Fault::new("InvalidParameterCombination", message));
        }
        Some(text) => checked_cidr(call, &vpc_id, &vpc, &text)?,
        None if native => String::new(),
        None => {
            let message = "Either 'cidrBlock' or 'ipv4IpamPoolId' should be provided.";
            return Err(Fault::new("MissingParameter", message));
        }
    };
    let zone = zone(call)?;
    let ipv6 = call.opt_str("Ipv6CidrBlock");
    if native && ipv6.is_none() {
        let message = "A subnet of IPv6 alone needs the parameter Ipv6CidrBlock";
        return Err(Fault::new("MissingParameter", message));
    }
    let ipv6 = ipv6.map(|text| subnet_cidr::checked(call, &vpc_id, &text)).transpose()?;
    let count = ec2(call).subnets.values().filter(|s| s.vpc == vpc_id).count();
    if count >= call.quota("subnets-per-vpc") {
        let message = "The maximum number of subnets has been reached.";
        return Err(Fault::new("SubnetLimitExceeded", message));
    }
    let subnet = Subnet {
        vpc: vpc_id,
        cidr: wanted,
        zone,
        ipv6_native: native,
        assign_ipv6: native,
        dns_aaaa: native,
        ..Subnet::default()
    };
    let id = make(call, subnet);
    if let Some(block) = ipv6 {
        subnet_cidr::add(call, &id, block);
    }
    tags::put(call, &id, tags);
    let subnet = find(call, |s| &s.subnets, "subnet", &id)?;
    Ok(json!({ "Subnet": render(&view(call), &id, &subnet) }))
}

/// Makes a subnet that was checked, with its place in the default network ACL.
pub(crate) fn make(scope: &mut Scope<'_>, mut subnet: Subnet) -> String {
    let (now, visible, id) = (scope.now(), scope.visible_at(), scope.id("subnet"));
    subnet.hostname_type = if subnet.ipv6_native { "resource-name" } else { "ip-name" }.to_owned();
    let vpc = subnet.vpc.clone();
    ec2(scope).subnets.insert(&id, subnet, now, visible);
    network_acl::adopt(scope, &vpc, &id);
    id
}

fn checked_cidr(
    scope: &mut Scope<'_>,
    vpc_id: &str,
    vpc: &Vpc,
    text: &str,
) -> Result<String, Fault> {
    let net = cidr::v4(text, "cidrBlock")?;
    let wanted = net.to_string();
    let inside = vpc.blocks.iter().any(|b| b.holds() && cidr::within(&wanted, &b.cidr));
    if !(16..=28).contains(&net.prefix_len()) || !inside {
        return Err(Fault::new("InvalidSubnet.Range", format!("The CIDR '{text}' is invalid.")));
    }
    let taken =
        ec2(scope).subnets.values().any(|s| s.vpc == vpc_id && cidr::overlap(&s.cidr, &wanted));
    if taken {
        let message = format!("The CIDR '{text}' conflicts with another subnet");
        return Err(Fault::new("InvalidSubnet.Conflict", message));
    }
    Ok(wanted)
}

// The zone that was asked for, or else the one with the fewest subnets.
fn zone(call: &mut Call<'_>) -> Result<String, Fault> {
    for (member, parameter) in
        [("AvailabilityZone", "availabilityZone"), ("AvailabilityZoneId", "availabilityZoneId")]
    {
        let Some(text) = call.opt_str(member) else { continue };
        return zones::find(call, &text).ok_or_else(|| {
            let all = call.zones().join(", ");
            let message = format!(
                "Value ({text}) for parameter {parameter} is invalid. Subnets can currently only be created in the following availability zones: {all}."
            );
            Fault::new("InvalidParameterValue", message)
        });
    }
    let zones = call.zones();
    let s = ec2(call);
    let count = |z: &String| s.subnets.values().filter(|x| x.zone == *z).count();
    Ok(zones.into_iter().min_by_key(count).unwrap_or_default())
}

fn delete(call: &mut Call<'_>) -> Outcome {
    let id = call.str("SubnetId");
    find(call, |s| &s.subnets, "subnet", &id)?;
    if ec2(call).network_interfaces.values().any(|e| e.subnet == id) {
        let message = format!("The subnet '{id}' has dependencies and cannot be deleted.");
        return Err(Fault::new("DependencyViolation", message));
    }
    route_table::release_subnet(call, &id);
    network_acl::release_subnet(call, &id);
    ec2(call).subnets.remove(&id);
    tags::forget(call, &id);
    Ok(json!({}))
}

const SPEC: Spec = Spec {
    ids: "SubnetIds",
    prefix: "subnet",
    filters: &[
        ("availability-zone", "AvailabilityZone"),
        ("availabilityZone", "AvailabilityZone"),
        ("availability-zone-id", "AvailabilityZoneId"),
        ("availabilityZoneId", "AvailabilityZoneId"),
        ("available-ip-address-count", "AvailableIpAddressCount"),
        ("cidr", "CidrBlock"),
        ("cidr-block", "CidrBlock"),
        ("cidrBlock", "CidrBlock"),
        ("default-for-az", "DefaultForAz"),
        ("defaultForAz", "DefaultForAz"),
        ("enable-dns64", "EnableDns64"),
        (
            "ipv6-cidr-block-association.ipv6-cidr-block",
            "Ipv6CidrBlockAssociationSet.Ipv6CidrBlock",
        ),
        ("ipv6-cidr-block-association.association-id", "Ipv6CidrBlockAssociationSet.AssociationId"),
        (
            "ipv6-cidr-block-association.state",
            "Ipv6CidrBlockAssociationSet.Ipv6CidrBlockState.State",
        ),
        ("ipv6-native", "Ipv6Native"),
        ("map-public-ip-on-launch", "MapPublicIpOnLaunch"),
        ("outpost-arn", "OutpostArn"),
        ("owner-id", "OwnerId"),
        (
            "private-dns-name-options-on-launch.hostname-type",
            "PrivateDnsNameOptionsOnLaunch.HostnameType",
        ),
        (
            "private-dns-name-options-on-launch.enable-resource-name-dns-a-record",
            "PrivateDnsNameOptionsOnLaunch.EnableResourceNameDnsARecord",
        ),
        (
            "private-dns-name-options-on-launch.enable-resource-name-dns-aaaa-record",
            "PrivateDnsNameOptionsOnLaunch.EnableResourceNameDnsAAAARecord",
        ),
        ("state", "State"),
        ("subnet-arn", "SubnetArn"),
        ("subnet-id", "SubnetId"),
        ("vpc-id", "VpcId"),
    ],
};

fn describe_all(call: &mut Call<'_>) -> Outcome {
    Ok(json!({ "Subnets": describe(call, &SPEC, |s| &s.subnets, render)? }))
}

fn modify(call: &mut Call<'_>) -> Outcome {
    let id = call.str("SubnetId");
    let subnet = find(call, |s| &s.subnets, "subnet", &id)?;
    let name = one_attribute(call, "SubnetId")?;
    let on = call.attribute(&name).and_then(Value::as_bool).unwrap_or(false);
    if name == "AssignIpv6AddressOnCreation" && on && !subnet.ipv6_blocks.iter().any(Block::holds) {
        let message = format!(
            "The subnet {id} has no IPv6 CIDR block, which assignIpv6AddressOnCreation needs"
        );
        return Err(Fault::new("InvalidParameterValue", message));
    }
    if name == "MapPublicIpOnLaunch" && on && subnet.ipv6_native {
        let message =
            format!("The subnet {id} has no IPv4 addresses, which mapPublicIpOnLaunch needs");
        return Err(Fault::new("InvalidParameterValue", message));
    }
    let hostname_type = call.opt_str("PrivateDnsHostnameTypeOnLaunch");
    let Some(subnet) = ec2(call).subnets.get_mut(&id) else { return Ok(json!({})) };
    match name.as_str() {
        "AssignIpv6AddressOnCreation" => subnet.assign_ipv6 = on,
        "MapPublicIpOnLaunch" => subnet.map_public_ip = on,
        "EnableDns64" => subnet.dns64 = on,
        "EnableResourceNameDnsARecordOnLaunch" => subnet.dns_a = on,
        "EnableResourceNameDnsAAAARecordOnLaunch" => subnet.dns_aaaa = on,
        "PrivateDnsHostnameTypeOnLaunch" => {
            subnet.hostname_type = hostname_type.unwrap_or_default()
        }
        other => {
            let message = format!("airplane has no outposts, so {other} cannot be changed");
            return Err(Fault::new("UnsupportedOperation", message));
        }
    }
    Ok(json!({}))
}

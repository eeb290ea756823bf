//! CreateSubnet, DescribeSubnets, ModifySubnetAttribute, DeleteSubnet.
use super::{State, filters, kinds, network_acl, tags, vpc, zones};
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};
use ipnet::{Ipv4Net, Ipv6Net};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(crate) const ACTIONS: &[Action] = &[
    ("CreateSubnet", create),
    ("DescribeSubnets", describe),
    ("ModifySubnetAttribute", modify_attribute),
    ("DeleteSubnet", delete),
];

const FILTERS: filters::FilterMap = &[
    ("subnet-id", "SubnetId"),
    ("subnet-arn", "SubnetArn"),
    ("vpc-id", "VpcId"),
    ("availability-zone", "AvailabilityZone"),
    ("availabilityZone", "AvailabilityZone"),
    ("availability-zone-id", "AvailabilityZoneId"),
    ("available-ip-address-count", "AvailableIpAddressCount"),
    ("cidr-block", "CidrBlock"),
    ("cidr", "CidrBlock"),
    ("cidrBlock", "CidrBlock"),
    ("default-for-az", "DefaultForAz"),
    ("ipv6-cidr-block-association.ipv6-cidr-block", "Ipv6CidrBlockAssociationSet.Ipv6CidrBlock"),
    ("ipv6-cidr-block-association.association-id", "Ipv6CidrBlockAssociationSet.AssociationId"),
    ("ipv6-cidr-block-association.state", "Ipv6CidrBlockAssociationSet.Ipv6CidrBlockState.State"),
    ("ipv6-native", "Ipv6Native"),
    ("map-public-ip-on-launch", "MapPublicIpOnLaunch"),
    ("owner-id", "OwnerId"),
    ("state", "State"),
];

/// A subnet.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Subnet {
    pub(crate) vpc: String,
    pub(crate) zone: String,
    pub(crate) cidr: String,
    pub(crate) blocks6: Vec<vpc::Block>,
    pub(crate) public_ip: bool,
    pub(crate) ipv6_on_creation: bool,
    pub(crate) dns64: bool,
    pub(crate) hostname_type: String,
    pub(crate) dns_a: bool,
    pub(crate) dns_aaaa: bool,
}

fn create(call: &mut Call<'_>) -> Outcome {
    let vpc_id = call.str("VpcId");
    let Some(text) = call.opt_str("CidrBlock") else {
        return Err(Fault::new(
            "MissingParameter",
            "Either 'cidrBlock' or 'ipv6CidrBlock' should be provided.",
        ));
    };
    kinds::VPC.require(call, &vpc_id)?;
    let net = vpc::cidr(&text, "InvalidSubnet.Range")?;
    let zone = zone(call)?;
    let given = tags::specified(call, "subnet", &[])?;
    let limit = call.quota("subnets-per-vpc");
    let wanted6 = call.opt_str("Ipv6CidrBlock");
    let state = &call.realm().ec2;
    let parent = state.vpcs.get(&vpc_id).ok_or_else(|| kinds::VPC.missing(&vpc_id))?.clone();
    let inside = |b: &vpc::Block| b.cidr.parse::<Ipv4Net>().is_ok_and(|v| v.contains(&net));
    if !parent.blocks.iter().any(inside) {
        return Err(Fault::new("InvalidSubnet.Range", format!("The CIDR '{text}' is invalid.")));
    }
    let siblings: Vec<Subnet> =
        state.subnets.values().filter(|s| s.vpc == vpc_id).cloned().collect();
    let overlaps =
        |s: &Subnet| s.cidr.parse::<Ipv4Net>().is_ok_and(|o| o.contains(&net) || net.contains(&o));
    if siblings.iter().any(overlaps) {
        return Err(Fault::new(
            "InvalidSubnet.Conflict",
            format!("The CIDR '{text}' conflicts with another subnet"),
        ));
    }
    if siblings.len() >= limit {
        return Err(Fault::new(
            "SubnetLimitExceeded",
            "The maximum number of subnets has been reached.",
        ));
    }
    let mut blocks6 = Vec::new();
    if let Some(cidr) = wanted6 {
        check6(&cidr, &parent, &siblings)?;
        blocks6.push(vpc::Block {
            association: call.id("subnet-cidr-assoc"),
            cidr,
            state: "associated".into(),
        });
    }
    let (id, seen, now) = (call.id("subnet"), call.visible_at(), call.now());
    let subnet = Subnet {
        vpc: vpc_id.clone(),
        zone,
        cidr: net.to_string(),
        blocks6,
        public_ip: false,
        ipv6_on_creation: false,
        dns64: false,
        hostname_type: "ip-name".into(),
        dns_a: false,
        dns_aaaa: false,
    };
    call.realm().ec2.subnets.insert(&id, subnet, now, seen);
    tags::put(call, &id, &given)?;
    network_acl::adopt(call, &vpc_id, &id);
    Ok(json!({"Subnet": view(call, &id)}))
}

/// Refuses an IPv6 block of a subnet that is not a /64 of its VPC, or overlaps a sibling's.
pub(crate) fn check6(text: &str, parent: &vpc::Vpc, siblings: &[Subnet]) -> Result<(), Fault> {
    let net: Option<Ipv6Net> = text.parse().ok().filter(|n: &Ipv6Net| n.prefix_len() == 64);
    let inside = |b: &vpc::Block| {
        b.cidr.parse::<Ipv6Net>().is_ok_and(|v| net.is_some_and(|n| v.contains(&n)))
    };
    if !parent.blocks6.iter().any(inside) {
        return Err(Fault::new("InvalidSubnet.Range", format!("The CIDR '{text}' is invalid.")));
    }
    let taken =
        siblings.iter().flat_map(|s| &s.blocks6).any(|b| b.cidr.parse::<Ipv6Net>().ok() == net);
    if taken {
        return Err(Fault::new(
            "InvalidSubnet.Conflict",
            format!("The CIDR '{text}' conflicts with another subnet"),
        ));
    }
    Ok(())
}

fn zone(call: &mut Call<'_>) -> Result<String, Fault> {
    let all = call.zones();
    let (name, id) = (call.opt_str("AvailabilityZone"), call.opt_str("AvailabilityZoneId"));
    let found = match (&name, &id) {
        (Some(name), _) => all.iter().find(|z| *z == name),
        (None, Some(id)) => all.iter().find(|z| zones::zone_id(z) == *id),
        (None, None) => all.first(),
    };
    found.cloned().ok_or_else(|| {
        let (parameter, value) = match (name, id) {
            (Some(name), _) => ("availabilityZone", name),
            (None, id) => ("availabilityZoneId", id.unwrap_or_default()),
        };
        let choices = all.join(", ");
        let message = format!(
            "Value ({value}) for parameter {parameter} is invalid. Subnets can currently only be created in the following availability zones: {choices}."
        );
        Fault::new("InvalidParameterValue", message)
    })
}

/// A subnet as answers show it.
pub(crate) fn view(call: &mut Call<'_>, id: &str) -> Value {
    let owner = call.account.clone();
    let arn = call.arn("ec2", &format!("subnet/{id}"));
    let state = &call.realm().ec2;
    let Some(subnet) = state.subnets.get(id) else { return Value::Null };
    let v6 = |b: &vpc::Block| {
        json!({"AssociationId": b.association, "Ipv6CidrBlock": b.cidr, "Ipv6CidrBlockState": {"State": b.state},
            "Ipv6AddressAttribute": "public", "IpSource": "amazon"})
    };
    json!({
        "SubnetId": id, "SubnetArn": arn, "OwnerId": owner, "VpcId": subnet.vpc, "State": "available",
        "AvailabilityZone": subnet.zone, "AvailabilityZoneId": zones::zone_id(&subnet.zone), "CidrBlock": subnet.cidr,
        "AvailableIpAddressCount": free_addresses(state, id), "DefaultForAz": false,
        "MapPublicIpOnLaunch": subnet.public_ip, "MapCustomerOwnedIpOnLaunch": false,
        "AssignIpv6AddressOnCreation": subnet.ipv6_on_creation, "EnableDns64": subnet.dns64, "Ipv6Native": false,
        "Ipv6CidrBlockAssociationSet": subnet.blocks6.iter().map(v6).collect::<Vec<_>>(),
        "PrivateDnsNameOptionsOnLaunch": {"HostnameType": subnet.hostname_type,
            "EnableResourceNameDnsARecord": subnet.dns_a, "EnableResourceNameDnsAAAARecord": subnet.dns_aaaa},
        "Tags": tags::of(state, id),
    })
}

// AWS keeps five addresses of each subnet for itself.
fn free_addresses(state: &State, id: &str) -> u64 {
    let net = state.subnets.get(id).and_then(|s| s.cidr.parse::<Ipv4Net>().ok());
    net.map(|n| (1u64 << (32 - u32::from(n.prefix_len()))).saturating_sub(5)).unwrap_or(0)
}

fn describe(call: &mut Call<'_>) -> Outcome {
    let (ids, now) = (call.strings("SubnetIds"), call.now());
    let found = kinds::SUBNET.select(&call.realm().ec2.subnets, &ids, now)?;
    let items = found.iter().map(|(id, _)| view(call, id)).collect();
    Ok(json!({"Subnets": filters::apply(call, FILTERS, items)?}))
}

fn modify_attribute(call: &mut Call<'_>) -> Outcome {
    let id = call.str("SubnetId");
    kinds::SUBNET.require(call, &id)?;
    let given: Vec<String> = call.input.keys().filter(|k| *k != "SubnetId").cloned().collect();
    let [member] = given.as_slice() else {
        let message = if given.is_empty() {
            "No attributes specified."
        } else {
            "Fields for multiple attribute types specified"
        };
        return Err(Fault::new("InvalidParameterCombination", message));
    };
    let on = call.attribute(member).and_then(Value::as_bool).unwrap_or(false);
    let hostname_type = call.str("PrivateDnsHostnameTypeOnLaunch");
    let Some(subnet) = call.realm().ec2.subnets.get_mut(&id) else {
        return Err(kinds::SUBNET.missing(&id));
    };
    match member.as_str() {
        "MapPublicIpOnLaunch" => subnet.public_ip = on,
        "AssignIpv6AddressOnCreation" if on && subnet.blocks6.is_empty() => {
            let message = format!(
                "Invalid value 'true' for assignIpv6AddressOnCreation. The subnet {id} does not have an IPv6 CIDR block."
            );
            return Err(Fault::new("InvalidParameterValue", message));
        }
        "AssignIpv6AddressOnCreation" => subnet.ipv6_on_creation = on,
        "EnableDns64" => subnet.dns64 = on,
        "PrivateDnsHostnameTypeOnLaunch" => subnet.hostname_type = hostname_type,
        "EnableResourceNameDnsARecordOnLaunch" => subnet.dns_a = on,
        "EnableResourceNameDnsAAAARecordOnLaunch" => subnet.dns_aaaa = on,
        other => {
            let message = format!("airplane has no {other} for subnets yet");
            return Err(Fault::new("NotImplementedByAirplane", message).status(501));
        }
    }
    Ok(json!({}))
}

// What keeps a subnet from deletion: one line per kind of object that can stand in a subnet.
const HOLDERS: &[fn(&State, &str) -> bool] = &[];

fn delete(call: &mut Call<'_>) -> Outcome {
    let id = call.str("SubnetId");
    kinds::SUBNET.require(call, &id)?;
    if HOLDERS.iter().any(|holds| holds(&call.realm().ec2, &id)) {
        let message = format!("The subnet '{id}' has dependencies and cannot be deleted.");
        return Err(Fault::new("DependencyViolation", message));
    }
    let state = &mut call.realm().ec2;
    state.subnets.remove(&id);
    // Associations with route tables go with the subnet.
    for table in state.route_tables.ids() {
        if state
            .route_tables
            .get(&table)
            .is_some_and(|t| t.associations.iter().any(|a| a.subnet.as_deref() == Some(&id)))
            && let Some(table) = state.route_tables.get_mut(&table)
        {
            table.associations.retain(|a| a.subnet.as_deref() != Some(&id));
        }
    }
    network_acl::release(call, &id);
    tags::forget(call, &id);
    Ok(json!({}))
}

/// Does a subnet stand in this VPC?
pub(crate) fn holds(state: &State, vpc: &str) -> bool {
    state.subnets.values().any(|s| s.vpc == vpc)
}

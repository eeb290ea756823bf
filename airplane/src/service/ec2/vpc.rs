//! VPCs with what AWS makes along: main route table, default security group, default network ACL, default DHCP options.
use super::filters::{Spec, View, describe, view};
use super::vpc_cidr::{Block, blocks_v4, blocks_v6};
use super::{
    cidr, dhcp_options, ec2, find, network_acl, one_attribute, peering, route_table,
    security_group, tags, vpc_cidr,
};
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};
use crate::world::scope::Scope;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(crate) const ACTIONS: &[Action] = &[
    ("CreateVpc", create),
    ("DeleteVpc", delete),
    ("DescribeVpcs", describe_all),
    ("DescribeVpcAttribute", describe_attribute),
    ("ModifyVpcAttribute", modify_attribute),
];

/// A VPC.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Vpc {
    /// The first is the primary one.
    pub(crate) blocks: Vec<Block>,
    pub(crate) ipv6_blocks: Vec<Block>,
    pub(crate) dhcp_options: String,
    pub(crate) tenancy: String,
    pub(crate) is_default: bool,
    pub(crate) dns_support: bool,
    pub(crate) dns_hostnames: bool,
    pub(crate) usage_metrics: bool,
}

impl Vpc {
    /// The primary IPv4 block.
    pub(crate) fn cidr(&self) -> &str {
        self.blocks.first().map(|b| b.cidr.as_str()).unwrap_or_default()
    }
}

fn render(view: &View<'_>, id: &str, vpc: &Vpc) -> Value {
    json!({
        "VpcId": id, "OwnerId": view.account, "State": "available", "CidrBlock": vpc.cidr(),
        "CidrBlockAssociationSet": blocks_v4(&vpc.blocks),
        "Ipv6CidrBlockAssociationSet": blocks_v6(&vpc.ipv6_blocks, &view.region),
        "DhcpOptionsId": vpc.dhcp_options, "InstanceTenancy": vpc.tenancy, "IsDefault": vpc.is_default,
        "BlockPublicAccessStates": {"InternetGatewayBlockMode": "off"}, "Tags": tags::of(view, id),
    })
}

fn create(call: &mut Call<'_>) -> Outcome {
    let tags = tags::specified(call, "vpc")?;
    let Some(text) = call.opt_str("CidrBlock") else {
        let message = "Either 'cidrBlock' or 'ipv4IpamPoolId' should be provided.";
        return Err(Fault::new("MissingParameter", message));
    };
    let tenancy = call.opt_str("InstanceTenancy").unwrap_or_else(|| "default".to_owned());
    let ipv6 = call.opt_bool("AmazonProvidedIpv6CidrBlock").unwrap_or(false);
    let id = make(call, &text, &tenancy, ipv6, false)?;
    tags::put(call, &id, tags);
    let vpc = find(call, |s| &s.vpcs, "vpc", &id)?;
    Ok(json!({ "Vpc": created(call, &id, &vpc) }))
}

/// A VPC as the answer to its creation shows it.
pub(crate) fn created(scope: &mut Scope<'_>, id: &str, vpc: &Vpc) -> Value {
    let mut answer = render(&view(scope), id, vpc);
    answer["State"] = json!("pending");
    answer
}

/// Makes a VPC and what comes along.
pub(crate) fn make(
    scope: &mut Scope<'_>,
    text: &str,
    tenancy: &str,
    ipv6: bool,
    is_default: bool,
) -> Result<String, Fault> {
    let net = cidr::v4(text, "cidrBlock")?;
    if !(16..=28).contains(&net.prefix_len()) {
        return Err(Fault::new("InvalidVpc.Range", format!("The CIDR '{text}' is invalid.")));
    }
    if tenancy == "host" {
        let message = "Value (host) for parameter instanceTenancy is invalid. A VPC's tenancy is default or dedicated.";
        return Err(Fault::new("InvalidParameterValue", message));
    }
    if ec2(scope).vpcs.len() >= scope.quota("vpcs-per-region") {
        return Err(Fault::new("VpcLimitExceeded", "The maximum number of VPCs has been reached."));
    }
    let (now, visible, id) = (scope.now(), scope.visible_at(), scope.id("vpc"));
    let block = Block {
        id: scope.id("vpc-cidr-assoc"),
        cidr: net.to_string(),
        state: "associated".to_owned(),
    };
    let vpc = Vpc {
        blocks: vec![block],
        ipv6_blocks: Vec::new(),
        dhcp_options: dhcp_options::default_id(scope),
        tenancy: tenancy.to_owned(),
        is_default,
        dns_support: true,
        dns_hostnames: is_default,
        usage_metrics: false,
    };
    ec2(scope).vpcs.insert(&id, vpc, now, visible);
    if ipv6 {
        vpc_cidr::add_amazon_v6(scope, &id);
    }
    route_table::make_main(scope, &id);
    network_acl::make_default(scope, &id);
    security_group::make_default(scope, &id);
    Ok(id)
}

fn delete(call: &mut Call<'_>) -> Outcome {
    let id = call.str("VpcId");
    find(call, |s| &s.vpcs, "vpc", &id)?;
    if has_dependents(call, &id) {
        let message = format!("The vpc '{id}' has dependencies and cannot be deleted.");
        return Err(Fault::new("DependencyViolation", message));
    }
    route_table::remove_main(call, &id);
    network_acl::remove_default(call, &id);
    peering::drop_of(call, &id);
    security_group::remove_default(call, &id);
    ec2(call).vpcs.remove(&id);
    tags::forget(call, &id);
    Ok(json!({}))
}

// Everything that someone made in the VPC holds it; what came along with it does not.
fn has_dependents(scope: &mut Scope<'_>, id: &str) -> bool {
    let s = ec2(scope);
    s.subnets.values().any(|x| x.vpc == id)
        || s.internet_gateways.values().any(|x| x.vpc.as_deref() == Some(id))
        || s.egress_only_gateways.values().any(|x| x.vpc == id)
        || s.route_tables.values().any(|x| x.vpc == id && !x.is_main())
        || s.network_acls.values().any(|x| x.vpc == id && !x.is_default)
        || s.security_groups.values().any(|x| x.vpc == id && x.name != "default")
        || s.network_interfaces.values().any(|x| x.vpc == id)
        || s.vpc_endpoints.values().any(|x| x.vpc == id)
        || s.peerings.values().any(|x| x.is_active() && x.touches(id))
}

const SPEC: Spec = Spec {
    ids: "VpcIds",
    prefix: "vpc",
    filters: &[
        ("cidr", "CidrBlock"),
        ("cidr-block", "CidrBlock"),
        ("cidrBlock", "CidrBlock"),
        ("cidr-block-association.cidr-block", "CidrBlockAssociationSet.CidrBlock"),
        ("cidr-block-association.association-id", "CidrBlockAssociationSet.AssociationId"),
        ("cidr-block-association.state", "CidrBlockAssociationSet.CidrBlockState.State"),
        ("dhcp-options-id", "DhcpOptionsId"),
        ("dhcpOptionsId", "DhcpOptionsId"),
        (
            "ipv6-cidr-block-association.ipv6-cidr-block",
            "Ipv6CidrBlockAssociationSet.Ipv6CidrBlock",
        ),
        ("ipv6-cidr-block-association.ipv6-pool", "Ipv6CidrBlockAssociationSet.Ipv6Pool"),
        ("ipv6-cidr-block-association.association-id", "Ipv6CidrBlockAssociationSet.AssociationId"),
        (
            "ipv6-cidr-block-association.state",
            "Ipv6CidrBlockAssociationSet.Ipv6CidrBlockState.State",
        ),
        ("is-default", "IsDefault"),
        ("isDefault", "IsDefault"),
        ("owner-id", "OwnerId"),
        ("state", "State"),
        ("vpc-id", "VpcId"),
    ],
};

fn describe_all(call: &mut Call<'_>) -> Outcome {
    Ok(json!({ "Vpcs": describe(call, &SPEC, |s| &s.vpcs, render)? }))
}

fn describe_attribute(call: &mut Call<'_>) -> Outcome {
    let id = call.str("VpcId");
    let vpc = find(call, |s| &s.vpcs, "vpc", &id)?;
    Ok(match call.str("Attribute").as_str() {
        "enableDnsSupport" => json!({"VpcId": id, "EnableDnsSupport": {"Value": vpc.dns_support}}),
        "enableDnsHostnames" => {
            json!({"VpcId": id, "EnableDnsHostnames": {"Value": vpc.dns_hostnames}})
        }
        _ => json!({"VpcId": id, "EnableNetworkAddressUsageMetrics": {"Value": vpc.usage_metrics}}),
    })
}

fn modify_attribute(call: &mut Call<'_>) -> Outcome {
    let id = call.str("VpcId");
    let vpc = find(call, |s| &s.vpcs, "vpc", &id)?;
    let name = one_attribute(call, "VpcId")?;
    let on = call.attribute(&name).and_then(Value::as_bool).unwrap_or(false);
    if name == "EnableDnsHostnames" && on && !vpc.dns_support {
        let message = format!("DNS hostnames need DNS support, which is off in {id}");
        return Err(Fault::new("InvalidParameterCombination", message));
    }
    if let Some(vpc) = ec2(call).vpcs.get_mut(&id) {
        match name.as_str() {
            "EnableDnsSupport" => vpc.dns_support = on,
            "EnableDnsHostnames" => vpc.dns_hostnames = on,
            _ => vpc.usage_metrics = on,
        }
    }
    Ok(json!({}))
}

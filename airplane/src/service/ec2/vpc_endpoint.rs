//! VPC endpoints: gateways with routes to a prefix list, interfaces with a network interface in each subnet.
use super::filters::{Spec, View, describe, view};
use super::network_interface::{self, New};
use super::{ec2, endpoint_service, find, kinds, network_interface_api, security_group, tags};
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};
use crate::world::scope::Scope;
use crate::world::{Millis, timing};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(crate) const ACTIONS: &[Action] = &[
    ("CreateVpcEndpoint", create),
    ("DeleteVpcEndpoints", delete),
    ("DescribeVpcEndpoints", describe_all),
];

/// A VPC endpoint.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct VpcEndpoint {
    pub(crate) vpc: String,
    pub(crate) service: String,
    /// `Gateway` or `Interface`.
    pub(crate) kind: String,
    pub(crate) state: String,
    pub(crate) policy: String,
    pub(crate) route_tables: Vec<String>,
    /// Subnet and network interface.
    pub(crate) interfaces: Vec<(String, String)>,
    pub(crate) groups: Vec<String>,
    pub(crate) private_dns: bool,
    pub(crate) ip_address_type: String,
    pub(crate) dns_record_ip_type: String,
    pub(crate) suffix: String,
    pub(crate) created: Millis,
}

/// What happens later to an endpoint: it is available, or gone.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Event {
    pub(crate) id: String,
}

impl Event {
    /// Lets it happen.
    pub(crate) fn run(self, scope: &mut Scope<'_>) {
        let Some(endpoint) = ec2(scope).vpc_endpoints.get(&self.id).cloned() else { return };
        if endpoint.state != "deleting" {
            set(scope, &self.id, "available");
            return;
        }
        for (_, interface) in endpoint.interfaces {
            network_interface::remove(scope, &interface);
        }
        ec2(scope).vpc_endpoints.remove(&self.id);
        tags::forget(scope, &self.id);
    }
}

fn set(scope: &mut Scope<'_>, id: &str, state: &str) {
    if let Some(endpoint) = ec2(scope).vpc_endpoints.get_mut(id) {
        endpoint.state = state.to_owned();
    }
}

/// What an endpoint without a policy of its own allows.
pub(crate) const FULL_ACCESS: &str = r#"{"Version":"2008-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}"#;

/// An endpoint as EC2 shows it.
pub(crate) fn render(view: &View<'_>, id: &str, e: &VpcEndpoint) -> Value {
    let mut out = json!({
        "VpcEndpointId": id, "VpcEndpointType": e.kind, "VpcId": e.vpc, "ServiceName": e.service, "State": e.state,
        "PolicyDocument": e.policy, "RouteTableIds": e.route_tables, "OwnerId": view.account,
        "SubnetIds": e.interfaces.iter().map(|(s, _)| s).collect::<Vec<_>>(),
        "NetworkInterfaceIds": e.interfaces.iter().map(|(_, i)| i).collect::<Vec<_>>(),
        "Groups": network_interface_api::groups(view, &e.groups), "PrivateDnsEnabled": e.private_dns,
        "RequesterManaged": false, "DnsEntries": dns_entries(view, id, e), "CreationTimestamp": e.created,
        "Tags": tags::of(view, id), "ServiceRegion": view.region,
    });
    if e.kind == "Interface" {
        out["IpAddressType"] = json!(e.ip_address_type);
        out["DnsOptions"] = json!({"DnsRecordIpType": e.dns_record_ip_type});
    }
    out
}

// The endpoint's own name, one per zone, and the service's usual name.
fn dns_entries(view: &View<'_>, id: &str, e: &VpcEndpoint) -> Vec<Value> {
    if e.kind != "Interface" {
        return Vec::new();
    }
    let short = e.service.split('.').skip(3).collect::<Vec<_>>().join(".");
    let first = format!("{id}-{}", e.suffix);
    let domain = format!("{short}.{}.vpce.amazonaws.com", view.region);
    let zone_of = |subnet: &String| view.ec2.subnets.get(subnet).map(|s| s.zone.clone());
    let zones = e.interfaces.iter().filter_map(|(subnet, _)| zone_of(subnet));
    let mut names = vec![(format!("{first}.{domain}"), "Z7HUB22UULQXV")];
    names.extend(zones.map(|zone| (format!("{first}-{zone}.{domain}"), "Z7HUB22UULQXV")));
    if e.private_dns {
        names.push((endpoint_service::private_name(&view.region, &short), "ZONEIDPENDING"));
    }
    names.into_iter().map(|(name, zone)| json!({"DnsName": name, "HostedZoneId": zone})).collect()
}

fn create(call: &mut Call<'_>) -> Outcome {
    let tags = tags::specified(call, "vpc-endpoint")?;
    let vpc = call.str("VpcId");
    find(call, |s| &s.vpcs, "vpc", &vpc)?;
    let kind = call.opt_str("VpcEndpointType").unwrap_or_else(|| "Gateway".to_owned());
    if !matches!(kind.as_str(), "Gateway" | "Interface") {
        let message = format!("airplane has no VPC endpoints of type {kind}");
        return Err(Fault::new("UnsupportedOperation", message));
    }
    let service = call.str("ServiceName");
    endpoint_service::short(&call.region, &service, &kind)?;
    refuse_too_many(call, &vpc, &kind)?;
    let policy = checked_policy(call)?.unwrap_or_else(|| FULL_ACCESS.to_owned());
    let interface = kind == "Interface";
    let id = call.id("vpce");
    let mut endpoint = VpcEndpoint {
        vpc,
        service,
        kind,
        state: if interface { "pending" } else { "available" }.to_owned(),
        policy,
        route_tables: Vec::new(),
        interfaces: Vec::new(),
        groups: Vec::new(),
        private_dns: interface && call.opt_bool("PrivateDnsEnabled").unwrap_or(true),
        ip_address_type: call.opt_str("IpAddressType").unwrap_or_else(|| "ipv4".to_owned()),
        dns_record_ip_type: record_type(call).unwrap_or_else(|| "ipv4".to_owned()),
        suffix: call.world.ids.hex(8),
        created: call.now(),
    };
    let (subnets, groups) = (call.strings("SubnetIds"), call.strings("SecurityGroupIds"));
    let tables = call.strings("RouteTableIds");
    refuse_members(interface, &subnets, &groups, &tables)?;
    if interface {
        endpoint.groups = match groups.is_empty() {
            true => security_group::default_id(call, &endpoint.vpc).into_iter().collect(),
            false => groups,
        };
        refuse_private_dns(call, &id, &endpoint)?;
        add_subnets(call, &id, &mut endpoint, &subnets)?;
        call.schedule(timing::ENDPOINT_CREATE, super::Event::Endpoint(Event { id: id.clone() }));
    } else {
        add_route_tables(call, &id, &mut endpoint, &tables)?;
    }
    let (now, visible) = (call.now(), call.visible_at());
    ec2(call).vpc_endpoints.insert(&id, endpoint.clone(), now, visible);
    tags::put(call, &id, tags);
    let token = call.opt_str("ClientToken");
    Ok(json!({ "VpcEndpoint": render(&view(call), &id, &endpoint), "ClientToken": token }))
}

/// The record type that a call's DNS options ask for.
pub(crate) fn record_type(call: &Call<'_>) -> Option<String> {
    call.get("DnsOptions").and_then(|d| d["DnsRecordIpType"].as_str()).map(str::to_owned)
}

fn refuse_too_many(call: &mut Call<'_>, vpc: &str, kind: &str) -> Result<(), Fault> {
    let count = ec2(call)
        .vpc_endpoints
        .values()
        .filter(|e| e.kind == kind && (kind == "Gateway" || e.vpc == vpc))
        .count();
    let quota = if kind == "Gateway" {
        "gateway-endpoints-per-region"
    } else {
        "interface-endpoints-per-vpc"
    };
    if count >= call.quota(quota) {
        let message =
            format!("The maximum number of VPC endpoints of type {kind} has been reached.");
        return Err(Fault::new("VpcEndpointLimitExceeded", message));
    }
    Ok(())
}

fn refuse_members(
    interface: bool,
    subnets: &[String],
    groups: &[String],
    tables: &[String],
) -> Result<(), Fault> {
    let wrong = match interface {
        true if !tables.is_empty() => {
            "Route table IDs are only supported for Gateway type VPC Endpoint."
        }
        false if !subnets.is_empty() => {
            "Subnet IDs are only supported for Interface type VPC Endpoint."
        }
        false if !groups.is_empty() => {
            "Security group IDs are only supported for Interface type VPC Endpoint."
        }
        _ => return Ok(()),
    };
    Err(Fault::new("InvalidParameter", wrong))
}

/// The policy that a call gives, if it is one.
pub(crate) fn checked_policy(call: &Call<'_>) -> Result<Option<String>, Fault> {
    let Some(text) = call.opt_str("PolicyDocument").filter(|t| !t.is_empty()) else {
        return Ok(None);
    };
    match serde_json::from_str::<Value>(&text) {
        Ok(v) if v.get("Statement").is_some() => Ok(Some(text)),
        Ok(_) => Err(Fault::new("InvalidPolicyDocument", "The policy document has no Statement")),
        Err(e) => Err(Fault::new(
            "InvalidPolicyDocument",
            format!("The policy document is not valid JSON: {e}"),
        )),
    }
}

/// Refuses private DNS where the VPC does not resolve it, or where another endpoint has the name.
pub(crate) fn refuse_private_dns(
    scope: &mut Scope<'_>,
    id: &str,
    e: &VpcEndpoint,
) -> Result<(), Fault> {
    if !e.private_dns {
        return Ok(());
    }
    let vpc = find(scope, |s| &s.vpcs, "vpc", &e.vpc)?;
    if !vpc.dns_support || !vpc.dns_hostnames {
        let message = format!(
            "Enabling private DNS requires both enableDnsSupport and enableDnsHostnames VPC attributes set to true for {}",
            e.vpc
        );
        return Err(Fault::new("InvalidParameter", message));
    }
    let taken = ec2(scope).vpc_endpoints.iter().any(|(other, x)| {
        other != id
            && x.vpc == e.vpc
            && x.service == e.service
            && x.private_dns
            && x.state != "deleting"
    });
    if taken {
        let short = e.service.split('.').skip(3).collect::<Vec<_>>().join(".");
        let name = endpoint_service::private_name(&scope.region, &short);
        let message = format!(
            "private-dns-enabled cannot be set because there is already a conflicting DNS domain for {name} in the VPC {}",
            e.vpc
        );
        return Err(Fault::new("InvalidParameter", message));
    }
    Ok(())
}

/// Gives an interface endpoint a network interface in each of these subnets, which lie in zones of their own.
pub(crate) fn add_subnets(
    scope: &mut Scope<'_>,
    id: &str,
    endpoint: &mut VpcEndpoint,
    subnets: &[String],
) -> Result<(), Fault> {
    for subnet_id in subnets {
        let subnet = find(scope, |s| &s.subnets, "subnet", subnet_id)?;
        if subnet.vpc != endpoint.vpc {
            let message = format!("Subnet {subnet_id} does not belong to VPC {}", endpoint.vpc);
            return Err(Fault::new("InvalidParameter", message));
        }
        let zones = endpoint
            .interfaces
            .iter()
            .filter_map(|(s, _)| ec2(scope).subnets.get(s).map(|s| s.zone.clone()));
        if zones.collect::<Vec<_>>().contains(&subnet.zone) {
            let message = format!(
                "Found another VPC endpoint subnet in the availability zone of {subnet_id}. VPC endpoint subnets should be in different availability zones supported by the VPC endpoint service."
            );
            return Err(Fault::new("DuplicateSubnetsInSameZone", message));
        }
        let new = New {
            subnet: subnet_id.clone(),
            kind: "vpc_endpoint".to_owned(),
            description: format!("VPC Endpoint Interface {id}"),
            groups: endpoint.groups.clone(),
            requester: Some("vpc-endpoint".to_owned()),
            ..New::default()
        };
        let interface = network_interface::make(scope, new)?;
        endpoint.interfaces.push((subnet_id.clone(), interface));
    }
    Ok(())
}

/// Lets these route tables lead to a gateway endpoint; a table has one route to a service.
pub(crate) fn add_route_tables(
    scope: &mut Scope<'_>,
    id: &str,
    endpoint: &mut VpcEndpoint,
    tables: &[String],
) -> Result<(), Fault> {
    for table in tables {
        if find(scope, |s| &s.route_tables, "rtb", table)?.vpc != endpoint.vpc {
            let message = format!("Route table {table} does not belong to VPC {}", endpoint.vpc);
            return Err(Fault::new("InvalidParameter", message));
        }
        let taken = ec2(scope).vpc_endpoints.iter().any(|(other, x)| {
            other != id
                && x.service == endpoint.service
                && x.state != "deleting"
                && x.route_tables.contains(table)
        });
        if taken || endpoint.route_tables.contains(table) {
            let list = super::prefix_list::id_of_service(&scope.region, &endpoint.service);
            let message = format!(
                "route table {table} already has a route with destination-prefix-list-id {list}"
            );
            return Err(Fault::new("RouteAlreadyExists", message));
        }
        endpoint.route_tables.push(table.clone());
    }
    Ok(())
}

// Ids that nothing has are told in the answer; the others go nevertheless.
fn delete(call: &mut Call<'_>) -> Outcome {
    let mut unsuccessful = Vec::new();
    for id in call.strings("VpcEndpointIds") {
        let Some(endpoint) = ec2(call).vpc_endpoints.get(&id).cloned() else {
            let fault = kinds::missing("vpce", &id);
            unsuccessful.push(
                json!({"ResourceId": id, "Error": {"Code": fault.code, "Message": fault.message}}),
            );
            continue;
        };
        if endpoint.state == "deleting" {
            continue;
        }
        set(call, &id, "deleting");
        let after = if endpoint.kind == "Gateway" {
            timing::ENDPOINT_DELETE / 9
        } else {
            timing::ENDPOINT_DELETE
        };
        call.schedule(after, super::Event::Endpoint(Event { id }));
    }
    Ok(json!({ "Unsuccessful": unsuccessful }))
}

const SPEC: Spec = Spec {
    ids: "VpcEndpointIds",
    prefix: "vpce",
    filters: &[
        ("ip-address-type", "IpAddressType"),
        ("service-name", "ServiceName"),
        ("service-region", "ServiceRegion"),
        ("vpc-endpoint-id", "VpcEndpointId"),
        ("vpc-endpoint-state", "State"),
        ("vpc-endpoint-type", "VpcEndpointType"),
        ("vpc-id", "VpcId"),
    ],
};

fn describe_all(call: &mut Call<'_>) -> Outcome {
    Ok(json!({ "VpcEndpoints": describe(call, &SPEC, |s| &s.vpc_endpoints, render)? }))
}

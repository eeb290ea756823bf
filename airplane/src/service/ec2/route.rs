//! Routes: one per destination, local ones by the VPC's blocks, `blackhole` when the target is gone.
use super::filters::View;
use super::route_table::RouteTable;
use super::{State, cidr, ec2, find};
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(crate) const ACTIONS: &[Action] =
    &[("CreateRoute", create), ("ReplaceRoute", replace), ("DeleteRoute", delete)];

/// A route that someone made.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Route {
    /// A block, or the id of a prefix list.
    pub(crate) destination: String,
    /// The member of the API that names the target: `NatGatewayId` and the like.
    pub(crate) member: String,
    pub(crate) target: String,
}

fn destination_member(destination: &str) -> &'static str {
    match destination {
        d if d.starts_with("pl-") => "DestinationPrefixListId",
        d if d.contains(':') => "DestinationIpv6CidrBlock",
        _ => "DestinationCidrBlock",
    }
}

/// All routes of a table as EC2 lists them: local, those of gateway endpoints, those that were made.
pub(crate) fn list(view: &View<'_>, id: &str, table: &RouteTable) -> Vec<Value> {
    let mut out = Vec::new();
    for block in local_blocks(view.ec2, &table.vpc) {
        if !table.routes.iter().any(|r| r.destination == block) {
            out.push(json!({destination_member(&block): block, "GatewayId": "local",
                "Origin": "CreateRouteTable", "State": "active"}));
        }
    }
    for route in &table.routes {
        let state = if lives(view.ec2, &table.vpc, route) { "active" } else { "blackhole" };
        let mut row = json!({destination_member(&route.destination): route.destination,
            route.member.as_str(): route.target, "Origin": "CreateRoute", "State": state});
        if route.member == "NetworkInterfaceId" {
            let interface = view.ec2.network_interfaces.get(&route.target);
            let attachment = interface.and_then(|e| e.attachment.as_ref());
            if let Some((instance, owner)) =
                attachment.and_then(|a| Some((a.instance.as_ref()?, &a.owner)))
            {
                row["InstanceId"] = json!(instance);
                row["InstanceOwnerId"] = json!(owner);
            }
        }
        out.push(row);
    }
    for (endpoint, e) in view.ec2.vpc_endpoints.iter() {
        if e.kind == "Gateway" && e.state == "available" && e.route_tables.iter().any(|t| t == id) {
            let list = super::prefix_list::id_of_service(&view.region, &e.service);
            out.push(json!({"DestinationPrefixListId": list, "GatewayId": endpoint,
                "Origin": "CreateRoute", "State": "active"}));
        }
    }
    out
}

fn local_blocks(s: &State, vpc: &str) -> Vec<String> {
    let Some(vpc) = s.vpcs.get(vpc) else { return Vec::new() };
    vpc.blocks
        .iter()
        .chain(&vpc.ipv6_blocks)
        .filter(|b| b.holds())
        .map(|b| b.cidr.clone())
        .collect()
}

// Is the target there and ready for traffic?
fn lives(s: &State, vpc: &str, route: &Route) -> bool {
    let target = route.target.as_str();
    match route.member.as_str() {
        "GatewayId" if target.starts_with("vpce-") => s.vpc_endpoints.contains(target),
        "GatewayId" => {
            s.internet_gateways.get(target).is_some_and(|g| g.vpc.as_deref() == Some(vpc))
        }
        "NatGatewayId" => {
            s.nat_gateways.get(target).is_some_and(|n| n.state != "deleted" && n.state != "failed")
        }
        "EgressOnlyInternetGatewayId" => s.egress_only_gateways.contains(target),
        "VpcPeeringConnectionId" => s.peerings.get(target).is_some_and(|p| p.is_active()),
        "NetworkInterfaceId" => {
            s.network_interfaces.get(target).is_some_and(|e| e.attachment.is_some())
        }
        _ => false,
    }
}

// The one destination of a call, in its canonical form.
fn destination(call: &Call<'_>) -> Result<String, Fault> {
    let given: Vec<(&str, String)> =
        ["DestinationCidrBlock", "DestinationIpv6CidrBlock", "DestinationPrefixListId"]
            .into_iter()
            .filter_map(|m| Some((m, call.opt_str(m)?)))
            .collect();
    match given.as_slice() {
        [("DestinationCidrBlock", text)] => Ok(cidr::v4(text, "destinationCidrBlock")?.to_string()),
        [("DestinationIpv6CidrBlock", text)] => {
            Ok(cidr::v6(text, "destinationIpv6CidrBlock")?.to_string())
        }
        [(_, list)] => {
            super::prefix_list::check(call, list)?;
            Ok(list.clone())
        }
        [] => Err(Fault::new(
            "MissingParameter",
            "The request must contain the parameter destinationCidrBlock",
        )),
        _ => {
            let message = "The request must contain exactly one of destinationCidrBlock, destinationIpv6CidrBlock, destinationPrefixListId";
            Err(Fault::new("InvalidParameterCombination", message))
        }
    }
}

const TARGETS: [&str; 13] = [
    "GatewayId",
    "NatGatewayId",
    "NetworkInterfaceId",
    "InstanceId",
    "VpcPeeringConnectionId",
    "EgressOnlyInternetGatewayId",
    "VpcEndpointId",
    "TransitGatewayId",
    "LocalGatewayId",
    "CarrierGatewayId",
    "CoreNetworkArn",
    "OdbNetworkArn",
    "LocalTarget",
];

// The one target of a call: member and id, checked against the table's VPC.
fn target(
    call: &mut Call<'_>,
    table_id: &str,
    table: &RouteTable,
    destination: &str,
) -> Result<(String, String), Fault> {
    let given: Vec<&str> = TARGETS.into_iter().filter(|m| call.get(m).is_some()).collect();
    let [member] = given.as_slice() else {
        let message = "The request must contain exactly one of gatewayId, natGatewayId, networkInterfaceId, vpcPeeringConnectionId, instanceId, egressOnlyInternetGatewayId, vpcEndpointId";
        let code =
            if given.is_empty() { "MissingParameter" } else { "InvalidParameterCombination" };
        return Err(Fault::new(code, message));
    };
    let id = call.str(member);
    let vpc = &table.vpc;
    let other_network = |what: &str| {
        let message =
            format!("route table {table_id} and {what} {id} belong to different networks");
        Fault::new("InvalidParameterValue", message)
    };
    let wrong_family = |what: &str| {
        let message = format!("The destination {destination} cannot be routed to {what} {id}");
        Fault::new("InvalidParameterValue", message)
    };
    let v6 = destination.contains(':');
    match *member {
        "GatewayId" if id.starts_with("igw-") => {
            if find(call, |s| &s.internet_gateways, "igw", &id)?.vpc.as_ref() != Some(vpc) {
                return Err(other_network("network gateway"));
            }
        }
        "GatewayId" | "VpcEndpointId" if id.starts_with("vpce-") => {
            if find(call, |s| &s.vpc_endpoints, "vpce", &id)?.kind != "GatewayLoadBalancer" {
                return Err(wrong_family("the VPC endpoint"));
            }
        }
        "GatewayId" if id == "local" => return Ok(("GatewayId".to_owned(), id)),
        "GatewayId" => {
            let message = format!("The gateway ID '{id}' does not exist");
            return Err(Fault::new("InvalidGatewayID.NotFound", message));
        }
        "NatGatewayId" => {
            let nat = ec2(call).nat_gateways.get(&id).filter(|n| n.state != "deleted").cloned();
            let missing = || {
                Fault::new(
                    "InvalidNatGatewayID.NotFound",
                    format!("The natGateway ID '{id}' does not exist"),
                )
            };
            if nat.ok_or_else(missing)?.vpc != *vpc {
                return Err(other_network("NAT gateway"));
            }
            if v6 && destination != "64:ff9b::/96" {
                return Err(wrong_family("the NAT gateway"));
            }
        }
        "NetworkInterfaceId" => {
            if find(call, |s| &s.network_interfaces, "eni", &id)?.vpc != *vpc {
                return Err(other_network("interface"));
            }
        }
        "InstanceId" => {
            let primary = super::network_interface::primary_of(ec2(call), &id);
            let Some((interface, e)) = primary else { return Err(super::kinds::missing("i", &id)) };
            if e.vpc != *vpc {
                return Err(other_network("instance"));
            }
            return Ok(("NetworkInterfaceId".to_owned(), interface.to_owned()));
        }
        "VpcPeeringConnectionId" => {
            let peering = find(call, |s| &s.peerings, "pcx", &id)?;
            if !matches!(
                peering.status.as_str(),
                "active" | "pending-acceptance" | "provisioning" | "initiating-request"
            ) {
                return Err(super::kinds::missing("pcx", &id));
            }
            if !peering.touches(vpc) {
                return Err(other_network("vpc peering connection"));
            }
        }
        "EgressOnlyInternetGatewayId" => {
            if find(call, |s| &s.egress_only_gateways, "eigw", &id)?.vpc != *vpc {
                return Err(other_network("egress-only internet gateway"));
            }
            if !v6 {
                return Err(wrong_family("the egress-only internet gateway"));
            }
        }
        "TransitGatewayId" => {
            let message = format!("The transitGateway ID '{id}' does not exist");
            return Err(Fault::new("InvalidTransitGatewayID.NotFound", message));
        }
        "LocalTarget" => return Ok(("GatewayId".to_owned(), "local".to_owned())),
        other => {
            let message = format!("airplane has no such gateways, so {other} cannot be a target");
            return Err(Fault::new("UnsupportedOperation", message));
        }
    }
    let member = if *member == "VpcEndpointId" { "GatewayId" } else { member };
    Ok((member.to_owned(), id))
}

// A destination inside the VPC: it must be a subnet's own block, and go to an interface.
fn refuse_inside(
    call: &mut Call<'_>,
    vpc: &str,
    destination: &str,
    member: &str,
) -> Result<(), Fault> {
    let s = ec2(call);
    if !local_blocks(s, vpc).iter().any(|b| cidr::within(destination, b)) {
        return Ok(());
    }
    let subnets: Vec<_> = s.subnets.values().filter(|x| x.vpc == vpc).collect();
    let is_subnet = subnets
        .iter()
        .any(|x| x.cidr == destination || x.ipv6_blocks.iter().any(|b| b.cidr == destination));
    if !is_subnet {
        let message = "Route destination doesn't match any subnet CIDR blocks in this VPC";
        return Err(Fault::new("InvalidParameterValue", message));
    }
    if !matches!(member, "NetworkInterfaceId" | "NatGatewayId") {
        let message = format!(
            "The destination CIDR block {destination} is equal to or more specific than one of this VPC's CIDR blocks. This route can target only an interface or an instance."
        );
        return Err(Fault::new("InvalidParameterValue", message));
    }
    Ok(())
}

fn create(call: &mut Call<'_>) -> Outcome {
    let id = call.str("RouteTableId");
    let table = find(call, |s| &s.route_tables, "rtb", &id)?;
    let destination = destination(call)?;
    let local = local_blocks(ec2(call), &table.vpc).contains(&destination);
    if local || table.routes.iter().any(|r| r.destination == destination) {
        let message = format!("The route identified by {destination} already exists.");
        return Err(Fault::new("RouteAlreadyExists", message));
    }
    let (member, target) = target(call, &id, &table, &destination)?;
    refuse_inside(call, &table.vpc, &destination, &member)?;
    if table.routes.len() >= call.quota("routes-per-table") {
        let message =
            format!("The maximum number of routes has been reached for route table {id}.");
        return Err(Fault::new("RouteLimitExceeded", message));
    }
    if let Some(table) = ec2(call).route_tables.get_mut(&id) {
        table.routes.push(Route { destination, member, target });
    }
    Ok(json!({"Return": true}))
}

fn replace(call: &mut Call<'_>) -> Outcome {
    let id = call.str("RouteTableId");
    let table = find(call, |s| &s.route_tables, "rtb", &id)?;
    let destination = destination(call)?;
    let local = local_blocks(ec2(call), &table.vpc).contains(&destination);
    if !local && !table.routes.iter().any(|r| r.destination == destination) {
        let message = format!(
            "There is no route defined for '{destination}' in the route table. Use CreateRoute instead."
        );
        return Err(Fault::new("InvalidParameterValue", message));
    }
    let (member, target) = target(call, &id, &table, &destination)?;
    if let Some(table) = ec2(call).route_tables.get_mut(&id) {
        match table.routes.iter().position(|r| r.destination == destination) {
            Some(at) if target == "local" => {
                table.routes.remove(at);
            }
            Some(at) => table.routes[at] = Route { destination, member, target },
            None if target != "local" => table.routes.push(Route { destination, member, target }),
            None => {}
        }
    }
    Ok(json!({}))
}

fn delete(call: &mut Call<'_>) -> Outcome {
    let id = call.str("RouteTableId");
    let table = find(call, |s| &s.route_tables, "rtb", &id)?;
    let destination = destination(call)?;
    if local_blocks(ec2(call), &table.vpc).contains(&destination) {
        let message = format!("cannot remove local route {destination} in route table {id}");
        return Err(Fault::new("InvalidParameterValue", message));
    }
    if !table.routes.iter().any(|r| r.destination == destination) {
        let what = match destination_member(&destination) {
            "DestinationIpv6CidrBlock" => "destination-ipv6-cidr-block",
            "DestinationPrefixListId" => "destination-prefix-list-id",
            _ => "destination-cidr-block",
        };
        let message = format!("no route with {what} {destination} in route table {id}");
        return Err(Fault::new("InvalidRoute.NotFound", message));
    }
    if let Some(table) = ec2(call).route_tables.get_mut(&id) {
        table.routes.retain(|r| r.destination != destination);
    }
    Ok(json!({}))
}

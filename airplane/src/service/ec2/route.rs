//! Routes: one per destination, local ones by the VPC's blocks, `blackhole` when the target is gone.
use super::filters::View;
use super::route_table::RouteTable;
use super::{State, cidr, ec2, find, prefix_list, route_target};
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
            let list = prefix_list::id_of_service(&view.region, &e.service);
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
            let attachment = s.network_interfaces.get(target).and_then(|e| e.attachment.as_ref());
            attachment.is_some_and(|a| match &a.instance {
                Some(id) => {
                    let state = s.instances.get(id).map(|i| i.state.as_str());
                    matches!(state, Some("pending" | "running"))
                }
                None => true,
            })
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
            prefix_list::check(call, list)?;
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

// Does a gateway endpoint route to this prefix list? Its routes are its own to change.
fn has_endpoint_route(call: &mut Call<'_>, table: &str, destination: &str) -> bool {
    let region = call.region.clone();
    ec2(call).vpc_endpoints.values().any(|e| {
        e.kind == "Gateway"
            && e.state == "available"
            && e.route_tables.iter().any(|t| t == table)
            && prefix_list::id_of_service(&region, &e.service) == destination
    })
}

fn create(call: &mut Call<'_>) -> Outcome {
    let id = call.str("RouteTableId");
    let table = find(call, |s| &s.route_tables, "rtb", &id)?;
    let destination = destination(call)?;
    let local = local_blocks(ec2(call), &table.vpc).contains(&destination);
    let endpoint = has_endpoint_route(call, &id, &destination);
    if local || endpoint || table.routes.iter().any(|r| r.destination == destination) {
        let message = format!("The route identified by {destination} already exists.");
        return Err(Fault::new("RouteAlreadyExists", message));
    }
    let (member, target) = route_target::of(call, &id, &table.vpc, &destination)?;
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
    let (member, target) = route_target::of(call, &id, &table.vpc, &destination)?;
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
    if has_endpoint_route(call, &id, &destination) {
        let message = format!("cannot remove VPC endpoint route {destination} in route table {id}");
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

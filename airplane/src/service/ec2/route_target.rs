//! Where a route may lead: one target, in the table's own VPC, of the destination's address family.
use super::{ec2, find, kinds, network_interface};
use crate::around::call::Call;
use crate::wire::fault::Fault;

const MEMBERS: [&str; 13] = [
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

// What a target is checked against.
struct Check<'a> {
    table: &'a str,
    vpc: &'a str,
    destination: &'a str,
    id: String,
}

impl Check<'_> {
    fn same_network(&self, vpc: Option<&str>, what: &str) -> Result<(), Fault> {
        if vpc == Some(self.vpc) {
            return Ok(());
        }
        let (table, id) = (self.table, &self.id);
        let message = format!("route table {table} and {what} {id} belong to different networks");
        Err(Fault::new("InvalidParameterValue", message))
    }

    fn wrong_family(&self, what: &str) -> Fault {
        let message =
            format!("The destination {} cannot be routed to {what} {}", self.destination, self.id);
        Fault::new("InvalidParameterValue", message)
    }
}

/// The one target of a call: the member that names it, and its id.
pub(crate) fn of(
    call: &mut Call<'_>,
    table: &str,
    vpc: &str,
    destination: &str,
) -> Result<(String, String), Fault> {
    let given: Vec<&str> = MEMBERS.into_iter().filter(|m| call.get(m).is_some()).collect();
    let [member] = given.as_slice() else {
        let message = "The request must contain exactly one of gatewayId, natGatewayId, networkInterfaceId, vpcPeeringConnectionId, instanceId, egressOnlyInternetGatewayId, vpcEndpointId";
        let code =
            if given.is_empty() { "MissingParameter" } else { "InvalidParameterCombination" };
        return Err(Fault::new(code, message));
    };
    let check = Check { table, vpc, destination, id: call.str(member) };
    let id = check.id.clone();
    match *member {
        "LocalTarget" => return Ok(("GatewayId".to_owned(), "local".to_owned())),
        "GatewayId" | "VpcEndpointId" => gateway(call, &check)?,
        "NatGatewayId" => nat(call, &check)?,
        "NetworkInterfaceId" => {
            let interface = find(call, |s| &s.network_interfaces, "eni", &id)?;
            check.same_network(Some(&interface.vpc), "interface")?;
        }
        "InstanceId" => return instance(call, &check),
        "VpcPeeringConnectionId" => peering(call, &check)?,
        "EgressOnlyInternetGatewayId" => {
            let gateway = find(call, |s| &s.egress_only_gateways, "eigw", &id)?;
            check.same_network(Some(&gateway.vpc), "egress-only internet gateway")?;
            if !destination.contains(':') {
                return Err(check.wrong_family("the egress-only internet gateway"));
            }
        }
        "TransitGatewayId" => {
            let message = format!("The transitGateway ID '{id}' does not exist");
            return Err(Fault::new("InvalidTransitGatewayID.NotFound", message));
        }
        other => {
            let message = format!("airplane has no such gateways, so {other} cannot be a target");
            return Err(Fault::new("UnsupportedOperation", message));
        }
    }
    let member = if *member == "VpcEndpointId" { "GatewayId" } else { member };
    Ok((member.to_owned(), id))
}

fn gateway(call: &mut Call<'_>, check: &Check<'_>) -> Result<(), Fault> {
    let id = &check.id;
    if id == "local" {
        return Ok(());
    }
    if id.starts_with("igw-") {
        let gateway = find(call, |s| &s.internet_gateways, "igw", id)?;
        return check.same_network(gateway.vpc.as_deref(), "network gateway");
    }
    if id.starts_with("vpce-") {
        // A route to an endpoint is for load balancers of gateways; others have their own routes.
        find(call, |s| &s.vpc_endpoints, "vpce", id)?;
        return Err(check.wrong_family("the VPC endpoint"));
    }
    let message = format!("The gateway ID '{id}' does not exist");
    Err(Fault::new("InvalidGatewayID.NotFound", message))
}

fn nat(call: &mut Call<'_>, check: &Check<'_>) -> Result<(), Fault> {
    let nat = ec2(call).nat_gateways.get(&check.id).filter(|n| n.state != "deleted");
    let Some(vpc) = nat.map(|n| n.vpc.clone()) else {
        let message = format!("The natGateway ID '{}' does not exist", check.id);
        return Err(Fault::new("InvalidNatGatewayID.NotFound", message));
    };
    check.same_network(Some(&vpc), "NAT gateway")?;
    // IPv6 goes through a NAT gateway for NAT64 only.
    if check.destination.contains(':') && check.destination != "64:ff9b::/96" {
        return Err(check.wrong_family("the NAT gateway"));
    }
    Ok(())
}

// A route to an instance leads to its first interface.
fn instance(call: &mut Call<'_>, check: &Check<'_>) -> Result<(String, String), Fault> {
    let primary = network_interface::primary_of(ec2(call), &check.id);
    let Some((interface, record)) = primary else { return Err(kinds::missing("i", &check.id)) };
    check.same_network(Some(&record.vpc), "instance")?;
    Ok(("NetworkInterfaceId".to_owned(), interface.to_owned()))
}

// A connection that is not accepted yet may have routes, which are black until then.
fn peering(call: &mut Call<'_>, check: &Check<'_>) -> Result<(), Fault> {
    let peering = find(call, |s| &s.peerings, "pcx", &check.id)?;
    if !peering.is_open() {
        return Err(kinds::missing("pcx", &check.id));
    }
    let vpc = peering.touches(check.vpc).then_some(check.vpc);
    check.same_network(vpc, "vpc peering connection")
}

//! Route tables and their associations. A VPC has one main table; a subnet has at most one association of its own.
use super::filters::{Spec, View, describe, view};
use super::{ec2, find, kinds, route, tags};
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};
use crate::world::scope::Scope;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(crate) const ACTIONS: &[Action] = &[
    ("CreateRouteTable", create),
    ("DeleteRouteTable", delete),
    ("DescribeRouteTables", describe_all),
    ("AssociateRouteTable", associate),
    ("DisassociateRouteTable", disassociate),
    ("ReplaceRouteTableAssociation", replace_association),
    ("EnableVgwRoutePropagation", propagation),
    ("DisableVgwRoutePropagation", propagation),
];

/// A route table.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct RouteTable {
    pub(crate) vpc: String,
    pub(crate) associations: Vec<Association>,
    /// Without the local routes, which are those of the VPC's blocks, and without those of gateway endpoints.
    pub(crate) routes: Vec<route::Route>,
}

/// What a table is associated with: a subnet, an internet gateway, or, as the main one, all subnets without.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Association {
    pub(crate) id: String,
    pub(crate) subnet: Option<String>,
    pub(crate) gateway: Option<String>,
    pub(crate) main: bool,
}

impl RouteTable {
    /// Is it its VPC's main table?
    pub(crate) fn is_main(&self) -> bool {
        self.associations.iter().any(|a| a.main)
    }
}

fn render(view: &View<'_>, id: &str, table: &RouteTable) -> Value {
    let associations: Vec<Value> = table
        .associations
        .iter()
        .map(|a| {
            let mut out = json!({"RouteTableAssociationId": a.id, "RouteTableId": id, "Main": a.main,
                "AssociationState": {"State": "associated"}});
            if let Some(subnet) = &a.subnet {
                out["SubnetId"] = json!(subnet);
            }
            if let Some(gateway) = &a.gateway {
                out["GatewayId"] = json!(gateway);
            }
            out
        })
        .collect();
    json!({
        "RouteTableId": id, "VpcId": table.vpc, "OwnerId": view.account, "Associations": associations,
        "Routes": route::list(view, id, table), "PropagatingVgws": [], "Tags": tags::of(view, id),
    })
}

/// Makes the main table of a new VPC.
pub(crate) fn make_main(scope: &mut Scope<'_>, vpc: &str) {
    let association =
        Association { id: scope.id("rtbassoc"), subnet: None, gateway: None, main: true };
    let table =
        RouteTable { vpc: vpc.to_owned(), associations: vec![association], routes: Vec::new() };
    let (now, id) = (scope.now(), scope.id("rtb"));
    ec2(scope).route_tables.insert_implicit(&id, table, now);
}

/// The id of a VPC's main table.
pub(crate) fn main_id(scope: &mut Scope<'_>, vpc: &str) -> Option<String> {
    let tables = &ec2(scope).route_tables;
    tables.iter().find(|(_, t)| t.vpc == vpc && t.is_main()).map(|(id, _)| id.to_owned())
}

/// Removes the main table along with its VPC.
pub(crate) fn remove_main(scope: &mut Scope<'_>, vpc: &str) {
    if let Some(id) = main_id(scope, vpc) {
        ec2(scope).route_tables.remove(&id);
        tags::forget(scope, &id);
    }
}

/// Forgets a subnet that goes away.
pub(crate) fn release_subnet(scope: &mut Scope<'_>, subnet: &str) {
    let tables = &ec2(scope).route_tables;
    let mine = |a: &Association| a.subnet.as_deref() == Some(subnet);
    let holder = tables.iter().find(|(_, t)| t.associations.iter().any(mine));
    if let Some(id) = holder.map(|(id, _)| id.to_owned())
        && let Some(table) = ec2(scope).route_tables.get_mut(&id)
    {
        table.associations.retain(|a| !mine(a));
    }
}

fn create(call: &mut Call<'_>) -> Outcome {
    let tags = tags::specified(call, "route-table")?;
    let vpc = call.str("VpcId");
    find(call, |s| &s.vpcs, "vpc", &vpc)?;
    let count = ec2(call).route_tables.values().filter(|t| t.vpc == vpc).count();
    if count >= call.quota("route-tables-per-vpc") {
        let message = "The maximum number of route tables has been reached.";
        return Err(Fault::new("RouteTableLimitExceeded", message));
    }
    let (now, visible, id) = (call.now(), call.visible_at(), call.id("rtb"));
    let table = RouteTable { vpc, associations: Vec::new(), routes: Vec::new() };
    ec2(call).route_tables.insert(&id, table.clone(), now, visible);
    tags::put(call, &id, tags);
    let token = call.opt_str("ClientToken");
    Ok(json!({ "RouteTable": render(&view(call), &id, &table), "ClientToken": token }))
}

fn delete(call: &mut Call<'_>) -> Outcome {
    let id = call.str("RouteTableId");
    let table = find(call, |s| &s.route_tables, "rtb", &id)?;
    if !table.associations.is_empty() {
        let message = format!("The routeTable '{id}' has dependencies and cannot be deleted.");
        return Err(Fault::new("DependencyViolation", message));
    }
    ec2(call).route_tables.remove(&id);
    let endpoints = ec2(call).vpc_endpoints.ids();
    for endpoint in endpoints {
        let uses =
            ec2(call).vpc_endpoints.get(&endpoint).is_some_and(|e| e.route_tables.contains(&id));
        if uses && let Some(endpoint) = ec2(call).vpc_endpoints.get_mut(&endpoint) {
            endpoint.route_tables.retain(|t| *t != id);
        }
    }
    tags::forget(call, &id);
    Ok(json!({}))
}

const SPEC: Spec = Spec {
    ids: "RouteTableIds",
    prefix: "rtb",
    filters: &[
        ("association.gateway-id", "Associations.GatewayId"),
        ("association.route-table-association-id", "Associations.RouteTableAssociationId"),
        ("association.route-table-id", "Associations.RouteTableId"),
        ("association.subnet-id", "Associations.SubnetId"),
        ("association.main", "Associations.Main"),
        ("owner-id", "OwnerId"),
        ("route-table-id", "RouteTableId"),
        ("route.destination-cidr-block", "Routes.DestinationCidrBlock"),
        ("route.destination-ipv6-cidr-block", "Routes.DestinationIpv6CidrBlock"),
        ("route.destination-prefix-list-id", "Routes.DestinationPrefixListId"),
        ("route.egress-only-internet-gateway-id", "Routes.EgressOnlyInternetGatewayId"),
        ("route.gateway-id", "Routes.GatewayId"),
        ("route.instance-id", "Routes.InstanceId"),
        ("route.nat-gateway-id", "Routes.NatGatewayId"),
        ("route.network-interface-id", "Routes.NetworkInterfaceId"),
        ("route.transit-gateway-id", "Routes.TransitGatewayId"),
        ("route.origin", "Routes.Origin"),
        ("route.state", "Routes.State"),
        ("route.vpc-peering-connection-id", "Routes.VpcPeeringConnectionId"),
        ("vpc-id", "VpcId"),
    ],
};

fn describe_all(call: &mut Call<'_>) -> Outcome {
    Ok(json!({ "RouteTables": describe(call, &SPEC, |s| &s.route_tables, render)? }))
}

fn associate(call: &mut Call<'_>) -> Outcome {
    let id = call.str("RouteTableId");
    let table = find(call, |s| &s.route_tables, "rtb", &id)?;
    let (subnet, gateway) = (call.opt_str("SubnetId"), call.opt_str("GatewayId"));
    let other_network = |what: &str, other: &str| {
        let message = format!("Route table {id} and {what} {other} belong to different networks");
        Fault::new("InvalidParameterValue", message)
    };
    match (&subnet, &gateway) {
        (Some(subnet), None) => {
            if find(call, |s| &s.subnets, "subnet", subnet)?.vpc != table.vpc {
                return Err(other_network("subnet", subnet));
            }
        }
        (None, Some(gateway)) => {
            if find(call, |s| &s.internet_gateways, "igw", gateway)?.vpc.as_ref()
                != Some(&table.vpc)
            {
                return Err(other_network("network gateway", gateway));
            }
        }
        (None, None) => {
            let message = "The request must contain either a gateway id or a subnet id";
            return Err(Fault::new("MissingParameter", message));
        }
        _ => {
            let message = "The parameter gatewayId cannot be used with the parameter subnetId";
            return Err(Fault::new("InvalidParameterCombination", message));
        }
    }
    let taken = ec2(call).route_tables.values().flat_map(|t| &t.associations).any(|a| {
        (subnet.is_some() && a.subnet == subnet) || (gateway.is_some() && a.gateway == gateway)
    });
    if taken {
        let message = format!(
            "the specified association for route table {id} conflicts with an existing association"
        );
        return Err(Fault::new("Resource.AlreadyAssociated", message));
    }
    let association = Association { id: call.id("rtbassoc"), subnet, gateway, main: false };
    let association_id = association.id.clone();
    if let Some(table) = ec2(call).route_tables.get_mut(&id) {
        table.associations.push(association);
    }
    Ok(json!({"AssociationId": association_id, "AssociationState": {"State": "associated"}}))
}

// The table that has an association, and the association.
fn holder(scope: &mut Scope<'_>, association: &str) -> Result<(String, Association), Fault> {
    let tables = &ec2(scope).route_tables;
    let found = tables.iter().find_map(|(id, t)| {
        let a = t.associations.iter().find(|a| a.id == association)?;
        Some((id.to_owned(), a.clone()))
    });
    found.ok_or_else(|| kinds::missing("rtbassoc", association))
}

fn take(scope: &mut Scope<'_>, table: &str, association: &str) {
    if let Some(table) = ec2(scope).route_tables.get_mut(table) {
        table.associations.retain(|a| a.id != association);
    }
}

fn disassociate(call: &mut Call<'_>) -> Outcome {
    let id = call.str("AssociationId");
    let (table, association) = holder(call, &id)?;
    if association.main {
        let message = format!("cannot disassociate the main route table association {id}");
        return Err(Fault::new("InvalidParameterValue", message));
    }
    take(call, &table, &id);
    Ok(json!({}))
}

fn replace_association(call: &mut Call<'_>) -> Outcome {
    let (id, target) = (call.str("AssociationId"), call.str("RouteTableId"));
    let (old, mut association) = holder(call, &id)?;
    let table = find(call, |s| &s.route_tables, "rtb", &target)?;
    let home = find(call, |s| &s.route_tables, "rtb", &old)?;
    if table.vpc != home.vpc {
        let message =
            format!("Route table {target} and route table {old} belong to different networks");
        return Err(Fault::new("InvalidParameterValue", message));
    }
    take(call, &old, &id);
    association.id = call.id("rtbassoc");
    let new = association.id.clone();
    if let Some(table) = ec2(call).route_tables.get_mut(&target) {
        table.associations.push(association);
    }
    Ok(json!({"NewAssociationId": new, "AssociationState": {"State": "associated"}}))
}

// There are no virtual private gateways here.
fn propagation(call: &mut Call<'_>) -> Outcome {
    let (id, gateway) = (call.str("RouteTableId"), call.str("GatewayId"));
    find(call, |s| &s.route_tables, "rtb", &id)?;
    Err(Fault::new(
        "InvalidGatewayID.NotFound",
        format!("The gateway ID '{gateway}' does not exist"),
    ))
}

//! CreateDefaultVpc: a VPC with a public subnet in every zone, an internet gateway and the route to it.
use super::internet_gateway::InternetGateway;
use super::route::Route;
use super::subnet::Subnet;
use super::{ec2, find, route_table, subnet, vpc};
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};
use serde_json::json;

pub(crate) const ACTIONS: &[Action] = &[("CreateDefaultVpc", create)];

fn create(call: &mut Call<'_>) -> Outcome {
    if ec2(call).vpcs.values().any(|v| v.is_default) {
        let message = "A Default VPC already exists for this account in this region.";
        return Err(Fault::new("DefaultVpcAlreadyExists", message));
    }
    let id = vpc::make(call, "172.31.0.0/16", "default", false, true)?;
    for (i, zone) in call.zones().into_iter().enumerate() {
        let cidr = format!("172.31.{}.0/20", i * 16);
        let subnet = Subnet {
            vpc: id.clone(),
            cidr,
            zone,
            default_for_zone: true,
            map_public_ip: true,
            ..Subnet::default()
        };
        subnet::make(call, subnet);
    }
    let (now, visible, gateway) = (call.now(), call.visible_at(), call.id("igw"));
    let attached = InternetGateway { vpc: Some(id.clone()) };
    ec2(call).internet_gateways.insert(&gateway, attached, now, visible);
    let route = Route {
        destination: "0.0.0.0/0".to_owned(),
        member: "GatewayId".to_owned(),
        target: gateway,
    };
    if let Some(main) = route_table::main_id(call, &id)
        && let Some(table) = ec2(call).route_tables.get_mut(&main)
    {
        table.routes.push(route);
    }
    let record = find(call, |s| &s.vpcs, "vpc", &id)?;
    Ok(json!({ "Vpc": vpc::created(call, &id, &record) }))
}

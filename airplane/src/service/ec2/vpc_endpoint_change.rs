//! ModifyVpcEndpoint: policy, route tables, subnets, security groups, private DNS.
use super::vpc_endpoint::{
    FULL_ACCESS, add_route_tables, add_subnets, checked_policy, record_type, refuse_private_dns,
};
use super::{ec2, find, network_interface, security_group};
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};
use serde_json::json;

pub(crate) const ACTIONS: &[Action] = &[("ModifyVpcEndpoint", modify)];

fn modify(call: &mut Call<'_>) -> Outcome {
    let id = call.str("VpcEndpointId");
    let mut e = find(call, |s| &s.vpc_endpoints, "vpce", &id)?;
    if e.state == "deleting" {
        let message = format!("The VPC endpoint {id} is being deleted");
        return Err(Fault::new("InvalidState", message));
    }
    let policy = checked_policy(call)?;
    if call.opt_bool("ResetPolicy") == Some(true) {
        if policy.is_some() {
            let message =
                "The parameter PolicyDocument cannot be used with the parameter ResetPolicy";
            return Err(Fault::new("InvalidParameterCombination", message));
        }
        e.policy = FULL_ACCESS.to_owned();
    }
    e.policy = policy.unwrap_or(e.policy);
    let interface = e.kind == "Interface";
    refuse_foreign(call, interface)?;
    let tables = call.strings("RemoveRouteTableIds");
    for table in &tables {
        find(call, |s| &s.route_tables, "rtb", table)?;
    }
    e.route_tables.retain(|t| !tables.contains(t));
    let tables = call.strings("AddRouteTableIds");
    add_route_tables(call, &id, &mut e, &tables)?;
    let groups = call.strings("RemoveSecurityGroupIds");
    e.groups.retain(|g| !groups.contains(g));
    for group in call.strings("AddSecurityGroupIds") {
        if !e.groups.contains(&group) {
            e.groups.push(group);
        }
    }
    if interface && e.groups.is_empty() {
        let message = "A VPC endpoint of type Interface needs at least one security group";
        return Err(Fault::new("InvalidParameter", message));
    }
    security_group::check_for_interface(call, &e.groups.clone(), &e.vpc, &id)?;
    let gone = call.strings("RemoveSubnetIds");
    for (_, interface) in e.interfaces.iter().filter(|(s, _)| gone.contains(s)) {
        network_interface::remove(call, interface);
    }
    e.interfaces.retain(|(s, _)| !gone.contains(s));
    let subnets = call.strings("AddSubnetIds");
    add_subnets(call, &id, &mut e, &subnets)?;
    for (_, interface) in &e.interfaces {
        if let Some(record) = ec2(call).network_interfaces.get_mut(interface) {
            record.groups = e.groups.clone();
        }
    }
    e.private_dns = call.opt_bool("PrivateDnsEnabled").unwrap_or(e.private_dns);
    e.ip_address_type = call.opt_str("IpAddressType").unwrap_or(e.ip_address_type);
    e.dns_record_ip_type = record_type(call).unwrap_or(e.dns_record_ip_type);
    refuse_private_dns(call, &id, &e)?;
    if let Some(record) = ec2(call).vpc_endpoints.get_mut(&id) {
        *record = e;
    }
    Ok(json!({"Return": true}))
}

fn refuse_foreign(call: &Call<'_>, interface: bool) -> Result<(), Fault> {
    let (members, kind): (&[&str], _) = match interface {
        true => (&["AddRouteTableIds", "RemoveRouteTableIds"], "Gateway"),
        false => (
            &[
                "AddSubnetIds",
                "RemoveSubnetIds",
                "AddSecurityGroupIds",
                "RemoveSecurityGroupIds",
                "PrivateDnsEnabled",
            ],
            "Interface",
        ),
    };
    match members.iter().find(|m| call.get(m).is_some()) {
        Some(member) => {
            let message = format!("{member} is only supported for {kind} type VPC Endpoint.");
            Err(Fault::new("InvalidParameter", message))
        }
        None => Ok(()),
    }
}

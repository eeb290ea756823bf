//! Elastic IP addresses: allocated, mapped to an interface, unmapped, released. What AWS mapped for itself only AWS unmaps.
use super::filters::{Spec, View, describe, view};
use super::network_interface::{self, NetworkInterface};
use super::{ec2, find, kinds, tags};
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};
use crate::world::scope::Scope;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(crate) const ACTIONS: &[Action] = &[
    ("AllocateAddress", allocate),
    ("ReleaseAddress", release),
    ("DescribeAddresses", describe_all),
    ("DescribeAddressesAttribute", describe_attribute),
    ("AssociateAddress", associate),
    ("DisassociateAddress", disassociate),
];

/// An Elastic IP address, by allocation id.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Address {
    pub(crate) public_ip: String,
    pub(crate) association: Option<Association>,
}

/// What an address is mapped to.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Association {
    pub(crate) id: String,
    pub(crate) interface: String,
    pub(crate) private_ip: String,
}

fn render(view: &View<'_>, id: &str, address: &Address) -> Value {
    let mut out = json!({
        "AllocationId": id, "PublicIp": address.public_ip, "Domain": "vpc", "PublicIpv4Pool": "amazon",
        "NetworkBorderGroup": view.region, "Tags": tags::of(view, id),
    });
    if let Some(a) = &address.association {
        out["AssociationId"] = json!(a.id);
        out["NetworkInterfaceId"] = json!(a.interface);
        out["PrivateIpAddress"] = json!(a.private_ip);
        out["NetworkInterfaceOwnerId"] = json!(view.account);
        let interface = view.ec2.network_interfaces.get(&a.interface);
        let attachment = interface.and_then(|e| e.attachment.as_ref());
        if let Some(instance) = attachment.and_then(|a| a.instance.as_ref()) {
            out["InstanceId"] = json!(instance);
        }
    }
    out
}

fn allocate(call: &mut Call<'_>) -> Outcome {
    let tags = tags::specified(call, "elastic-ip")?;
    if call.opt_str("Domain").is_some_and(|d| d != "vpc") {
        let message =
            "Invalid value 'standard' for domain. There are no addresses outside of VPCs.";
        return Err(Fault::new("InvalidParameterValue", message));
    }
    if let Some(wanted) = call.opt_str("Address") {
        let message = format!("The address '{wanted}' cannot be recovered");
        return Err(Fault::new("InvalidAddress.NotFound", message));
    }
    if ec2(call).addresses.len() >= call.quota("elastic-ips-per-region") {
        let message = "The maximum number of addresses has been reached.";
        return Err(Fault::new("AddressLimitExceeded", message));
    }
    let (now, visible, id) = (call.now(), call.visible_at(), call.id("eipalloc"));
    let public_ip = network_interface::public_address(call);
    let address = Address { public_ip: public_ip.clone(), association: None };
    ec2(call).addresses.insert(&id, address, now, visible);
    tags::put(call, &id, tags);
    let region = call.region.clone();
    Ok(
        json!({"AllocationId": id, "PublicIp": public_ip, "Domain": "vpc", "PublicIpv4Pool": "amazon",
        "NetworkBorderGroup": region}),
    )
}

fn release(call: &mut Call<'_>) -> Outcome {
    let Some(id) = call.opt_str("AllocationId") else {
        let message = "You must specify an allocation id when releasing a VPC elastic IP address";
        return Err(Fault::new("InvalidParameterValue", message));
    };
    let address = find(call, |s| &s.addresses, "eipalloc", &id)?;
    if address.association.is_some() {
        let message = format!("Address {} is in use.", address.public_ip);
        return Err(Fault::new("InvalidIPAddress.InUse", message));
    }
    ec2(call).addresses.remove(&id);
    tags::forget(call, &id);
    Ok(json!({}))
}

const SPEC: Spec = Spec {
    ids: "AllocationIds",
    prefix: "eipalloc",
    filters: &[
        ("allocation-id", "AllocationId"),
        ("association-id", "AssociationId"),
        ("domain", "Domain"),
        ("instance-id", "InstanceId"),
        ("network-border-group", "NetworkBorderGroup"),
        ("network-interface-id", "NetworkInterfaceId"),
        ("network-interface-owner-id", "NetworkInterfaceOwnerId"),
        ("private-ip-address", "PrivateIpAddress"),
        ("public-ip", "PublicIp"),
    ],
};

fn not_found(ip: &str) -> Fault {
    Fault::new("InvalidAddress.NotFound", format!("Address '{ip}' not found."))
}

fn describe_all(call: &mut Call<'_>) -> Outcome {
    let ips = call.strings("PublicIps");
    let mut list = describe(call, &SPEC, |s| &s.addresses, render)?;
    if let Some(bad) = ips.iter().find(|ip| !list.iter().any(|a| a["PublicIp"] == **ip)) {
        return Err(not_found(bad));
    }
    list.retain(|a| ips.is_empty() || ips.iter().any(|ip| a["PublicIp"] == *ip));
    Ok(json!({ "Addresses": list }))
}

fn describe_attribute(call: &mut Call<'_>) -> Outcome {
    let ids = call.strings("AllocationIds");
    let view = view(call);
    if let Some(bad) = ids.iter().find(|id| view.ec2.addresses.see(id, view.now).is_none()) {
        return Err(kinds::missing("eipalloc", bad));
    }
    let seen = view.ec2.addresses.seen(view.now);
    let list: Vec<Value> = seen
        .filter(|(id, _)| ids.is_empty() || ids.iter().any(|i| i == id))
        .map(|(id, a)| json!({"AllocationId": id, "PublicIp": a.public_ip}))
        .collect();
    Ok(json!({ "Addresses": list }))
}

// The address that a call names by allocation id or by its own.
fn named(call: &mut Call<'_>) -> Result<(String, Address), Fault> {
    match (call.opt_str("AllocationId"), call.opt_str("PublicIp")) {
        (Some(id), None) => {
            let address = find(call, |s| &s.addresses, "eipalloc", &id)?;
            Ok((id, address))
        }
        (None, Some(ip)) => {
            let found = ec2(call).addresses.iter().find(|(_, a)| a.public_ip == ip);
            found.map(|(id, a)| (id.to_owned(), a.clone())).ok_or_else(|| not_found(&ip))
        }
        (None, None) => {
            let message = "Either public IP or allocation id must be specified";
            Err(Fault::new("MissingParameter", message))
        }
        _ => {
            let message =
                "You may specify public IP or allocation id, but not both in the same call";
            Err(Fault::new("InvalidParameterCombination", message))
        }
    }
}

fn target(call: &mut Call<'_>) -> Result<(String, NetworkInterface), Fault> {
    if let Some(id) = call.opt_str("NetworkInterfaceId") {
        let interface = find(call, |s| &s.network_interfaces, "eni", &id)?;
        return Ok((id, interface));
    }
    let Some(instance) = call.opt_str("InstanceId") else {
        let message = "Either instance id or network interface id must be specified";
        return Err(Fault::new("MissingParameter", message));
    };
    network_interface::primary_of(ec2(call), &instance)
        .map(|(id, e)| (id.to_owned(), e.clone()))
        .ok_or_else(|| kinds::missing("i", &instance))
}

fn associate(call: &mut Call<'_>) -> Outcome {
    let (allocation, address) = named(call)?;
    let (interface, record) = target(call)?;
    let reassociate = call.opt_bool("AllowReassociation").unwrap_or(false);
    if record.requester.is_some() {
        let message = "You do not have permission to access the specified resource.";
        return Err(Fault::new("AuthFailure", message));
    }
    let primary = record.addresses.first().cloned().unwrap_or_default();
    let private_ip = call.opt_str("PrivateIpAddress").unwrap_or(primary);
    if !record.addresses.contains(&private_ip) {
        let message = format!(
            "Network interface '{interface}' does not have the private IP address {private_ip}"
        );
        return Err(Fault::new("InvalidParameterValue", message));
    }
    if !ec2(call).internet_gateways.values().any(|g| g.vpc.as_ref() == Some(&record.vpc)) {
        let message = format!("Network {} is not attached to any internet gateway", record.vpc);
        return Err(Fault::new("Gateway.NotAttached", message));
    }
    if let Some(held) = &address.association {
        if held.interface == interface && held.private_ip == private_ip {
            return Ok(json!({"AssociationId": held.id}));
        }
        let managed = is_managed(call, held);
        if !reassociate || managed {
            let message = format!(
                "resource {allocation} is already associated with associate-id {}",
                held.id
            );
            return Err(Fault::new("Resource.AlreadyAssociated", message));
        }
    }
    let other = ec2(call).addresses.iter().find(|(id, a)| {
        let same = |x: &Association| x.interface == interface && x.private_ip == private_ip;
        *id != allocation && a.association.as_ref().is_some_and(same)
    });
    if let Some(other) = other.map(|(id, _)| id.to_owned()) {
        if !reassociate {
            let message =
                format!("resource {interface} is already associated with address {other}");
            return Err(Fault::new("Resource.AlreadyAssociated", message));
        }
        unmap(call, &other);
    }
    let id = map(call, &allocation, &interface, &private_ip);
    Ok(json!({ "AssociationId": id }))
}

fn is_managed(scope: &mut Scope<'_>, association: &Association) -> bool {
    let interface = ec2(scope).network_interfaces.get(&association.interface);
    interface.is_some_and(|e| e.requester.is_some())
}

/// Maps an address to an interface, which loses the public address that AWS gave it. Gives the association's id.
pub(crate) fn map(
    scope: &mut Scope<'_>,
    allocation: &str,
    interface: &str,
    private_ip: &str,
) -> String {
    let id = scope.id("eipassoc");
    let association = Association {
        id: id.clone(),
        interface: interface.to_owned(),
        private_ip: private_ip.to_owned(),
    };
    if let Some(address) = ec2(scope).addresses.get_mut(allocation) {
        address.association = Some(association);
    }
    if let Some(record) = ec2(scope).network_interfaces.get_mut(interface)
        && record.addresses.first().is_some_and(|a| a == private_ip)
    {
        record.public_ip = None;
    }
    id
}

/// Takes the mapping of an address away.
pub(crate) fn unmap(scope: &mut Scope<'_>, allocation: &str) {
    if let Some(address) = ec2(scope).addresses.get_mut(allocation) {
        address.association = None;
    }
}

fn disassociate(call: &mut Call<'_>) -> Outcome {
    let allocation = match (call.opt_str("AssociationId"), call.opt_str("PublicIp")) {
        (Some(id), _) => {
            let held = |a: &Address| a.association.as_ref().is_some_and(|x| x.id == id);
            let found = ec2(call).addresses.iter().find(|(_, a)| held(a));
            found.map(|(id, _)| id.to_owned()).ok_or_else(|| kinds::missing("eipassoc", &id))?
        }
        _ => named(call)?.0,
    };
    let held = ec2(call).addresses.get(&allocation).and_then(|a| a.association.clone());
    if held.is_some_and(|a| is_managed(call, &a)) {
        let message = "You do not have permission to access the specified resource.";
        return Err(Fault::new("AuthFailure", message));
    }
    unmap(call, &allocation);
    Ok(json!({}))
}

//! What people do with network interfaces: create, attach, change, delete. What a service made for itself stays its own.
use super::filters::{Spec, View, describe, view};
use super::network_interface::{
    Attachment, NetworkInterface, New, make, primary_of, private_dns, public_dns, remove,
};
use super::{ec2, find, kinds, one_attribute, security_group, tags};
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};
use serde_json::{Value, json};

pub(crate) const ACTIONS: &[Action] = &[
    ("CreateNetworkInterface", create),
    ("DeleteNetworkInterface", delete),
    ("DescribeNetworkInterfaces", describe_all),
    ("AttachNetworkInterface", attach),
    ("DetachNetworkInterface", detach),
    ("ModifyNetworkInterfaceAttribute", modify),
];

/// An interface as EC2 shows it.
pub(crate) fn render(view: &View<'_>, id: &str, e: &NetworkInterface) -> Value {
    let groups: Vec<Value> = groups(view, &e.groups);
    let addresses: Vec<Value> = e
        .addresses
        .iter()
        .enumerate()
        .map(|(i, ip)| {
            let mut out = json!({"PrivateIpAddress": ip, "Primary": i == 0, "PrivateDnsName": private_dns(&view.region, ip)});
            if let Some(association) = association(view, id, e, ip) {
                out["Association"] = association;
            }
            out
        })
        .collect();
    let ipv6: Vec<Value> = e.ipv6.iter().map(|ip| json!({"Ipv6Address": ip})).collect();
    let mut out = json!({
        "NetworkInterfaceId": id, "SubnetId": e.subnet, "VpcId": e.vpc, "AvailabilityZone": e.zone,
        "AvailabilityZoneId": super::zones::zone_id(&e.zone), "Description": e.description, "OwnerId": view.account,
        "RequesterManaged": e.requester.is_some(), "Status": if e.attachment.is_some() { "in-use" } else { "available" },
        "MacAddress": e.mac, "SourceDestCheck": e.source_dest_check, "InterfaceType": e.kind, "Groups": groups,
        "PrivateIpAddresses": addresses, "Ipv6Addresses": ipv6, "TagSet": tags::of(view, id),
    });
    if let Some(ip) = e.addresses.first() {
        out["PrivateIpAddress"] = json!(ip);
        out["PrivateDnsName"] = json!(private_dns(&view.region, ip));
        if let Some(association) = association(view, id, e, ip) {
            out["Association"] = association;
        }
    }
    if let Some(ip) = e.ipv6.first() {
        out["Ipv6Address"] = json!(ip);
    }
    if let Some(requester) = &e.requester {
        out["RequesterId"] = json!(requester);
    }
    if let Some(a) = &e.attachment {
        out["Attachment"] = json!({
            "AttachmentId": a.id, "DeviceIndex": a.device_index, "NetworkCardIndex": 0, "InstanceId": a.instance,
            "InstanceOwnerId": a.owner, "Status": a.status, "AttachTime": a.at,
            "DeleteOnTermination": a.delete_on_termination,
        });
    }
    out
}

/// Groups with their names, as EC2 lists them.
pub(crate) fn groups(view: &View<'_>, ids: &[String]) -> Vec<Value> {
    let name = |id: &String| view.ec2.security_groups.get(id).map(|g| g.name.clone());
    ids.iter().map(|id| json!({"GroupId": id, "GroupName": name(id)})).collect()
}

/// The public address of a private one, Elastic or of AWS's pool.
pub(crate) fn association(
    view: &View<'_>,
    id: &str,
    e: &NetworkInterface,
    ip: &str,
) -> Option<Value> {
    let elastic = view.ec2.addresses.iter().find_map(|(allocation, a)| {
        let x = a.association.as_ref().filter(|x| x.interface == id && x.private_ip == ip)?;
        Some(json!({"AllocationId": allocation, "AssociationId": x.id, "IpOwnerId": view.account,
            "PublicIp": a.public_ip, "PublicDnsName": public_dns(&view.region, &a.public_ip)}))
    });
    elastic.or_else(|| {
        let public = e.public_ip.as_ref().filter(|_| e.addresses.first().is_some_and(|a| a == ip))?;
        Some(json!({"IpOwnerId": "amazon", "PublicIp": public, "PublicDnsName": public_dns(&view.region, public)}))
    })
}

fn create(call: &mut Call<'_>) -> Outcome {
    let tags = tags::specified(call, "network-interface")?;
    let listed = call.list("PrivateIpAddresses");
    let address = |v: &Value| v["PrivateIpAddress"].as_str().map(str::to_owned);
    let primary = listed.iter().find(|v| v["Primary"] == true).and_then(address);
    let count = |name: &str| usize::try_from(call.opt_int(name).unwrap_or(0)).unwrap_or(0);
    let new = New {
        subnet: call.str("SubnetId"),
        description: call.str("Description"),
        groups: call.strings("Groups"),
        private_ip: call.opt_str("PrivateIpAddress").or(primary),
        secondary: listed.iter().filter(|v| v["Primary"] != true).filter_map(address).collect(),
        secondary_count: count("SecondaryPrivateIpAddressCount"),
        ipv6: call
            .list("Ipv6Addresses")
            .iter()
            .filter_map(|v| v["Ipv6Address"].as_str().map(str::to_owned))
            .collect(),
        ipv6_count: count("Ipv6AddressCount"),
        ..New::default()
    };
    let id = make(call, new)?;
    tags::put(call, &id, tags);
    let interface = find(call, |s| &s.network_interfaces, "eni", &id)?;
    let token = call.opt_str("ClientToken");
    let answer = render(&view(call), &id, &interface);
    Ok(json!({ "NetworkInterface": answer, "ClientToken": token }))
}

fn delete(call: &mut Call<'_>) -> Outcome {
    let id = call.str("NetworkInterfaceId");
    let interface = find(call, |s| &s.network_interfaces, "eni", &id)?;
    if interface.attachment.is_some() {
        let message = format!("Network interface '{id}' is currently in use.");
        return Err(Fault::new("InvalidParameterValue", message));
    }
    remove(call, &id);
    Ok(json!({}))
}

const SPEC: Spec = Spec {
    ids: "NetworkInterfaceIds",
    prefix: "eni",
    filters: &[
        ("addresses.association.owner-id", "PrivateIpAddresses.Association.IpOwnerId"),
        ("addresses.association.public-ip", "PrivateIpAddresses.Association.PublicIp"),
        ("addresses.primary", "PrivateIpAddresses.Primary"),
        ("addresses.private-ip-address", "PrivateIpAddresses.PrivateIpAddress"),
        ("association.allocation-id", "Association.AllocationId"),
        ("association.association-id", "Association.AssociationId"),
        ("association.ip-owner-id", "Association.IpOwnerId"),
        ("association.public-dns-name", "Association.PublicDnsName"),
        ("association.public-ip", "Association.PublicIp"),
        ("attachment.attachment-id", "Attachment.AttachmentId"),
        ("attachment.attach-time", "Attachment.AttachTime"),
        ("attachment.delete-on-termination", "Attachment.DeleteOnTermination"),
        ("attachment.device-index", "Attachment.DeviceIndex"),
        ("attachment.instance-id", "Attachment.InstanceId"),
        ("attachment.instance-owner-id", "Attachment.InstanceOwnerId"),
        ("attachment.status", "Attachment.Status"),
        ("availability-zone", "AvailabilityZone"),
        ("availability-zone-id", "AvailabilityZoneId"),
        ("description", "Description"),
        ("group-id", "Groups.GroupId"),
        ("group-name", "Groups.GroupName"),
        ("interface-type", "InterfaceType"),
        ("ipv6-addresses.ipv6-address", "Ipv6Addresses.Ipv6Address"),
        ("mac-address", "MacAddress"),
        ("network-interface-id", "NetworkInterfaceId"),
        ("owner-id", "OwnerId"),
        ("private-dns-name", "PrivateDnsName"),
        ("private-ip-address", "PrivateIpAddress"),
        ("requester-id", "RequesterId"),
        ("requester-managed", "RequesterManaged"),
        ("source-dest-check", "SourceDestCheck"),
        ("status", "Status"),
        ("subnet-id", "SubnetId"),
        ("vpc-id", "VpcId"),
    ],
};

fn describe_all(call: &mut Call<'_>) -> Outcome {
    Ok(json!({ "NetworkInterfaces": describe(call, &SPEC, |s| &s.network_interfaces, render)? }))
}

fn attach(call: &mut Call<'_>) -> Outcome {
    let (id, instance) = (call.str("NetworkInterfaceId"), call.str("InstanceId"));
    let device_index = call.opt_int("DeviceIndex").unwrap_or(0);
    let interface = find(call, |s| &s.network_interfaces, "eni", &id)?;
    let s = ec2(call);
    let Some((_, primary)) = primary_of(s, &instance) else {
        return Err(kinds::missing("i", &instance));
    };
    if interface.attachment.is_some() {
        let message = format!("Interface: [{id}] in use.");
        return Err(Fault::new("InvalidNetworkInterface.InUse", message));
    }
    if primary.zone != interface.zone {
        let message = "You may not attach a network interface to an instance if they are not in the same availability zone";
        return Err(Fault::new("InvalidParameterCombination", message));
    }
    let taken = s
        .network_interfaces
        .values()
        .filter_map(|e| e.attachment.as_ref())
        .any(|a| a.instance.as_ref() == Some(&instance) && a.device_index == device_index);
    if taken {
        let message = format!(
            "Instance '{instance}' already has an interface attached at device index '{device_index}'."
        );
        return Err(Fault::new("InvalidParameterValue", message));
    }
    let attachment = Attachment {
        id: call.id("eni-attach"),
        instance: Some(instance),
        owner: call.account.clone(),
        device_index,
        status: "attached".to_owned(),
        at: call.now(),
        delete_on_termination: false,
    };
    let attachment_id = attachment.id.clone();
    if let Some(interface) = ec2(call).network_interfaces.get_mut(&id) {
        interface.attachment = Some(attachment);
    }
    Ok(json!({"AttachmentId": attachment_id, "NetworkCardIndex": 0}))
}

fn detach(call: &mut Call<'_>) -> Outcome {
    let attachment = call.str("AttachmentId");
    let held = |e: &NetworkInterface| e.attachment.as_ref().is_some_and(|a| a.id == attachment);
    let found = ec2(call).network_interfaces.iter().find(|(_, e)| held(e));
    let Some((id, e)) = found.map(|(id, e)| (id.to_owned(), e.clone())) else {
        return Err(kinds::missing("eni-attach", &attachment));
    };
    if e.requester.is_some() {
        let message = "You are not allowed to manage 'ela-attach' attachments.";
        return Err(Fault::new("OperationNotPermitted", message));
    }
    if e.attachment.is_some_and(|a| a.device_index == 0) {
        let message = "The network interface at device index 0 cannot be detached.";
        return Err(Fault::new("OperationNotPermitted", message));
    }
    if let Some(interface) = ec2(call).network_interfaces.get_mut(&id) {
        interface.attachment = None;
    }
    Ok(json!({}))
}

fn modify(call: &mut Call<'_>) -> Outcome {
    let id = call.str("NetworkInterfaceId");
    let interface = find(call, |s| &s.network_interfaces, "eni", &id)?;
    let name = one_attribute(call, "NetworkInterfaceId")?;
    if interface.requester.is_some() && name != "Groups" {
        let message = "You do not have permission to access the specified resource.";
        return Err(Fault::new("AuthFailure", message));
    }
    let groups = call.strings("Groups");
    if name == "Groups" {
        security_group::check_for_interface(call, &groups, &interface.vpc, &interface.subnet)?;
    }
    let attachment = call.get("Attachment").cloned().unwrap_or_default();
    let value = call.attribute(&name).cloned().unwrap_or_default();
    let Some(interface) = ec2(call).network_interfaces.get_mut(&id) else { return Ok(json!({})) };
    match name.as_str() {
        "Description" => interface.description = value.as_str().unwrap_or_default().to_owned(),
        "SourceDestCheck" => interface.source_dest_check = value.as_bool().unwrap_or(true),
        "Groups" => interface.groups = groups,
        "Attachment" => {
            let wanted = attachment["AttachmentId"].as_str().unwrap_or_default();
            let Some(held) = interface.attachment.as_mut().filter(|a| a.id == wanted) else {
                return Err(kinds::missing("eni-attach", wanted));
            };
            held.delete_on_termination =
                attachment["DeleteOnTermination"].as_bool().unwrap_or(held.delete_on_termination);
        }
        other => {
            let message =
                format!("airplane cannot change the attribute {other} of a network interface");
            return Err(Fault::new("UnsupportedOperation", message));
        }
    }
    Ok(json!({}))
}

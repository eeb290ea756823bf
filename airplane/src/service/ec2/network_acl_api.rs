//! What people do with network ACLs: create, fill with numbered entries, put subnets under them, delete when unused.
use super::filters::{Spec, View, describe, view};
use super::network_acl::{Entry, LAST, NetworkAcl, first_entries};
use super::{cidr, ec2, find, kinds, security_group_rule, tags};
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};
use serde_json::{Value, json};

pub(crate) const ACTIONS: &[Action] = &[
    ("CreateNetworkAcl", create),
    ("DeleteNetworkAcl", delete),
    ("DescribeNetworkAcls", describe_all),
    ("CreateNetworkAclEntry", create_entry),
    ("ReplaceNetworkAclEntry", replace_entry),
    ("DeleteNetworkAclEntry", delete_entry),
    ("ReplaceNetworkAclAssociation", replace_association),
];

fn render(view: &View<'_>, id: &str, acl: &NetworkAcl) -> Value {
    let associations: Vec<Value> = acl
        .associations
        .iter()
        .map(|a| json!({"NetworkAclAssociationId": a.id, "NetworkAclId": id, "SubnetId": a.subnet}))
        .collect();
    let entries: Vec<Value> = acl.entries.iter().map(entry).collect();
    json!({
        "NetworkAclId": id, "VpcId": acl.vpc, "OwnerId": view.account, "IsDefault": acl.is_default,
        "Associations": associations, "Entries": entries, "Tags": tags::of(view, id),
    })
}

fn entry(e: &Entry) -> Value {
    let mut out = json!({"RuleNumber": e.number, "Egress": e.egress, "Protocol": e.protocol,
        "RuleAction": if e.allow { "allow" } else { "deny" }});
    if let Some(cidr) = &e.cidr {
        out["CidrBlock"] = json!(cidr);
    }
    if let Some(cidr) = &e.ipv6_cidr {
        out["Ipv6CidrBlock"] = json!(cidr);
    }
    if let Some((kind, code)) = e.icmp {
        out["IcmpTypeCode"] = json!({"Type": kind, "Code": code});
    }
    if let Some((from, to)) = e.ports {
        out["PortRange"] = json!({"From": from, "To": to});
    }
    out
}

fn create(call: &mut Call<'_>) -> Outcome {
    let tags = tags::specified(call, "network-acl")?;
    let vpc_id = call.str("VpcId");
    let vpc = find(call, |s| &s.vpcs, "vpc", &vpc_id)?;
    let count = ec2(call).network_acls.values().filter(|a| a.vpc == vpc_id).count();
    if count >= call.quota("network-acls-per-vpc") {
        let message = "The maximum number of network ACLs has been reached.";
        return Err(Fault::new("NetworkAclLimitExceeded", message));
    }
    let entries = first_entries(false, !vpc.ipv6_blocks.is_empty());
    let acl = NetworkAcl { vpc: vpc_id, is_default: false, associations: Vec::new(), entries };
    let (now, visible, id) = (call.now(), call.visible_at(), call.id("acl"));
    ec2(call).network_acls.insert(&id, acl.clone(), now, visible);
    tags::put(call, &id, tags);
    let token = call.opt_str("ClientToken");
    Ok(json!({ "NetworkAcl": render(&view(call), &id, &acl), "ClientToken": token }))
}

fn delete(call: &mut Call<'_>) -> Outcome {
    let id = call.str("NetworkAclId");
    let acl = find(call, |s| &s.network_acls, "acl", &id)?;
    if acl.is_default {
        let message = format!("cannot delete default network ACL {id}");
        return Err(Fault::new("InvalidParameterValue", message));
    }
    if !acl.associations.is_empty() {
        let message = format!("The networkAcl '{id}' has dependencies and cannot be deleted.");
        return Err(Fault::new("DependencyViolation", message));
    }
    ec2(call).network_acls.remove(&id);
    tags::forget(call, &id);
    Ok(json!({}))
}

const SPEC: Spec = Spec {
    ids: "NetworkAclIds",
    prefix: "acl",
    filters: &[
        ("association.association-id", "Associations.NetworkAclAssociationId"),
        ("association.network-acl-id", "Associations.NetworkAclId"),
        ("association.subnet-id", "Associations.SubnetId"),
        ("default", "IsDefault"),
        ("entry.cidr", "Entries.CidrBlock"),
        ("entry.icmp.code", "Entries.IcmpTypeCode.Code"),
        ("entry.icmp.type", "Entries.IcmpTypeCode.Type"),
        ("entry.ipv6-cidr", "Entries.Ipv6CidrBlock"),
        ("entry.port-range.from", "Entries.PortRange.From"),
        ("entry.port-range.to", "Entries.PortRange.To"),
        ("entry.protocol", "Entries.Protocol"),
        ("entry.rule-action", "Entries.RuleAction"),
        ("entry.egress", "Entries.Egress"),
        ("entry.rule-number", "Entries.RuleNumber"),
        ("network-acl-id", "NetworkAclId"),
        ("owner-id", "OwnerId"),
        ("vpc-id", "VpcId"),
    ],
};

fn describe_all(call: &mut Call<'_>) -> Outcome {
    Ok(json!({ "NetworkAcls": describe(call, &SPEC, |s| &s.network_acls, render)? }))
}

// Network ACLs show protocols as numbers.
fn protocol(text: &str) -> Result<String, Fault> {
    Ok(match security_group_rule::protocol(text)?.as_str() {
        "tcp" => "6",
        "udp" => "17",
        "icmp" => "1",
        "icmpv6" => "58",
        other => return Ok(other.to_owned()),
    }
    .to_owned())
}

fn read_entry(call: &Call<'_>) -> Result<Entry, Fault> {
    let number = call.opt_int("RuleNumber").unwrap_or(0);
    if !(1..LAST).contains(&number) {
        let message = format!(
            "Value ({number}) for parameter ruleNumber is invalid. Rule numbers are 1 to 32766."
        );
        return Err(Fault::new("InvalidParameterValue", message));
    }
    let protocol = protocol(&call.str("Protocol"))?;
    let cidr = call.opt_str("CidrBlock").map(|t| cidr::v4(&t, "cidrBlock")).transpose()?;
    let ipv6 = call.opt_str("Ipv6CidrBlock").map(|t| cidr::v6(&t, "ipv6CidrBlock")).transpose()?;
    if cidr.is_some() == ipv6.is_some() {
        let message = "The request must contain exactly one of cidrBlock, ipv6CidrBlock";
        let code = if cidr.is_some() { "InvalidParameterCombination" } else { "MissingParameter" };
        return Err(Fault::new(code, message));
    }
    let int = |member: &str, key: &str| call.get(member).and_then(|v| v[key].as_i64());
    let (mut ports, mut icmp) = (None, None);
    match protocol.as_str() {
        "6" | "17" => {
            let (Some(from), Some(to)) = (int("PortRange", "From"), int("PortRange", "To")) else {
                let message = "The request must contain the parameter portRange";
                return Err(Fault::new("MissingParameter", message));
            };
            if let (Some(from), Some(to)) = security_group_rule::ports("tcp", Some(from), Some(to))?
            {
                ports = Some((from, to));
            }
        }
        "1" | "58" => {
            let (Some(kind), Some(code)) =
                (int("IcmpTypeCode", "Type"), int("IcmpTypeCode", "Code"))
            else {
                let message = "The request must contain the parameter icmpTypeCode";
                return Err(Fault::new("MissingParameter", message));
            };
            icmp = Some((kind, code));
        }
        _ => {}
    }
    Ok(Entry {
        number,
        egress: call.opt_bool("Egress").unwrap_or(false),
        protocol,
        allow: call.str("RuleAction") == "allow",
        cidr: cidr.map(|n| n.to_string()),
        ipv6_cidr: ipv6.map(|n| n.to_string()),
        icmp,
        ports,
    })
}

fn no_entry(id: &str, number: i64, egress: bool) -> Fault {
    let side = if egress { "egress" } else { "ingress" };
    let message = format!("no {side} entry with rule number {number} in network ACL {id}");
    Fault::new("InvalidNetworkAclEntry.NotFound", message)
}

// Entries stand in order of direction and number.
fn put(call: &mut Call<'_>, id: &str, entry: Entry) {
    if let Some(acl) = ec2(call).network_acls.get_mut(id) {
        acl.entries.retain(|e| (e.egress, e.number) != (entry.egress, entry.number));
        acl.entries.push(entry);
        acl.entries.sort_by_key(|e| (!e.egress, e.number));
    }
}

fn create_entry(call: &mut Call<'_>) -> Outcome {
    let id = call.str("NetworkAclId");
    let acl = find(call, |s| &s.network_acls, "acl", &id)?;
    let entry = read_entry(call)?;
    if acl.entries.iter().any(|e| (e.egress, e.number) == (entry.egress, entry.number)) {
        let message =
            format!("The network acl entry identified by {} already exists.", entry.number);
        return Err(Fault::new("NetworkAclEntryAlreadyExists", message));
    }
    let count = acl.entries.iter().filter(|e| e.egress == entry.egress && e.number < LAST).count();
    if count >= call.quota("rules-per-network-acl") {
        let message = "The maximum number of network ACL entries has been reached.";
        return Err(Fault::new("NetworkAclEntryLimitExceeded", message));
    }
    put(call, &id, entry);
    Ok(json!({}))
}

fn replace_entry(call: &mut Call<'_>) -> Outcome {
    let id = call.str("NetworkAclId");
    let acl = find(call, |s| &s.network_acls, "acl", &id)?;
    let entry = read_entry(call)?;
    if !acl.entries.iter().any(|e| (e.egress, e.number) == (entry.egress, entry.number)) {
        return Err(no_entry(&id, entry.number, entry.egress));
    }
    put(call, &id, entry);
    Ok(json!({}))
}

fn delete_entry(call: &mut Call<'_>) -> Outcome {
    let id = call.str("NetworkAclId");
    let (number, egress) =
        (call.opt_int("RuleNumber").unwrap_or(0), call.opt_bool("Egress").unwrap_or(false));
    let acl = find(call, |s| &s.network_acls, "acl", &id)?;
    if number >= LAST {
        let message = format!("cannot delete rule number {number}");
        return Err(Fault::new("InvalidParameterValue", message));
    }
    if !acl.entries.iter().any(|e| (e.egress, e.number) == (egress, number)) {
        return Err(no_entry(&id, number, egress));
    }
    if let Some(acl) = ec2(call).network_acls.get_mut(&id) {
        acl.entries.retain(|e| (e.egress, e.number) != (egress, number));
    }
    Ok(json!({}))
}

fn replace_association(call: &mut Call<'_>) -> Outcome {
    let (association, target) = (call.str("AssociationId"), call.str("NetworkAclId"));
    let acls = &ec2(call).network_acls;
    let holder = acls.iter().find_map(|(id, a)| {
        let x = a.associations.iter().find(|x| x.id == association)?;
        Some((id.to_owned(), a.vpc.clone(), x.clone()))
    });
    let Some((holder, vpc, mut moved)) = holder else {
        return Err(kinds::missing("aclassoc", &association));
    };
    if find(call, |s| &s.network_acls, "acl", &target)?.vpc != vpc {
        let message = format!(
            "network ACL {target} and subnet {} belong to different networks",
            moved.subnet
        );
        return Err(Fault::new("InvalidParameterValue", message));
    }
    if let Some(acl) = ec2(call).network_acls.get_mut(&holder) {
        acl.associations.retain(|x| x.id != association);
    }
    moved.id = call.id("aclassoc");
    let new = moved.id.clone();
    if let Some(acl) = ec2(call).network_acls.get_mut(&target) {
        acl.associations.push(moved);
    }
    Ok(json!({ "NewAssociationId": new }))
}

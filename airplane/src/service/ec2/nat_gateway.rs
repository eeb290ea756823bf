//! NAT gateways: pending, available, deleting, deleted. They hold their Elastic IP and their interface until they are deleted.
use super::filters::{Spec, View, describe, view};
use super::network_interface::{self, New};
use super::{address, ec2, find, tags};
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};
use crate::world::scope::Scope;
use crate::world::{Millis, timing};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(crate) const ACTIONS: &[Action] = &[
    ("CreateNatGateway", create),
    ("DeleteNatGateway", delete),
    ("DescribeNatGateways", describe_all),
];

/// A NAT gateway.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct NatGateway {
    pub(crate) vpc: String,
    pub(crate) subnet: String,
    pub(crate) zone: String,
    pub(crate) state: String,
    pub(crate) public: bool,
    /// The first is the primary one.
    pub(crate) allocations: Vec<String>,
    pub(crate) interface: String,
    /// Addresses as they were at creation, which answers show after the gateway is gone, too.
    pub(crate) addresses: Vec<NatAddress>,
    pub(crate) created: Millis,
    pub(crate) deleted: Option<Millis>,
    pub(crate) failure: Option<(String, String)>,
}

/// An address of a NAT gateway.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct NatAddress {
    pub(crate) private_ip: String,
    pub(crate) allocation: Option<String>,
    pub(crate) public_ip: Option<String>,
    pub(crate) association: Option<String>,
}

/// What happens later to a NAT gateway.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) then: Then,
}

/// The next state.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Then {
    Available,
    Failed,
    Deleted,
    Forgotten,
}

impl Event {
    /// Lets it happen.
    pub(crate) fn run(self, scope: &mut Scope<'_>) {
        let Some(nat) = ec2(scope).nat_gateways.get(&self.id).cloned() else { return };
        match self.then {
            Then::Available if nat.state == "pending" => set(scope, &self.id, "available"),
            Then::Failed if nat.state == "pending" => {
                network_interface::remove(scope, &nat.interface);
                set(scope, &self.id, "failed");
                ghost(scope, &self.id);
            }
            Then::Deleted if nat.state == "deleting" => {
                network_interface::remove(scope, &nat.interface);
                set(scope, &self.id, "deleted");
                ghost(scope, &self.id);
            }
            Then::Forgotten => {
                ec2(scope).nat_gateways.remove(&self.id);
                tags::forget(scope, &self.id);
            }
            _ => {}
        }
    }
}

fn set(scope: &mut Scope<'_>, id: &str, state: &str) {
    if let Some(nat) = ec2(scope).nat_gateways.get_mut(id) {
        nat.state = state.to_owned();
    }
}

// Describes still show it for a while, but it is no object any more that someone could count.
fn ghost(scope: &mut Scope<'_>, id: &str) {
    let now = scope.now();
    if let Some(nat) = ec2(scope).nat_gateways.get(id).cloned() {
        ec2(scope).nat_gateways.insert_implicit(id, nat, now);
    }
    later(scope, id, timing::GHOST, Then::Forgotten);
}

fn later(scope: &mut Scope<'_>, id: &str, after: Millis, then: Then) {
    scope.schedule(after, super::Event::Nat(Event { id: id.to_owned(), then }));
}

fn render(view: &View<'_>, id: &str, nat: &NatGateway) -> Value {
    let status = match nat.state.as_str() {
        "pending" => "associating",
        "failed" => "failed",
        "deleting" | "deleted" => "disassociating",
        _ => "succeeded",
    };
    let addresses: Vec<Value> = nat
        .addresses
        .iter()
        .enumerate()
        .map(|(i, a)| {
            json!({"AllocationId": a.allocation, "NetworkInterfaceId": nat.interface, "PrivateIp": a.private_ip,
                "PublicIp": a.public_ip, "AssociationId": a.association, "IsPrimary": i == 0, "Status": status})
        })
        .collect();
    let failure = nat.failure.as_ref().filter(|_| nat.state == "failed");
    json!({
        "NatGatewayId": id, "VpcId": nat.vpc, "SubnetId": nat.subnet, "State": nat.state, "CreateTime": nat.created,
        "DeleteTime": nat.deleted, "ConnectivityType": if nat.public { "public" } else { "private" },
        "AvailabilityMode": "zonal", "NatGatewayAddresses": addresses, "Tags": tags::of(view, id),
        "FailureCode": failure.map(|f| &f.0), "FailureMessage": failure.map(|f| &f.1),
    })
}

fn create(call: &mut Call<'_>) -> Outcome {
    let tags = tags::specified(call, "natgateway")?;
    let public = call.opt_str("ConnectivityType").is_none_or(|c| c == "public");
    let Some(subnet_id) = call.opt_str("SubnetId") else {
        return Err(Fault::new(
            "MissingParameter",
            "The request must contain the parameter SubnetId",
        ));
    };
    let subnet = find(call, |s| &s.subnets, "subnet", &subnet_id)?;
    let allocations = allocations(call, public)?;
    let working =
        |n: &&NatGateway| n.zone == subnet.zone && n.state != "deleted" && n.state != "failed";
    let most = call.quota("nat-gateways-per-zone");
    if ec2(call).nat_gateways.values().filter(working).count() >= most {
        let message =
            format!("Performing this operation would exceed the limit of {most} NAT gateways");
        return Err(Fault::new("NatGatewayLimitExceeded", message));
    }
    let id = call.id("nat");
    let (interface, addresses) = connect(call, &id, &subnet_id, &allocations)?;
    let (now, visible) = (call.now(), call.visible_at());
    let mut nat = NatGateway {
        vpc: subnet.vpc.clone(),
        subnet: subnet_id,
        zone: subnet.zone,
        state: "pending".to_owned(),
        public,
        allocations,
        interface,
        addresses,
        created: now,
        deleted: None,
        failure: None,
    };
    let connected =
        ec2(call).internet_gateways.values().any(|g| g.vpc.as_ref() == Some(&subnet.vpc));
    if public && !connected {
        let message = format!("Network {} has no Internet gateway attached", subnet.vpc);
        nat.failure = Some(("Gateway.NotAttached".to_owned(), message));
        later(call, &id, timing::NAT_CREATE / 10, Then::Failed);
    } else {
        later(call, &id, timing::NAT_CREATE, Then::Available);
    }
    ec2(call).nat_gateways.insert(&id, nat.clone(), now, visible);
    tags::put(call, &id, tags);
    let token = call.opt_str("ClientToken");
    let mut answer = render(&view(call), &id, &nat);
    // At first nothing but the allocations is known.
    let known = nat.allocations.iter().enumerate();
    answer["NatGatewayAddresses"] = known
        .map(|(i, a)| json!({"AllocationId": a, "IsPrimary": i == 0, "Status": "associating"}))
        .collect();
    Ok(json!({ "NatGateway": answer, "ClientToken": token }))
}

// Its interface, with the Elastic IPs mapped to its private addresses in order.
fn connect(
    call: &mut Call<'_>,
    id: &str,
    subnet: &str,
    allocations: &[String],
) -> Result<(String, Vec<NatAddress>), Fault> {
    let extra =
        usize::try_from(call.opt_int("SecondaryPrivateIpAddressCount").unwrap_or(0)).unwrap_or(0);
    let secondary = call.strings("SecondaryPrivateIpAddresses");
    let new = New {
        subnet: subnet.to_owned(),
        kind: "nat_gateway".to_owned(),
        description: format!("Interface for NAT Gateway {id}"),
        without_groups: true,
        private_ip: call.opt_str("PrivateIpAddress"),
        secondary_count: extra.max(allocations.len().saturating_sub(1 + secondary.len())),
        secondary,
        requester: Some("nat-gateway".to_owned()),
        ..New::default()
    };
    let interface = network_interface::make(call, new)?;
    let record = find(call, |s| &s.network_interfaces, "eni", &interface)?;
    let mut addresses = Vec::new();
    for (i, private_ip) in record.addresses.into_iter().enumerate() {
        let allocation = allocations.get(i).cloned();
        let association =
            allocation.as_ref().map(|a| address::map(call, a, &interface, &private_ip));
        let public_ip =
            allocation.as_ref().and_then(|a| Some(ec2(call).addresses.get(a)?.public_ip.clone()));
        addresses.push(NatAddress { private_ip, allocation, public_ip, association });
    }
    Ok((interface, addresses))
}

fn allocations(call: &mut Call<'_>, public: bool) -> Result<Vec<String>, Fault> {
    let mut ids: Vec<String> = call.opt_str("AllocationId").into_iter().collect();
    if public && ids.is_empty() {
        let message =
            "The request must contain the parameter AllocationId for a public NAT gateway";
        return Err(Fault::new("MissingParameter", message));
    }
    ids.extend(call.strings("SecondaryAllocationIds"));
    if !public && !ids.is_empty() {
        let message = "A private NAT gateway cannot have the parameter AllocationId";
        return Err(Fault::new("InvalidParameterCombination", message));
    }
    for id in &ids {
        match ec2(call).addresses.get(id) {
            None => return Err(super::kinds::missing("eipalloc", id)),
            Some(a) if a.association.is_some() => {
                let message = format!("Elastic IP address [{id}] is already associated");
                return Err(Fault::new("Resource.AlreadyAssociated", message));
            }
            Some(_) => {}
        }
    }
    Ok(ids)
}

fn delete(call: &mut Call<'_>) -> Outcome {
    let id = call.str("NatGatewayId");
    let nat = find(call, |s| &s.nat_gateways, "nat", &id)?;
    let now = call.now();
    match nat.state.as_str() {
        "deleted" => return Err(super::kinds::missing("nat", &id)),
        "deleting" => {}
        "failed" => {
            set(call, &id, "deleted");
        }
        _ => {
            set(call, &id, "deleting");
            later(call, &id, timing::NAT_DELETE, Then::Deleted);
        }
    }
    if let Some(nat) = ec2(call).nat_gateways.get_mut(&id) {
        nat.deleted = Some(nat.deleted.unwrap_or(now));
    }
    Ok(json!({ "NatGatewayId": id }))
}

const SPEC: Spec = Spec {
    ids: "NatGatewayIds",
    prefix: "nat",
    filters: &[
        ("nat-gateway-id", "NatGatewayId"),
        ("state", "State"),
        ("subnet-id", "SubnetId"),
        ("vpc-id", "VpcId"),
    ],
};

fn describe_all(call: &mut Call<'_>) -> Outcome {
    Ok(json!({ "NatGateways": describe(call, &SPEC, |s| &s.nat_gateways, render)? }))
}

//! Internet gateways: attached to at most one VPC, which has at most one, and held by its public addresses.
use super::filters::{Spec, View, describe, view};
use super::{ec2, find, network_interface, tags};
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(crate) const ACTIONS: &[Action] = &[
    ("CreateInternetGateway", create),
    ("DeleteInternetGateway", delete),
    ("DescribeInternetGateways", describe_all),
    ("AttachInternetGateway", attach),
    ("DetachInternetGateway", detach),
];

/// An internet gateway.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct InternetGateway {
    pub(crate) vpc: Option<String>,
}

fn render(view: &View<'_>, id: &str, gateway: &InternetGateway) -> Value {
    // EC2 says `available` here, although its model says `attached`.
    let attachments: Vec<Value> =
        gateway.vpc.iter().map(|v| json!({"VpcId": v, "State": "available"})).collect();
    json!({"InternetGatewayId": id, "OwnerId": view.account, "Attachments": attachments, "Tags": tags::of(view, id)})
}

fn create(call: &mut Call<'_>) -> Outcome {
    let tags = tags::specified(call, "internet-gateway")?;
    if ec2(call).internet_gateways.len() >= call.quota("internet-gateways-per-region") {
        let message = "The maximum number of internet gateways has been reached.";
        return Err(Fault::new("InternetGatewayLimitExceeded", message));
    }
    let (now, visible, id) = (call.now(), call.visible_at(), call.id("igw"));
    let gateway = InternetGateway { vpc: None };
    ec2(call).internet_gateways.insert(&id, gateway.clone(), now, visible);
    tags::put(call, &id, tags);
    Ok(json!({ "InternetGateway": render(&view(call), &id, &gateway) }))
}

fn delete(call: &mut Call<'_>) -> Outcome {
    let id = call.str("InternetGatewayId");
    let gateway = find(call, |s| &s.internet_gateways, "igw", &id)?;
    if gateway.vpc.is_some() {
        let message = format!("The internetGateway '{id}' has dependencies and cannot be deleted.");
        return Err(Fault::new("DependencyViolation", message));
    }
    ec2(call).internet_gateways.remove(&id);
    tags::forget(call, &id);
    Ok(json!({}))
}

fn attach(call: &mut Call<'_>) -> Outcome {
    let (id, vpc) = (call.str("InternetGatewayId"), call.str("VpcId"));
    let gateway = find(call, |s| &s.internet_gateways, "igw", &id)?;
    find(call, |s| &s.vpcs, "vpc", &vpc)?;
    if let Some(holder) = gateway.vpc {
        let message = format!("resource {id} is already attached to network {holder}");
        return Err(Fault::new("Resource.AlreadyAssociated", message));
    }
    if ec2(call).internet_gateways.values().any(|g| g.vpc.as_ref() == Some(&vpc)) {
        let message = format!("Network {vpc} already has an internet gateway attached");
        return Err(Fault::new("InvalidParameterValue", message));
    }
    if let Some(gateway) = ec2(call).internet_gateways.get_mut(&id) {
        gateway.vpc = Some(vpc);
    }
    Ok(json!({}))
}

fn detach(call: &mut Call<'_>) -> Outcome {
    let (id, vpc) = (call.str("InternetGatewayId"), call.str("VpcId"));
    let gateway = find(call, |s| &s.internet_gateways, "igw", &id)?;
    find(call, |s| &s.vpcs, "vpc", &vpc)?;
    if gateway.vpc.as_ref() != Some(&vpc) {
        let message = format!("resource {id} is not attached to network {vpc}");
        return Err(Fault::new("Gateway.NotAttached", message));
    }
    if network_interface::maps_public_addresses(ec2(call), &vpc) {
        let message = format!(
            "Network {vpc} has some mapped public address(es). Please unmap those public address(es) before detaching the gateway."
        );
        return Err(Fault::new("DependencyViolation", message));
    }
    if let Some(gateway) = ec2(call).internet_gateways.get_mut(&id) {
        gateway.vpc = None;
    }
    Ok(json!({}))
}

const SPEC: Spec = Spec {
    ids: "InternetGatewayIds",
    prefix: "igw",
    filters: &[
        ("attachment.state", "Attachments.State"),
        ("attachment.vpc-id", "Attachments.VpcId"),
        ("internet-gateway-id", "InternetGatewayId"),
        ("owner-id", "OwnerId"),
    ],
};

fn describe_all(call: &mut Call<'_>) -> Outcome {
    Ok(json!({ "InternetGateways": describe(call, &SPEC, |s| &s.internet_gateways, render)? }))
}

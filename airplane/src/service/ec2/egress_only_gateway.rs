//! Egress-only internet gateways: attached to their VPC from the beginning to the end.
use super::filters::{Spec, View, describe, view};
use super::{ec2, find, tags};
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(crate) const ACTIONS: &[Action] = &[
    ("CreateEgressOnlyInternetGateway", create),
    ("DeleteEgressOnlyInternetGateway", delete),
    ("DescribeEgressOnlyInternetGateways", describe_all),
];

/// An egress-only internet gateway.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct EgressOnlyGateway {
    pub(crate) vpc: String,
}

fn render(view: &View<'_>, id: &str, gateway: &EgressOnlyGateway) -> Value {
    json!({"EgressOnlyInternetGatewayId": id, "Attachments": [{"VpcId": gateway.vpc, "State": "attached"}],
        "Tags": tags::of(view, id)})
}

fn create(call: &mut Call<'_>) -> Outcome {
    let tags = tags::specified(call, "egress-only-internet-gateway")?;
    let vpc = call.str("VpcId");
    find(call, |s| &s.vpcs, "vpc", &vpc)?;
    let most = call.quota("egress-only-internet-gateways-per-region");
    if ec2(call).egress_only_gateways.len() >= most {
        let message = "The maximum number of egress-only internet gateways has been reached.";
        return Err(Fault::new("EgressOnlyInternetGatewayLimitExceeded", message));
    }
    if ec2(call).egress_only_gateways.values().any(|g| g.vpc == vpc) {
        let message = format!("Network {vpc} already has an egress-only internet gateway attached");
        return Err(Fault::new("Resource.AlreadyAssociated", message));
    }
    let (now, visible, id) = (call.now(), call.visible_at(), call.id("eigw"));
    let gateway = EgressOnlyGateway { vpc };
    ec2(call).egress_only_gateways.insert(&id, gateway.clone(), now, visible);
    tags::put(call, &id, tags);
    let token = call.opt_str("ClientToken");
    let answer = render(&view(call), &id, &gateway);
    Ok(json!({ "EgressOnlyInternetGateway": answer, "ClientToken": token }))
}

fn delete(call: &mut Call<'_>) -> Outcome {
    let id = call.str("EgressOnlyInternetGatewayId");
    find(call, |s| &s.egress_only_gateways, "eigw", &id)?;
    ec2(call).egress_only_gateways.remove(&id);
    tags::forget(call, &id);
    Ok(json!({"ReturnCode": true}))
}

const SPEC: Spec = Spec { ids: "EgressOnlyInternetGatewayIds", prefix: "eigw", filters: &[] };

fn describe_all(call: &mut Call<'_>) -> Outcome {
    let list = describe(call, &SPEC, |s| &s.egress_only_gateways, render)?;
    Ok(json!({ "EgressOnlyInternetGateways": list }))
}

//! The services that VPC endpoints lead to: S3 and DynamoDB by gateway, these and many more by interface.
use super::filters::Filters;
use super::zones;
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};
use serde_json::{Value, json};

pub(crate) const ACTIONS: &[Action] = &[("DescribeVpcEndpointServices", describe)];

const GATEWAYS: [&str; 2] = ["dynamodb", "s3"];

#[rustfmt::skip]
const INTERFACES: [&str; 30] = [
    "acm-pca", "autoscaling", "cloudformation", "cloudtrail", "dynamodb", "ebs", "ec2", "ec2messages", "ecr.api",
    "ecr.dkr", "ecs", "eks", "eks-auth", "elasticfilesystem", "elasticloadbalancing", "events", "execute-api",
    "kinesis-streams", "kms", "lambda", "logs", "monitoring", "s3", "secretsmanager", "sns", "sqs", "ssm",
    "ssmmessages", "sts", "xray",
];

/// The error for a service that is not there.
pub(crate) fn missing(name: &str) -> Fault {
    let message = format!("The Vpc Endpoint Service '{name}' does not exist");
    Fault::new("InvalidServiceName", message)
}

/// The short name of a service that has endpoints of this kind in the region.
pub(crate) fn short(region: &str, name: &str, kind: &str) -> Result<String, Fault> {
    let short = name.strip_prefix(&format!("com.amazonaws.{region}.")).unwrap_or_default();
    let known: &[&str] = if kind == "Gateway" { &GATEWAYS } else { &INTERFACES };
    if known.contains(&short) {
        return Ok(short.to_owned());
    }
    if GATEWAYS.contains(&short) || INTERFACES.contains(&short) {
        let message = format!("The service {name} does not support VPC endpoints of type {kind}");
        return Err(Fault::new("InvalidParameter", message));
    }
    Err(missing(name))
}

/// The name under which clients know a service, for private DNS.
pub(crate) fn private_name(region: &str, short: &str) -> String {
    let (first, second) = short.split_once('.').unwrap_or((short, ""));
    match second {
        "dkr" => format!("dkr.ecr.{region}.amazonaws.com"),
        "api" => format!("api.{first}.{region}.amazonaws.com"),
        _ => format!("{first}.{region}.amazonaws.com"),
    }
}

fn detail(call: &Call<'_>, short: &str, kind: &str) -> Value {
    let (region, zones) = (&call.region, call.zones());
    let name = format!("com.amazonaws.{region}.{short}");
    let id = super::prefix_list::id(region, &format!("{kind}/{short}"));
    let ids: Vec<String> = zones.iter().map(|z| zones::zone_id(z)).collect();
    let mut out = json!({
        "ServiceName": name, "ServiceId": format!("vpce-svc-0{}{:>08}", &id[3..], "0"), "ServiceRegion": region,
        "ServiceType": [{"ServiceType": kind}], "AvailabilityZones": zones, "AvailabilityZoneIds": ids,
        "Owner": "amazon", "BaseEndpointDnsNames": [format!("{short}.{region}.vpce.amazonaws.com")],
        "VpcEndpointPolicySupported": true, "AcceptanceRequired": false, "ManagesVpcEndpoints": false, "Tags": [],
        "SupportedIpAddressTypes": ["ipv4"],
    });
    if kind == "Interface" {
        let private = private_name(region, short);
        out["PrivateDnsName"] = json!(private);
        out["PrivateDnsNames"] = json!([{"PrivateDnsName": private}]);
        out["PrivateDnsNameVerificationState"] = json!("verified");
    }
    out
}

const FILTERS: &[(&str, &str)] = &[
    ("owner", "Owner"),
    ("service-name", "ServiceName"),
    ("service-region", "ServiceRegion"),
    ("service-type", "ServiceType.ServiceType"),
    ("supported-ip-address-types", "SupportedIpAddressTypes"),
];

fn describe(call: &mut Call<'_>) -> Outcome {
    let filters = Filters::of(call, FILTERS)?;
    let names = call.strings("ServiceNames");
    let gateways = GATEWAYS.iter().map(|s| detail(call, s, "Gateway"));
    let all: Vec<Value> =
        gateways.chain(INTERFACES.iter().map(|s| detail(call, s, "Interface"))).collect();
    if let Some(bad) = names.iter().find(|n| !all.iter().any(|d| d["ServiceName"] == **n)) {
        return Err(missing(bad));
    }
    let details: Vec<Value> = all
        .into_iter()
        .filter(|d| names.is_empty() || names.iter().any(|n| d["ServiceName"] == *n))
        .filter(|d| filters.pass(FILTERS, d))
        .collect();
    let mut found: Vec<&Value> = details.iter().map(|d| &d["ServiceName"]).collect();
    found.dedup();
    Ok(json!({ "ServiceNames": found, "ServiceDetails": details }))
}

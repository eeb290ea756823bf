//! DHCP options sets, and the default one that a region has with its first VPC.
use super::filters::{Spec, View, describe, view};
use super::{ec2, find, tags};
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};
use crate::world::scope::Scope;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(crate) const ACTIONS: &[Action] = &[
    ("CreateDhcpOptions", create),
    ("DeleteDhcpOptions", delete),
    ("DescribeDhcpOptions", describe_all),
    ("AssociateDhcpOptions", associate),
];

/// A set of DHCP options: keys with values, in the order given.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct DhcpOptions {
    pub(crate) configurations: Vec<(String, Vec<String>)>,
    pub(crate) is_default: bool,
}

const KEYS: [&str; 6] = [
    "domain-name",
    "domain-name-servers",
    "ntp-servers",
    "netbios-name-servers",
    "netbios-node-type",
    "ipv6-address-preferred-lease-time",
];

/// The id of the region's default set, made on first sight.
pub(crate) fn default_id(scope: &mut Scope<'_>) -> String {
    let known = ec2(scope).dhcp_options.iter().find(|(_, d)| d.is_default);
    if let Some((id, _)) = known {
        return id.to_owned();
    }
    let domain = match scope.region.as_str() {
        "us-east-1" => "ec2.internal".to_owned(),
        region => format!("{region}.compute.internal"),
    };
    let configurations = vec![
        ("domain-name".to_owned(), vec![domain]),
        ("domain-name-servers".to_owned(), vec!["AmazonProvidedDNS".to_owned()]),
    ];
    let (now, id) = (scope.now(), scope.id("dopt"));
    let options = DhcpOptions { configurations, is_default: true };
    ec2(scope).dhcp_options.insert_implicit(&id, options, now);
    id
}

fn render(view: &View<'_>, id: &str, options: &DhcpOptions) -> Value {
    let configurations: Vec<Value> = options
        .configurations
        .iter()
        .map(|(key, values)| {
            let values: Vec<Value> = values.iter().map(|v| json!({"Value": v})).collect();
            json!({"Key": key, "Values": values})
        })
        .collect();
    json!({"DhcpOptionsId": id, "OwnerId": view.account, "DhcpConfigurations": configurations,
        "Tags": tags::of(view, id)})
}

fn create(call: &mut Call<'_>) -> Outcome {
    let tags = tags::specified(call, "dhcp-options")?;
    let mut configurations: Vec<(String, Vec<String>)> = Vec::new();
    for item in call.list("DhcpConfigurations") {
        let key = item["Key"].as_str().unwrap_or_default().to_owned();
        let values: Vec<String> = item["Values"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|v| v.as_str().map(str::to_owned))
            .collect();
        refuse_option(&key, &values)?;
        if configurations.iter().any(|(k, _)| *k == key) {
            let message = format!("Duplicate value for DHCP option key '{key}'");
            return Err(Fault::new("InvalidParameterValue", message));
        }
        configurations.push((key, values));
    }
    if configurations.is_empty() {
        let message = "The request must contain the parameter dhcpConfiguration";
        return Err(Fault::new("MissingParameter", message));
    }
    let (now, visible, id) = (call.now(), call.visible_at(), call.id("dopt"));
    let options = DhcpOptions { configurations, is_default: false };
    ec2(call).dhcp_options.insert(&id, options.clone(), now, visible);
    tags::put(call, &id, tags);
    Ok(json!({ "DhcpOptions": render(&view(call), &id, &options) }))
}

fn refuse_option(key: &str, values: &[String]) -> Result<(), Fault> {
    let invalid = |message: String| Err(Fault::new("InvalidParameterValue", message));
    if !KEYS.contains(&key) {
        return invalid(format!("Value ({key}) for parameter key is invalid. Unknown DHCP option"));
    }
    let most = if key.ends_with("servers") { 4 } else { 1 };
    if values.is_empty() || values.len() > most {
        return invalid(format!("The DHCP option {key} takes 1 to {most} values"));
    }
    for value in values {
        let fits = match key {
            "domain-name-servers" if value == "AmazonProvidedDNS" => true,
            k if k.ends_with("servers") => value.parse::<std::net::IpAddr>().is_ok(),
            "netbios-node-type" => matches!(value.as_str(), "1" | "2" | "4" | "8"),
            "ipv6-address-preferred-lease-time" => {
                value.parse::<u32>().is_ok_and(|n| (140..=2_147_483_647).contains(&n))
            }
            _ => !value.is_empty(),
        };
        if !fits {
            return invalid(format!(
                "Value ({value}) for parameter value is invalid. Invalid {key}"
            ));
        }
    }
    Ok(())
}

fn delete(call: &mut Call<'_>) -> Outcome {
    let id = call.str("DhcpOptionsId");
    find(call, |s| &s.dhcp_options, "dopt", &id)?;
    if ec2(call).vpcs.values().any(|v| v.dhcp_options == id) {
        let message = format!("The dhcpOptions '{id}' has dependencies and cannot be deleted.");
        return Err(Fault::new("DependencyViolation", message));
    }
    ec2(call).dhcp_options.remove(&id);
    tags::forget(call, &id);
    Ok(json!({}))
}

fn associate(call: &mut Call<'_>) -> Outcome {
    let (id, vpc) = (call.str("DhcpOptionsId"), call.str("VpcId"));
    find(call, |s| &s.vpcs, "vpc", &vpc)?;
    // `default` is what a VPC without options has.
    if id != "default" {
        find(call, |s| &s.dhcp_options, "dopt", &id)?;
    }
    if let Some(vpc) = ec2(call).vpcs.get_mut(&vpc) {
        vpc.dhcp_options = id;
    }
    Ok(json!({}))
}

const SPEC: Spec = Spec {
    ids: "DhcpOptionsIds",
    prefix: "dopt",
    filters: &[
        ("dhcp-options-id", "DhcpOptionsId"),
        ("key", "DhcpConfigurations.Key"),
        ("owner-id", "OwnerId"),
        ("value", "DhcpConfigurations.Values.Value"),
    ],
};

fn describe_all(call: &mut Call<'_>) -> Outcome {
    Ok(json!({ "DhcpOptions": describe(call, &SPEC, |s| &s.dhcp_options, render)? }))
}

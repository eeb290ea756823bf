//! Zones, regions and account attributes: what is there before anything is made.
use super::filters::Filters;
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};
use crate::world::scope::Scope;
use serde_json::{Value, json};

pub(crate) const ACTIONS: &[Action] = &[
    ("DescribeAvailabilityZones", zones),
    ("DescribeRegions", regions),
    ("DescribeAccountAttributes", attributes),
];

const REGIONS: [&str; 17] = [
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-northeast-3",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "eu-west-2",
    "eu-west-3",
    "sa-east-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];

/// The zone id of a zone: `use1-az1` for `us-east-1a`. The same letter is the same zone in every account here.
pub(crate) fn zone_id(zone: &str) -> String {
    let parts: Vec<&str> = zone.split('-').collect();
    let (Some(area), Some(last)) = (parts.first(), parts.last()) else { return zone.to_owned() };
    // A region's name is the client's to choose, so it may have no parts at all.
    let middle: String = parts
        .iter()
        .skip(1)
        .take(parts.len().saturating_sub(2))
        .map(|p| match *p {
            "northeast" => "ne",
            "northwest" => "nw",
            "southeast" => "se",
            "southwest" => "sw",
            other => other.get(..1).unwrap_or_default(),
        })
        .collect();
    let digits: String = last.chars().take_while(char::is_ascii_digit).collect();
    let number = last.chars().last().map(|c| u32::from(c).saturating_sub(96)).unwrap_or(1);
    format!("{area}{middle}{digits}-az{number}")
}

/// The zone of a name or an id, if this region has it.
pub(crate) fn find(scope: &Scope<'_>, text: &str) -> Option<String> {
    scope.zones().into_iter().find(|z| z == text || zone_id(z) == text)
}

const FILTERS: &[(&str, &str)] = &[
    ("group-name", "GroupName"),
    ("message", "Messages.Message"),
    ("opt-in-status", "OptInStatus"),
    ("parent-zone-id", "ParentZoneId"),
    ("parent-zone-name", "ParentZoneName"),
    ("region-name", "RegionName"),
    ("state", "State"),
    ("zone-id", "ZoneId"),
    ("zone-name", "ZoneName"),
    ("zone-type", "ZoneType"),
];

fn zones(call: &mut Call<'_>) -> Outcome {
    let filters = Filters::of(call, FILTERS)?;
    let all = call.zones();
    let mut asked = call.strings("ZoneNames");
    asked.extend(call.strings("ZoneIds"));
    if let Some(bad) = asked.iter().find(|a| find(call, a).is_none()) {
        let message = format!("Invalid availability zone: [{bad}]");
        return Err(Fault::new("InvalidParameterValue", message));
    }
    let region = call.region.clone();
    let list: Vec<Value> = all
        .into_iter()
        .filter(|z| asked.is_empty() || asked.iter().any(|a| a == z || *a == zone_id(z)))
        .map(|z| {
            let down = call.condition(&format!("zone-down:{z}"));
            json!({
                "OptInStatus": "opt-in-not-required", "Messages": [], "RegionName": region, "ZoneName": z,
                "ZoneId": zone_id(&z), "GroupName": format!("{region}-zg-1"), "NetworkBorderGroup": region,
                "ZoneType": "availability-zone", "State": if down { "unavailable" } else { "available" },
            })
        })
        .filter(|z| filters.pass(FILTERS, z))
        .collect();
    Ok(json!({ "AvailabilityZones": list }))
}

const REGION_FILTERS: &[(&str, &str)] =
    &[("endpoint", "Endpoint"), ("opt-in-status", "OptInStatus"), ("region-name", "RegionName")];

fn regions(call: &mut Call<'_>) -> Outcome {
    let filters = Filters::of(call, REGION_FILTERS)?;
    let asked = call.strings("RegionNames");
    if let Some(bad) = asked.iter().find(|a| !REGIONS.contains(&a.as_str())) {
        let message = format!("Invalid region: [{bad}]");
        return Err(Fault::new("InvalidParameterValue", message));
    }
    let list: Vec<Value> = REGIONS
        .iter()
        .filter(|r| asked.is_empty() || asked.iter().any(|a| a == *r))
        .map(|r| json!({"OptInStatus": "opt-in-not-required", "RegionName": r, "Endpoint": format!("ec2.{r}.amazonaws.com")}))
        .filter(|r| filters.pass(REGION_FILTERS, r))
        .collect();
    Ok(json!({ "Regions": list }))
}

fn attributes(call: &mut Call<'_>) -> Outcome {
    let default_vpc = call.realm().ec2.vpcs.iter().find(|(_, v)| v.is_default);
    let default_vpc = default_vpc.map(|(id, _)| id.to_owned()).unwrap_or_else(|| "none".to_owned());
    let addresses = call.quota("elastic-ips-per-region").to_string();
    let all: [(&str, &[&str]); 6] = [
        ("supported-platforms", &["VPC"]),
        ("vpc-max-security-groups-per-interface", &["5"]),
        ("max-elastic-ips", &[&addresses]),
        ("max-instances", &["20"]),
        ("vpc-max-elastic-ips", &[&addresses]),
        ("default-vpc", &[&default_vpc]),
    ];
    let asked = call.strings("AttributeNames");
    let list: Vec<Value> = all
        .iter()
        .filter(|(name, _)| asked.is_empty() || asked.iter().any(|a| a == name))
        .map(|(name, values)| {
            let values: Vec<Value> = values.iter().map(|v| json!({"AttributeValue": v})).collect();
            json!({"AttributeName": name, "AttributeValues": values})
        })
        .collect();
    Ok(json!({ "AccountAttributes": list }))
}

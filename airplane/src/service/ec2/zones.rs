//! DescribeAvailabilityZones and DescribeRegions.
use super::filters;
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};
use serde_json::{Value, json};

pub(crate) const ACTIONS: &[Action] =
    &[("DescribeAvailabilityZones", zones), ("DescribeRegions", regions)];

const REGIONS: [&str; 12] = [
    "ap-northeast-1",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "eu-central-1",
    "eu-north-1",
    "eu-west-1",
    "us-east-1",
    "us-east-2",
    "us-west-1",
    "us-west-2",
];
const ZONE_FILTERS: filters::FilterMap = &[
    ("group-name", "GroupName"),
    ("opt-in-status", "OptInStatus"),
    ("region-name", "RegionName"),
    ("state", "State"),
    ("zone-id", "ZoneId"),
    ("zone-name", "ZoneName"),
    ("zone-type", "ZoneType"),
    ("message", "Messages.Message"),
];
const REGION_FILTERS: filters::FilterMap =
    &[("endpoint", "Endpoint"), ("opt-in-status", "OptInStatus"), ("region-name", "RegionName")];

/// The id of a zone: `use1-az1` for `us-east-1a`.
pub(crate) fn zone_id(zone: &str) -> String {
    let (region, letter) = zone.split_at(zone.len().saturating_sub(1));
    let number = letter.bytes().next().map(|b| b.wrapping_sub(b'a').wrapping_add(1)).unwrap_or(0);
    let parts: Vec<&str> = region.split('-').collect();
    let middle = parts.get(1).copied().unwrap_or_default();
    let short: String = match middle {
        "northeast" => "ne".into(),
        "northwest" => "nw".into(),
        "southeast" => "se".into(),
        "southwest" => "sw".into(),
        other => other.chars().take(1).collect(),
    };
    let area = parts.first().copied().unwrap_or_default();
    format!("{area}{short}{}-az{number}", parts.last().copied().unwrap_or_default())
}

fn zones(call: &mut Call<'_>) -> Outcome {
    let (names, ids) = (call.strings("ZoneNames"), call.strings("ZoneIds"));
    let all = call.zones();
    if let Some(bad) = names.iter().find(|n| !all.contains(n)) {
        return Err(Fault::new(
            "InvalidParameterValue",
            format!("Invalid availability zone: [{bad}]"),
        ));
    }
    if let Some(bad) = ids.iter().find(|i| !all.iter().any(|z| zone_id(z) == **i)) {
        return Err(Fault::new(
            "InvalidParameterValue",
            format!("Invalid availability zone-id: [{bad}]"),
        ));
    }
    let wanted = all.iter().filter(|z| names.is_empty() || names.contains(z));
    let wanted = wanted.filter(|z| ids.is_empty() || ids.contains(&zone_id(z)));
    let items: Vec<Value> = wanted
        .map(|zone| {
            let up = !call.condition(&format!("zone-down:{zone}"));
            json!({"ZoneName": zone, "ZoneId": zone_id(zone), "RegionName": call.region, "ZoneType": "availability-zone",
                "State": if up { "available" } else { "unavailable" }, "OptInStatus": "opt-in-not-required",
                "GroupName": format!("{}-zg-1", call.region), "NetworkBorderGroup": call.region, "Messages": []})
        })
        .collect();
    Ok(json!({"AvailabilityZones": filters::apply(call, ZONE_FILTERS, items)?}))
}

fn regions(call: &mut Call<'_>) -> Outcome {
    let names = call.strings("RegionNames");
    if let Some(bad) = names.iter().find(|n| !REGIONS.contains(&n.as_str())) {
        return Err(Fault::new("InvalidParameterValue", format!("Invalid region names: [{bad}]")));
    }
    let items: Vec<Value> = REGIONS
        .iter()
        .filter(|r| names.is_empty() || names.iter().any(|n| n == **r))
        .map(|r| json!({"RegionName": r, "Endpoint": format!("ec2.{r}.amazonaws.com"), "OptInStatus": "opt-in-not-required"}))
        .collect();
    Ok(json!({"Regions": filters::apply(call, REGION_FILTERS, items)?}))
}

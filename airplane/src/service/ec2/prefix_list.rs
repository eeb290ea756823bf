//! AWS's own prefix lists: the addresses of S3 and DynamoDB, to which gateway endpoints route.
use super::filters::Filters;
use super::kinds;
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};
use serde_json::{Value, json};

pub(crate) const ACTIONS: &[Action] =
    &[("DescribePrefixLists", describe), ("DescribeManagedPrefixLists", describe_managed)];

/// The services with a prefix list: short name, blocks.
pub(crate) const LISTS: [(&str, &[&str]); 2] = [
    ("s3", &["16.15.192.0/18", "18.34.0.0/19", "52.216.0.0/15", "54.231.0.0/16"]),
    ("dynamodb", &["3.218.180.0/22", "35.71.68.0/22", "52.94.0.0/22"]),
];

/// The id of a service's list in a region: the same for everyone there.
pub(crate) fn id(region: &str, short: &str) -> String {
    // FNV-1a, so that regions differ and restarts do not.
    let hash = format!("{region}/{short}")
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    format!("pl-{:08x}", hash & 0xffff_ffff)
}

/// The id of the list of a service by its full name, `com.amazonaws.REGION.s3`.
pub(crate) fn id_of_service(region: &str, service: &str) -> String {
    id(region, service.rsplit('.').next().unwrap_or_default())
}

/// Refuses the id of a list that is not there.
pub(crate) fn check(call: &Call<'_>, list: &str) -> Result<(), Fault> {
    match LISTS.iter().any(|(short, _)| id(&call.region, short) == list) {
        true => Ok(()),
        false => Err(kinds::missing("pl", list)),
    }
}

/// How many rules of a group a list counts for: as many as it has blocks.
pub(crate) fn weight(region: &str, list: &str) -> usize {
    LISTS.iter().find(|(short, _)| id(region, short) == list).map_or(1, |(_, blocks)| blocks.len())
}

// The lists that a call asks for, rendered by `render` from id, name and blocks.
fn asked(
    call: &Call<'_>,
    filters: &[(&str, &str)],
    render: impl Fn(&str, &str, &[&str]) -> Value,
) -> Result<Vec<Value>, Fault> {
    let chosen = Filters::of(call, filters)?;
    let ids = call.strings("PrefixListIds");
    for list in &ids {
        check(call, list)?;
    }
    let all = LISTS.iter().map(|(short, blocks)| {
        let name = format!("com.amazonaws.{}.{short}", call.region);
        let id = id(&call.region, short);
        (render(&id, &name, blocks), id)
    });
    let wanted = all.filter(|(_, id)| ids.is_empty() || ids.contains(id));
    Ok(wanted.map(|(v, _)| v).filter(|v| chosen.pass(filters, v)).collect())
}

fn describe(call: &mut Call<'_>) -> Outcome {
    let filters = [("prefix-list-id", "PrefixListId"), ("prefix-list-name", "PrefixListName")];
    let list = asked(
        call,
        &filters,
        |id, name, blocks| json!({"PrefixListId": id, "PrefixListName": name, "Cidrs": blocks}),
    )?;
    Ok(json!({ "PrefixLists": list }))
}

fn describe_managed(call: &mut Call<'_>) -> Outcome {
    let filters = [
        ("owner-id", "OwnerId"),
        ("prefix-list-id", "PrefixListId"),
        ("prefix-list-name", "PrefixListName"),
    ];
    let list = asked(call, &filters, |id, name, _| {
        let arn = format!("arn:aws:ec2:{}:aws:prefix-list/{id}", call.region);
        json!({"PrefixListId": id, "PrefixListName": name, "AddressFamily": "IPv4", "State": "create-complete",
            "PrefixListArn": arn, "OwnerId": "AWS", "Tags": []})
    })?;
    Ok(json!({ "PrefixLists": list }))
}

//! Changes and reads of record sets, gathered by zone.
//!
//! Changes of one zone that are asked for at the same time go in one batch. AWS carries a batch out as
//! a whole or not at all, so where it refuses one, its changes are sent one by one and each learns
//! its own fate.

use std::collections::BTreeMap;

use aws_sdk_route53::types::{Change, ChangeAction, ChangeBatch, ResourceRecordSet, RrType};
use futures::future::{join_all, try_join_all};
use serde::{Deserialize, Serialize};

use super::normal;
use super::record_set::RecordSet;
use crate::api::{Api, AwsError};
use crate::bulk::Found;
use crate::resource::Result;

/// From how many records of a zone on all of it is listed.
const MANY: usize = 4;

/// What to do with one record set.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Order {
    zone: String,
    action: String,
    set: RecordSet,
}

/// Creates, upserts or deletes a record set; the id of the change that carries it.
pub(super) async fn change(
    api: &Api,
    zone: &str,
    action: ChangeAction,
    set: RecordSet,
) -> Result<String> {
    let order = Order { zone: zone.to_owned(), action: action.as_str().to_owned(), set };
    let text = serde_json::to_string(&order)
        .map_err(|error| AwsError::refused("InvalidChange", error.to_string()))?;
    let fate = api.load("record set changes", &text, carry_out).await?;
    fate.unwrap_or_else(|| Err(AwsError::lost("Lost", "The change was not carried out")))
}

type Fate = Result<String>;

async fn carry_out(api: Api, texts: Vec<String>) -> Result<Found<Fate>> {
    let mut zones: BTreeMap<String, Vec<(String, Change)>> = BTreeMap::new();
    let mut fates = Found::new();
    for text in texts {
        let order = serde_json::from_str::<Order>(&text).ok();
        let change = order.as_ref().and_then(|order| {
            let change = Change::builder().action(ChangeAction::from(order.action.as_str()));
            change.resource_record_set(order.set.api()?).build().ok()
        });
        match order.zip(change) {
            Some((order, change)) => zones.entry(order.zone).or_default().push((text, change)),
            None => {
                let error = AwsError::refused("InvalidChange", "The record lacks a name or type");
                fates.insert(text, Err(error));
            }
        }
    }
    let batches = zones.into_iter().map(|(zone, orders)| batch(&api, zone, orders));
    fates.extend(join_all(batches).await.into_iter().flatten());
    Ok(fates)
}

async fn batch(api: &Api, zone: String, orders: Vec<(String, Change)>) -> Vec<(String, Fate)> {
    let changes: Vec<Change> = orders.iter().map(|(_, change)| change.clone()).collect();
    match send(api, &zone, changes).await {
        Err(error) if orders.len() > 1 && error.is(&["InvalidChangeBatch", "InvalidInput"]) => {
            let mut fates = Vec::new();
            for (text, change) in orders {
                fates.push((text, send(api, &zone, vec![change]).await));
            }
            fates
        }
        fate => orders.into_iter().map(|(text, _)| (text, fate.clone())).collect(),
    }
}

async fn send(api: &Api, zone: &str, changes: Vec<Change>) -> Fate {
    let batch = ChangeBatch::builder().comment("Managed by kprov").set_changes(Some(changes));
    let batch =
        batch.build().map_err(|error| AwsError::refused("InvalidChange", error.to_string()))?;
    let call = || {
        let call = api.route53().change_resource_record_sets().hosted_zone_id(zone);
        call.change_batch(batch.clone()).send()
    };
    let answer = api.call("route53", "ChangeResourceRecordSets", call).await?;
    Ok(answer.change_info.map(|info| info.id).unwrap_or_default())
}

/// The record set of that name, type and set identifier.
pub(super) async fn find(
    api: &Api,
    zone: &str,
    name: &str,
    kind: &str,
    set: Option<&str>,
) -> Result<Option<ResourceRecordSet>> {
    let key = [zone, &normal(name), kind, set.unwrap_or_default()].join("\t");
    api.load("record set", &key, records).await
}

fn key(zone: &str, record: &ResourceRecordSet) -> String {
    let set = record.set_identifier().unwrap_or_default();
    [zone, &normal(record.name()), record.r#type().as_str(), set].join("\t")
}

async fn records(api: Api, keys: Vec<String>) -> Result<Found<ResourceRecordSet>> {
    let mut zones: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for key in keys {
        let zone = key.split('\t').next().unwrap_or_default().to_owned();
        zones.entry(zone).or_default().push(key);
    }
    let all = zones.into_iter().map(|(zone, keys)| of_zone(&api, zone, keys));
    Ok(try_join_all(all).await?.into_iter().flatten().collect())
}

async fn of_zone(
    api: &Api,
    zone: String,
    keys: Vec<String>,
) -> Result<Vec<(String, ResourceRecordSet)>> {
    let found = match keys.len() {
        0..MANY => {
            let asks = keys.iter().map(|key| near(api, &zone, key));
            try_join_all(asks).await.map(|all| all.into_iter().flatten().collect())
        }
        _ => all(api, &zone).await,
    };
    match found {
        // A zone that is gone has no records.
        Err(error) if error.is_not_found() => Ok(Vec::new()),
        found => Ok(found?.into_iter().map(|record| (key(&zone, &record), record)).collect()),
    }
}

/// The records from a key on; the list is ordered.
async fn near(api: &Api, zone: &str, key: &str) -> Result<Vec<ResourceRecordSet>> {
    let mut parts = key.split('\t').skip(1);
    let (name, kind) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let set = parts.next().filter(|set| !set.is_empty());
    let ask = || {
        api.route53()
            .list_resource_record_sets()
            .hosted_zone_id(zone)
            .start_record_name(name)
            .start_record_type(RrType::from(kind))
            .set_start_record_identifier(set.map(str::to_owned))
            .max_items(1)
            .send()
    };
    Ok(api.call("route53", "ListResourceRecordSets", ask).await?.resource_record_sets)
}

/// All records of a zone.
pub(super) async fn all(api: &Api, zone: &str) -> Result<Vec<ResourceRecordSet>> {
    let mut all = Vec::new();
    let mut from: (Option<String>, Option<RrType>, Option<String>) = (None, None, None);
    loop {
        let ask = || {
            api.route53()
                .list_resource_record_sets()
                .hosted_zone_id(zone)
                .set_start_record_name(from.0.clone())
                .set_start_record_type(from.1.clone())
                .set_start_record_identifier(from.2.clone())
                .send()
        };
        let answer = api.call("route53", "ListResourceRecordSets", ask).await?;
        all.extend(answer.resource_record_sets);
        if !answer.is_truncated {
            return Ok(all);
        }
        from = (answer.next_record_name, answer.next_record_type, answer.next_record_identifier);
    }
}

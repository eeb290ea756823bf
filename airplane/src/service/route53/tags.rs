//! Tags of hosted zones.

use serde_json::{Value, json};

use super::{bare, no_zone};
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};

pub(crate) const ACTIONS: &[Action] = &[
    ("ChangeTagsForResource", change),
    ("ListTagsForResource", list),
    ("ListTagsForResources", list_many),
];

fn check_type(call: &Call<'_>) -> Result<(), Fault> {
    match call.str("ResourceType").as_str() {
        "hostedzone" => Ok(()),
        other => {
            Err(Fault::new("InvalidInput", format!("Resource type {other} has no tags here.")))
        }
    }
}

fn change(call: &mut Call<'_>) -> Outcome {
    check_type(call)?;
    let id = bare(&call.str("ResourceId")).to_owned();
    let (added, removed) = (call.list("AddTags"), call.strings("RemoveTagKeys"));
    let zone = call.global().route53.zones.get_mut(&id).ok_or_else(|| no_zone(&id))?;
    zone.tags.retain(|(key, _)| !removed.contains(key));
    for tag in added {
        let part = |name: &str| tag[name].as_str().unwrap_or_default().to_owned();
        let (key, value) = (part("Key"), part("Value"));
        zone.tags.retain(|(known, _)| *known != key);
        zone.tags.push((key, value));
    }
    Ok(json!({}))
}

fn answer(call: &mut Call<'_>, id: &str) -> Result<Value, Fault> {
    let zone = call.global().route53.zones.get(id).ok_or_else(|| no_zone(id))?;
    let tags: Vec<Value> =
        zone.tags.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect();
    Ok(json!({"ResourceType": "hostedzone", "ResourceId": id, "Tags": tags}))
}

fn list(call: &mut Call<'_>) -> Outcome {
    check_type(call)?;
    let id = bare(&call.str("ResourceId")).to_owned();
    Ok(json!({"ResourceTagSet": answer(call, &id)?}))
}

fn list_many(call: &mut Call<'_>) -> Outcome {
    check_type(call)?;
    let ids = call.strings("ResourceIds");
    if ids.len() > 10 {
        return Err(Fault::new("InvalidInput", "At most 10 resources can be asked for at once."));
    }
    let sets: Result<Vec<Value>, Fault> = ids.iter().map(|id| answer(call, bare(id))).collect();
    Ok(json!({"ResourceTagSets": sets?}))
}

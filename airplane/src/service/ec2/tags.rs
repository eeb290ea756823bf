//! CreateTags, DeleteTags, DescribeTags, and the one place where tags of every EC2 resource stand.
use super::{State, filters, kinds};
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};
use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(crate) const ACTIONS: &[Action] =
    &[("CreateTags", create), ("DeleteTags", delete), ("DescribeTags", describe)];

const FILTERS: filters::FilterMap = &[
    ("key", "Key"),
    ("value", "Value"),
    ("resource-id", "ResourceId"),
    ("resource-type", "ResourceType"),
];

/// The tags of a resource, in the order in which they were set. The id in the table is the resource's.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct TagSet {
    pub(crate) tags: IndexMap<String, String>,
}

/// Tags as answers show them.
pub(crate) fn of(state: &State, id: &str) -> Value {
    let tags = state.tags.get(id).into_iter().flat_map(|set| set.tags.iter());
    tags.map(|(k, v)| json!({"Key": k, "Value": v})).collect()
}

/// Puts tags on a resource; a key that is there gets the new value.
pub(crate) fn put(call: &mut Call<'_>, id: &str, tags: &[(String, String)]) -> Result<(), Fault> {
    let (now, limit) = (call.now(), call.quota("tags-per-resource"));
    if tags.is_empty() {
        return Ok(());
    }
    let table = &mut call.realm().ec2.tags;
    if !table.contains(id) {
        table.insert_implicit(id, TagSet::default(), now);
    }
    if let Some(set) = table.get_mut(id) {
        set.tags.extend(tags.iter().cloned());
        if set.tags.keys().filter(|k| !k.starts_with("aws:")).count() > limit {
            let message =
                format!("The maximum number of Tags for a resource has been reached: {limit}");
            return Err(Fault::new("TagLimitExceeded", message));
        }
    }
    Ok(())
}

/// Forgets the tags of a resource that goes away.
pub(crate) fn forget(call: &mut Call<'_>, id: &str) {
    call.realm().ec2.tags.remove(id);
}

/// The tags that a create call's TagSpecifications give to resources of a type. Other types are refused unless `also`.
pub(crate) fn specified(
    call: &Call<'_>,
    tag_type: &str,
    also: &[&str],
) -> Result<Vec<(String, String)>, Fault> {
    let mut out = Vec::new();
    for spec in call.list("TagSpecifications") {
        let of = spec["ResourceType"].as_str().unwrap_or_default();
        if of == tag_type {
            out.extend(checked(spec["Tags"].as_array().map(Vec::as_slice).unwrap_or_default())?);
        } else if !also.contains(&of) {
            let message =
                format!("'{of}' is not a valid taggable resource type for this operation.");
            return Err(Fault::new("InvalidParameterValue", message));
        }
    }
    Ok(out)
}

/// Reads `[{Key, Value}]` and refuses what AWS refuses: reserved, too long, repeated.
pub(crate) fn checked(tags: &[Value]) -> Result<Vec<(String, String)>, Fault> {
    let mut out: Vec<(String, String)> = Vec::new();
    for tag in tags {
        let (key, value) =
            (tag["Key"].as_str().unwrap_or_default(), tag["Value"].as_str().unwrap_or_default());
        if key.is_empty() {
            return Err(Fault::new("InvalidParameterValue", "Tag keys must not be empty"));
        }
        if key.to_ascii_lowercase().starts_with("aws:") {
            let message = "Tag keys starting with 'aws:' are reserved for internal use";
            return Err(Fault::new("InvalidParameterValue", message));
        }
        if key.chars().count() > 128 || value.chars().count() > 256 {
            let message = format!(
                "Tag '{key}' exceeds the maximum length of 128 (key) or 256 (value) characters"
            );
            return Err(Fault::new("InvalidParameterValue", message));
        }
        if out.iter().any(|(k, _)| k == key) {
            return Err(Fault::new(
                "InvalidParameterValue",
                format!("Duplicate tag key '{key}' specified."),
            ));
        }
        out.push((key.to_owned(), value.to_owned()));
    }
    Ok(out)
}

fn resources(call: &mut Call<'_>) -> Result<Vec<String>, Fault> {
    let ids = call.strings("Resources");
    for id in &ids {
        if kinds::of_existing(&call.realm().ec2, id).is_none() {
            return Err(match kinds::of(id) {
                Some(kind) => kind.missing(id),
                None => Fault::new("InvalidID", format!("The ID '{id}' is not valid")),
            });
        }
    }
    Ok(ids)
}

fn create(call: &mut Call<'_>) -> Outcome {
    let ids = resources(call)?;
    let tags = checked(&call.list("Tags"))?;
    for id in &ids {
        put(call, id, &tags)?;
    }
    Ok(json!({}))
}

fn delete(call: &mut Call<'_>) -> Outcome {
    let ids = resources(call)?;
    let tags = call.list("Tags");
    for id in &ids {
        let Some(set) = call.realm().ec2.tags.get_mut(id) else { continue };
        if tags.is_empty() {
            set.tags.retain(|key, _| key.starts_with("aws:"));
        }
        for tag in &tags {
            let key = tag["Key"].as_str().unwrap_or_default();
            // With a value, the tag goes only if it has that value; the empty text is such a value.
            let agrees = tag["Value"]
                .as_str()
                .is_none_or(|v| set.tags.get(key).is_some_and(|have| have == v));
            if agrees {
                set.tags.shift_remove(key);
            }
        }
    }
    Ok(json!({}))
}

fn describe(call: &mut Call<'_>) -> Outcome {
    let mut items = Vec::new();
    let state = &call.realm().ec2;
    for (id, set) in state.tags.iter() {
        let kind = kinds::of_existing(state, id).map(|k| k.tag_type);
        for (key, value) in &set.tags {
            items.push(json!({"ResourceId": id, "ResourceType": kind, "Key": key, "Value": value}));
        }
    }
    Ok(json!({"Tags": filters::apply(call, FILTERS, items)?}))
}

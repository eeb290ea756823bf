//! Tags of groups; those that propagate are given to instances that are launched later.
use serde_json::{Value, json};

use super::group::{Group, Tag, edit, missing};
use super::invalid;
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};

pub(crate) const ACTIONS: &[Action] =
    &[("CreateOrUpdateTags", create), ("DeleteTags", delete), ("DescribeTags", describe)];

/// The tags of a group as answers have them.
pub(super) fn list(name: &str, group: &Group) -> Vec<Value> {
    let tag = |tag: &Tag| {
        json!({
            "ResourceId": name, "ResourceType": "auto-scaling-group", "Key": tag.key, "Value": tag.value,
            "PropagateAtLaunch": tag.propagate,
        })
    };
    group.tags.iter().map(tag).collect()
}

fn read(given: &Value) -> Result<Tag, Fault> {
    let text = |name: &str| given[name].as_str().unwrap_or_default().to_owned();
    let tag = Tag {
        key: text("Key"),
        value: text("Value"),
        propagate: given["PropagateAtLaunch"].as_bool().unwrap_or(false),
    };
    if tag.key.is_empty() || tag.key.len() > 128 || tag.key.to_ascii_lowercase().starts_with("aws:")
    {
        return Err(invalid(format!("Invalid tag key: {}", tag.key)));
    }
    Ok(tag)
}

/// The tags that a create gives its group.
pub(super) fn given(call: &Call<'_>, group: &str) -> Result<Vec<Tag>, Fault> {
    let mut tags: Vec<Tag> = Vec::new();
    for item in call.list("Tags") {
        if item["ResourceId"].as_str().is_some_and(|id| id != group) {
            return Err(invalid("The ResourceId of a tag must be the name of the group."));
        }
        let tag = read(&item)?;
        if tags.iter().any(|known| known.key == tag.key) {
            return Err(invalid(format!("Duplicate tag key {}", tag.key)));
        }
        tags.push(tag);
    }
    if tags.len() > call.quota("tags-per-resource") {
        return Err(Fault::new("LimitExceeded", "The group has more tags than it may have."));
    }
    Ok(tags)
}

fn create(call: &mut Call<'_>) -> Outcome {
    for item in call.list("Tags") {
        let name = item["ResourceId"].as_str().unwrap_or_default().to_owned();
        if !call.realm().autoscaling.groups.contains(&name) {
            return Err(missing(&name));
        }
        let tag = read(&item)?;
        edit(call, &name, |group| {
            group.tags.retain(|known| known.key != tag.key);
            group.tags.push(tag);
        });
    }
    Ok(json!({}))
}

fn delete(call: &mut Call<'_>) -> Outcome {
    for item in call.list("Tags") {
        let name = item["ResourceId"].as_str().unwrap_or_default().to_owned();
        let key = item["Key"].as_str().unwrap_or_default();
        if !call.realm().autoscaling.groups.contains(&name) {
            return Err(missing(&name));
        }
        edit(call, &name, |group| group.tags.retain(|known| known.key != key));
    }
    Ok(json!({}))
}

fn describe(call: &mut Call<'_>) -> Outcome {
    let filters = call.list("Filters");
    let all = call.realm().autoscaling.groups.iter();
    let mut found: Vec<Value> = all.flat_map(|(name, group)| list(name, group)).collect();
    for filter in &filters {
        let member = match filter["Name"].as_str().unwrap_or_default() {
            "auto-scaling-group" => "ResourceId",
            "key" => "Key",
            "value" => "Value",
            "propagate-at-launch" => "PropagateAtLaunch",
            other => return Err(invalid(format!("Filter type {other} is not correct."))),
        };
        let values = filter["Values"].as_array().cloned().unwrap_or_default();
        found.retain(|tag| {
            let text = tag[member].as_str().map_or_else(|| tag[member].to_string(), str::to_owned);
            values.iter().any(|value| value.as_str() == Some(text.as_str()))
        });
    }
    Ok(json!({"Tags": found}))
}

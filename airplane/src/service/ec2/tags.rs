//! Tags: one table by resource id, tags given at creation, and the actions on tags.
use super::filters::{Filters, View};
use super::kinds;
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};
use crate::world::scope::Scope;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

pub(crate) const ACTIONS: &[Action] =
    &[("CreateTags", create), ("DeleteTags", delete), ("DescribeTags", describe)];

/// The tags of one resource.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Tags(pub(crate) BTreeMap<String, String>);

impl Tags {
    /// As EC2 lists them.
    pub(crate) fn list(&self) -> Value {
        self.0.iter().map(|(k, v)| json!({"Key": k, "Value": v})).collect()
    }
}

/// The tags of a resource as a list, to render.
pub(crate) fn of(view: &View<'_>, id: &str) -> Value {
    view.ec2.tags.get(id).map(Tags::list).unwrap_or_else(|| json!([]))
}

/// Tags that a create asks for by TagSpecifications. Only `resource_type` can be tagged by it.
pub(crate) fn specified(call: &Call<'_>, resource_type: &str) -> Result<Tags, Fault> {
    let mut all = specifications(call, &[resource_type])?;
    Ok(all.remove(resource_type).unwrap_or_default())
}

/// Tags by resource type, for creates that make objects of several types.
pub(crate) fn specifications(
    call: &Call<'_>,
    allowed: &[&str],
) -> Result<BTreeMap<String, Tags>, Fault> {
    let list = call.list(if call.input.contains_key("TagSpecification") {
        "TagSpecification"
    } else {
        "TagSpecifications"
    });
    let mut all: BTreeMap<String, Tags> = BTreeMap::new();
    for item in &list {
        let kind = item["ResourceType"].as_str().unwrap_or_default();
        if kind.is_empty() {
            return Err(Fault::new(
                "InvalidParameterValue",
                "Tag specification resource type must have a value",
            ));
        }
        if !allowed.contains(&kind) {
            let message =
                format!("'{kind}' is not a valid taggable resource type for this operation.");
            return Err(Fault::new("InvalidParameterValue", message));
        }
        if all.contains_key(kind) {
            let message = format!(
                "The same resource type may not be specified more than once in tag specifications: {kind}"
            );
            return Err(Fault::new("InvalidParameterValue", message));
        }
        let items = item["Tags"].as_array().cloned().unwrap_or_default();
        if items.is_empty() {
            return Err(Fault::new(
                "InvalidParameterValue",
                "Tag specification must have at least one tag",
            ));
        }
        all.insert(kind.to_owned(), read(&items, call)?);
    }
    Ok(all)
}

/// Reads a list of tags and refuses what EC2 refuses in a set of them.
pub(crate) fn read(items: &[Value], call: &Call<'_>) -> Result<Tags, Fault> {
    let mut tags = BTreeMap::new();
    for item in items {
        let key = item["Key"].as_str().unwrap_or_default().to_owned();
        let value = item["Value"].as_str().unwrap_or_default().to_owned();
        check(&key, &value)?;
        if tags.insert(key.clone(), value).is_some() {
            let message = format!("Duplicate tag key '{key}' specified.");
            return Err(Fault::new("InvalidParameterValue", message));
        }
    }
    limit(tags.len(), call)?;
    Ok(Tags(tags))
}

fn check(key: &str, value: &str) -> Result<(), Fault> {
    if key.is_empty() {
        let message = "Tag key cannot be null or empty.";
        return Err(Fault::new("InvalidParameterValue", message));
    }
    if key.to_ascii_lowercase().starts_with("aws:") {
        let message = "Tag keys starting with 'aws:' are reserved for internal use";
        return Err(Fault::new("InvalidParameterValue", message));
    }
    if key.chars().count() > 128 {
        let message = format!("Tag key exceeds the maximum length of 128 characters: '{key}'");
        return Err(Fault::new("InvalidParameterValue", message));
    }
    if value.chars().count() > 256 {
        let message = format!("Tag value exceeds the maximum length of 256 characters: '{value}'");
        return Err(Fault::new("InvalidParameterValue", message));
    }
    Ok(())
}

fn limit(count: usize, scope: &Scope<'_>) -> Result<(), Fault> {
    let most = scope.quota("tags-per-resource");
    if count > most {
        let message = format!("The maximum number of Tags for a resource is {most}.");
        return Err(Fault::new("TagLimitExceeded", message));
    }
    Ok(())
}

/// Gives tags to a resource that was made now.
pub(crate) fn put(scope: &mut Scope<'_>, id: &str, tags: Tags) {
    if !tags.0.is_empty() {
        let now = scope.now();
        scope.realm().ec2.tags.insert_implicit(id, tags, now);
    }
}

/// Adds tags to a resource and replaces those of the same keys.
pub(crate) fn merge(scope: &mut Scope<'_>, id: &str, tags: &Tags) -> Result<(), Fault> {
    let now = scope.now();
    let mut all = scope.realm().ec2.tags.get(id).cloned().unwrap_or_default();
    all.0.extend(tags.0.clone());
    limit(all.0.keys().filter(|k| !k.starts_with("aws:")).count(), scope)?;
    scope.realm().ec2.tags.insert_implicit(id, all, now);
    Ok(())
}

/// Forgets the tags of a resource that goes away.
pub(crate) fn forget(scope: &mut Scope<'_>, id: &str) {
    scope.realm().ec2.tags.remove(id);
}

// The resource must be there, and of a kind that takes tags.
fn refuse_unknown(call: &mut Call<'_>, ids: &[String]) -> Result<(), Fault> {
    for id in ids {
        let kind = kinds::of(id).filter(|k| k.fits(id) && !k.resource_type.is_empty());
        let Some(kind) = kind else {
            let message = format!("The ID '{id}' is not valid");
            return Err(Fault::new("InvalidID", message));
        };
        if !super::exists(&call.realm().ec2, id) {
            return Err(kind.missing(id));
        }
    }
    Ok(())
}

fn create(call: &mut Call<'_>) -> Outcome {
    let ids = call.strings("Resources");
    refuse_unknown(call, &ids)?;
    let tags = read(&call.list("Tags"), call)?;
    for id in ids {
        merge(call, &id, &tags)?;
    }
    Ok(json!({}))
}

// Without tags all go, without a value the key goes, with one it goes only if the value is that.
fn delete(call: &mut Call<'_>) -> Outcome {
    let (ids, given) = (call.strings("Resources"), call.list("Tags"));
    for item in &given {
        let key = item["Key"].as_str().unwrap_or_default();
        check(key, "")?;
    }
    for id in ids {
        // Deleting tags of what is gone is a success.
        let Some(tags) = call.realm().ec2.tags.get_mut(&id) else { continue };
        if given.is_empty() {
            tags.0.retain(|k, _| k.starts_with("aws:"));
        }
        for item in &given {
            let key = item["Key"].as_str().unwrap_or_default();
            let wanted = item.get("Value").and_then(Value::as_str);
            if tags.0.get(key).is_some_and(|v| wanted.is_none_or(|w| w == v)) {
                tags.0.remove(key);
            }
        }
    }
    Ok(json!({}))
}

const FILTERS: &[(&str, &str)] = &[
    ("key", "Key"),
    ("value", "Value"),
    ("resource-id", "ResourceId"),
    ("resource-type", "ResourceType"),
];

fn describe(call: &mut Call<'_>) -> Outcome {
    let filters = Filters::of(call, FILTERS)?;
    // DescribeTags calls the tag itself what others call its key: `tag:KEY` is given along.
    let state = &call.realm().ec2;
    let mut out = Vec::new();
    for (id, tags) in state.tags.iter() {
        let Some(kind) = kinds::of(id) else { continue };
        for (key, value) in &tags.0 {
            let tag = json!({"Key": key, "Value": value, "ResourceId": id, "ResourceType": kind.resource_type});
            let mut known = tag.clone();
            known["Tags"] = json!([{"Key": key, "Value": value}]);
            if filters.pass(FILTERS, &known) {
                out.push(tag);
            }
        }
    }
    Ok(json!({ "Tags": out }))
}

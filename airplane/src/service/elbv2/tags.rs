//! Tags of load balancers, target groups and listeners, which keep them themselves.
use super::{State, check_arn, elbv2, listeners, load_balancers, target_groups};
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};
use serde_json::{Value, json};

pub(crate) const ACTIONS: &[Action] =
    &[("AddTags", add), ("RemoveTags", remove), ("DescribeTags", describe)];

/// Key and value, in the order in which they came.
pub(crate) type Tags = Vec<(String, String)>;

/// The tags that a call gives, if they can be tags.
pub(crate) fn given(call: &Call<'_>) -> Result<Tags, Fault> {
    let mut tags = Tags::new();
    for tag in call.list("Tags") {
        let part = |name: &str| tag[name].as_str().unwrap_or_default().to_owned();
        let (key, value) = (part("Key"), part("Value"));
        if tags.iter().any(|(known, _)| *known == key) {
            let message = format!("Tag keys must be unique; '{key}' is specified twice");
            return Err(Fault::new("DuplicateTagKeys", message));
        }
        if key.to_ascii_lowercase().starts_with("aws:") {
            return Err(super::invalid("Tag keys cannot start with 'aws:'"));
        }
        tags.push((key, value));
    }
    check_count(call, &tags)?;
    Ok(tags)
}

fn check_count(call: &Call<'_>, tags: &Tags) -> Result<(), Fault> {
    let most = call.quota("tags-per-resource");
    if tags.len() > most {
        let message = format!("The maximum number of tags on a resource is {most}");
        return Err(Fault::new("TooManyTags", message));
    }
    Ok(())
}

// The tags of an ARN, for a change.
fn of<'a>(state: &'a mut State, arn: &str) -> Result<&'a mut Tags, Fault> {
    if check_arn("loadbalancer", arn).is_ok() {
        let found = state.load_balancers.get_mut(arn).map(|lb| &mut lb.tags);
        return found.ok_or_else(|| load_balancers::missing(arn));
    }
    if check_arn("targetgroup", arn).is_ok() {
        let found = state.target_groups.get_mut(arn).map(|group| &mut group.tags);
        return found.ok_or_else(|| target_groups::missing(arn));
    }
    check_arn("listener", arn)
        .map_err(|_| super::invalid(format!("'{arn}' is not a valid resource ARN")))?;
    let found = state.listeners.get_mut(arn).map(|listener| &mut listener.tags);
    found.ok_or_else(|| listeners::missing(arn))
}

fn add(call: &mut Call<'_>) -> Outcome {
    let tags = given(call)?;
    for arn in call.strings("ResourceArns") {
        let kept = of(elbv2(call), &arn)?;
        for (key, value) in &tags {
            match kept.iter_mut().find(|(known, _)| known == key) {
                Some((_, old)) => value.clone_into(old),
                None => kept.push((key.clone(), value.clone())),
            }
        }
        let all = kept.clone();
        check_count(call, &all)?;
    }
    Ok(json!({}))
}

fn remove(call: &mut Call<'_>) -> Outcome {
    let keys = call.strings("TagKeys");
    for arn in call.strings("ResourceArns") {
        of(elbv2(call), &arn)?.retain(|(key, _)| !keys.contains(key));
    }
    Ok(json!({}))
}

fn describe(call: &mut Call<'_>) -> Outcome {
    let arns = call.strings("ResourceArns");
    if arns.len() > 20 {
        let message = "Up to 20 resources can be described in a single call";
        return Err(super::invalid(message));
    }
    let mut list = Vec::new();
    for arn in arns {
        let tags: Vec<Value> = of(elbv2(call), &arn)?
            .iter()
            .map(|(key, value)| json!({"Key": key, "Value": value}))
            .collect();
        list.push(json!({"ResourceArn": arn, "Tags": tags}));
    }
    Ok(json!({ "TagDescriptions": list }))
}

//! Tags of repositories, by ARN.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::repositories::{Repository, missing};
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};

pub(crate) const ACTIONS: &[Action] =
    &[("TagResource", tag), ("UntagResource", untag), ("ListTagsForResource", list)];

/// The `tags` of a call.
pub(super) fn given(call: &Call<'_>) -> BTreeMap<String, String> {
    let part = |tag: &Value, name: &str| tag[name].as_str().unwrap_or_default().to_owned();
    call.list("tags").iter().map(|tag| (part(tag, "Key"), part(tag, "Value"))).collect()
}

fn named<'c>(call: &'c mut Call<'_>) -> Result<&'c mut Repository, Fault> {
    let arn = call.str("resourceArn");
    let name = arn.split_once(":repository/").map(|(_, name)| name.to_owned()).unwrap_or_default();
    let fault = missing(call, &name);
    call.realm()
        .ecr
        .repositories
        .get_mut(&name)
        .filter(|repository| repository.arn == arn)
        .ok_or(fault)
}

fn tag(call: &mut Call<'_>) -> Outcome {
    let given = given(call);
    named(call)?.tags.extend(given);
    Ok(json!({}))
}

fn untag(call: &mut Call<'_>) -> Outcome {
    let keys = call.strings("tagKeys");
    named(call)?.tags.retain(|key, _| !keys.contains(key));
    Ok(json!({}))
}

fn list(call: &mut Call<'_>) -> Outcome {
    let tags = &named(call)?.tags;
    let tags: Vec<Value> =
        tags.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect();
    Ok(json!({"tags": tags}))
}

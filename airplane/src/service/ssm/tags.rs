//! Tags of parameters.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::parameters::Parameter;
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};

pub(crate) const ACTIONS: &[Action] = &[
    ("AddTagsToResource", add),
    ("RemoveTagsFromResource", remove),
    ("ListTagsForResource", list),
];

/// The `Tags` of a call.
pub(super) fn given(call: &Call<'_>) -> BTreeMap<String, String> {
    let part = |tag: &Value, name: &str| tag[name].as_str().unwrap_or_default().to_owned();
    call.list("Tags").iter().map(|tag| (part(tag, "Key"), part(tag, "Value"))).collect()
}

fn named<'c>(call: &'c mut Call<'_>) -> Result<&'c mut Parameter, Fault> {
    if call.str("ResourceType") != "Parameter" {
        let message = format!("{} is not a valid resource type here.", call.str("ResourceType"));
        return Err(Fault::new("InvalidResourceType", message));
    }
    let name = call.str("ResourceId");
    let fault = Fault::new("InvalidResourceId", "The resource ID isn't valid.");
    call.realm().ssm.parameters.get_mut(&name).ok_or(fault)
}

fn add(call: &mut Call<'_>) -> Outcome {
    let given = given(call);
    let parameter = named(call)?;
    parameter.tags.extend(given);
    if parameter.tags.len() > 50 {
        return Err(Fault::new(
            "TooManyTagsError",
            "The Targets parameter includes too many tags.",
        ));
    }
    Ok(json!({}))
}

fn remove(call: &mut Call<'_>) -> Outcome {
    let keys = call.strings("TagKeys");
    named(call)?.tags.retain(|key, _| !keys.contains(key));
    Ok(json!({}))
}

fn list(call: &mut Call<'_>) -> Outcome {
    let parameter = named(call)?;
    let tags: Vec<Value> =
        parameter.tags.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect();
    Ok(json!({"TagList": tags}))
}

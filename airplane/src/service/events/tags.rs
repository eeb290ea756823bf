//! Tags of rules, by ARN.

use serde_json::{Value, json};

use super::rules::Rule;
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};

pub(crate) const ACTIONS: &[Action] =
    &[("TagResource", tag), ("UntagResource", untag), ("ListTagsForResource", list)];

/// The `Tags` of a call.
pub(super) fn given(call: &Call<'_>) -> Vec<(String, String)> {
    let part = |tag: &Value, name: &str| tag[name].as_str().unwrap_or_default().to_owned();
    call.list("Tags").iter().map(|tag| (part(tag, "Key"), part(tag, "Value"))).collect()
}

fn named<'c>(call: &'c mut Call<'_>) -> Result<&'c mut Rule, Fault> {
    let arn = call.str("ResourceARN");
    let name = arn.rsplit('/').next().unwrap_or_default().to_owned();
    let fault = Fault::new(
        "ResourceNotFoundException",
        format!("Rule {name} does not exist on EventBus default."),
    );
    call.realm().events.rules.get_mut(&name).filter(|rule| rule.arn == arn).ok_or(fault)
}

fn tag(call: &mut Call<'_>) -> Outcome {
    let given = given(call);
    let rule = named(call)?;
    for (key, value) in given {
        rule.tags.retain(|(known, _)| *known != key);
        rule.tags.push((key, value));
    }
    Ok(json!({}))
}

fn untag(call: &mut Call<'_>) -> Outcome {
    let keys = call.strings("TagKeys");
    named(call)?.tags.retain(|(key, _)| !keys.contains(key));
    Ok(json!({}))
}

fn list(call: &mut Call<'_>) -> Outcome {
    let rule = named(call)?;
    let tags: Vec<Value> =
        rule.tags.iter().map(|(key, value)| json!({"Key": key, "Value": value})).collect();
    Ok(json!({"Tags": tags}))
}

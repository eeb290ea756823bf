//! Tags of keys.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::keys::{named, staying};
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::Outcome;

pub(crate) const ACTIONS: &[Action] =
    &[("TagResource", tag), ("UntagResource", untag), ("ListResourceTags", list)];

/// The `Tags` of a call.
pub(super) fn given(call: &Call<'_>) -> BTreeMap<String, String> {
    let part = |tag: &Value, name: &str| tag[name].as_str().unwrap_or_default().to_owned();
    call.list("Tags").iter().map(|tag| (part(tag, "TagKey"), part(tag, "TagValue"))).collect()
}

fn tag(call: &mut Call<'_>) -> Outcome {
    let (id, _) = staying(call)?;
    let given = given(call);
    if let Some(key) = call.realm().kms.keys.get_mut(&id) {
        key.tags.extend(given);
    }
    Ok(json!({}))
}

fn untag(call: &mut Call<'_>) -> Outcome {
    let (id, _) = staying(call)?;
    let keys = call.strings("TagKeys");
    if let Some(key) = call.realm().kms.keys.get_mut(&id) {
        key.tags.retain(|name, _| !keys.contains(name));
    }
    Ok(json!({}))
}

fn list(call: &mut Call<'_>) -> Outcome {
    let (_, key) = named(call)?;
    let tags: Vec<Value> =
        key.tags.iter().map(|(name, value)| json!({"TagKey": name, "TagValue": value})).collect();
    Ok(json!({"Tags": tags, "Truncated": false}))
}

//! Tags of queues.

use serde_json::{Value, json};

use super::queues::{missing, named};
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::Outcome;

pub(crate) const ACTIONS: &[Action] =
    &[("TagQueue", tag), ("UntagQueue", untag), ("ListQueueTags", list)];

fn tag(call: &mut Call<'_>) -> Outcome {
    let name = named(call)?;
    let given = call.get("Tags").and_then(Value::as_object).cloned().unwrap_or_default();
    let queue = call.realm().sqs.queues.get_mut(&name).ok_or_else(missing)?;
    for (key, value) in given {
        queue.tags.insert(key, value.as_str().unwrap_or_default().to_owned());
    }
    Ok(json!({}))
}

fn untag(call: &mut Call<'_>) -> Outcome {
    let (name, keys) = (named(call)?, call.strings("TagKeys"));
    let queue = call.realm().sqs.queues.get_mut(&name).ok_or_else(missing)?;
    queue.tags.retain(|key, _| !keys.contains(key));
    Ok(json!({}))
}

fn list(call: &mut Call<'_>) -> Outcome {
    let name = named(call)?;
    let queue = call.realm().sqs.queues.get(&name).ok_or_else(missing)?;
    if queue.tags.is_empty() { Ok(json!({})) } else { Ok(json!({"Tags": queue.tags})) }
}

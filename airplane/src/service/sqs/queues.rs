//! Queues and their attributes.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::around::call::Call;
use crate::service::Action;
use crate::service::iam::permission::unknown_principal;
use crate::wire::fault::{Fault, Outcome};
use crate::world::Millis;
use crate::world::timing;

pub(crate) const ACTIONS: &[Action] = &[
    ("CreateQueue", create),
    ("DeleteQueue", delete),
    ("GetQueueUrl", get_url),
    ("GetQueueAttributes", attributes),
    ("SetQueueAttributes", set_attributes),
    ("ListQueues", list),
    ("PurgeQueue", purge),
];

/// A queue.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Queue {
    pub(super) created: Millis,
    modified: Millis,
    /// When it was last purged.
    #[serde(default)]
    purged: Option<Millis>,
    /// What can be set.
    pub(super) attributes: BTreeMap<String, String>,
    pub(super) tags: BTreeMap<String, String>,
}

/// Attributes with a range, and their defaults.
const NUMBERS: &[(&str, i64, i64, &str)] = &[
    ("DelaySeconds", 0, 900, "0"),
    ("MaximumMessageSize", 1024, 1_048_576, "262144"),
    ("MessageRetentionPeriod", 60, 1_209_600, "345600"),
    ("ReceiveMessageWaitTimeSeconds", 0, 20, "0"),
    ("VisibilityTimeout", 0, 43_200, "30"),
    ("KmsDataKeyReusePeriodSeconds", 60, 86_400, "300"),
];

const TEXTS: &[&str] = &[
    "Policy",
    "RedrivePolicy",
    "RedriveAllowPolicy",
    "KmsMasterKeyId",
    "SqsManagedSseEnabled",
    "FifoQueue",
    "ContentBasedDeduplication",
    "DeduplicationScope",
    "FifoThroughputLimit",
];

/// A queue that is not there.
pub(super) fn missing() -> Fault {
    Fault::new("QueueDoesNotExist", "The specified queue does not exist.")
        .query_code("AWS.SimpleQueueService.NonExistentQueue")
}

/// The name of the queue that a call names by its URL.
pub(super) fn named(call: &mut Call<'_>) -> Result<String, Fault> {
    let url = call.str("QueueUrl");
    let name = url.rsplit('/').next().unwrap_or_default().to_owned();
    if call.realm().sqs.queues.contains(&name) { Ok(name) } else { Err(missing()) }
}

/// Does the queue keep order? Its name says so.
pub(super) fn is_fifo(name: &str) -> bool {
    name.ends_with(".fifo")
}

fn url(call: &Call<'_>, name: &str) -> String {
    format!("http://{}/{}/{name}", call.host, call.account)
}

fn check(attributes: &BTreeMap<String, String>) -> Result<(), Fault> {
    for (name, value) in attributes {
        if let Some((_, low, high, _)) = NUMBERS.iter().find(|(known, ..)| known == name) {
            if !value.parse::<i64>().is_ok_and(|number| (*low..=*high).contains(&number)) {
                let message = format!("Invalid value for the parameter {name}.");
                return Err(Fault::new("InvalidAttributeValue", message));
            }
        } else if !TEXTS.contains(&name.as_str()) {
            return Err(Fault::new("InvalidAttributeName", format!("Unknown Attribute {name}.")));
        } else if name.ends_with("Policy")
            && !value.is_empty()
            && serde_json::from_str::<Value>(value).is_err()
        {
            let message = format!("Invalid value for the parameter {name}.");
            return Err(Fault::new("InvalidAttributeValue", message));
        }
    }
    Ok(())
}

fn check_principals(
    call: &mut Call<'_>,
    attributes: &BTreeMap<String, String>,
) -> Result<(), Fault> {
    let policy = attributes.get("Policy").map(String::as_str).unwrap_or_default();
    match unknown_principal(call, policy) {
        Some(_) => {
            let message = "Invalid value for the parameter Policy.";
            Err(Fault::new("InvalidAttributeValue", message))
        }
        None => Ok(()),
    }
}

fn given(call: &Call<'_>, member: &str) -> BTreeMap<String, String> {
    let map = call.get(member).and_then(Value::as_object);
    map.into_iter()
        .flatten()
        .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
        .collect()
}

fn create(call: &mut Call<'_>) -> Outcome {
    let name = call.str("QueueName");
    let wanted = given(call, "Attributes");
    check(&wanted)?;
    check_principals(call, &wanted)?;
    let fifo = wanted.get("FifoQueue").is_some_and(|value| value == "true");
    let bare = if fifo { name.strip_suffix(".fifo").unwrap_or_default() } else { &name };
    let good = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if bare.is_empty() || name.len() > 80 || !bare.bytes().all(good) {
        let message =
            "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length";
        return Err(Fault::new("InvalidParameterValue", message));
    }
    if call.realm().sqs.graves.contains(&name) {
        let message = "You must wait 60 seconds after deleting a queue before you can create another with the same name.";
        return Err(Fault::new("QueueDeletedRecently", message)
            .query_code("AWS.SimpleQueueService.QueueDeletedRecently"));
    }
    let answer = json!({"QueueUrl": url(call, &name)});
    if let Some(known) = call.realm().sqs.queues.get(&name) {
        // The same attributes give the same queue; it is the name that makes a queue.
        if wanted
            .iter()
            .all(|(attribute, value)| effective(known, attribute).as_deref() == Some(value))
        {
            return Ok(answer);
        }
        let message = format!(
            "A queue already exists with the same name and a different value for attribute {}",
            wanted
                .iter()
                .find(|(attribute, value)| effective(known, attribute).as_deref()
                    != Some(value.as_str()))
                .map(|(attribute, _)| attribute.as_str())
                .unwrap_or_default()
        );
        return Err(Fault::new("QueueNameExists", message).query_code("QueueAlreadyExists"));
    }
    let now = call.now();
    let tags = given(call, "tags");
    let queue = Queue { created: now, modified: now, purged: None, attributes: wanted, tags };
    let visible = call.visible_at();
    call.realm().sqs.queues.insert(&name, queue, now, visible);
    Ok(answer)
}

/// What an attribute is, its default included.
pub(super) fn effective(queue: &Queue, name: &str) -> Option<String> {
    if let Some(value) = queue.attributes.get(name) {
        return Some(value.clone()).filter(|value| !value.is_empty());
    }
    if name == "SqsManagedSseEnabled" {
        return Some((!queue.attributes.contains_key("KmsMasterKeyId")).to_string());
    }
    if name == "KmsDataKeyReusePeriodSeconds" && !queue.attributes.contains_key("KmsMasterKeyId") {
        return None;
    }
    NUMBERS.iter().find(|(known, ..)| *known == name).map(|(.., default)| (*default).to_owned())
}

fn delete(call: &mut Call<'_>) -> Outcome {
    let name = named(call)?;
    call.realm().sqs.queues.remove(&name);
    for id in super::messages::ids_in(call, &name) {
        call.realm().sqs.messages.remove(&id);
    }
    let now = call.now();
    call.realm().sqs.graves.insert_implicit(&name, now, now);
    call.schedule(timing::QUEUE_QUARANTINE, super::Event::Bury { name });
    Ok(json!({}))
}

fn get_url(call: &mut Call<'_>) -> Outcome {
    let (name, now) = (call.str("QueueName"), call.now());
    if call.realm().sqs.queues.see(&name, now).is_none() {
        return Err(missing());
    }
    Ok(json!({"QueueUrl": url(call, &name)}))
}

fn attributes(call: &mut Call<'_>) -> Outcome {
    let name = named(call)?;
    let wanted = call.strings("AttributeNames");
    let queue = call.realm().sqs.queues.get(&name).cloned().ok_or_else(missing)?;
    let now = call.now();
    let (visible, hidden, delayed) = super::messages::counts(call, &name, now);
    let arn = call.arn("sqs", &name);
    let mut all: BTreeMap<String, String> = BTreeMap::new();
    for known in NUMBERS.iter().map(|(name, ..)| *name).chain(TEXTS.iter().copied()) {
        if let Some(value) = effective(&queue, known) {
            all.insert(known.to_owned(), value);
        }
    }
    all.insert("QueueArn".to_owned(), arn);
    all.insert("CreatedTimestamp".to_owned(), (queue.created / 1000).to_string());
    all.insert("LastModifiedTimestamp".to_owned(), (queue.modified / 1000).to_string());
    all.insert("ApproximateNumberOfMessages".to_owned(), visible.to_string());
    all.insert("ApproximateNumberOfMessagesNotVisible".to_owned(), hidden.to_string());
    all.insert("ApproximateNumberOfMessagesDelayed".to_owned(), delayed.to_string());
    if !wanted.iter().any(|name| name == "All") {
        let known = |name: &String| {
            all.contains_key(name)
                || TEXTS.contains(&name.as_str())
                || NUMBERS.iter().any(|(n, ..)| n == name)
        };
        if let Some(unknown) = wanted.iter().find(|name| !known(name)) {
            return Err(Fault::new(
                "InvalidAttributeName",
                format!("Unknown Attribute {unknown}."),
            ));
        }
        all.retain(|name, _| wanted.contains(name));
    }
    if all.is_empty() { Ok(json!({})) } else { Ok(json!({"Attributes": all})) }
}

fn set_attributes(call: &mut Call<'_>) -> Outcome {
    let name = named(call)?;
    let wanted = given(call, "Attributes");
    check(&wanted)?;
    check_principals(call, &wanted)?;
    if wanted.contains_key("FifoQueue") {
        return Err(Fault::new("InvalidAttributeName", "Unknown Attribute FifoQueue."));
    }
    let now = call.now();
    if let Some(queue) = call.realm().sqs.queues.get_mut(&name) {
        queue.attributes.extend(wanted);
        queue.modified = now;
    }
    Ok(json!({}))
}

fn list(call: &mut Call<'_>) -> Outcome {
    let (prefix, now) = (call.str("QueueNamePrefix"), call.now());
    let seen = call.realm().sqs.queues.seen(now).map(|(name, _)| name.to_owned());
    let mut names: Vec<String> = seen.filter(|name| name.starts_with(&prefix)).collect();
    names.sort();
    let urls: Vec<String> = names.iter().map(|name| url(call, name)).collect();
    if urls.is_empty() { Ok(json!({})) } else { Ok(json!({"QueueUrls": urls})) }
}

fn purge(call: &mut Call<'_>) -> Outcome {
    let name = named(call)?;
    let now = call.now();
    let queue = call.realm().sqs.queues.get_mut(&name).ok_or_else(missing)?;
    if queue.purged.is_some_and(|at| now < at + timing::QUEUE_PURGE) {
        let message =
            format!("Only one PurgeQueue operation on {name} is allowed every 60 seconds.");
        return Err(Fault::new("PurgeQueueInProgress", message)
            .status(403)
            .query_code("AWS.SimpleQueueService.PurgeQueueInProgress"));
    }
    queue.purged = Some(now);
    for id in super::messages::ids_in(call, &name) {
        call.realm().sqs.messages.remove(&id);
    }
    Ok(json!({}))
}

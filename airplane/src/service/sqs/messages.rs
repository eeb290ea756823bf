//! Messages: sent, received under a receipt, hidden for a while, deleted.

use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::queues::{effective, missing, named};
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};
use crate::world::Millis;
use crate::world::scope::Scope;

pub(crate) const ACTIONS: &[Action] = &[
    ("SendMessage", send),
    ("SendMessageBatch", send_batch),
    ("ReceiveMessage", receive),
    ("DeleteMessage", delete),
    ("DeleteMessageBatch", delete_batch),
    ("ChangeMessageVisibility", change_visibility),
];

/// A message.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Message {
    queue: String,
    body: String,
    sent: Millis,
    /// When it can be received.
    visible: Millis,
    received: u32,
    receipt: Option<String>,
}

fn md5(text: &str) -> String {
    Md5::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Ids of the messages in a queue, oldest first.
pub(super) fn ids_in(scope: &mut Scope<'_>, queue: &str) -> Vec<String> {
    let messages = scope.realm().sqs.messages.iter();
    messages.filter(|(_, message)| message.queue == queue).map(|(id, _)| id.to_owned()).collect()
}

/// How many can be received, are out, and wait.
pub(super) fn counts(scope: &mut Scope<'_>, queue: &str, now: Millis) -> (usize, usize, usize) {
    let mut counts = (0, 0, 0);
    for message in scope.realm().sqs.messages.values().filter(|message| message.queue == queue) {
        match (message.visible <= now, message.received) {
            (true, _) => counts.0 += 1,
            (false, 0) => counts.2 += 1,
            (false, _) => counts.1 += 1,
        }
    }
    counts
}

/// Puts a message into a queue; gives its id.
pub(super) fn put(scope: &mut Scope<'_>, queue: &str, body: &str, delay_seconds: i64) -> String {
    let (id, now) = (scope.world.ids.uuid(), scope.now());
    let visible = now + delay_seconds * 1000;
    let (queue, body) = (queue.to_owned(), body.to_owned());
    let message = Message { queue, body, sent: now, visible, received: 0, receipt: None };
    // Messages are no objects that anybody has to clean up.
    scope.realm().sqs.messages.insert_implicit(&id, message, now);
    id
}

fn delay(call: &mut Call<'_>, queue: &str, own: Option<i64>) -> i64 {
    let queue = call.realm().sqs.queues.get(queue);
    let default =
        queue.and_then(|queue| effective(queue, "DelaySeconds")).and_then(|text| text.parse().ok());
    own.or(default).unwrap_or(0)
}

fn send(call: &mut Call<'_>) -> Outcome {
    let (queue, body) = (named(call)?, call.str("MessageBody"));
    let own = call.opt_int("DelaySeconds");
    let delay = delay(call, &queue, own);
    let id = put(call, &queue, &body, delay);
    Ok(json!({"MessageId": id, "MD5OfMessageBody": md5(&body)}))
}

fn entries(call: &Call<'_>) -> Result<Vec<Value>, Fault> {
    let entries = call.list("Entries");
    match entries.len() {
        0 => Err(Fault::new(
            "EmptyBatchRequest",
            "There should be at least one entry in the request.",
        )),
        1..=10 => Ok(entries),
        _ => Err(Fault::new(
            "TooManyEntriesInBatchRequest",
            "Maximum number of entries per request are 10.",
        )),
    }
}

fn send_batch(call: &mut Call<'_>) -> Outcome {
    let queue = named(call)?;
    let mut done = Vec::new();
    for entry in entries(call)? {
        let body = entry["MessageBody"].as_str().unwrap_or_default();
        let delay = delay(call, &queue, entry["DelaySeconds"].as_i64());
        let id = put(call, &queue, body, delay);
        done.push(json!({"Id": entry["Id"], "MessageId": id, "MD5OfMessageBody": md5(body)}));
    }
    Ok(json!({"Successful": done, "Failed": []}))
}

fn receive(call: &mut Call<'_>) -> Outcome {
    let name = named(call)?;
    let most = call.opt_int("MaxNumberOfMessages").unwrap_or(1);
    if !(1..=10).contains(&most) {
        let message = format!(
            "Value {most} for parameter MaxNumberOfMessages is invalid. Reason: Must be between 1 and 10, if provided."
        );
        return Err(Fault::new("InvalidParameterValue", message));
    }
    let queue = call.realm().sqs.queues.get(&name).cloned().ok_or_else(missing)?;
    let seconds = |attribute: &str| {
        effective(&queue, attribute).and_then(|text| text.parse::<i64>().ok()).unwrap_or(0)
    };
    let hide = call.opt_int("VisibilityTimeout").unwrap_or_else(|| seconds("VisibilityTimeout"));
    let now = call.now();
    let oldest = now - seconds("MessageRetentionPeriod") * 1000;
    let mut out = Vec::new();
    for id in ids_in(call, &name) {
        let Some(message) = call.realm().sqs.messages.get(&id).cloned() else { continue };
        if message.sent < oldest {
            call.realm().sqs.messages.remove(&id);
            continue;
        }
        if message.visible > now || out.len() as i64 >= most {
            continue;
        }
        let receipt = call.world.ids.hex(48);
        if let Some(message) = call.realm().sqs.messages.get_mut(&id) {
            message.visible = now + hide * 1000;
            message.received += 1;
            message.receipt = Some(receipt.clone());
        }
        out.push(json!({
            "MessageId": id,
            "ReceiptHandle": receipt,
            "MD5OfBody": md5(&message.body),
            "Body": message.body,
            "Attributes": {
                "SentTimestamp": message.sent.to_string(),
                "ApproximateReceiveCount": (message.received + 1).to_string(),
            },
        }));
    }
    if out.is_empty() { Ok(json!({})) } else { Ok(json!({"Messages": out})) }
}

fn by_receipt(call: &mut Call<'_>, queue: &str, receipt: &str) -> Result<String, Fault> {
    let messages = call.realm().sqs.messages.iter();
    let mut found = messages.filter(|(_, message)| {
        message.queue == queue && message.receipt.as_deref() == Some(receipt)
    });
    let id = found.next().map(|(id, _)| id.to_owned());
    id.ok_or_else(|| Fault::new("ReceiptHandleIsInvalid", "The input receipt handle is invalid."))
}

fn delete(call: &mut Call<'_>) -> Outcome {
    let (queue, receipt) = (named(call)?, call.str("ReceiptHandle"));
    // A receipt that was used already is no error.
    if let Ok(id) = by_receipt(call, &queue, &receipt) {
        call.realm().sqs.messages.remove(&id);
    }
    Ok(json!({}))
}

fn delete_batch(call: &mut Call<'_>) -> Outcome {
    let queue = named(call)?;
    let mut done = Vec::new();
    for entry in entries(call)? {
        let receipt = entry["ReceiptHandle"].as_str().unwrap_or_default().to_owned();
        if let Ok(id) = by_receipt(call, &queue, &receipt) {
            call.realm().sqs.messages.remove(&id);
        }
        done.push(json!({"Id": entry["Id"]}));
    }
    Ok(json!({"Successful": done, "Failed": []}))
}

fn change_visibility(call: &mut Call<'_>) -> Outcome {
    let (queue, receipt) = (named(call)?, call.str("ReceiptHandle"));
    let id = by_receipt(call, &queue, &receipt)?;
    let visible =
        call.now() + call.opt_int("VisibilityTimeout").unwrap_or(0).clamp(0, 43_200) * 1000;
    if let Some(message) = call.realm().sqs.messages.get_mut(&id) {
        message.visible = visible;
    }
    Ok(json!({}))
}

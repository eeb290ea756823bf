//! Messages: sent, received under a receipt, hidden for a while, deleted.

use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::fifo::{Order, order};
use super::queues::{effective, missing, named};
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};
use crate::world::Millis;
use crate::world::scope::Scope;
use crate::world::timing;
use std::collections::BTreeMap;

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
    #[serde(default)]
    first_received: Option<Millis>,
    /// Its place, in a FIFO queue.
    #[serde(default)]
    order: Option<Order>,
}

/// A message to put into a queue.
pub(super) struct New<'n> {
    pub(super) body: &'n str,
    /// In seconds.
    pub(super) delay: i64,
    pub(super) order: Option<Order>,
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

/// Puts a message into a queue; gives its id. A FIFO queue takes a message once: the second is the first one.
pub(super) fn put(scope: &mut Scope<'_>, queue: &str, new: New<'_>) -> String {
    let now = scope.now();
    let once = new.order.as_ref().map(|order| format!("{queue}/{}", order.once));
    if let Some(once) = &once
        && let Some(sent) = scope.realm().sqs.sent_once.get(once)
        && now < sent.at + timing::QUEUE_DEDUPLICATION
    {
        return sent.message.clone();
    }
    let id = scope.world.ids.uuid();
    if let Some(once) = once {
        let sent = SentOnce { message: id.clone(), at: now };
        scope.realm().sqs.sent_once.insert_implicit(&once, sent, now);
        scope.schedule(timing::QUEUE_DEDUPLICATION, super::Event::Again { once });
    }
    let message = Message {
        queue: queue.to_owned(),
        body: new.body.to_owned(),
        sent: now,
        visible: now + new.delay * 1000,
        received: 0,
        receipt: None,
        first_received: None,
        order: new.order,
    };
    // Messages are no objects that anybody has to clean up.
    scope.realm().sqs.messages.insert_implicit(&id, message, now);
    id
}

/// A message that went out under a deduplication id, also when it was received and deleted since.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SentOnce {
    message: String,
    pub(super) at: Millis,
}

fn delay(call: &mut Call<'_>, queue: &str, own: Option<i64>) -> i64 {
    let queue = call.realm().sqs.queues.get(queue);
    let default =
        queue.and_then(|queue| effective(queue, "DelaySeconds")).and_then(|text| text.parse().ok());
    own.or(default).unwrap_or(0)
}

fn send(call: &mut Call<'_>) -> Outcome {
    let (queue, sent) = (named(call)?, Value::Object(call.input.clone()));
    send_one(call, &queue, &sent)
}

// Sends what a call or an entry of a batch describes.
fn send_one(call: &mut Call<'_>, queue: &str, sent: &Value) -> Outcome {
    let body = sent["MessageBody"].as_str().unwrap_or_default();
    let order = order(call, queue, sent)?;
    let delay = delay(call, queue, sent["DelaySeconds"].as_i64());
    let held = call.realm().sqs.queues.get(queue).ok_or_else(missing)?;
    let most = effective(held, "MaximumMessageSize").and_then(|text| text.parse::<usize>().ok());
    if most.is_some_and(|most| body.len() > most) {
        let message = format!(
            "One or more parameters are invalid. Reason: Message must be shorter than {} bytes.",
            most.unwrap_or_default()
        );
        return Err(Fault::new("InvalidParameterValue", message));
    }
    let is_ordered = order.is_some();
    let id = put(call, queue, New { body, delay, order });
    let mut answer = json!({"MessageId": id, "MD5OfMessageBody": md5(body)});
    if is_ordered {
        answer["SequenceNumber"] = json!(sequence(call, &id));
    }
    Ok(answer)
}

// Twenty digits that grow with every message.
fn sequence(call: &mut Call<'_>, id: &str) -> String {
    let number = call.realm().sqs.messages.row(id).map(|row| row.seq).unwrap_or_default();
    format!("{number:020}")
}

fn batch_fault(code: &str, message: &str) -> Fault {
    Fault::new(code, message).query_code(&format!("AWS.SimpleQueueService.{code}"))
}

fn entries(call: &Call<'_>) -> Result<Vec<Value>, Fault> {
    let entries = call.list("Entries");
    match entries.len() {
        0 => Err(batch_fault(
            "EmptyBatchRequest",
            "There should be at least one entry in the request.",
        )),
        1..=10 => {
            let ids: std::collections::BTreeSet<&str> =
                entries.iter().filter_map(|entry| entry["Id"].as_str()).collect();
            if ids.len() < entries.len() {
                let message = "Two or more batch entries in the request have the same Id.";
                return Err(batch_fault("BatchEntryIdsNotDistinct", message));
            }
            Ok(entries)
        }
        _ => Err(batch_fault(
            "TooManyEntriesInBatchRequest",
            "Maximum number of entries per request are 10.",
        )),
    }
}

fn send_batch(call: &mut Call<'_>) -> Outcome {
    let queue = named(call)?;
    let (mut done, mut failed) = (Vec::new(), Vec::new());
    for entry in entries(call)? {
        match send_one(call, &queue, &entry) {
            Ok(mut answer) => {
                answer["Id"] = entry["Id"].clone();
                done.push(answer);
            }
            Err(fault) => failed.push(json!({
                "Id": entry["Id"], "SenderFault": true, "Code": fault.code, "Message": fault.message,
            })),
        }
    }
    Ok(json!({"Successful": done, "Failed": failed}))
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
    // Groups with a message that is out or waits: what comes after it in the group waits too.
    let mut held = std::collections::BTreeSet::new();
    for id in ids_in(call, &name) {
        let Some(message) = call.realm().sqs.messages.get(&id).cloned() else { continue };
        if message.sent < oldest {
            call.realm().sqs.messages.remove(&id);
            continue;
        }
        let group = message.order.as_ref().map(|order| order.group.clone());
        let waits = group.as_ref().is_some_and(|group| held.contains(group));
        if waits || message.visible > now || out.len() as i64 >= most {
            held.extend(group);
            continue;
        }
        let receipt = call.world.ids.hex(48);
        if let Some(message) = call.realm().sqs.messages.get_mut(&id) {
            message.visible = now + hide * 1000;
            message.received += 1;
            message.first_received.get_or_insert(now);
            message.receipt = Some(receipt.clone());
        }
        let mut answer = json!({
            "MessageId": id, "ReceiptHandle": receipt, "MD5OfBody": md5(&message.body), "Body": message.body,
        });
        let attributes = attributes(call, &id, &message, now);
        if !attributes.is_empty() {
            answer["Attributes"] = json!(attributes);
        }
        out.push(answer);
    }
    if out.is_empty() { Ok(json!({})) } else { Ok(json!({"Messages": out})) }
}

// The attributes of a message that is received now, as far as the call asks for them.
fn attributes(
    call: &mut Call<'_>,
    id: &str,
    message: &Message,
    now: Millis,
) -> BTreeMap<&'static str, String> {
    let mut asked = call.strings("AttributeNames");
    asked.extend(call.strings("MessageSystemAttributeNames"));
    let mut all = BTreeMap::from([
        ("SentTimestamp", message.sent.to_string()),
        ("SenderId", call.account.clone()),
        ("ApproximateReceiveCount", (message.received + 1).to_string()),
        ("ApproximateFirstReceiveTimestamp", message.first_received.unwrap_or(now).to_string()),
    ]);
    if let Some(order) = &message.order {
        all.insert("MessageGroupId", order.group.clone());
        all.insert("MessageDeduplicationId", order.once.clone());
        all.insert("SequenceNumber", sequence(call, id));
    }
    all.retain(|name, _| asked.iter().any(|asked| asked == "All" || asked == name));
    all
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

//! FIFO queues: messages have a group, in which they keep their order, and a deduplication id, which counts for five minutes.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::queues::{effective, is_fifo, missing};
use crate::around::call::Call;
use crate::wire::fault::Fault;

/// Where a message of a FIFO queue belongs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(super) group: String,
    /// Its deduplication id.
    pub(super) once: String,
}

/// The deduplication id of content.
pub(super) fn digest(body: &str) -> String {
    Sha256::digest(body.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What a send says of order, checked; nothing on a standard queue.
pub(super) fn order(call: &mut Call<'_>, name: &str, sent: &Value) -> Result<Option<Order>, Fault> {
    let given = |member: &str| sent[member].as_str().filter(|text| !text.is_empty());
    if !is_fifo(name) {
        if given("MessageDeduplicationId").is_some() {
            let message = "The request includes a parameter that is not valid for this queue type";
            return Err(Fault::new("InvalidParameterValue", message));
        }
        return Ok(None);
    }
    let Some(group) = given("MessageGroupId") else {
        let message = "The request must contain the parameter MessageGroupId.";
        return Err(Fault::new("MissingParameter", message));
    };
    if sent["DelaySeconds"].as_i64().is_some_and(|seconds| seconds > 0) {
        let message = "Value for parameter DelaySeconds is invalid. Reason: The request include parameter that is not \
                       valid for this queue type.";
        return Err(Fault::new("InvalidParameterValue", message));
    }
    let queue = call.realm().sqs.queues.get(name).ok_or_else(missing)?;
    let by_content = effective(queue, "ContentBasedDeduplication").as_deref() == Some("true");
    let once = match given("MessageDeduplicationId") {
        Some(id) => id.to_owned(),
        None if by_content => digest(sent["MessageBody"].as_str().unwrap_or_default()),
        None => {
            let message = "The queue should either have ContentBasedDeduplication enabled or \
                           MessageDeduplicationId provided explicitly";
            return Err(Fault::new("InvalidParameterValue", message));
        }
    };
    Ok(Some(Order { group: group.to_owned(), once }))
}

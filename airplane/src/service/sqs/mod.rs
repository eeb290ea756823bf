//! SQS: queues and their messages. A deleted name cannot be used again for a minute.

mod fifo;
mod messages;
mod queues;
mod tags;

use serde::{Deserialize, Serialize};

use crate::service::Action;
use crate::service::iam::permission::{Principal, Question, allows};
use crate::world::scope::Scope;
use crate::world::table::tables;

/// Actions by family file; one line per family here, one line per action there.
pub(crate) const ACTIONS: &[&[Action]] = &[queues::ACTIONS, messages::ACTIONS, tags::ACTIONS];

tables! {
    /// What the service keeps: queues by name, messages, what was sent under deduplication ids, and when names were given up.
    pub(crate) struct State {
        table queues: queues::Queue,
        table messages: messages::Message,
        table sent_once: messages::SentOnce,
        table graves: i64,
    }
}

/// What another service sends to a queue.
pub(crate) struct Delivery<'d> {
    /// The queue.
    pub(crate) arn: &'d str,
    /// The rule that sends it: the queue's policy must let EventBridge in. Who comes with a role needs no policy.
    pub(crate) rule: Option<&'d str>,
    /// The group, which a FIFO queue needs.
    pub(crate) group: Option<&'d str>,
    pub(crate) body: &'d str,
}

/// Puts a message into a queue of this place; nothing happens where the queue is not, or does not take it.
pub(crate) fn deliver(scope: &mut Scope<'_>, delivery: &Delivery<'_>) {
    let here = scope.arn("sqs", "");
    let Some(name) = delivery.arn.strip_prefix(&here) else { return };
    let Some(queue) = scope.realm().sqs.queues.get(name).cloned() else { return };
    let allowed = delivery.rule.is_none_or(|rule| {
        let context = [("aws:SourceArn", rule), ("aws:SourceAccount", scope.account.as_str())];
        let question = Question {
            principal: Principal::Service("events.amazonaws.com"),
            action: "sqs:SendMessage",
            resource: Some(delivery.arn),
            context: &context,
        };
        queue.attributes.get("Policy").is_some_and(|policy| allows(policy, &question))
    });
    if !allowed {
        return;
    }
    let order = match (queues::is_fifo(name), delivery.group) {
        (false, _) => None,
        (true, None) => return,
        (true, Some(group)) => {
            Some(fifo::Order { group: group.to_owned(), once: fifo::digest(delivery.body) })
        }
    };
    messages::put(scope, name, messages::New { body: delivery.body, delay: 0, order });
}

/// What happens later.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Event {
    /// A name can be used again.
    Bury { name: String },
    /// A FIFO queue takes a deduplication id again.
    Again { once: String },
}

impl Event {
    /// Lets it happen.
    pub(crate) fn run(self, scope: &mut Scope<'_>) {
        match self {
            Event::Bury { name } => {
                scope.realm().sqs.graves.remove(&name);
            }
            Event::Again { once } => {
                scope.realm().sqs.sent_once.remove(&once);
            }
        }
    }
}

//! SQS: queues and their messages. A deleted name cannot be used again for a minute.

mod messages;
mod queues;
mod tags;

use serde::{Deserialize, Serialize};

use crate::service::Action;
use crate::world::scope::Scope;
use crate::world::table::tables;

/// Actions by family file; one line per family here, one line per action there.
pub(crate) const ACTIONS: &[&[Action]] = &[queues::ACTIONS, messages::ACTIONS, tags::ACTIONS];

tables! {
    /// What the service keeps: queues by name, and when names were given up.
    pub(crate) struct State {
        table queues: queues::Queue,
        table messages: messages::Message,
        table graves: i64,
    }
}

/// Puts a message into the queue of an ARN, if there is one: what EventBridge does.
pub(crate) fn deliver(scope: &mut Scope<'_>, arn: &str, body: &str) -> bool {
    let Some(name) = arn.strip_prefix("arn:aws:sqs:").and_then(|rest| rest.rsplit(':').next())
    else {
        return false;
    };
    let name = name.to_owned();
    if !scope.realm().sqs.queues.contains(&name) {
        return false;
    }
    messages::put(scope, &name, body, 0);
    true
}

/// What happens later.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Event {
    /// A name can be used again.
    Bury { name: String },
}

impl Event {
    /// Lets it happen.
    pub(crate) fn run(self, scope: &mut Scope<'_>) {
        let Event::Bury { name } = self;
        scope.realm().sqs.graves.remove(&name);
    }
}

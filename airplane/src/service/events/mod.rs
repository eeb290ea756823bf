//! EventBridge: rules of the default bus and their targets, and what happens when an event comes.

mod patterns;
mod rules;
mod schedules;
mod tags;
mod targets;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::service::Action;
use crate::service::sqs::{Delivery, deliver};
use crate::world::scope::Scope;
use crate::world::table::tables;

/// Actions by family file; one line per family here, one line per action there.
pub(crate) const ACTIONS: &[&[Action]] = &[rules::ACTIONS, targets::ACTIONS, tags::ACTIONS];

tables! {
    /// What the service keeps: rules by name.
    pub(crate) struct State {
        table rules: rules::Rule,
    }
}

/// Sends an event of an AWS service to the targets of all rules that want it.
pub(crate) fn publish(
    scope: &mut Scope<'_>,
    source: &str,
    kind: &str,
    resources: &[String],
    detail: Value,
) {
    let event = json!({
        "version": "0",
        "id": scope.world.ids.uuid(),
        "detail-type": kind,
        "source": source,
        "account": scope.account,
        "time": crate::wire::scalar::iso(scope.now()),
        "region": scope.region,
        "resources": resources,
        "detail": detail,
    });
    let rules = scope.realm().events.rules.values();
    let wanted: Vec<(String, Value)> = rules
        .filter(|rule| rule.wants(&event))
        .flat_map(|rule| rule.targets.iter().map(|target| (rule.arn.clone(), target.clone())))
        .collect();
    let text = event.to_string();
    for (rule, target) in wanted {
        let delivery = Delivery {
            arn: target["Arn"].as_str().unwrap_or_default(),
            rule: Some(&rule),
            group: target["SqsParameters"]["MessageGroupId"].as_str(),
            body: &text,
        };
        deliver(scope, &delivery);
    }
}

/// What happens later.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Event {}

impl Event {
    /// Lets it happen.
    pub(crate) fn run(self, _scope: &mut Scope<'_>) {
        match self {}
    }
}

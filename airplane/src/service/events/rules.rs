//! Rules: a pattern or a schedule.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::patterns::{is_pattern, matches};
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};

pub(crate) const ACTIONS: &[Action] = &[
    ("PutRule", put),
    ("DescribeRule", describe),
    ("DeleteRule", delete),
    ("ListRules", list),
    ("EnableRule", enable),
    ("DisableRule", disable),
    ("DescribeEventBus", describe_bus),
    ("ListEventBuses", list_buses),
];

/// A rule of the default bus.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Rule {
    pub(super) arn: String,
    pattern: Option<String>,
    schedule: Option<String>,
    enabled: bool,
    description: Option<String>,
    role: Option<String>,
    pub(super) targets: Vec<Value>,
    pub(super) tags: Vec<(String, String)>,
}

impl Rule {
    /// Does it let an event through?
    pub(super) fn wants(&self, event: &Value) -> bool {
        let pattern =
            self.pattern.as_ref().and_then(|text| serde_json::from_str::<Value>(text).ok());
        self.enabled && pattern.is_some_and(|pattern| matches(&pattern, event))
    }

    fn answer(&self, name: &str) -> Value {
        let mut answer = json!({
            "Name": name,
            "Arn": self.arn,
            "State": if self.enabled { "ENABLED" } else { "DISABLED" },
            "EventBusName": "default",
        });
        let parts = [
            ("EventPattern", &self.pattern),
            ("ScheduleExpression", &self.schedule),
            ("Description", &self.description),
            ("RoleArn", &self.role),
        ];
        for (member, value) in parts {
            if let Some(value) = value {
                answer[member] = json!(value);
            }
        }
        answer
    }
}

fn missing(name: &str) -> Fault {
    Fault::new(
        "ResourceNotFoundException",
        format!("Rule {name} does not exist on EventBus default."),
    )
}

/// Only the default bus is there.
pub(super) fn check_bus(call: &Call<'_>) -> Result<(), Fault> {
    let bus = call.opt_str("EventBusName").unwrap_or_else(|| "default".to_owned());
    if bus == "default" || bus.ends_with(":event-bus/default") {
        return Ok(());
    }
    Err(Fault::new("ResourceNotFoundException", format!("Event bus {bus} does not exist.")))
}

/// The rule that a call names in this member.
pub(super) fn named<'c>(call: &'c mut Call<'_>, member: &str) -> Result<&'c mut Rule, Fault> {
    check_bus(call)?;
    let name = call.str(member);
    call.realm().events.rules.get_mut(&name).ok_or_else(|| missing(&name))
}

fn put(call: &mut Call<'_>) -> Outcome {
    check_bus(call)?;
    let (name, pattern, schedule) =
        (call.str("Name"), call.opt_str("EventPattern"), call.opt_str("ScheduleExpression"));
    if pattern.is_none() && schedule.is_none() {
        let message = "Parameter(s) EventPattern or ScheduleExpression must be specified.";
        return Err(Fault::new("ValidationException", message));
    }
    if let Some(text) = &pattern
        && !serde_json::from_str::<Value>(text).is_ok_and(|pattern| is_pattern(&pattern))
    {
        return Err(Fault::new("InvalidEventPatternException", "Event pattern is not valid."));
    }
    if let Some(text) = &schedule
        && !super::schedules::is_schedule(text)
    {
        return Err(Fault::new(
            "ValidationException",
            "Parameter ScheduleExpression is not valid.",
        ));
    }
    let known = call.realm().events.rules.get(&name).cloned();
    if known.is_none() && call.realm().events.rules.len() >= call.quota("event-rules") {
        return Err(Fault::new(
            "LimitExceededException",
            "The requested resource exceeds the maximum number allowed.",
        ));
    }
    let arn = call.arn("events", &format!("rule/{name}"));
    let tags = match &known {
        // Tags are for new rules only; those of others stay.
        Some(known) => known.tags.clone(),
        None => super::tags::given(call),
    };
    let rule = Rule {
        arn: arn.clone(),
        pattern,
        schedule,
        enabled: call.opt_str("State").as_deref() != Some("DISABLED"),
        description: call.opt_str("Description").filter(|text| !text.is_empty()),
        role: call.opt_str("RoleArn"),
        targets: known.as_ref().map(|known| known.targets.clone()).unwrap_or_default(),
        tags,
    };
    let now = call.now();
    match call.realm().events.rules.get_mut(&name) {
        Some(there) => *there = rule,
        None => {
            call.realm().events.rules.insert(&name, rule, now, now);
        }
    }
    Ok(json!({"RuleArn": arn}))
}

fn describe(call: &mut Call<'_>) -> Outcome {
    let name = call.str("Name");
    let account = call.account.clone();
    let mut answer = named(call, "Name")?.answer(&name);
    answer["CreatedBy"] = json!(account);
    Ok(answer)
}

fn delete(call: &mut Call<'_>) -> Outcome {
    check_bus(call)?;
    let name = call.str("Name");
    // No error for a rule that is not there, as on AWS.
    if call.realm().events.rules.get(&name).is_some_and(|rule| !rule.targets.is_empty()) {
        return Err(Fault::new(
            "ValidationException",
            "Rule can't be deleted since it has targets.",
        ));
    }
    call.realm().events.rules.remove(&name);
    Ok(json!({}))
}

fn list(call: &mut Call<'_>) -> Outcome {
    check_bus(call)?;
    let prefix = call.str("NamePrefix");
    let rules = call.realm().events.rules.iter().filter(|(name, _)| name.starts_with(&prefix));
    let mut found: Vec<(String, Value)> =
        rules.map(|(name, rule)| (name.to_owned(), rule.answer(name))).collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(json!({"Rules": found.into_iter().map(|(_, rule)| rule).collect::<Vec<_>>()}))
}

fn enable(call: &mut Call<'_>) -> Outcome {
    named(call, "Name")?.enabled = true;
    Ok(json!({}))
}

fn disable(call: &mut Call<'_>) -> Outcome {
    named(call, "Name")?.enabled = false;
    Ok(json!({}))
}

fn describe_bus(call: &mut Call<'_>) -> Outcome {
    let arn = call.arn("events", "event-bus/default");
    Ok(json!({"Name": "default", "Arn": arn}))
}

fn list_buses(call: &mut Call<'_>) -> Outcome {
    let arn = call.arn("events", "event-bus/default");
    Ok(json!({"EventBuses": [{"Name": "default", "Arn": arn}]}))
}

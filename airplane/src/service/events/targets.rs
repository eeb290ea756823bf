//! Targets of rules, kept as they were given.

use serde_json::{Value, json};

use super::rules::{check_bus, named};
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};

pub(crate) const ACTIONS: &[Action] = &[
    ("PutTargets", put),
    ("RemoveTargets", remove),
    ("ListTargetsByRule", list),
    ("ListRuleNamesByTarget", rules_of),
];

fn put(call: &mut Call<'_>) -> Outcome {
    let (targets, most) = (call.list("Targets"), call.quota("event-targets-per-rule"));
    let rule = named(call, "Rule")?;
    for target in targets {
        rule.targets.retain(|known| known["Id"] != target["Id"]);
        rule.targets.push(target);
    }
    if rule.targets.len() > most {
        let message = "The requested resource exceeds the maximum number allowed.";
        return Err(Fault::new("LimitExceededException", message));
    }
    Ok(json!({"FailedEntryCount": 0, "FailedEntries": []}))
}

fn remove(call: &mut Call<'_>) -> Outcome {
    let ids = call.strings("Ids");
    let rule = named(call, "Rule")?;
    let is_known =
        |id: &String| rule.targets.iter().any(|target| target["Id"].as_str() == Some(id));
    let unknown: Vec<Value> = ids
        .iter()
        .filter(|id| !is_known(id))
        .map(|id| json!({"TargetId": id, "ErrorCode": "ResourceNotFoundException", "ErrorMessage": "Target does not exist."}))
        .collect();
    rule.targets.retain(|target| !ids.iter().any(|id| target["Id"].as_str() == Some(id)));
    Ok(json!({"FailedEntryCount": unknown.len(), "FailedEntries": unknown}))
}

fn list(call: &mut Call<'_>) -> Outcome {
    let targets = named(call, "Rule")?.targets.clone();
    Ok(json!({"Targets": targets}))
}

fn rules_of(call: &mut Call<'_>) -> Outcome {
    check_bus(call)?;
    let arn = call.str("TargetArn");
    let rules = call.realm().events.rules.iter();
    let names: Vec<String> = rules
        .filter(|(_, rule)| rule.targets.iter().any(|target| target["Arn"].as_str() == Some(&arn)))
        .map(|(name, _)| name.to_owned())
        .collect();
    Ok(json!({"RuleNames": names}))
}

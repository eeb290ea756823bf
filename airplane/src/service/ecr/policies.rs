//! Access and lifecycle policies of repositories.

use serde_json::{Value, json};

use super::repositories::named;
use crate::around::call::Call;
use crate::service::Action;
use crate::service::iam::permission::unknown_principal;
use crate::wire::fault::{Fault, Outcome};

pub(crate) const ACTIONS: &[Action] = &[
    ("SetRepositoryPolicy", set),
    ("GetRepositoryPolicy", get),
    ("DeleteRepositoryPolicy", delete),
    ("PutLifecyclePolicy", put_lifecycle),
    ("GetLifecyclePolicy", get_lifecycle),
    ("DeleteLifecyclePolicy", delete_lifecycle),
];

fn answer(call: &Call<'_>, member: &str, text: &str) -> Value {
    let mut answer =
        json!({"registryId": call.account, "repositoryName": call.str("repositoryName")});
    answer[member] = json!(text);
    answer
}

fn check(call: &mut Call<'_>, text: &str) -> Result<(), Fault> {
    let parsed = serde_json::from_str::<Value>(text);
    if parsed.is_ok_and(|value| value.is_object()) && unknown_principal(call, text).is_none() {
        return Ok(());
    }
    let message = "Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Invalid repository policy provided'";
    Err(Fault::new("InvalidParameterException", message))
}

// "Lifecycle policy parameters": rules with priorities of their own, a selection that counts something, an action.
fn check_lifecycle(text: &str) -> Result<(), Fault> {
    let invalid = |what: &str| {
        let message = format!(
            "Invalid parameter at 'LifecyclePolicyText' failed to satisfy constraint: 'Lifecycle policy validation \
             failure: {what}'"
        );
        Err(Fault::new("InvalidParameterException", message))
    };
    let policy = serde_json::from_str::<Value>(text).unwrap_or_default();
    let Some(rules) = policy["rules"].as_array().filter(|rules| !rules.is_empty()) else {
        return invalid("object has missing required properties ([\"rules\"])");
    };
    let mut priorities = std::collections::BTreeSet::new();
    for rule in rules {
        let selection = &rule["selection"];
        let priority = rule["rulePriority"].as_i64().filter(|priority| *priority >= 1);
        if !priority.is_some_and(|priority| priorities.insert(priority)) {
            return invalid("every rule needs a rulePriority of its own, 1 or more");
        }
        if !matches!(selection["tagStatus"].as_str(), Some("tagged" | "untagged" | "any")) {
            return invalid("tagStatus must be tagged, untagged or any");
        }
        let count_type = selection["countType"].as_str().unwrap_or_default();
        if !matches!(
            count_type,
            "imageCountMoreThan"
                | "sinceImagePushed"
                | "sinceImagePulled"
                | "sinceImageTransitioned"
        ) {
            return invalid("countType must say what is counted");
        }
        if selection["countNumber"].as_i64().is_none_or(|number| number < 1) {
            return invalid("countNumber must be 1 or more");
        }
        if (count_type != "imageCountMoreThan") != selection["countUnit"].is_string() {
            return invalid("countUnit goes with countTypes that count time");
        }
        if !matches!(rule["action"]["type"].as_str(), Some("expire" | "transition")) {
            return invalid("the action's type must be expire");
        }
    }
    Ok(())
}

fn set(call: &mut Call<'_>) -> Outcome {
    let text = call.str("policyText");
    check(call, &text)?;
    named(call)?.1.policy = Some(text.clone());
    Ok(answer(call, "policyText", &text))
}

fn no_policy(call: &Call<'_>) -> Fault {
    let message = format!(
        "Repository policy does not exist for the repository with name '{}' in the registry with id '{}'",
        call.str("repositoryName"),
        call.account
    );
    Fault::new("RepositoryPolicyNotFoundException", message)
}

fn get(call: &mut Call<'_>) -> Outcome {
    let fault = no_policy(call);
    let text = named(call)?.1.policy.clone().ok_or(fault)?;
    Ok(answer(call, "policyText", &text))
}

fn delete(call: &mut Call<'_>) -> Outcome {
    let fault = no_policy(call);
    let text = named(call)?.1.policy.take().ok_or(fault)?;
    Ok(answer(call, "policyText", &text))
}

fn put_lifecycle(call: &mut Call<'_>) -> Outcome {
    let text = call.str("lifecyclePolicyText");
    check_lifecycle(&text)?;
    named(call)?.1.lifecycle = Some(text.clone());
    Ok(answer(call, "lifecyclePolicyText", &text))
}

fn no_lifecycle(call: &Call<'_>) -> Fault {
    let message = format!(
        "Lifecycle policy does not exist for the repository with name '{}' in the registry with id '{}'",
        call.str("repositoryName"),
        call.account
    );
    Fault::new("LifecyclePolicyNotFoundException", message)
}

fn get_lifecycle(call: &mut Call<'_>) -> Outcome {
    let fault = no_lifecycle(call);
    let text = named(call)?.1.lifecycle.clone().ok_or(fault)?;
    Ok(answer(call, "lifecyclePolicyText", &text))
}

fn delete_lifecycle(call: &mut Call<'_>) -> Outcome {
    let fault = no_lifecycle(call);
    let text = named(call)?.1.lifecycle.take().ok_or(fault)?;
    Ok(answer(call, "lifecyclePolicyText", &text))
}

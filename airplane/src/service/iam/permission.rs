//! What policies allow: trust policies of roles, policies of queues and keys, policies of who asks. An explicit Deny wins; what is not
//! understood (an unknown condition operator or key) allows nothing.

use serde_json::Value;

use crate::around::faults::glob;
use crate::world::scope::Scope;
use crate::world::timing;

/// Who asks.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Principal<'q> {
    /// A service of AWS, such as `events.amazonaws.com`.
    Service(&'q str),
    /// A caller: its account and its ARN as `GetCallerIdentity` says it.
    Caller { account: &'q str, arn: &'q str },
    /// Somebody whom an identity provider knows, by the provider's ARN.
    Federated(&'q str),
    /// A role of AWS's own: what a policy says of its account is not said of it, since nobody gives it permissions.
    Exactly(&'q str),
    /// Whoever has the policy: identity policies name nobody.
    Holder,
}

/// What a policy says to a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It allows it.
    Allowed,
    /// It denies it, whatever others allow.
    Denied,
    /// It says nothing of it.
    Silent,
}

/// What somebody wants to do.
pub(crate) struct Question<'q> {
    pub(crate) principal: Principal<'q>,
    pub(crate) action: &'q str,
    /// Absent in trust policies, where the resource is the role itself.
    pub(crate) resource: Option<&'q str>,
    /// Condition keys and their values.
    pub(crate) context: &'q [(&'q str, &'q str)],
}

/// Does the policy allow it?
pub(crate) fn allows(policy: &str, question: &Question<'_>) -> bool {
    verdict(policy, question) == Verdict::Allowed
}

/// What does the policy say?
pub(crate) fn verdict(policy: &str, question: &Question<'_>) -> Verdict {
    let policy: Value = serde_json::from_str(policy).unwrap_or_default();
    let statements: Vec<&Value> = match &policy["Statement"] {
        Value::Array(list) => list.iter().collect(),
        one @ Value::Object(_) => vec![one],
        _ => Vec::new(),
    };
    let speaks = |effect: &str| {
        statements.iter().any(|s| s["Effect"].as_str() == Some(effect) && applies(s, question))
    };
    match (speaks("Deny"), speaks("Allow")) {
        (true, _) => Verdict::Denied,
        (false, true) => Verdict::Allowed,
        (false, false) => Verdict::Silent,
    }
}

/// A role or user that a policy names as principal and that is not there, or not yet as far as other services know. Of
/// accounts that airplane has never seen nothing is known, so whoever they have is believed.
pub(crate) fn unknown_principal(scope: &mut Scope<'_>, policy: &str) -> Option<String> {
    let policy: Value = serde_json::from_str(policy).unwrap_or_default();
    let statements: Vec<&Value> = match &policy["Statement"] {
        Value::Array(list) => list.iter().collect(),
        one => vec![one],
    };
    let named = statements.into_iter().flat_map(|statement| {
        ["Principal", "NotPrincipal"].into_iter().flat_map(|field| texts(&statement[field]["AWS"]))
    });
    named.map(str::to_owned).find(|arn| !is_principal(scope, arn))
}

/// Does an ARN name a principal that is there? What is no role or user is not looked at.
pub(crate) fn is_principal(scope: &mut Scope<'_>, arn: &str) -> bool {
    let Some((account, resource)) =
        arn.strip_prefix("arn:aws:iam::").and_then(|rest| rest.split_once(':'))
    else {
        return true;
    };
    if !scope.world.accounts.contains_key(account) {
        return true;
    }
    let now = scope.now();
    let iam = &scope.world.account(account).global.iam;
    let name = |path: &str| path.rsplit('/').next().unwrap_or_default().to_owned();
    if let Some(path) = resource.strip_prefix("role/") {
        let row = iam.roles.row(&name(path));
        return row.is_some_and(|row| {
            row.value.arn == arn && row.created + timing::IAM_PROPAGATION <= now
        });
    }
    match resource.strip_prefix("user/") {
        Some(path) => iam.users.contains(&name(path)),
        None => true,
    }
}

fn applies(statement: &Value, question: &Question<'_>) -> bool {
    let action = question.action.to_ascii_lowercase();
    let is_action = |pattern: &str| glob(&pattern.to_ascii_lowercase(), &action);
    let actions = has(statement, "Action", "NotAction", is_action);
    let principal = has_principal(statement, question.principal);
    let resource = question
        .resource
        .is_none_or(|resource| has(statement, "Resource", "NotResource", |p| glob(p, resource)));
    actions && principal && resource && conditions(&statement["Condition"], question.context)
}

fn has(statement: &Value, field: &str, not: &str, is_meant: impl Fn(&str) -> bool) -> bool {
    match (&statement[field], &statement[not]) {
        (Value::Null, Value::Null) => false,
        (Value::Null, others) => !texts(others).into_iter().any(is_meant),
        (these, _) => texts(these).into_iter().any(is_meant),
    }
}

fn has_principal(statement: &Value, principal: Principal<'_>) -> bool {
    let among = |listed: &Value| match listed {
        Value::String(all) => all == "*",
        listed => match principal {
            Principal::Service(name) => texts(&listed["Service"]).contains(&name),
            Principal::Federated(arn) => texts(&listed["Federated"]).contains(&arn),
            Principal::Exactly(arn) => texts(&listed["AWS"]).contains(&arn),
            Principal::Caller { account, arn } => {
                texts(&listed["AWS"]).into_iter().any(|one| is_caller(one, account, arn))
            }
            Principal::Holder => false,
        },
    };
    match (&statement["Principal"], &statement["NotPrincipal"]) {
        (Value::Null, Value::Null) => matches!(principal, Principal::Holder),
        (Value::Null, others) => !among(others),
        (these, _) => among(these),
    }
}

// An account, in either form, stands for all its callers; a role for its sessions.
fn is_caller(listed: &str, account: &str, arn: &str) -> bool {
    let session = arn.split_once(":assumed-role/").and_then(|(_, rest)| rest.split('/').next());
    let role = listed
        .strip_prefix(&format!("arn:aws:iam::{account}:role/"))
        .map(|path| path.rsplit('/').next().unwrap_or(path));
    listed == "*"
        || listed == account
        || listed == format!("arn:aws:iam::{account}:root")
        || listed == arn
        || (role.is_some() && role == session)
}

fn conditions(block: &Value, context: &[(&str, &str)]) -> bool {
    block.as_object().into_iter().flatten().all(|(operator, keys)| {
        keys.as_object().into_iter().flatten().all(|(key, wanted)| {
            let found = context.iter().find(|(name, _)| name.eq_ignore_ascii_case(key));
            condition(operator, &texts(wanted), found.map(|(_, value)| *value))
        })
    })
}

fn condition(operator: &str, wanted: &[&str], found: Option<&str>) -> bool {
    let (operator, if_exists) = match operator.strip_suffix("IfExists") {
        Some(operator) => (operator, true),
        None => (operator, false),
    };
    let any = |test: fn(&str, &str) -> bool| match found {
        Some(found) => wanted.iter().any(|wanted| test(wanted, found)),
        None => if_exists,
    };
    let equals: fn(&str, &str) -> bool = |wanted, found| wanted == found;
    match operator {
        "StringEquals" => any(equals),
        "Bool" | "StringEqualsIgnoreCase" => {
            any(|wanted, found| wanted.eq_ignore_ascii_case(found))
        }
        "StringLike" | "ArnLike" | "ArnEquals" => any(glob),
        // A key that is not there differs from everything.
        "StringNotEquals" => found.is_none() || !any(equals),
        "StringNotLike" | "ArnNotLike" | "ArnNotEquals" => found.is_none() || !any(glob),
        _ => false,
    }
}

fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const QUEUE: &str = "arn:aws:sqs:us-east-1:111111111111:q";

    fn policy(statement: Value) -> String {
        json!({"Version": "2012-10-17", "Statement": [statement]}).to_string()
    }

    fn lets_events_in(statement: Value) -> bool {
        let question = Question {
            principal: Principal::Service("events.amazonaws.com"),
            action: "sqs:SendMessage",
            resource: Some(QUEUE),
            context: &[("aws:SourceArn", "arn:aws:events:us-east-1:111111111111:rule/r")],
        };
        allows(&policy(statement), &question)
    }

    #[test]
    fn a_statement_must_name_principal_action_resource_and_condition() {
        let good = json!({"Effect": "Allow", "Principal": {"Service": ["sqs.amazonaws.com", "events.amazonaws.com"]},
            "Action": "sqs:Send*", "Resource": QUEUE,
            "Condition": {"ArnEquals": {"aws:SourceArn": "arn:aws:events:*:rule/r"}}});
        assert!(lets_events_in(good.clone()));
        for (field, bad) in [
            ("Effect", json!("Deny")),
            ("Principal", json!({"AWS": "*"})),
            ("Action", json!("sqs:ReceiveMessage")),
            ("Resource", json!("arn:aws:sqs:us-east-1:111111111111:other")),
            ("Condition", json!({"ArnEquals": {"aws:SourceArn": "arn:aws:events:*:rule/s"}})),
            ("Condition", json!({"StringEquals": {"aws:SourceAccount": "111111111111"}})),
            ("Condition", json!({"NoSuchOperator": {"aws:SourceArn": "*"}})),
        ] {
            let mut statement = good.clone();
            statement[field] = bad;
            assert!(!lets_events_in(statement.clone()), "{statement}");
        }
        assert!(!allows(
            "not json",
            &Question {
                principal: Principal::Service("x"),
                action: "a:b",
                resource: None,
                context: &[],
            }
        ));
    }

    #[test]
    fn a_denial_wins() {
        let deny = json!({"Effect": "Deny", "Principal": "*", "Action": "*", "Resource": "*"});
        let allow = json!({"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"});
        let both = json!({"Statement": [allow, deny]}).to_string();
        let question = Question {
            principal: Principal::Caller {
                account: "111111111111",
                arn: "arn:aws:iam::111111111111:root",
            },
            action: "sqs:SendMessage",
            resource: Some(QUEUE),
            context: &[],
        };
        assert!(!allows(&both, &question));
    }

    #[test]
    fn an_account_stands_for_its_callers_and_a_role_for_its_sessions() {
        let session = "arn:aws:sts::111111111111:assumed-role/admin/me";
        for (listed, wanted) in [
            ("*", true),
            ("111111111111", true),
            ("arn:aws:iam::111111111111:root", true),
            ("arn:aws:iam::222222222222:root", false),
            ("arn:aws:iam::111111111111:role/path/admin", true),
            ("arn:aws:iam::111111111111:role/other", false),
            ("arn:aws:iam::222222222222:role/admin", false),
        ] {
            assert_eq!(is_caller(listed, "111111111111", session), wanted, "{listed}");
        }
    }
}

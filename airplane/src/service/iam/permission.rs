//! What resource policies allow: trust policies of roles and policies of queues. An explicit Deny wins; what is not
//! understood (an unknown condition operator or key) allows nothing.

use serde_json::Value;

/// Who asks.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Principal<'q> {
    /// A service of AWS, such as `events.amazonaws.com`.
    Service(&'q str),
    /// A caller: its account and its ARN as `GetCallerIdentity` says it.
    Caller { account: &'q str, arn: &'q str },
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
    let policy: Value = serde_json::from_str(policy).unwrap_or_default();
    let statements: Vec<&Value> = match &policy["Statement"] {
        Value::Array(list) => list.iter().collect(),
        one @ Value::Object(_) => vec![one],
        _ => Vec::new(),
    };
    let speaks = |effect: &str| {
        statements.iter().any(|s| s["Effect"].as_str() == Some(effect) && applies(s, question))
    };
    speaks("Allow") && !speaks("Deny")
}

fn applies(statement: &Value, question: &Question<'_>) -> bool {
    let action = question.action.to_ascii_lowercase();
    let is_action = |pattern: &str| fits(&pattern.to_ascii_lowercase(), &action);
    let actions = has(statement, "Action", "NotAction", is_action);
    let principal = has_principal(statement, question.principal);
    let resource = question
        .resource
        .is_none_or(|resource| has(statement, "Resource", "NotResource", |p| fits(p, resource)));
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
            Principal::Caller { account, arn } => {
                texts(&listed["AWS"]).into_iter().any(|one| is_caller(one, account, arn))
            }
        },
    };
    match (&statement["Principal"], &statement["NotPrincipal"]) {
        (Value::Null, Value::Null) => false,
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
        "StringEqualsIgnoreCase" => any(|wanted, found| wanted.eq_ignore_ascii_case(found)),
        "StringLike" | "ArnLike" | "ArnEquals" => any(fits),
        // A key that is not there differs from everything.
        "StringNotEquals" => found.is_none() || !any(equals),
        "StringNotLike" | "ArnNotLike" | "ArnNotEquals" => found.is_none() || !any(fits),
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

// `*` stands for any characters, `?` for one.
fn fits(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t, mut star) = (0, 0, None);
    while t < text.len() {
        if pattern.get(p) == Some(&'*') {
            star = Some((p, t));
            p += 1;
        } else if pattern.get(p).is_some_and(|c| *c == '?' || *c == text[t]) {
            (p, t) = (p + 1, t + 1);
        } else if let Some((at, from)) = star {
            star = Some((at, from + 1));
            (p, t) = (at + 1, from + 1);
        } else {
            return false;
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
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

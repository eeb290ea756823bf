//! Event patterns: every field that a pattern names must have one of the values that it lists.

use serde_json::Value;

/// Is it a pattern? Objects of lists, nested.
pub(super) fn is_pattern(pattern: &Value) -> bool {
    pattern.as_object().is_some_and(|fields| {
        !fields.is_empty()
            && fields.values().all(|value| match value {
                Value::Array(values) => !values.is_empty(),
                nested => is_pattern(nested),
            })
    })
}

/// Does the event match?
pub(super) fn matches(pattern: &Value, event: &Value) -> bool {
    let Some(fields) = pattern.as_object() else { return false };
    fields.iter().all(|(name, wanted)| match wanted {
        Value::Array(wanted) => any(wanted, event.get(name)),
        nested => event.get(name).is_some_and(|inner| matches(nested, inner)),
    })
}

fn any(wanted: &[Value], found: Option<&Value>) -> bool {
    match found {
        Some(Value::Array(items)) => {
            items.iter().any(|item| wanted.iter().any(|one| fits(one, Some(item))))
        }
        found => wanted.iter().any(|one| fits(one, found)),
    }
}

fn fits(wanted: &Value, found: Option<&Value>) -> bool {
    let Some(rule) = wanted.as_object() else { return found == Some(wanted) };
    let text = found.and_then(Value::as_str);
    rule.iter().all(|(kind, value)| match (kind.as_str(), value) {
        ("exists", Value::Bool(wanted)) => found.is_some() == *wanted,
        ("prefix", Value::String(prefix)) => text.is_some_and(|text| text.starts_with(prefix)),
        ("suffix", Value::String(suffix)) => text.is_some_and(|text| text.ends_with(suffix)),
        ("equals-ignore-case", Value::String(wanted)) => {
            text.is_some_and(|text| text.eq_ignore_ascii_case(wanted))
        }
        ("anything-but", Value::Array(values)) => {
            found.is_some_and(|found| !values.contains(found))
        }
        ("anything-but", value) => found.is_some_and(|found| found != value),
        _ => false,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_pattern_lists_what_fields_may_be() {
        let event = json!({"source": "aws.ec2", "detail": {"state": "stopping", "n": 3}, "resources": ["a", "b"]});
        for (pattern, wanted) in [
            (json!({"source": ["aws.ec2", "aws.s3"]}), true),
            (json!({"source": ["aws.s3"]}), false),
            (json!({"detail": {"state": ["stopping"], "n": [3]}}), true),
            (json!({"detail": {"missing": ["x"]}}), false),
            (json!({"resources": ["b"]}), true),
            (json!({"source": [{"prefix": "aws."}]}), true),
            (json!({"source": [{"anything-but": ["aws.ec2"]}]}), false),
            (json!({"detail": {"missing": [{"exists": false}]}}), true),
        ] {
            assert_eq!(matches(&pattern, &event), wanted, "{pattern}");
        }
        assert!(!is_pattern(&json!({"source": "aws.ec2"})));
        assert!(!is_pattern(&json!({})));
    }
}

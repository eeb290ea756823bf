//! Policy documents: what IAM refuses, and how it writes them in answers.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::wire::fault::Fault;

/// RFC 3986: all but the unreserved characters.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// As IAM answers with documents.
pub(super) fn encoded(document: &str) -> String {
    utf8_percent_encode(document, RESERVED).to_string()
}

/// The size that IAM counts: characters, white space aside.
pub(super) fn size(document: &str) -> usize {
    document.chars().filter(|c| !c.is_whitespace()).count()
}

/// Whose policy it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Says who may assume a role: principals, no resources.
    Trust,
    /// Says what may be done: resources, no principals.
    Identity,
}

fn malformed(message: impl Into<String>) -> Fault {
    Fault::new("MalformedPolicyDocument", message)
}

/// Refuses what IAM's grammar does not allow.
pub(super) fn check(document: &str, kind: Kind) -> Result<(), Fault> {
    let parsed: Value =
        serde_json::from_str(document).map_err(|_| malformed("Syntax errors in policy."))?;
    let Some(policy) = parsed.as_object() else {
        return Err(malformed("Syntax errors in policy."));
    };
    let known = ["Version", "Id", "Statement"];
    if policy.keys().any(|key| !known.contains(&key.as_str())) {
        return Err(malformed("Syntax errors in policy."));
    }
    if let Some(version) = policy.get("Version")
        && !matches!(version.as_str(), Some("2012-10-17" | "2008-10-17"))
    {
        return Err(malformed("The policy must contain a valid version string"));
    }
    let statements = match policy.get("Statement") {
        Some(Value::Array(statements)) if !statements.is_empty() => statements.clone(),
        Some(statement @ Value::Object(_)) => vec![statement.clone()],
        _ => return Err(malformed("Syntax errors in policy.")),
    };
    let mut sids = std::collections::BTreeSet::new();
    for statement in &statements {
        self::statement(statement, kind)?;
        if let Some(sid) = statement["Sid"].as_str()
            && !sid.is_empty()
            && !sids.insert(sid)
        {
            return Err(malformed("Statement IDs (SID) in a single policy must be unique."));
        }
    }
    Ok(())
}

fn statement(statement: &Value, kind: Kind) -> Result<(), Fault> {
    let Some(statement) = statement.as_object() else {
        return Err(malformed("Syntax errors in policy."));
    };
    let has = |name: &str| statement.contains_key(name);
    if !matches!(statement.get("Effect").and_then(Value::as_str), Some("Allow" | "Deny")) {
        return Err(malformed("Invalid effect: The effect must be Allow or Deny."));
    }
    if has("Action") == has("NotAction") {
        return Err(malformed("Policy statement must contain actions."));
    }
    for action in texts(statement.get("Action").or_else(|| statement.get("NotAction"))) {
        if action != "*" && !action.contains(':') {
            let message =
                "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.";
            return Err(malformed(message));
        }
    }
    match kind {
        Kind::Trust if has("Resource") || has("NotResource") => {
            Err(malformed("Has prohibited field Resource"))
        }
        Kind::Trust if !has("Principal") && !has("NotPrincipal") => {
            Err(malformed("Missing required field Principal"))
        }
        Kind::Identity if has("Principal") || has("NotPrincipal") => {
            Err(malformed("Policy document should not specify a principal."))
        }
        Kind::Identity if has("Resource") == has("NotResource") => {
            Err(malformed("Policy statement must contain resources."))
        }
        Kind::Identity => resources(statement.get("Resource").or(statement.get("NotResource"))),
        Kind::Trust => Ok(()),
    }
}

fn resources(value: Option<&Value>) -> Result<(), Fault> {
    for resource in texts(value) {
        if resource != "*" && !resource.starts_with("arn:") && !resource.starts_with('*') {
            let message = format!("Resource {resource} must be in ARN format or \"*\".");
            return Err(malformed(message));
        }
    }
    Ok(())
}

fn texts(value: Option<&Value>) -> Vec<&str> {
    match value {
        Some(Value::String(text)) => vec![text],
        Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(document: &str, kind: Kind) -> Option<String> {
        check(document, kind).err().map(|fault| fault.code)
    }

    #[test]
    fn what_the_grammar_does_not_allow_is_refused() {
        let allow = |rest: &str| {
            format!(r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow",{rest}}}]}}"#)
        };
        let good = allow(r#""Action":"s3:GetObject","Resource":"arn:aws:s3:::b/*""#);
        assert_eq!(code(&good, Kind::Identity), None);
        let trust =
            allow(r#""Action":"sts:AssumeRole","Principal":{"Service":"ec2.amazonaws.com"}"#);
        assert_eq!(code(&trust, Kind::Trust), None);
        for (bad, kind) in [
            ("{", Kind::Identity),
            (r#"{"Statement":[]}"#, Kind::Identity),
            (&trust, Kind::Identity),
            (&good, Kind::Trust),
            (&allow(r#""Action":"getobject","Resource":"*""#), Kind::Identity),
            (&allow(r#""Action":"s3:GetObject","Resource":"bucket""#), Kind::Identity),
            (r#"{"Version":"2020-01-01","Statement":{"Effect":"Allow"}}"#, Kind::Identity),
        ] {
            assert_eq!(code(bad, kind).as_deref(), Some("MalformedPolicyDocument"), "{bad}");
        }
    }
}

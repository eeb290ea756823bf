//! Resource types of IAM, one per file, and what their calls have in common: tags, documents, names,
//! and waiting for what IAM has not spread yet.

pub(crate) mod instance_profile;
pub(crate) mod openid_connect_provider;
pub(crate) mod policy;
pub(crate) mod role;
pub(crate) mod role_facts;
pub(crate) mod role_policy;
pub(crate) mod role_policy_attachment;

use std::time::Duration;

use aws_sdk_iam::types::Tag;
use aws_smithy_types::date_time::{DateTime, Format};
use kprov_core::{Path, PathStep};

use crate::api::AwsError;
use crate::fields::{Fields, Problems};
use crate::tags::{OPERATION, Tags};

/// How long IAM may take to spread what was written.
pub(crate) const PROPAGATION: Duration = Duration::from_secs(2 * 60);

/// Tags as IAM takes them.
pub(crate) fn tags(tags: &Tags) -> Vec<Tag> {
    tags.iter()
        .filter_map(|(key, value)| Tag::builder().key(key).value(value).build().ok())
        .collect()
}

/// Tags as IAM gives them.
pub(crate) fn pairs(tags: &[Tag]) -> impl Iterator<Item = (&str, &str)> {
    tags.iter().map(|tag| (tag.key(), tag.value()))
}

/// Did the create with that token make what has these tags?
pub(crate) fn is_ours(tags: &[Tag], token: &str) -> bool {
    tags.iter().any(|tag| tag.key() == OPERATION && tag.value() == token)
}

/// A time as text.
pub(crate) fn time(time: &DateTime) -> String {
    time.fmt(Format::DateTime).unwrap_or_default()
}

/// A document of IAM's answers, which come percent-encoded.
pub(crate) fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let hex = |at: usize| {
        let digits = bytes.get(at..at + 2)?;
        u8::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    };
    let mut all = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        match (bytes[at], hex(at + 1)) {
            (b'%', Some(byte)) => {
                all.push(byte);
                at += 3;
            }
            (byte, _) => {
                all.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8(all).unwrap_or_else(|_| text.to_owned())
}

/// Is a principal (or another thing that a policy names) perhaps only not known everywhere yet?
pub(crate) fn may_spread(error: &AwsError) -> bool {
    let principal = error.is(&["MalformedPolicyDocument", "MalformedPolicyDocumentException"])
        && error.message.contains("nvalid principal");
    principal || error.is(&["NoSuchEntity", "NoSuchEntityException"])
}

/// Letters, digits and `+=,.@-_`, as in names of roles, policies and profiles.
pub(crate) fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || "+=,.@-_".contains(c)
}

/// What [`is_name`] allows, in words.
pub(crate) const NAME_WORDS: &str = "letters, digits and +=,.@-_";

/// Checks a path such as "/" or "/team/".
pub(crate) fn check_path(problems: &mut Problems, config: Fields<'_>) {
    if let Some(path) = config.text("path")
        && !(path.starts_with('/') && path.ends_with('/') && path.len() <= 512)
    {
        let message =
            format!("A path begins and ends with \"/\", such as \"/team/\", not {path:?}.");
        problems.add("path", "Invalid path", message);
    }
}

/// Checks that an attribute is a JSON document with braces around it.
pub(crate) fn check_document(problems: &mut Problems, config: Fields<'_>, name: &str) {
    if let Some(Err(why)) = config.text(name).map(document_problem) {
        problems.add(name, "Invalid JSON policy", why);
    }
}

/// Checks a document of a nested block.
pub(crate) fn check_nested_document(
    problems: &mut Problems,
    block: Fields<'_>,
    at: Path,
    name: &str,
) {
    if let Some(Err(why)) = block.text(name).map(document_problem) {
        problems.at(at.then(PathStep::Attribute(name.into())), "Invalid JSON policy", why);
    }
}

fn document_problem(text: &str) -> Result<(), String> {
    match serde_json::from_str::<serde_json::Value>(text) {
        Ok(json) if json.is_object() => Ok(()),
        Ok(_) => Err("A policy is a JSON object: { \"Version\": ..., \"Statement\": ... }.".into()),
        Err(_) if text.trim_start() != text => {
            Err("The document must begin with \"{\", without spaces before it.".into())
        }
        Err(error) => Err(format!(
            "Not JSON: {error}. Use jsonencode() or the data source aws_iam_policy_document."
        )),
    }
}

/// Checks an ARN's form.
pub(crate) fn check_arn(problems: &mut Problems, config: Fields<'_>, name: &str) {
    if let Some(text) = config.str(name)
        && !is_arn(text)
    {
        let message =
            format!("{text:?} is not an ARN such as \"arn:aws:iam::aws:policy/ReadOnly\".");
        problems.add(name, "Invalid ARN", message);
    }
}

/// `arn:PARTITION:SERVICE:REGION:ACCOUNT:RESOURCE`
pub(crate) fn is_arn(text: &str) -> bool {
    let parts: Vec<&str> = text.splitn(6, ':').collect();
    matches!(parts[..], ["arn", partition, service, _, account, resource]
        if !partition.is_empty()
            && !service.is_empty()
            && !resource.is_empty()
            && (account.is_empty() || account == "aws" || account == "aws-managed"
                || (account.len() == 12 && account.bytes().all(|b| b.is_ascii_digit()))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_come_percent_encoded() {
        assert_eq!(decoded("%7B%22a%22%3A%20%22%C3%A9%22%7D"), "{\"a\": \"é\"}");
        assert_eq!(decoded("{\"a\": \"50%\"}"), "{\"a\": \"50%\"}");
    }

    #[test]
    fn arns_are_told_from_other_texts() {
        assert!(is_arn("arn:aws:iam::aws:policy/ReadOnlyAccess"));
        assert!(is_arn("arn:aws-cn:iam::123456789012:role/a"));
        for bad in ["", "role", "arn:aws:iam", "arn:aws:iam::12:role/a", "arn:aws:iam::aws:"] {
            assert!(!is_arn(bad), "{bad}");
        }
    }

    #[test]
    fn a_document_is_an_object() {
        assert!(document_problem("{}").is_ok());
        for bad in ["", "[]", "{", "\"{}\""] {
            assert!(document_problem(bad).is_err(), "{bad}");
        }
    }
}

//! Tags of objects, and what tags of S3 may be.
use super::{s3, versions};
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};
use crate::wire::form;
use serde_json::{Value, json};
use std::collections::BTreeSet;

pub(crate) const ACTIONS: &[Action] =
    &[("PutObjectTagging", put), ("GetObjectTagging", get), ("DeleteObjectTagging", delete)];

fn check(tags: Vec<Value>, most: usize) -> Result<Vec<Value>, Fault> {
    let mut keys = BTreeSet::new();
    for tag in &tags {
        let (key, value) =
            (tag["Key"].as_str().unwrap_or_default(), tag["Value"].as_str().unwrap_or_default());
        let bad = |message: &str| Fault::new("InvalidTag", message).status(400);
        if key.is_empty() || key.chars().count() > 128 {
            return Err(bad("The TagKey you have provided is invalid"));
        }
        if value.chars().count() > 256 {
            return Err(bad("The TagValue you have provided is invalid"));
        }
        if key.starts_with("aws:") {
            return Err(bad("System tags cannot be added/updated by requester"));
        }
        if !keys.insert(key.to_owned()) {
            return Err(bad("Cannot provide multiple Tags with the same key"));
        }
    }
    if tags.len() > most {
        let what = if most == 10 { "Object" } else { "Bucket" };
        let message = format!("{what} tag count cannot be greater than {most}");
        return Err(Fault::new("BadRequest", message).status(400));
    }
    Ok(tags)
}

/// The tags of a call's `Tagging`.
pub(crate) fn given(call: &Call<'_>, most: usize) -> Result<Vec<Value>, Fault> {
    let set = call.get("Tagging").and_then(|t| t["TagSet"].as_array()).cloned();
    check(set.unwrap_or_default(), most)
}

/// The tags of the `x-amz-tagging` header.
pub(crate) fn of_header(call: &Call<'_>) -> Result<Vec<Value>, Fault> {
    let pairs = form::decode(&call.str("Tagging"));
    check(pairs.iter().map(|(k, v)| json!({"Key": k, "Value": v})).collect(), 10)
}

fn set(call: &mut Call<'_>, tags: Vec<Value>) -> Outcome {
    let (row, version) = versions::named(call)?;
    if let Some(kept) = s3(call).versions.get_mut(&row) {
        kept.tags = tags;
    }
    Ok(with_id(&version, json!({})))
}

fn with_id(version: &versions::Version, mut out: Value) -> Value {
    if version.id != "null" {
        out["VersionId"] = json!(version.id);
    }
    out
}

fn put(call: &mut Call<'_>) -> Outcome {
    let tags = given(call, 10)?;
    set(call, tags)
}

fn get(call: &mut Call<'_>) -> Outcome {
    let (_, version) = versions::named(call)?;
    let out = json!({ "TagSet": version.tags });
    Ok(with_id(&version, out))
}

fn delete(call: &mut Call<'_>) -> Outcome {
    set(call, Vec::new())
}

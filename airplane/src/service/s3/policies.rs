//! Bucket policies: who may do what with a bucket; refused where they are no policies of this bucket.
use super::buckets;
use crate::around::call::Call;
use crate::service::Action;
use crate::service::iam::permission::unknown_principal;
use crate::wire::fault::{Fault, Outcome};
use serde_json::{Value, json};

pub(crate) const ACTIONS: &[Action] = &[
    ("PutBucketPolicy", put),
    ("GetBucketPolicy", get),
    ("DeleteBucketPolicy", delete),
    ("GetBucketPolicyStatus", status),
];

fn malformed(message: &str) -> Fault {
    Fault::new("MalformedPolicy", message).status(400)
}

fn statements(policy: &Value) -> Vec<Value> {
    match &policy["Statement"] {
        Value::Array(list) => list.clone(),
        one @ Value::Object(_) => vec![one.clone()],
        _ => Vec::new(),
    }
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::Array(list) => list.iter().filter_map(|v| v.as_str().map(str::to_owned)).collect(),
        Value::String(one) => vec![one.clone()],
        _ => Vec::new(),
    }
}

fn check(text: &str, bucket: &str) -> Result<Value, Fault> {
    let policy: Value = serde_json::from_str(text)
        .ok()
        .filter(Value::is_object)
        .ok_or_else(|| malformed("Policies must be valid JSON and the first byte must be '{'"))?;
    let statements = statements(&policy);
    if statements.is_empty() {
        return Err(malformed("Missing required field Statement"));
    }
    if policy.get("Version").is_some_and(|v| v != "2012-10-17" && v != "2008-10-17") {
        return Err(malformed("The policy must contain a valid version string"));
    }
    for statement in &statements {
        if !matches!(statement["Effect"].as_str(), Some("Allow" | "Deny")) {
            return Err(malformed("Missing required field Effect"));
        }
        for (field, other) in
            [("Principal", "NotPrincipal"), ("Action", "NotAction"), ("Resource", "NotResource")]
        {
            if statement.get(field).or(statement.get(other)).is_none() {
                return Err(malformed(&format!("Missing required field {field}")));
            }
        }
        let whole = format!("arn:aws:s3:::{bucket}");
        let mine = |r: &String| *r == whole || r.starts_with(&format!("{whole}/"));
        if !texts(&statement["Resource"]).iter().all(mine) {
            return Err(malformed("Policy has invalid resource"));
        }
        let s3 = |a: &String| a == "*" || a.to_ascii_lowercase().starts_with("s3:");
        if !texts(&statement["Action"]).iter().all(s3) {
            return Err(malformed("Policy has invalid action"));
        }
    }
    Ok(policy)
}

// A policy is public that allows something to everybody without a condition.
fn is_public(policy: &Value) -> bool {
    statements(policy).iter().any(|s| {
        let everybody =
            s["Principal"] == "*" || texts(&s["Principal"]["AWS"]).iter().any(|p| p == "*");
        s["Effect"] == "Allow" && everybody && s.get("Condition").is_none()
    })
}

fn put(call: &mut Call<'_>) -> Outcome {
    let (bucket, text) = (buckets::named(call)?, call.str("Policy"));
    let policy = check(&text, &call.str("Bucket"))?;
    if unknown_principal(call, &text).is_some() {
        return Err(malformed("Invalid principal in policy"));
    }
    if is_public(&policy) && bucket.blocks("BlockPublicPolicy") {
        let message = format!(
            "User: {} is not authorized to perform: s3:PutBucketPolicy on resource: \"arn:aws:s3:::{}\" because public policies are blocked by the BlockPublicPolicy block public access setting.",
            call.caller.arn,
            call.str("Bucket")
        );
        return Err(Fault::new("AccessDenied", message).status(403));
    }
    buckets::change(call, |b| b.policy = Some(text))
}

fn kept(call: &mut Call<'_>) -> Result<String, Fault> {
    let name = call.str("Bucket");
    buckets::named(call)?.policy.ok_or_else(|| {
        Fault::new("NoSuchBucketPolicy", "The bucket policy does not exist")
            .status(404)
            .field("BucketName", name)
    })
}

fn get(call: &mut Call<'_>) -> Outcome {
    Ok(json!({ "Policy": kept(call)? }))
}

fn delete(call: &mut Call<'_>) -> Outcome {
    buckets::change(call, |b| b.policy = None)
}

fn status(call: &mut Call<'_>) -> Outcome {
    let policy: Value = serde_json::from_str(&kept(call)?).unwrap_or_default();
    Ok(json!({"PolicyStatus": {"IsPublic": is_public(&policy)}}))
}

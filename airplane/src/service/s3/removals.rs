//! Deleting objects: for good, or by a delete marker where versions are kept.
use super::buckets::{self, Bucket};
use super::s3;
use super::versions::{self, Version};
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};
use serde_json::{Value, json};

pub(crate) const ACTIONS: &[Action] = &[("DeleteObject", one), ("DeleteObjects", many)];

// The version that went or came, and whether it is a marker. What is not there is deleted already.
fn delete(
    call: &mut Call<'_>,
    bucket: &Bucket,
    key: &str,
    id: Option<&str>,
) -> (Option<String>, bool) {
    let name = call.str("Bucket");
    if let Some(id) = id {
        let marker = versions::remove(call, &name, key, id).is_some_and(|v| v.marker);
        return (Some(id.to_owned()), marker);
    }
    if bucket.versioning.is_none() {
        versions::remove(call, &name, key, "null");
        return (None, false);
    }
    let marker = Version { bucket: name, key: key.to_owned(), marker: true, ..Version::default() };
    (versions::add(call, bucket, marker), true)
}

fn one(call: &mut Call<'_>) -> Outcome {
    let (bucket, name, key) = (buckets::named(call)?, call.str("Bucket"), call.str("Key"));
    if let Some(wanted) = call.opt_str("IfMatch") {
        let current = versions::current(s3(call), &name, &key);
        let current = current.ok_or_else(|| versions::missing(&key))?;
        if wanted != "*" && wanted.trim_matches('"') != current.etag.trim_matches('"') {
            let message = "At least one of the pre-conditions you specified did not hold";
            return Err(Fault::new("PreconditionFailed", message).status(412));
        }
    }
    let asked = call.opt_str("VersionId");
    let (id, marker) = delete(call, &bucket, &key, asked.as_deref());
    let mut out = json!({});
    if let Some(id) = id {
        out["VersionId"] = json!(id);
    }
    if marker {
        out["DeleteMarker"] = json!(true);
    }
    Ok(out)
}

fn many(call: &mut Call<'_>) -> Outcome {
    let bucket = buckets::named(call)?;
    let request = call.get("Delete").cloned().unwrap_or_default();
    let objects = request["Objects"].as_array().cloned().unwrap_or_default();
    if objects.is_empty() || objects.len() > 1000 {
        let message = "The XML you provided was not well-formed or did not validate against our published schema";
        return Err(Fault::new("MalformedXML", message).status(400));
    }
    let mut deleted: Vec<Value> = Vec::new();
    for object in objects {
        let key = object["Key"].as_str().unwrap_or_default();
        let asked = object["VersionId"].as_str().filter(|id| !id.is_empty());
        let (id, marker) = delete(call, &bucket, key, asked);
        let mut line = json!({ "Key": key });
        if let Some(asked) = asked {
            line["VersionId"] = json!(asked);
        }
        if marker {
            line["DeleteMarker"] = json!(true);
            line["DeleteMarkerVersionId"] = json!(id);
        }
        deleted.push(line);
    }
    match request["Quiet"] == true {
        true => Ok(json!({})),
        false => Ok(json!({ "Deleted": deleted })),
    }
}

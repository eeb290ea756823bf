//! Copies of objects, within a bucket or between two.
use super::buckets;
use super::{argument, object_tags, objects, s3, versions};
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};
use serde_json::json;

pub(crate) const ACTIONS: &[Action] = &[("CopyObject", copy)];

// Bucket, key and version of `/bucket/key?versionId=id`, which came encoded.
fn source(text: &str) -> Result<(String, String, Option<String>), Fault> {
    let (path, id) = match text.split_once("?versionId=") {
        Some((path, id)) => (path, Some(id.to_owned())),
        None => (text, None),
    };
    let path = percent_encoding::percent_decode_str(path).decode_utf8_lossy().into_owned();
    match path.trim_start_matches('/').split_once('/') {
        Some((bucket, key)) if !bucket.is_empty() && !key.is_empty() => {
            Ok((bucket.to_owned(), key.to_owned(), id))
        }
        _ => Err(argument(
            "Copy Source must mention the source bucket and key: sourcebucket/sourcekey",
        )),
    }
}

fn copy(call: &mut Call<'_>) -> Outcome {
    let (bucket, name, key) = (buckets::named(call)?, call.str("Bucket"), call.str("Key"));
    let (from, from_key, id) = source(&call.str("CopySource"))?;
    let origin = buckets::by_name(call, &from)?;
    let (_, old) = versions::find(s3(call), &from, &from_key, id.as_deref())?;
    objects::check_read(call, "CopySource", &old)?;
    objects::check_write(call, &name, &key)?;
    let replace = call.opt_str("MetadataDirective").as_deref() == Some("REPLACE");
    let changes = replace
        || id.is_some()
        || ["StorageClass", "ServerSideEncryption", "WebsiteRedirectLocation"]
            .iter()
            .any(|m| call.get(m).is_some());
    if from == name && from_key == key && !changes {
        let message = "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata, storage class, website redirect location or encryption attributes.";
        return Err(Fault::new("InvalidRequest", message).status(400));
    }
    let mut new = old.clone();
    new.bucket = name;
    new.key = key;
    new.grants = objects::grants(call, &bucket)?;
    if replace {
        let sums = objects::seals(&old);
        new.given = objects::headers(call);
        new.given.extend(sums);
        new.metadata = call.get("Metadata").cloned().unwrap_or_else(|| json!({}));
    }
    // Class and encryption are the copy's own, whatever the original has.
    for member in ["StorageClass", "ServerSideEncryption", "SSEKMSKeyId", "BucketKeyEnabled"] {
        new.given.shift_remove(member);
    }
    new.given.extend(objects::storage(call, &bucket));
    if call.opt_str("TaggingDirective").as_deref() == Some("REPLACE") {
        new.tags = object_tags::of_header(call)?;
    }
    let mut result = json!({"ETag": new.etag, "LastModified": call.now()});
    let mut out = json!({});
    for (member, value) in objects::seals(&new) {
        let part = if member.starts_with("Checksum") { &mut result } else { &mut out };
        part[member] = value;
    }
    out["CopyObjectResult"] = result;
    if origin.versioning.is_some() {
        out["CopySourceVersionId"] = json!(old.id);
    }
    if let Some(id) = versions::add(call, &bucket, new) {
        out["VersionId"] = json!(id);
    }
    Ok(out)
}

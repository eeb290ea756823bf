//! Objects: written and read, under conditions if the caller wants.
use super::buckets::{self, Bucket};
use super::versions::{self, Version};
use super::{acl, argument, config, object_tags, s3};
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest, Md5};
use serde_json::{Map, Value, json};

pub(crate) const ACTIONS: &[Action] = &[
    ("PutObject", put),
    ("GetObject", get),
    ("HeadObject", head),
    ("GetObjectAttributes", attributes),
    ("GetObjectLegalHold", no_lock),
    ("GetObjectRetention", no_lock),
];

/// Members that a write gives and a read gives back.
const HEADERS: [&str; 7] = [
    "CacheControl",
    "ContentDisposition",
    "ContentEncoding",
    "ContentLanguage",
    "ContentType",
    "Expires",
    "WebsiteRedirectLocation",
];
const CHECKSUMS: [&str; 10] = [
    "ChecksumCRC32",
    "ChecksumCRC32C",
    "ChecksumCRC64NVME",
    "ChecksumSHA1",
    "ChecksumSHA256",
    "ChecksumSHA512",
    "ChecksumMD5",
    "ChecksumXXHASH64",
    "ChecksumXXHASH3",
    "ChecksumXXHASH128",
];
const ENCRYPTION: [&str; 3] = ["ServerSideEncryption", "SSEKMSKeyId", "BucketKeyEnabled"];

/// The headers of a call, as the object will have them.
pub(crate) fn headers(call: &Call<'_>) -> Map<String, Value> {
    let mut out = Map::new();
    for name in HEADERS {
        if let Some(value) = call.get(name) {
            out.insert(name.to_owned(), value.clone());
        }
    }
    // `aws-chunked` is how the body came, not what it is.
    if let Some(Value::String(text)) = out.get("ContentEncoding") {
        let rest: Vec<&str> = text
            .split(',')
            .map(str::trim)
            .filter(|e| *e != "aws-chunked" && !e.is_empty())
            .collect();
        match rest.is_empty() {
            true => out.shift_remove("ContentEncoding"),
            false => out.insert("ContentEncoding".to_owned(), json!(rest.join(","))),
        };
    }
    out.entry("ContentType").or_insert_with(|| json!("binary/octet-stream"));
    out
}

/// Class and encryption that the call or else the bucket says.
pub(crate) fn storage(call: &Call<'_>, bucket: &Bucket) -> Map<String, Value> {
    let mut out = Map::new();
    if let Some(class) = call.opt_str("StorageClass") {
        out.insert("StorageClass".to_owned(), json!(class));
    }
    if call.get("ServerSideEncryption").is_some() {
        for name in ENCRYPTION {
            if let Some(value) = call.get(name) {
                out.insert(name.to_owned(), value.clone());
            }
        }
        return out;
    }
    let rules = config::encryption(bucket);
    let rule = &rules["Rules"][0];
    let default = &rule["ApplyServerSideEncryptionByDefault"];
    let algorithm = default["SSEAlgorithm"].as_str().unwrap_or("AES256").to_owned();
    if algorithm.starts_with("aws:kms") {
        out.insert("BucketKeyEnabled".to_owned(), rule["BucketKeyEnabled"].clone());
        if default["KMSMasterKeyID"].is_string() {
            out.insert("SSEKMSKeyId".to_owned(), default["KMSMasterKeyID"].clone());
        }
    }
    out.insert("ServerSideEncryption".to_owned(), json!(algorithm));
    out
}

fn failed(condition: &str) -> Fault {
    let message = "At least one of the pre-conditions you specified did not hold";
    Fault::new("PreconditionFailed", message).status(412).field("Condition", condition)
}

fn same(wanted: &str, etag: &str) -> bool {
    wanted
        .split(',')
        .any(|w| w.trim() == "*" || w.trim().trim_matches('"') == etag.trim_matches('"'))
}

/// Refuses a write whose conditions the current object does not meet.
pub(crate) fn check_write(call: &mut Call<'_>, bucket: &str, key: &str) -> Result<(), Fault> {
    let current = versions::current(s3(call), bucket, key);
    if let Some(wanted) = call.opt_str("IfNoneMatch") {
        if wanted != "*" {
            let message = "A header you provided implies functionality that is not implemented";
            return Err(Fault::new("NotImplemented", message).status(501));
        }
        if current.is_some() {
            return Err(failed("If-None-Match"));
        }
    }
    if let Some(wanted) = call.opt_str("IfMatch") {
        let current = current.ok_or_else(|| versions::missing(key))?;
        if !same(&wanted, &current.etag) {
            return Err(failed("If-Match"));
        }
    }
    Ok(())
}

/// Refuses an ACL that the bucket does not take, and gives the grants.
pub(crate) fn grants(call: &Call<'_>, bucket: &Bucket) -> Result<Value, Fault> {
    let canned = call.opt_str("ACL").unwrap_or_else(|| "private".to_owned());
    if call.get("ACL").is_some() && canned != "bucket-owner-full-control" {
        acl::check(bucket, &canned)?;
    }
    Ok(acl::canned(&canned, &call.account))
}

/// What an answer says about an object's encryption and checksums.
pub(crate) fn seals(version: &Version) -> Map<String, Value> {
    let named = |k: &String| ENCRYPTION.contains(&k.as_str()) || k.starts_with("Checksum");
    version.given.iter().filter(|(k, _)| named(k)).map(|(k, v)| (k.clone(), v.clone())).collect()
}

fn put(call: &mut Call<'_>) -> Outcome {
    let (bucket, name, key) = (buckets::named(call)?, call.str("Bucket"), call.str("Key"));
    if key.len() > 1024 {
        return Err(Fault::new("KeyTooLongError", "Your key is too long").status(400));
    }
    check_write(call, &name, &key)?;
    let body = call.str("Body");
    let bytes = STANDARD.decode(&body).unwrap_or_default();
    let digest = Md5::digest(&bytes);
    if let Some(wanted) = call.opt_str("ContentMD5") {
        let wanted = STANDARD.decode(wanted).ok().filter(|w| w.len() == 16).ok_or_else(|| {
            Fault::new("InvalidDigest", "The Content-MD5 you specified was invalid.").status(400)
        })?;
        if wanted[..] != digest[..] {
            let message = "The Content-MD5 you specified did not match what we received.";
            return Err(Fault::new("BadDigest", message).status(400));
        }
    }
    let mut given = headers(call);
    given.extend(storage(call, &bucket));
    for checksum in CHECKSUMS {
        if let Some(value) = call.get(checksum) {
            given.insert(checksum.to_owned(), value.clone());
            given.insert("ChecksumType".to_owned(), json!("FULL_OBJECT"));
        }
    }
    let hex: String = digest.iter().map(|b| format!("{b:02x}")).collect();
    let version = Version {
        bucket: name,
        key,
        body,
        size: bytes.len() as u64,
        etag: format!("\"{hex}\""),
        given,
        metadata: call.get("Metadata").cloned().unwrap_or_else(|| json!({})),
        tags: object_tags::of_header(call)?,
        grants: grants(call, &bucket)?,
        ..Version::default()
    };
    let mut out = seals(&version);
    out.insert("ETag".to_owned(), json!(version.etag));
    if let Some(id) = versions::add(call, &bucket, version) {
        out.insert("VersionId".to_owned(), json!(id));
    }
    Ok(Value::Object(out))
}

/// Refuses a read whose conditions the object does not meet. `prefix` is `CopySource` for copies.
pub(crate) fn check_read(call: &Call<'_>, prefix: &str, version: &Version) -> Result<(), Fault> {
    let text = |name: &str| call.opt_str(&format!("{prefix}{name}"));
    let time = |name: &str| call.opt_int(&format!("{prefix}{name}"));
    // HTTP's dates know no milliseconds.
    let at = version.at / 1000;
    let unmodified = match (text("IfNoneMatch"), time("IfModifiedSince")) {
        (Some(wanted), _) => same(&wanted, &version.etag),
        (None, Some(since)) => at <= since / 1000,
        _ => false,
    };
    match (text("IfMatch"), time("IfUnmodifiedSince")) {
        (Some(wanted), _) if !same(&wanted, &version.etag) => return Err(failed("If-Match")),
        (None, Some(since)) if at > since / 1000 => return Err(failed("If-Unmodified-Since")),
        _ => {}
    }
    match (unmodified, prefix.is_empty()) {
        (true, true) => Err(Fault::new("NotModified", "Not Modified").status(304)),
        (true, false) => Err(failed("x-amz-copy-source-If-None-Match")),
        _ => Ok(()),
    }
}

// First and last byte of `bytes=A-B`, `bytes=A-` or `bytes=-N`; what is no range is not looked at.
fn range(text: &str, size: u64) -> Result<Option<(u64, u64)>, Fault> {
    let Some((from, to)) = text.strip_prefix("bytes=").and_then(|r| r.split_once('-')) else {
        return Ok(None);
    };
    let (first, last) = match (from.parse::<u64>(), to.parse::<u64>()) {
        (Ok(first), Ok(last)) if first <= last => (first, last.min(size.saturating_sub(1))),
        (Ok(first), Err(_)) if to.is_empty() => (first, size.saturating_sub(1)),
        (Err(_), Ok(n)) if from.is_empty() && n > 0 => {
            (size.saturating_sub(n), size.saturating_sub(1))
        }
        _ => return Ok(None),
    };
    if first >= size {
        return Err(
            Fault::new("InvalidRange", "The requested range is not satisfiable").status(416)
        );
    }
    Ok(Some((first, last)))
}

fn read(call: &mut Call<'_>) -> Result<(Map<String, Value>, Version), Fault> {
    let bucket = buckets::named(call)?;
    let (_, version) = versions::named(call)?;
    check_read(call, "", &version)?;
    let mut out = version.given.clone();
    if version.storage_class() == "STANDARD" {
        out.shift_remove("StorageClass");
    }
    if call.opt_str("ChecksumMode").as_deref() != Some("ENABLED") {
        out.retain(|name, _| !name.starts_with("Checksum"));
    }
    out.insert("AcceptRanges".to_owned(), json!("bytes"));
    out.insert("ETag".to_owned(), json!(version.etag));
    out.insert("LastModified".to_owned(), json!(version.at));
    out.insert("ContentLength".to_owned(), json!(version.size));
    out.insert("Metadata".to_owned(), version.metadata.clone());
    if !version.tags.is_empty() {
        out.insert("TagCount".to_owned(), json!(version.tags.len()));
    }
    if bucket.versioning.is_some() {
        out.insert("VersionId".to_owned(), json!(version.id));
    }
    Ok((out, version))
}

fn get(call: &mut Call<'_>) -> Outcome {
    let (mut out, version) = read(call)?;
    for (member, name) in [
        ("ResponseCacheControl", "CacheControl"),
        ("ResponseContentDisposition", "ContentDisposition"),
        ("ResponseContentEncoding", "ContentEncoding"),
        ("ResponseContentLanguage", "ContentLanguage"),
        ("ResponseContentType", "ContentType"),
    ] {
        if let Some(value) = call.opt_str(member) {
            out.insert(name.to_owned(), json!(value));
        }
    }
    let Some((first, last)) = part(call, &mut out, &version)? else {
        out.insert("Body".to_owned(), json!(version.body));
        return Ok(Value::Object(out));
    };
    let bytes = STANDARD.decode(&version.body).unwrap_or_default();
    let span = usize::try_from(first).unwrap_or(0)..=usize::try_from(last).unwrap_or(0);
    out.insert("Body".to_owned(), json!(STANDARD.encode(bytes.get(span).unwrap_or_default())));
    Ok(Value::Object(out))
}

// The part that a call asks for, if it asks for one; the answer then speaks of the part.
fn part(
    call: &Call<'_>,
    out: &mut Map<String, Value>,
    version: &Version,
) -> Result<Option<(u64, u64)>, Fault> {
    let Some(text) = call.opt_str("Range") else { return Ok(None) };
    let Some((first, last)) = range(&text, version.size)? else { return Ok(None) };
    out.insert("ContentLength".to_owned(), json!(last - first + 1));
    out.insert("ContentRange".to_owned(), json!(format!("bytes {first}-{last}/{}", version.size)));
    out.retain(|name, _| !name.starts_with("Checksum"));
    Ok(Some((first, last)))
}

fn head(call: &mut Call<'_>) -> Outcome {
    let (mut out, version) = read(call)?;
    part(call, &mut out, &version)?;
    Ok(Value::Object(out))
}

fn attributes(call: &mut Call<'_>) -> Outcome {
    let bucket = buckets::named(call)?;
    let (_, version) = versions::named(call)?;
    // The header holds one list with commas.
    let wanted = call.strings("ObjectAttributes").join(",") + &call.str("ObjectAttributes");
    if wanted.is_empty() {
        return Err(argument("The x-amz-object-attributes header is missing"));
    }
    let mut out = json!({"LastModified": version.at});
    if bucket.versioning.is_some() {
        out["VersionId"] = json!(version.id);
    }
    for name in wanted.split(',').map(str::trim) {
        match name {
            "ETag" => out["ETag"] = json!(version.etag.trim_matches('"')),
            "ObjectSize" => out["ObjectSize"] = json!(version.size),
            "StorageClass" => out["StorageClass"] = json!(version.storage_class()),
            "Checksum" => {
                let mut sums = seals(&version);
                sums.retain(|k, _| k.starts_with("Checksum"));
                if !sums.is_empty() {
                    out["Checksum"] = Value::Object(sums);
                }
            }
            _ => {}
        }
    }
    Ok(out)
}

fn no_lock(call: &mut Call<'_>) -> Outcome {
    let bucket = buckets::named(call)?;
    versions::named(call)?;
    if !bucket.object_lock {
        let message = "Bucket is missing Object Lock Configuration";
        return Err(Fault::new("InvalidRequest", message).status(400));
    }
    let message = "The specified object does not have a ObjectLock configuration";
    Err(Fault::new("NoSuchObjectLockConfiguration", message).status(404))
}

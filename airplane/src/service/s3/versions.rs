//! Versions of objects: how they are found by key and id, and how new ones come.
use super::buckets::{self, Bucket};
use super::{State, s3};
use crate::around::call::Call;
use crate::wire::fault::Fault;
use crate::world::Millis;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// A version of an object, or the mark that it was deleted.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Version {
    pub(crate) bucket: String,
    pub(crate) key: String,
    /// `null` where the bucket is not versioned.
    pub(crate) id: String,
    pub(crate) marker: bool,
    pub(crate) at: Millis,
    /// In base64.
    pub(crate) body: String,
    pub(crate) size: u64,
    /// With its quotes.
    pub(crate) etag: String,
    /// What a read gives back, by member: content type, checksums, storage class, encryption.
    pub(crate) given: Map<String, Value>,
    pub(crate) metadata: Value,
    pub(crate) tags: Vec<Value>,
    pub(crate) grants: Value,
}

impl Version {
    /// Its class, which answers leave out where it is the standard one.
    pub(crate) fn storage_class(&self) -> &str {
        self.given.get("StorageClass").and_then(Value::as_str).unwrap_or("STANDARD")
    }
}

fn row(bucket: &str, key: &str, id: &str) -> String {
    format!("{bucket}/{key}\n{id}")
}

/// The versions in a bucket, as they came.
pub(crate) fn of_bucket<'a>(
    state: &'a State,
    bucket: &'a str,
) -> impl DoubleEndedIterator<Item = (&'a str, &'a Version)> {
    state.versions.iter().filter(move |(_, v)| v.bucket == bucket)
}

/// The newest version of a key, be it a delete marker.
pub(crate) fn newest<'a>(
    state: &'a State,
    bucket: &'a str,
    key: &str,
) -> Option<(&'a str, &'a Version)> {
    of_bucket(state, bucket).rfind(|(_, v)| v.key == key)
}

/// The object that a key has now.
pub(crate) fn current(state: &State, bucket: &str, key: &str) -> Option<Version> {
    newest(state, bucket, key).filter(|(_, v)| !v.marker).map(|(_, v)| v.clone())
}

/// The error for a key that nothing has.
pub(crate) fn missing(key: &str) -> Fault {
    Fault::new("NoSuchKey", "The specified key does not exist.").status(404).field("Key", key)
}

/// A version by bucket, key and perhaps id, with its row.
pub(crate) fn find(
    state: &State,
    bucket: &str,
    key: &str,
    id: Option<&str>,
) -> Result<(String, Version), Fault> {
    let Some(id) = id else {
        let found = newest(state, bucket, key).filter(|(_, v)| !v.marker);
        return found.map(|(r, v)| (r.to_owned(), v.clone())).ok_or_else(|| missing(key));
    };
    let row = row(bucket, key, id);
    match state.versions.get(&row) {
        None => Err(Fault::new("NoSuchVersion", "The specified version does not exist.")
            .status(404)
            .field("Key", key)
            .field("VersionId", id)),
        Some(v) if v.marker => {
            let message = "The specified method is not allowed against this resource.";
            Err(Fault::new("MethodNotAllowed", message).status(405))
        }
        Some(v) => Ok((row, v.clone())),
    }
}

/// The version that a call names.
pub(crate) fn named(call: &mut Call<'_>) -> Result<(String, Version), Fault> {
    buckets::named(call)?;
    let (bucket, key, id) = (call.str("Bucket"), call.str("Key"), call.opt_str("VersionId"));
    find(s3(call), &bucket, &key, id.as_deref())
}

/// Adds the newest version of a key and gives its id, if the bucket has or had versions.
pub(crate) fn add(call: &mut Call<'_>, bucket: &Bucket, mut version: Version) -> Option<String> {
    let enabled = bucket.versioning.as_deref() == Some("Enabled");
    version.id = if enabled { call.world.ids.base32(32) } else { "null".to_owned() };
    let now = call.now();
    version.at = now;
    let (row, id) = (row(&version.bucket, &version.key, &version.id), version.id.clone());
    let state = s3(call);
    // The one version without an id is replaced, and becomes the newest.
    state.versions.remove(&row);
    state.versions.insert(&row, version, now, now);
    bucket.versioning.is_some().then_some(id)
}

/// Takes a version away for good.
pub(crate) fn remove(call: &mut Call<'_>, bucket: &str, key: &str, id: &str) -> Option<Version> {
    s3(call).versions.remove(&row(bucket, key, id))
}

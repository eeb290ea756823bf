//! Listings: keys in order, rolled up at a delimiter, in pages. They page here, since their pages hold two lists.
use super::buckets;
use super::versions::{self, Version};
use super::{acl, argument, s3};
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};

pub(crate) const ACTIONS: &[Action] =
    &[("ListObjectsV2", list_v2), ("ListObjects", list_v1), ("ListObjectVersions", list_versions)];

const KEPT: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'/').remove(b'*');

/// What a listing asks for.
struct Query {
    prefix: String,
    delimiter: String,
    most: usize,
    encoded: bool,
}

/// A page: whole versions and rolled-up prefixes, and the entry that it ended with if there is more.
#[derive(Default)]
struct Page {
    versions: Vec<(Version, bool)>,
    prefixes: Vec<String>,
    last: Option<(String, String)>,
}

impl Query {
    fn of(call: &Call<'_>) -> Result<Query, Fault> {
        let most = call.opt_int("MaxKeys").unwrap_or(1000);
        let most = usize::try_from(most).map_err(|_| {
            argument("Argument maxKeys must be an integer between 0 and 2147483647")
        })?;
        let encoded = match call.opt_str("EncodingType").as_deref() {
            Some("url") => true,
            None => false,
            Some(_) => return Err(argument("Invalid Encoding Method specified in Request")),
        };
        Ok(Query {
            prefix: call.str("Prefix"),
            delimiter: call.str("Delimiter"),
            most: most.min(1000),
            encoded,
        })
    }

    fn text(&self, text: &str) -> String {
        if self.encoded { utf8_percent_encode(text, KEPT).to_string() } else { text.to_owned() }
    }

    // The prefix that a key is rolled up in.
    fn rolled(&self, key: &str) -> Option<String> {
        if self.delimiter.is_empty() {
            return None;
        }
        let rest = key.strip_prefix(&self.prefix)?;
        let end = rest.find(&self.delimiter)? + self.delimiter.len();
        Some(format!("{}{}", self.prefix, &rest[..end]))
    }

    // Was this key on a page that ended with `after`, be it as part of a rolled-up prefix?
    fn is_past(&self, key: &str, after: &str) -> bool {
        key > after && self.rolled(key).is_none_or(|p| p != after)
    }

    fn page(&self, all: impl Iterator<Item = (Version, bool)>) -> Page {
        let mut page = Page::default();
        let mut last = (String::new(), String::new());
        for (version, latest) in all {
            let rolled = self.rolled(&version.key);
            if rolled.is_some() && rolled.as_ref() == page.prefixes.last() {
                continue;
            }
            if page.versions.len() + page.prefixes.len() >= self.most {
                // Nobody can go on from a page of nothing.
                page.last = (self.most > 0).then_some(last);
                return page;
            }
            match rolled {
                Some(prefix) => {
                    last = (prefix.clone(), String::new());
                    page.prefixes.push(prefix);
                }
                None => {
                    last = (version.key.clone(), version.id.clone());
                    page.versions.push((version, latest));
                }
            }
        }
        page
    }

    fn answer(&self, call: &Call<'_>, page: &Page) -> Value {
        let prefixes: Vec<Value> =
            page.prefixes.iter().map(|p| json!({ "Prefix": self.text(p) })).collect();
        let mut out = json!({
            "Name": call.str("Bucket"), "Prefix": self.text(&self.prefix), "MaxKeys": self.most,
            "IsTruncated": page.last.is_some(), "CommonPrefixes": prefixes,
        });
        if !self.delimiter.is_empty() {
            out["Delimiter"] = json!(self.text(&self.delimiter));
        }
        if self.encoded {
            out["EncodingType"] = json!("url");
        }
        out
    }
}

fn entry(query: &Query, version: &Version, owner: Option<&Value>) -> Value {
    let mut out = json!({
        "Key": query.text(&version.key), "LastModified": version.at, "ETag": version.etag,
        "Size": version.size, "StorageClass": version.storage_class(),
    });
    let sums = version.given.keys().filter_map(|k| k.strip_prefix("Checksum"));
    let algorithms: Vec<&str> = sums.filter(|k| *k != "Type").collect();
    if !algorithms.is_empty() {
        out["ChecksumAlgorithm"] = json!(algorithms);
        out["ChecksumType"] = json!("FULL_OBJECT");
    }
    if let Some(owner) = owner {
        out["Owner"] = owner.clone();
    }
    out
}

// Every version of the bucket under the prefix, by key and the newest first, with whether it is the latest.
fn sorted(call: &mut Call<'_>, query: &Query) -> Vec<(Version, bool)> {
    let bucket = call.str("Bucket");
    let under = versions::of_bucket(s3(call), &bucket).rev();
    let mut all: Vec<Version> = under
        .filter(|(_, v)| v.key.starts_with(&query.prefix))
        .map(|(_, v)| Version { body: String::new(), ..v.clone() })
        .collect();
    all.sort_by(|a, b| a.key.cmp(&b.key));
    let mut out: Vec<(Version, bool)> = Vec::with_capacity(all.len());
    for version in all {
        let latest = out.last().is_none_or(|(v, _)| v.key != version.key);
        out.push((version, latest));
    }
    out
}

fn current(call: &mut Call<'_>, query: &Query, after: &str) -> Page {
    let all = sorted(call, query).into_iter();
    query.page(all.filter(|(v, latest)| *latest && !v.marker && query.is_past(&v.key, after)))
}

fn list_v2(call: &mut Call<'_>) -> Outcome {
    buckets::named(call)?;
    let query = Query::of(call)?;
    let (token, start) = (call.opt_str("ContinuationToken"), call.opt_str("StartAfter"));
    let after = match &token {
        Some(token) => URL_SAFE_NO_PAD
            .decode(token)
            .ok()
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .ok_or_else(|| argument("The continuation token provided is incorrect"))?,
        None => start.clone().unwrap_or_default(),
    };
    let page = current(call, &query, &after);
    let owner = acl::owner(&call.account);
    let owner = call.opt_bool("FetchOwner").unwrap_or(false).then_some(&owner);
    let contents: Vec<Value> = page.versions.iter().map(|(v, _)| entry(&query, v, owner)).collect();
    let mut out = query.answer(call, &page);
    out["KeyCount"] = json!(contents.len() + page.prefixes.len());
    out["Contents"] = json!(contents);
    if let Some(token) = token {
        out["ContinuationToken"] = json!(token);
    }
    if let Some(start) = start {
        out["StartAfter"] = json!(query.text(&start));
    }
    if let Some((last, _)) = &page.last {
        out["NextContinuationToken"] = json!(URL_SAFE_NO_PAD.encode(last));
    }
    Ok(out)
}

fn list_v1(call: &mut Call<'_>) -> Outcome {
    buckets::named(call)?;
    let query = Query::of(call)?;
    let marker = call.str("Marker");
    let page = current(call, &query, &marker);
    let owner = acl::owner(&call.account);
    let contents: Vec<Value> =
        page.versions.iter().map(|(v, _)| entry(&query, v, Some(&owner))).collect();
    let mut out = query.answer(call, &page);
    out["Contents"] = json!(contents);
    out["Marker"] = json!(query.text(&marker));
    // Without a delimiter the last key is marker enough.
    if let Some((last, _)) = page.last.as_ref().filter(|_| !query.delimiter.is_empty()) {
        out["NextMarker"] = json!(query.text(last));
    }
    Ok(out)
}

fn list_versions(call: &mut Call<'_>) -> Outcome {
    buckets::named(call)?;
    let query = Query::of(call)?;
    let (key, id) = (call.str("KeyMarker"), call.str("VersionIdMarker"));
    if key.is_empty() && !id.is_empty() {
        return Err(argument("A version-id marker cannot be specified without a key marker."));
    }
    let mut all = sorted(call, &query);
    match all.iter().position(|(v, _)| v.key == key && v.id == id) {
        Some(at) => {
            all.drain(..=at);
        }
        None => all.retain(|(v, _)| query.is_past(&v.key, &key)),
    }
    let page = query.page(all.into_iter());
    let owner = acl::owner(&call.account);
    let (mut list, mut markers) = (Vec::new(), Vec::new());
    for (version, latest) in &page.versions {
        if version.marker {
            markers.push(
                json!({"Key": query.text(&version.key), "VersionId": version.id, "IsLatest": latest,
                "LastModified": version.at, "Owner": owner}),
            );
        } else {
            let mut line = entry(&query, version, Some(&owner));
            line["VersionId"] = json!(version.id);
            line["IsLatest"] = json!(latest);
            list.push(line);
        }
    }
    let mut out = query.answer(call, &page);
    out["Versions"] = json!(list);
    out["DeleteMarkers"] = json!(markers);
    out["KeyMarker"] = json!(query.text(&key));
    out["VersionIdMarker"] = json!(id);
    if let Some((last, id)) = &page.last {
        out["NextKeyMarker"] = json!(query.text(last));
        if !id.is_empty() {
            out["NextVersionIdMarker"] = json!(id);
        }
    }
    Ok(out)
}

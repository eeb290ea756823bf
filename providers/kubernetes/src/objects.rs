//! Reading and removing objects of any kind: in bulk, and until they are gone.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures::StreamExt;
use futures::stream;
use http::Method;
use kprov_provider::{ErrorClass, ProviderError};
use serde_json::{Value as Json, json};

use crate::cluster::{Call, Cluster};
use crate::failure::ApiError;
use crate::kind::Kind;
use crate::pace::Pace;

/// From so many objects of a namespace on, all of it is listed.
const LIST_FROM: usize = 4;
const PAGE: usize = 500;
/// Single reads at a time.
const AT_ONCE: usize = 8;

/// Namespace (none for what has none) and name.
pub(crate) type Name = (Option<String>, String);

/// The annotation of an object that says which operation made it.
pub(crate) const MADE_BY: &str = "kprov.dev/operation";

pub(crate) fn borrowed(name: &Name) -> (Option<&str>, &str) {
    (name.0.as_deref(), &name.1)
}

/// The operation that made an object.
pub(crate) fn made_by(object: &Json) -> Option<&str> {
    object["metadata"]["annotations"][MADE_BY].as_str()
}

impl Cluster {
    /// One object; `None` where it is not there.
    pub(crate) async fn object(&self, kind: &Kind, name: &Name) -> Result<Option<Json>, ApiError> {
        let (namespace, name) = borrowed(name);
        match self.call(&Call::get(kind.object(namespace, name))).await {
            Ok(object) => Ok(Some(object)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// All objects of a kind in a namespace (all, where none is named), page by page.
    pub(crate) async fn list(
        &self,
        kind: &Kind,
        namespace: Option<&str>,
        selector: &str,
    ) -> Result<Vec<Json>, ApiError> {
        let mut all = Vec::new();
        let mut token = String::new();
        loop {
            let path = format!("{}?limit={PAGE}{selector}{token}", kind.path(namespace));
            let mut page = self.call(&Call::get(path)).await?;
            if let Some(items) = page["items"].as_array_mut() {
                for item in items.iter_mut() {
                    // Items of a list do not say it themselves.
                    item["apiVersion"] = json!(kind.api_version);
                    item["kind"] = json!(kind.kind);
                }
                all.append(items);
            }
            match page["metadata"]["continue"].as_str().filter(|token| !token.is_empty()) {
                Some(next) => token = format!("&continue={next}"),
                None => return Ok(all),
            }
        }
    }

    /// Many objects of one kind, with one list of a namespace where several of it are asked.
    pub(crate) async fn objects(
        &self,
        kind: &Kind,
        names: impl IntoIterator<Item = Name>,
    ) -> BTreeMap<Name, Result<Option<Json>, ApiError>> {
        let mut by_namespace = BTreeMap::<Option<String>, BTreeSet<String>>::new();
        for (namespace, name) in names {
            by_namespace.entry(namespace).or_default().insert(name);
        }
        let (mut found, mut single) = (BTreeMap::new(), Vec::new());
        for (namespace, names) in by_namespace {
            let mut listed = None;
            if names.len() >= LIST_FROM {
                // Who may not list may still get.
                listed = self.list(kind, namespace.as_deref(), "").await.ok();
            }
            let Some(listed) = listed else {
                single.extend(names.into_iter().map(|name| (namespace.clone(), name)));
                continue;
            };
            let mut listed: BTreeMap<String, Json> = listed
                .into_iter()
                .filter_map(|object| {
                    Some((object["metadata"]["name"].as_str()?.to_owned(), object))
                })
                .collect();
            for name in names {
                let object = listed.remove(&name);
                found.insert((namespace.clone(), name), Ok(object));
            }
        }
        let single = stream::iter(single).map(|name| async {
            let object = self.object(kind, &name).await;
            (name, object)
        });
        found.extend(single.buffer_unordered(AT_ONCE).collect::<Vec<_>>().await);
        found
    }

    /// Removes an object and waits until it is gone: finalizers, dependents and all. An object of the same name that
    /// is another one (`uid`) is left alone.
    pub(crate) async fn remove(
        &self,
        kind: &Kind,
        name: &Name,
        uid: Option<&str>,
        limit: Duration,
    ) -> Result<(), ProviderError> {
        let (namespace, own) = borrowed(name);
        let what = kind.named(namespace, own);
        let failed = |error: ApiError| error.plain(format!("Failed to delete {what}"));
        let mut options = json!({"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": propagation(kind)});
        if let Some(uid) = uid {
            options["preconditions"] = json!({"uid": uid});
        }
        let path = kind.object(namespace, own);
        let mut uid = uid.map(str::to_owned);
        match self.call(&Call::with(Method::DELETE, path, "application/json", options)).await {
            Ok(answer) => {
                let told = answer["metadata"]["uid"].as_str().or(answer["details"]["uid"].as_str());
                uid = uid.or(told.map(str::to_owned));
            }
            Err(error) if error.is_not_found() => return Ok(()),
            // Another object stands in its place.
            Err(error) if error.code == 409 && uid.is_some() => {
                let there = self.object(kind, name).await.map_err(failed)?;
                if there
                    .as_ref()
                    .is_none_or(|there| there["metadata"]["uid"].as_str() != uid.as_deref())
                {
                    return Ok(());
                }
                return Err(failed(error));
            }
            Err(error) => return Err(failed(error)),
        }
        let mut pace = Pace::looks(&self.host, limit);
        loop {
            let there = self.object(kind, name).await.map_err(failed)?;
            let Some(there) = there.filter(|there| is_one(there, uid.as_deref())) else {
                return Ok(());
            };
            if !pace.pause().await {
                return Err(ProviderError {
                    class: ErrorClass::Ambiguous,
                    summary: format!("{what} is still being deleted"),
                    message: format!("After {} s {}.", pace.spent().as_secs(), held_by(&there)),
                    attribute: None,
                });
            }
        }
    }
}

/// Is it the object of that uid, where one is known?
fn is_one(object: &Json, uid: Option<&str>) -> bool {
    uid.is_none_or(|uid| object["metadata"]["uid"] == uid)
}

/// Kinds whose objects own others wait for these; the rest need no garbage collector to go.
fn propagation(kind: &Kind) -> &'static str {
    let core = !kind.api_version.contains('/') && kind.kind != "ReplicationController";
    let alone = ["rbac.authorization.k8s.io/", "apiextensions.k8s.io/", "coordination.k8s.io/"];
    if core || alone.iter().any(|group| kind.api_version.starts_with(group)) {
        "Background"
    } else {
        "Foreground"
    }
}

/// Why an object does not go.
fn held_by(object: &Json) -> String {
    let texts = |list: &Json| -> Vec<String> {
        list.as_array()
            .into_iter()
            .flatten()
            .filter_map(|text| Some(text.as_str()?.to_owned()))
            .collect()
    };
    let mut reasons = Vec::new();
    let mut finalizers = texts(&object["metadata"]["finalizers"]);
    finalizers.extend(texts(&object["spec"]["finalizers"]));
    if !finalizers.is_empty() {
        reasons.push(format!("it has the finalizers {}", finalizers.join(", ")));
    }
    for condition in object["status"]["conditions"].as_array().into_iter().flatten() {
        let text = condition["message"].as_str().filter(|_| condition["status"] == "True");
        reasons.extend(text.map(str::to_owned));
    }
    if reasons.is_empty() { "it is still there".to_owned() } else { reasons.join("; ") }
}

//! [`Kind`]: a kind of object and its place in the API: known beforehand for the types that have schemas here, asked of
//! the server for manifests.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use kprov_provider::ErrorClass;
use serde_json::Value as Json;

use crate::cluster::{Call, Cluster};
use crate::failure::ApiError;
use crate::pace::Pace;

/// After a definition of a resource was made, the API serves its kind within so long.
const SERVED: Duration = Duration::from_secs(20);

/// A kind of object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Kind {
    /// `v1`, `apps/v1`
    pub(crate) api_version: String,
    /// `ConfigMap`
    pub(crate) kind: String,
    /// `configmaps`
    pub(crate) plural: String,
    pub(crate) namespaced: bool,
}

impl Kind {
    pub(crate) fn new(api_version: &str, kind: &str, plural: &str, namespaced: bool) -> Kind {
        Kind {
            api_version: api_version.into(),
            kind: kind.into(),
            plural: plural.into(),
            namespaced,
        }
    }

    /// Path of all objects: of a namespace, or of all namespaces.
    pub(crate) fn path(&self, namespace: Option<&str>) -> String {
        let root = root(&self.api_version);
        match namespace.filter(|_| self.namespaced) {
            Some(namespace) => format!("{root}/namespaces/{}/{}", escaped(namespace), self.plural),
            None => format!("{root}/{}", self.plural),
        }
    }

    /// Path of one object.
    pub(crate) fn object(&self, namespace: Option<&str>, name: &str) -> String {
        format!("{}/{}", self.path(namespace), escaped(name))
    }

    /// `ConfigMap "a/b"`, for messages.
    pub(crate) fn named(&self, namespace: Option<&str>, name: &str) -> String {
        match namespace.filter(|_| self.namespaced) {
            Some(namespace) => format!("{} \"{namespace}/{name}\"", self.kind),
            None => format!("{} \"{name}\"", self.kind),
        }
    }
}

fn root(api_version: &str) -> String {
    let prefix = if api_version.contains('/') { "apis" } else { "api" };
    format!("/{prefix}/{}", api_version.split('/').map(escaped).collect::<Vec<_>>().join("/"))
}

/// A part of a path; names of some kinds hold colons, which may stay.
fn escaped(part: &str) -> String {
    let mut text = String::with_capacity(part.len());
    for byte in part.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~:@".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}

impl Cluster {
    /// The kind of a manifest. One that is not served may be about to be, after its definition was made: `wait` says
    /// whether to give it time.
    pub(crate) async fn kind(
        &self,
        api_version: &str,
        kind: &str,
        wait: bool,
    ) -> Result<Kind, ApiError> {
        let limit = if wait { SERVED } else { Duration::ZERO };
        let mut pace = Pace::looks(&self.host, limit);
        loop {
            if let Some(found) = self.served(api_version, kind).await? {
                return Ok(found);
            }
            if !pace.pause().await {
                break;
            }
        }
        Err(ApiError {
            code: 404,
            ..ApiError::unanswered(
                ErrorClass::Rejected,
                format!(
                    "the cluster at {} serves no kind {kind:?} in apiVersion {api_version:?}. If a \
                     CustomResourceDefinition brings it, let this object depend on that.",
                    self.url
                ),
            )
        })
    }

    async fn served(&self, api_version: &str, kind: &str) -> Result<Option<Kind>, ApiError> {
        let cached = {
            let kinds = self.kinds.lock().unwrap_or_else(PoisonError::into_inner);
            kinds.get(api_version).cloned()
        };
        let find = |kinds: &[Kind]| kinds.iter().find(|known| known.kind == kind).cloned();
        if let Some(found) = cached.and_then(|kinds| find(&kinds)) {
            return Ok(Some(found));
        }
        let list = match self.call(&Call::get(root(api_version))).await {
            Ok(list) => list,
            Err(error) if error.is_not_found() => return Ok(None),
            Err(error) => return Err(error),
        };
        let all: Vec<Kind> = list["resources"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(read)
            .map(|(kind, plural, namespaced)| Kind::new(api_version, kind, plural, namespaced))
            .collect();
        let found = find(&all);
        let mut kinds = self.kinds.lock().unwrap_or_else(PoisonError::into_inner);
        kinds.insert(api_version.to_owned(), Arc::new(all));
        Ok(found)
    }
}

/// Kind, plural, namespaced; subresources (`pods/log`) are left out.
fn read(resource: &Json) -> Option<(&str, &str, bool)> {
    let plural = resource["name"].as_str().filter(|name| !name.contains('/'))?;
    Some((resource["kind"].as_str()?, plural, resource["namespaced"].as_bool()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths() {
        let kind = Kind::new("apps/v1", "Deployment", "deployments", true);
        assert_eq!(kind.object(Some("a"), "b"), "/apis/apps/v1/namespaces/a/deployments/b");
        assert_eq!(kind.path(None), "/apis/apps/v1/deployments");
        let role = Kind::new("rbac.authorization.k8s.io/v1", "ClusterRole", "clusterroles", false);
        let path = role.object(Some("ignored"), "system:x/../y");
        assert_eq!(path, "/apis/rbac.authorization.k8s.io/v1/clusterroles/system:x%2F..%2Fy");
        assert_eq!(Kind::new("v1", "Node", "nodes", false).path(None), "/api/v1/nodes");
    }
}

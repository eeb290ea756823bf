//! What has to be in the API before a worker can join: the bootstrap token, and who may ask for a node's certificate. Each
//! master applies it to its own API server, and all of them apply the same.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value as Json, json};

use super::master::Master;
use crate::certificates;
use crate::document::Runtime;
use crate::facts::https;
use crate::https::Client;
use crate::kubernetes::Api;
use crate::problem::Problem;
use crate::randomness;
use crate::secrets::{Tree, token_parts};

/// A name, a role and the group that gets it.
const BINDINGS: [(&str, &str, &str); 3] = [
    ("kprov:node-bootstrappers", "system:node-bootstrapper", "system:bootstrappers"),
    (
        "kprov:node-approval",
        "system:certificates.k8s.io:certificatesigningrequests:nodeclient",
        "system:bootstrappers",
    ),
    (
        "kprov:node-renewal",
        "system:certificates.k8s.io:certificatesigningrequests:selfnodeclient",
        "system:nodes",
    ),
];

fn objects(token: &str) -> Vec<(String, Json)> {
    let rbac = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings";
    let mut all: Vec<(String, Json)> = BINDINGS
        .iter()
        .map(|(name, role, group)| {
            let object = json!({
                "apiVersion": "rbac.authorization.k8s.io/v1",
                "kind": "ClusterRoleBinding",
                "metadata": {"name": name},
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role},
                "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": group}],
            });
            (format!("{rbac}/{name}"), object)
        })
        .collect();
    if let Some((id, secret)) = token_parts(token) {
        let name = format!("bootstrap-token-{id}");
        let object = json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "type": "bootstrap.kubernetes.io/token",
            "metadata": {"name": name, "namespace": "kube-system"},
            "stringData": {
                "token-id": id,
                "token-secret": secret,
                "usage-bootstrap-authentication": "true",
                "usage-bootstrap-signing": "true",
            },
        });
        all.push((format!("/api/v1/namespaces/kube-system/secrets/{name}"), object));
    }
    all
}

/// kwok looks at all nodes and their leases, which nodes may not. Where the masters' document says that nodes are kwok's, they may.
fn for_kwok() -> [(String, Json); 3] {
    let rbac = "/apis/rbac.authorization.k8s.io/v1/namespaces/kube-node-lease";
    let metadata = json!({"name": "kprov:kwok", "namespace": "kube-node-lease"});
    let role = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "Role",
        "metadata": metadata,
        "rules": [{"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": ["get", "list", "watch"]}],
    });
    let binding = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": metadata,
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "kprov:kwok"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "system:nodes"}],
    });
    let nodes = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "kprov:kwok"},
        // As kube-proxy does.
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "system:node-proxier"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "system:nodes"}],
    });
    [
        ("/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/kprov:kwok".to_owned(), nodes),
        (format!("{rbac}/roles/kprov:kwok"), role),
        (format!("{rbac}/rolebindings/kprov:kwok"), binding),
    ]
}

/// Applies all of it once the API server is ready, until it is done, and again when the tree changed.
pub(super) async fn ensure(master: &Master) {
    let mut told = None;
    let mut applied = None;
    loop {
        let tree = master.tree();
        if applied.as_ref() != Some(&tree) {
            master.begun.supervisor.ready("kube-apiserver").await;
            let trouble = once(master, &tree).await.err().map(|problem| problem.to_string());
            if trouble.is_none() {
                applied = Some(tree);
            }
            master.begun.board.trouble(&mut told, trouble);
        }
        tokio::time::sleep(Duration::from_secs(3)).await;
    }
}

async fn once(master: &Master, tree: &Tree) -> Result<(), Problem> {
    let failed = |error: &dyn std::fmt::Display| {
        Problem::new("Workers cannot join yet", format!("{error}."))
    };
    let api = own_api(master, tree)?;
    let mut all = objects(tree.get("bootstrap/token").unwrap_or_default());
    if master.begun.document.kubelet.runtime == Runtime::Kwok {
        all.extend(for_kwok());
    }
    for (path, object) in all {
        api.apply(&path, &object).await.map_err(|error| failed(&format!("{path}: {error}")))?;
    }
    Ok(())
}

/// This machine's own API server, by a certificate of minutes.
pub(super) fn own_api(master: &Master, tree: &Tree) -> Result<Api, Problem> {
    let begun = &master.begun;
    let client = client_of_master(tree)?;
    Ok(Api { client, url: https(begun.facts.reach, begun.document.api_server.port), token: None })
}

/// A client that asks the cluster's API servers as this master, by a certificate of minutes.
pub(super) fn client_of_master(tree: &Tree) -> Result<Client, Problem> {
    let (certificate, key) =
        certificates::admin(tree, Timestamp::now(), &mut randomness::generator()?)?;
    let bundle = tree.get("kubernetes-ca/bundle.pem").unwrap_or_default();
    Client::trusting(bundle.as_bytes(), Some((certificate.as_bytes(), key.as_bytes())))
        .map_err(|error| Problem::new("The cluster's API cannot be asked", format!("{error}.")))
}

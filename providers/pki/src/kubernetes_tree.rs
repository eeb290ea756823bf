//! The tree of a cluster: which text stands at which path, and who may read it. The layout is a contract with nodes
//! (docs/adr/0003-pki-nodes-and-masters.md).

use std::collections::BTreeMap;

use kprov_core::{Str, Type, Value};
use kprov_pki::{MASTER_PATHS, WORKER_PATHS, tree_hash};
use kprov_provider::{attribute, with_attributes};

use crate::fields::{self, text_or_unknown};
use crate::kubeconfig::Kubeconfig;
use crate::material::{Material, Ring};
use crate::{authority, encryption};

/// Authorities, the one of Kubernetes first.
pub(crate) const AUTHORITIES: [&str; 3] = ["kubernetes-ca", "etcd-ca", "front-proxy-ca"];
pub(crate) const SERVICE_ACCOUNT: &str = "service-account";
pub(crate) const ENCRYPTION: &str = "encryption";
pub(crate) const TOKEN: &str = "bootstrap";
/// Prefix of the administrator's results.
pub(crate) const ADMIN: &str = "admin_";

/// Who may read a path.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Readers {
    Masters,
    Nodes,
    All,
}

/// All paths with their texts; `None` while one is to be made.
fn tree(rings: &[Ring<'_>], material: &Material) -> Vec<(String, Readers, Option<String>)> {
    let mut tree = Vec::new();
    for ring in rings {
        let mut add = |leaf: &str, readers: Readers, text: Option<String>| {
            tree.push((format!("{}/{leaf}", ring.name), readers, text));
        };
        let primary = |part| material.part(ring.name, ring.steps.primary, part).map(str::to_owned);
        match ring.name {
            SERVICE_ACCOUNT => {
                let keys = material.joined(ring.name, &ring.steps.newest_first(), "pub");
                add("key.pem", Readers::Masters, primary("key"));
                add("keys.pub", Readers::All, keys);
            }
            ENCRYPTION => {
                let resources = encryption::RESOURCES.map(str::to_owned);
                let text = encryption::content(ring, material, "secretbox", &resources);
                add("config.yaml", Readers::Masters, text);
            }
            TOKEN => add("token", Readers::Nodes, primary("token")),
            _ => {
                let bundle = material.joined(ring.name, &ring.steps.trusted(), "cert");
                add("bundle.pem", Readers::All, bundle);
                add("cert.pem", Readers::All, primary("cert"));
                add("key.pem", Readers::Masters, primary("key"));
            }
        }
    }
    tree.sort_by(|(a, ..), (b, ..)| a.cmp(b));
    tree
}

/// The object with all results but the administrator's certificate, which it has already or which is unknown.
pub(crate) fn shown(object: &Value, rings: &[Ring<'_>], material: &Material) -> Value {
    let tree = tree(rings, material);
    let paths = |wanted: Readers| {
        let of = tree.iter().filter(|(_, readers, _)| *readers == wanted);
        Value::list(Type::String, of.map(|(path, ..)| Value::string(path.as_str())).collect())
    };
    let texts: BTreeMap<Str, Value> =
        tree.iter().map(|(path, _, text)| (path.into(), text_or_unknown(text.clone()))).collect();
    let at = |path: &str| texts.get(path).cloned().unwrap_or(Value::Null(Type::String));
    let hash = |paths: &[&str]| {
        text_or_unknown(tree_hash(paths, |path| texts.get(path).and_then(Value::as_str)))
    };
    let results = [
        ("master_tree_hash", hash(&MASTER_PATHS)),
        ("worker_tree_hash", hash(&WORKER_PATHS)),
        ("master_paths", paths(Readers::Masters)),
        ("worker_paths", paths(Readers::Nodes)),
        ("public_paths", paths(Readers::All)),
        ("ca_bundle_pem", at("kubernetes-ca/bundle.pem")),
        ("ca_certificate_pem", at("kubernetes-ca/cert.pem")),
        ("ca_private_key_pem", at("kubernetes-ca/key.pem")),
        ("bootstrap_token", at("bootstrap/token")),
        ("admin_kubeconfig", kubeconfig(object, &at("kubernetes-ca/bundle.pem"))),
        ("expires_at", text_or_unknown(expires(rings, material))),
        ("rotation", Value::string(rotation(rings))),
        ("tree", Value::map(Type::String, texts.into_iter().collect())),
    ];
    with_attributes(object, results.into_iter().chain(material.values(rings)))
}

/// The earliest end of a primary authority; `None` while one is to be made.
fn expires(rings: &[Ring<'_>], material: &Material) -> Option<String> {
    let authorities = rings.iter().filter(|ring| AUTHORITIES.contains(&ring.name));
    let ends: Option<Vec<String>> =
        authorities.map(|ring| authority::expires(ring, material, ring.steps.primary)).collect();
    // All are RFC 3339 of UTC in whole seconds: the order of the texts is that of the times.
    ends?.into_iter().min()
}

fn rotation(rings: &[Ring<'_>]) -> String {
    let of = |name: &str, label: &str| {
        let ring = rings.iter().find(|ring| ring.name == name);
        ring.map(|ring| format!("{label}: {}", ring.steps.describe())).unwrap_or_default()
    };
    [
        of(AUTHORITIES[0], "authorities"),
        of(SERVICE_ACCOUNT, "service account"),
        of(ENCRYPTION, "encryption"),
    ]
    .join(". ")
}

/// Null without an endpoint; unknown while a part of it is.
fn kubeconfig(object: &Value, ca_pem: &Value) -> Value {
    if attribute(object, "endpoint").is_null() {
        return Value::Null(Type::String);
    }
    let text = |name| fields::text(object, name);
    let kubeconfig = || {
        Some(Kubeconfig {
            server: text("endpoint")?,
            ca_pem: ca_pem.as_str()?,
            certificate_pem: text("admin_certificate_pem")?,
            key_pem: text("admin_private_key_pem")?,
            cluster: text("cluster_name")?,
            user: "kubernetes-admin",
            context: None,
            namespace: None,
            tls_server_name: None,
        })
    };
    text_or_unknown(kubeconfig().map(|it| it.text()))
}

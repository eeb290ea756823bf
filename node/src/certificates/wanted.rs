//! Which leaves a master has. Pure.

use kprov_pki::Usage::{self, Client, Server};

use super::Leaf;
use crate::document::Document;
use crate::facts::Facts;

const KUBERNETES: &str = "kubernetes-ca";
const ETCD: &str = "etcd-ca";

fn leaf(
    name: &'static str,
    authority: &'static str,
    common_name: &str,
    names: Vec<String>,
    usages: &[Usage],
) -> Leaf {
    let common_name = common_name.to_owned();
    Leaf { name, authority, common_name, organizations: Vec::new(), names, usages: usages.to_vec() }
}

fn client(name: &'static str, authority: &'static str, common_name: &str) -> Leaf {
    leaf(name, authority, common_name, Vec::new(), &[Client])
}

/// Names that every server of this machine has.
fn own_names(facts: &Facts) -> Vec<String> {
    let mut names =
        vec![facts.name.clone(), "localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    names.extend([facts.private, facts.reach].map(|address| address.to_string()));
    names
}

fn once(names: Vec<String>) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for name in names {
        if !all.contains(&name) {
            all.push(name);
        }
    }
    all
}

fn api_names(document: &Document, facts: &Facts) -> Vec<String> {
    let cluster = &document.cluster;
    let mut names: Vec<String> =
        ["kubernetes", "kubernetes.default", "kubernetes.default.svc"].map(str::to_owned).to_vec();
    names.push(format!("kubernetes.default.svc.{}", cluster.domain));
    names.push(cluster.endpoint_host.clone());
    names.extend(cluster.endpoint_names.clone());
    names.push(cluster.service_cidr.first_host().to_string());
    names.extend(own_names(facts));
    names
}

/// All leaves of a master.
pub(crate) fn of_master(document: &Document, facts: &Facts) -> Vec<Leaf> {
    let own = || once(own_names(facts));
    let serving = |service: &str| {
        let mut names = own_names(facts);
        names.push(format!("{service}.kube-system.svc"));
        once(names)
    };
    let mut kubelet_client =
        client("apiserver-kubelet-client", KUBERNETES, "kube-apiserver-kubelet-client");
    kubelet_client.organizations = vec!["system:masters".to_owned()];
    vec![
        // etcd's gateway is a client of its own server.
        leaf("etcd-server", ETCD, &facts.name, own(), &[Server, Client]),
        leaf("etcd-peer", ETCD, &facts.name, own(), &[Server, Client]),
        client("etcd-healthcheck", ETCD, "kube-etcd-healthcheck-client"),
        client("apiserver-etcd-client", ETCD, "kube-apiserver-etcd-client"),
        leaf(
            "apiserver",
            KUBERNETES,
            "kube-apiserver",
            once(api_names(document, facts)),
            &[Server],
        ),
        kubelet_client,
        client("front-proxy-client", "front-proxy-ca", "front-proxy-client"),
        client("controller-manager", KUBERNETES, "system:kube-controller-manager"),
        leaf(
            "controller-manager-server",
            KUBERNETES,
            "kube-controller-manager",
            serving("kube-controller-manager"),
            &[Server],
        ),
        client("scheduler", KUBERNETES, "system:kube-scheduler"),
        leaf(
            "scheduler-server",
            KUBERNETES,
            "kube-scheduler",
            serving("kube-scheduler"),
            &[Server],
        ),
    ]
}

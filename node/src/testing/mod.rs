//! A document, facts, a tree and a server for the tests of this crate.

mod server;

use crate::document::Document;
use crate::facts::Facts;

pub(crate) use crate::secrets::tests::tree;
pub(crate) use server::{Asked, Reply, Server};

pub(crate) const MASTER: &str = "\
apiVersion: kprov.dev/v1alpha1
kind: Node
role: master
cluster: {name: demo, endpoint: 'https://lb.example:6443', endpointNames: [203.0.113.7]}
identity: {from: static, name: a, address: 10.0.1.5}
peers: {from: static, members: [{name: a, address: 10.0.1.5}]}
secrets: {from: directory, path: /pki}
claims: {from: directory, path: /claims}
versions: {kubernetes: 1.36.3, etcd: 3.6.16}
binaries: {directory: /opt/bin}
directory: /var/lib/kprov
";

pub(crate) fn document() -> Document {
    Document::parse(MASTER).expect("the document of the tests is right")
}

pub(crate) fn facts() -> Facts {
    let (private, reach) = ("10.0.1.5".parse().unwrap(), "127.77.0.1".parse().unwrap());
    Facts { name: "a".into(), id: "a".into(), private, reach, zone: None }
}

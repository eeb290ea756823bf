//! Leaves are issued once, kept, and issued anew for a reason.

use jiff::{SignedDuration, Timestamp};
use kprov_pki::{Certificate, ExtendedUsage};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

use super::*;
use crate::document::Document;
use crate::facts::Facts;
use crate::layout::Layout;
use crate::testing;

fn now() -> Timestamp {
    "2026-11-27T00:00:00Z".parse().unwrap()
}

fn setting() -> (Document, Facts) {
    (testing::document(), testing::facts())
}

fn reasons(held: &[Held]) -> Vec<&str> {
    held.iter().filter_map(|held| held.issued.as_deref()).collect()
}

#[test]
fn the_api_servers_names_are_all_by_which_it_is_called() {
    let (document, facts) = setting();
    let leaves = of_master(&document, &facts);
    let api = leaves.iter().find(|leaf| leaf.name == "apiserver").unwrap();
    for name in [
        "kubernetes.default.svc.cluster.local",
        "lb.example",
        "10.96.0.1",
        "a",
        "10.0.1.5",
        "127.77.0.1",
        "::1",
    ] {
        assert!(api.names.iter().any(|own| own == name), "{name} in {:?}", api.names);
    }
    assert_eq!(leaves.len(), 11);
}

#[test]
fn leaves_are_kept_and_issued_anew_only_for_a_reason() {
    let dir = tempfile::tempdir().unwrap();
    let layout = Layout::new(dir.path());
    let (document, facts) = setting();
    let mut random = ChaCha20Rng::seed_from_u64(1);
    let mut leaves = of_master(&document, &facts);
    let tree = testing::tree(1);
    let mut go = |leaves: &[Leaf], tree: &crate::secrets::Tree, now| {
        ensure(leaves, tree, &facts.name, &layout, now, &mut random).unwrap()
    };
    assert_eq!(reasons(&go(&leaves, &tree, now())), ["it was not there"; 11]);
    assert_eq!(reasons(&go(&leaves, &tree, now())), [""; 0]);
    let certificate =
        Certificate::from_pem(&std::fs::read_to_string(layout.certificate("etcd-peer")).unwrap())
            .unwrap();
    certificate.check_name("127.77.0.1").unwrap();
    certificate.check_usage(&ExtendedUsage::Client).unwrap();
    leaves[4].names.push("new.example".into());
    assert_eq!(reasons(&go(&leaves, &tree, now())), ["its names changed"]);
    std::fs::copy(layout.key("scheduler"), layout.key("etcd-peer")).unwrap();
    assert_eq!(reasons(&go(&leaves, &tree, now())), ["certificate and key were not a pair"]);
    let later = now() + SignedDuration::from_hours(24 * 400);
    assert_eq!(reasons(&go(&leaves, &tree, later)), ["it was due"; 11]);
    assert_eq!(reasons(&go(&leaves, &testing::tree(2), later)), ["the authority changed"; 11]);
    use std::os::unix::fs::PermissionsExt;
    for file in std::fs::read_dir(layout.certificates()).unwrap() {
        assert_eq!(file.unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn a_leaf_without_the_load_balancers_name_is_issued_anew() {
    let dir = tempfile::tempdir().unwrap();
    let layout = Layout::new(dir.path());
    let (document, facts) = setting();
    let mut random = ChaCha20Rng::seed_from_u64(1);
    let tree = testing::tree(1);
    let mut go = |document: &Document| {
        let leaves = of_master(document, &facts);
        let held = ensure(&leaves, &tree, &facts.name, &layout, now(), &mut random).unwrap();
        check_served(document, &layout).map(|()| reasons(&held).len())
    };
    assert_eq!(go(&document), Ok(11));
    let mut moved = document.clone();
    moved.cluster.endpoint_host = "new.example".into();
    let said = check_served(&moved, &layout).unwrap_err().to_string();
    assert!(said.contains("new.example") && said.contains("lb.example"), "{said}");
    assert_eq!(go(&moved), Ok(1), "its names changed");
}

#[test]
fn a_certificate_that_the_document_gives_has_to_name_the_load_balancer() {
    let dir = tempfile::tempdir().unwrap();
    let layout = Layout::new(dir.path());
    let (mut document, facts) = setting();
    let leaves = of_master(&document, &facts);
    let mut random = ChaCha20Rng::seed_from_u64(1);
    ensure(&leaves, &testing::tree(1), &facts.name, &layout, now(), &mut random).unwrap();
    let own = layout.certificate("scheduler-server");
    document.api_server.flags.insert("tls-cert-file".into(), own.display().to_string());
    let said = check_served(&document, &layout).unwrap_err().to_string();
    for words in [&own.display().to_string(), "lb.example", "tls-cert-file", "does not name"] {
        assert!(said.contains(words), "{words} in {said}");
    }
    document.api_server.flags.insert("tls-cert-file".into(), "/nowhere/x.pem".into());
    let said = check_served(&document, &layout).unwrap_err().to_string();
    assert!(said.contains("/nowhere/x.pem"), "{said}");
}

//! Trees that can be trusted, and those that cannot.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use kprov_pki::{Authority, AuthorityRequest, DistinguishedName, KeyAlgorithm, PrivateKey};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

use super::place::current;
use super::*;
use crate::document::Role;
use crate::layout::Layout;

fn now() -> Timestamp {
    "2026-11-27T00:00:00Z".parse().unwrap()
}

/// A tree that can be trusted.
pub(crate) fn tree(seed: u64) -> Tree {
    let mut random = ChaCha20Rng::seed_from_u64(seed);
    let mut texts = BTreeMap::new();
    for name in check::AUTHORITIES {
        let request = AuthorityRequest::new(DistinguishedName::common(name), now());
        let authority = Authority::generate(&request, &mut random).unwrap();
        let certificate = authority.certificate().to_pem();
        texts.insert(format!("{name}/bundle.pem"), certificate.clone());
        texts.insert(format!("{name}/cert.pem"), certificate);
        texts.insert(format!("{name}/key.pem"), authority.key_pem().to_string());
    }
    let key = PrivateKey::generate(KeyAlgorithm::EcdsaP256, &mut random).unwrap();
    texts.insert("service-account/key.pem".into(), key.to_pkcs8_pem().to_string());
    texts.insert("service-account/keys.pub".into(), key.public_key().to_pem());
    texts.insert("encryption/config.yaml".into(), "kind: EncryptionConfiguration\n".into());
    texts.insert("bootstrap/token".into(), "abcdef.0123456789abcdef\n".into());
    Tree(texts)
}

fn refused(path: &str, text: &str) -> String {
    let mut tree = tree(1);
    assert!(tree.0.insert(path.to_owned(), text.to_owned()).is_some());
    check(&tree, Role::Master, now()).expect_err("it is wrong").to_string()
}

#[test]
fn a_whole_tree_is_trusted() {
    check(&tree(1), Role::Master, now()).unwrap();
    check(&tree(1), Role::Worker, now()).unwrap();
}

#[test]
fn foreign_expired_and_mismatched_are_named_plainly() {
    let other = tree(2);
    let say = |path: &str, words: &str| {
        let said = refused(path, other.get(path).unwrap());
        let authority = path.split('/').next().unwrap();
        assert!(said.contains(authority) && said.contains(words), "{said}");
    };
    say("etcd-ca/key.pem", "key");
    say("etcd-ca/bundle.pem", "nobody would trust");
    say("service-account/keys.pub", "no token would be accepted");
    let late = now() + SignedDuration::from_hours(24 * 365 * 20);
    let said = check(&tree(1), Role::Master, late).unwrap_err().to_string();
    assert!(said.contains("kubernetes-ca/bundle.pem"), "{said}");
    assert!(refused("bootstrap/token", "short").contains("6 characters"));
    assert!(refused("kubernetes-ca/cert.pem", "nonsense").contains("kubernetes-ca/cert.pem"));
    assert!(refused("encryption/config.yaml", "{}").contains("EncryptionConfiguration"));
}

#[test]
fn an_authority_that_ended_is_named_with_its_end_and_the_clock_is_doubted_before_its_beginning() {
    let late = now() + SignedDuration::from_hours(24 * 365 * 20);
    for role in [Role::Master, Role::Worker] {
        let said = check(&tree(1), role, late).unwrap_err().to_string();
        assert!(
            said.contains("kubernetes-ca/bundle.pem: ") && said.contains("has expired"),
            "{said}"
        );
        assert!(said.contains("valid until 20"), "{said}");
        let early = now() - SignedDuration::from_hours(24);
        let said = check(&tree(1), role, early).unwrap_err().to_string();
        assert!(said.contains("not valid yet") && said.contains("is the clock right?"), "{said}");
    }
}

#[test]
fn a_primary_that_ended_is_not_used_though_another_of_its_bundle_is_valid() {
    let mut old = tree(1);
    let long_ago = now() - SignedDuration::from_hours(24 * 365 * 11);
    let request = AuthorityRequest::new(DistinguishedName::common("etcd-ca"), long_ago);
    let ended = Authority::generate(&request, &mut ChaCha20Rng::seed_from_u64(9)).unwrap();
    let certificate = ended.certificate().to_pem();
    let both = format!("{certificate}{}", old.get("etcd-ca/cert.pem").unwrap());
    old.0.insert("etcd-ca/bundle.pem".into(), both);
    check(&old, Role::Master, now()).expect("one that ended does no harm in a bundle");
    old.0.insert("etcd-ca/cert.pem".into(), certificate);
    old.0.insert("etcd-ca/key.pem".into(), ended.key_pem().to_string());
    let said = check(&old, Role::Master, now()).unwrap_err().to_string();
    assert!(said.contains("etcd-ca/cert.pem") && said.contains("has expired"), "{said}");
}

#[test]
fn a_pair_of_another_cluster_is_not_taken_though_it_is_one() {
    let (mut mixed, other) = (tree(1), tree(2));
    for path in ["kubernetes-ca/cert.pem", "kubernetes-ca/key.pem"] {
        mixed.0.insert(path.into(), other.get(path).unwrap().into());
    }
    let said = check(&mixed, Role::Master, now()).unwrap_err().to_string();
    assert!(
        said.contains("kubernetes-ca/cert.pem") && said.contains("not in its bundle"),
        "{said}"
    );
    // Of a worker only its bundle is looked at, and a leaf is no authority.
    let mut leaf = tree(1);
    let key =
        PrivateKey::generate(KeyAlgorithm::EcdsaP256, &mut ChaCha20Rng::seed_from_u64(3)).unwrap();
    let text = |path: &str| leaf.get(path).unwrap().to_owned();
    let authority =
        Authority::from_pem(&text("kubernetes-ca/cert.pem"), &text("kubernetes-ca/key.pem"))
            .unwrap();
    let validity = kprov_pki::leaf_validity("x", now());
    let request = kprov_pki::LeafRequest::client("x", validity);
    let mut random = ChaCha20Rng::seed_from_u64(4);
    let issued = authority.issue(&request, &key.public_key(), &mut random).unwrap();
    leaf.0.insert("kubernetes-ca/bundle.pem".into(), issued.to_pem());
    let said = check(&leaf, Role::Worker, now()).unwrap_err().to_string();
    assert!(said.contains("not of an authority"), "{said}");
}

#[test]
fn a_second_service_account_key_and_an_old_authority_in_the_bundle_are_fine() {
    let (mut tree, other) = (tree(1), tree(2));
    for path in ["service-account/keys.pub", "kubernetes-ca/bundle.pem"] {
        let both = format!("{}{}", other.get(path).unwrap(), tree.get(path).unwrap());
        tree.0.insert(path.into(), both);
    }
    check(&tree, Role::Master, now()).unwrap();
}

#[test]
fn the_tree_in_use_is_switched_as_a_whole_and_the_old_one_goes() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let layout = Layout::new(dir.path());
    put(&tree(1), &layout).unwrap();
    assert_eq!(current(&layout), Some(tree(1).generation()));
    put(&tree(2), &layout).unwrap();
    put(&tree(2), &layout).unwrap();
    let key = layout.in_tree("etcd-ca/key.pem");
    assert_eq!(std::fs::read_to_string(&key).unwrap(), tree(2).get("etcd-ca/key.pem").unwrap());
    assert_eq!(std::fs::metadata(&key).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::read_dir(layout.trees()).unwrap().count(), 1);
}

#[tokio::test]
async fn missing_files_are_named_all_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let source = Source::Directory { path: dir.path().to_owned() };
    let paths = ["a/b".to_owned(), "c".to_owned()];
    let said = fetch(&source, &paths, None).await.unwrap_err().to_string();
    assert!(said.contains("a/b, c") && said.contains(&dir.path().display().to_string()), "{said}");
}

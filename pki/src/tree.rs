//! The PKI tree of a cluster (docs/adr/0003): which texts of it a node reads, and its hash, by which a node tells with which
//! tree it runs, and whoever made the tree knows it again.
//!
//! What must hold: who writes trees and who reads them take both from here, or nobody would ever be done waiting.

use sha2::{Digest, Sha256};

use crate::hex;

/// What a master reads, in order.
pub const MASTER_PATHS: [&str; 13] = [
    "bootstrap/token",
    "encryption/config.yaml",
    "etcd-ca/bundle.pem",
    "etcd-ca/cert.pem",
    "etcd-ca/key.pem",
    "front-proxy-ca/bundle.pem",
    "front-proxy-ca/cert.pem",
    "front-proxy-ca/key.pem",
    "kubernetes-ca/bundle.pem",
    "kubernetes-ca/cert.pem",
    "kubernetes-ca/key.pem",
    "service-account/key.pem",
    "service-account/keys.pub",
];

/// What a worker reads, in order.
pub const WORKER_PATHS: [&str; 2] = ["bootstrap/token", "kubernetes-ca/bundle.pem"];

/// The hash of these paths of a tree; none while one of them is missing. It gives nothing away: every tree holds a secret that
/// cannot be guessed.
pub fn tree_hash<'t>(paths: &[&str], text: impl Fn(&str) -> Option<&'t str>) -> Option<String> {
    let mut hash = Sha256::new();
    for path in paths {
        for part in [path, text(path)?] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
    }
    Some(hex(&hash.finalize()[..8]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_is_of_the_named_paths_and_of_nothing_else() {
        let tree = |changed: &'static str| {
            move |path: &str| Some(if path == changed { "new" } else { "old" })
        };
        let of = |paths: &[&str], changed| tree_hash(paths, tree(changed));
        assert_ne!(of(&WORKER_PATHS, ""), of(&WORKER_PATHS, "bootstrap/token"));
        assert_eq!(of(&WORKER_PATHS, ""), of(&WORKER_PATHS, "etcd-ca/key.pem"));
        assert_ne!(of(&MASTER_PATHS, ""), of(&MASTER_PATHS, "etcd-ca/key.pem"));
        assert_eq!(tree_hash(&WORKER_PATHS, |_| None), None);
        // What belongs to a path does not pass over to its neighbour.
        let one = tree_hash(&["a", "b"], |path| Some(if path == "a" { "xy" } else { "z" }));
        let other = tree_hash(&["a", "b"], |path| Some(if path == "a" { "x" } else { "yz" }));
        assert_ne!(one, other);
        for paths in [&MASTER_PATHS[..], &WORKER_PATHS[..]] {
            assert!(paths.is_sorted());
        }
    }
}

//! The PKI tree of a cluster, as `pki_kubernetes` writes it.

use std::path::Path;

use kprov_pki::{
    Authority, AuthorityRequest, DistinguishedName, KeyAlgorithm, LeafRequest, PrivateKey,
    Timestamp,
};
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

/// Writes a whole tree, and a certificate of an administrator beside it: `admin.pem`, `admin-key.pem`.
pub(crate) fn write(tree: &Path, seed: u64) {
    let mut random = ChaCha20Rng::seed_from_u64(seed);
    let now = Timestamp::now();
    let put = |path: &str, text: &str| {
        let file = tree.join(path);
        std::fs::create_dir_all(file.parent().expect("a parent")).expect("a directory");
        std::fs::write(file, text).expect("a file");
    };
    for name in ["kubernetes-ca", "etcd-ca", "front-proxy-ca"] {
        let request = AuthorityRequest::new(DistinguishedName::common(name), now);
        let authority = Authority::generate(&request, &mut random).expect("an authority");
        put(&format!("{name}/bundle.pem"), &authority.certificate().to_pem());
        put(&format!("{name}/cert.pem"), &authority.certificate().to_pem());
        put(&format!("{name}/key.pem"), &authority.key_pem());
        if name != "front-proxy-ca" {
            let key = PrivateKey::generate(KeyAlgorithm::EcdsaP256, &mut random).expect("a key");
            let mut leaf = LeafRequest::client("admin", kprov_pki::leaf_validity("admin", now));
            leaf.organizations = vec!["system:masters".to_owned()];
            let leaf = authority.issue(&leaf, &key.public_key(), &mut random).expect("a leaf");
            let name = if name == "etcd-ca" { "etcd-admin" } else { "admin" };
            put(&format!("{name}.pem"), &leaf.to_pem());
            put(&format!("{name}-key.pem"), &key.to_pkcs8_pem());
        }
    }
    let key = PrivateKey::generate(KeyAlgorithm::EcdsaP256, &mut random).expect("a key");
    put("service-account/key.pem", &key.to_pkcs8_pem());
    put("service-account/keys.pub", &key.public_key().to_pem());
    put("encryption/config.yaml", ENCRYPTION);
    put("bootstrap/token", "abcdef.0123456789abcdef");
}

/// A second authority of this name: certificate and key.
pub(crate) fn another(name: &str, seed: u64) -> (String, String) {
    let mut random = ChaCha20Rng::seed_from_u64(seed);
    let request = AuthorityRequest::new(DistinguishedName::common(name), Timestamp::now());
    let authority = Authority::generate(&request, &mut random).expect("an authority");
    (authority.certificate().to_pem(), authority.key_pem().to_string())
}

const ENCRYPTION: &str = "apiVersion: apiserver.config.k8s.io/v1
kind: EncryptionConfiguration
resources:
- resources: [secrets]
  providers:
  - secretbox: {keys: [{name: one, secret: MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=}]}
  - identity: {}
";

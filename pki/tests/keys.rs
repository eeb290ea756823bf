//! Keys: made from given randomness, written and read in all forms, and understood by openssl and ssh-keygen.

mod peers;

use kprov_pki::{KeyAlgorithm, PkiError, PrivateKey, PublicKey};
use peers::{Files, random, run, succeeds};

const ALL: [KeyAlgorithm; 5] = [
    KeyAlgorithm::EcdsaP256,
    KeyAlgorithm::EcdsaP384,
    KeyAlgorithm::EcdsaP521,
    KeyAlgorithm::Ed25519,
    KeyAlgorithm::Rsa(2048),
];

fn key(algorithm: KeyAlgorithm, seed: u64) -> PrivateKey {
    PrivateKey::generate(algorithm, &mut random(seed)).expect("a key")
}

#[test]
fn the_same_randomness_makes_the_same_key_and_other_randomness_another() {
    for algorithm in ALL {
        let first = key(algorithm, 1);
        assert_eq!(first.algorithm(), algorithm);
        assert_eq!(*first.to_pkcs8_pem(), *key(algorithm, 1).to_pkcs8_pem(), "{algorithm}");
        assert_ne!(first, key(algorithm, 2), "{algorithm}");
        assert_eq!(first.sign(b"x"), first.sign(b"x"), "{algorithm}: signatures are deterministic");
    }
}

#[test]
fn keys_come_back_from_every_form() {
    for algorithm in ALL {
        let key = key(algorithm, 3);
        let forms = [key.to_pkcs8_pem(), key.to_traditional_pem(), key.to_openssh()];
        for form in &forms {
            let back = PrivateKey::from_pem(form).expect("readable");
            assert_eq!(*back.to_pkcs8_pem(), *key.to_pkcs8_pem(), "{algorithm}");
        }
        let public = key.public_key();
        assert_eq!(PublicKey::from_pem(&public.to_pem()).expect("readable"), public);
    }
}

/// Numbers that happen to be a byte short: one key in 256.
#[test]
fn short_numbers_come_back_from_openssh() {
    for seed in 0..600 {
        let key = key(KeyAlgorithm::EcdsaP256, seed);
        assert_eq!(PrivateKey::from_pem(&key.to_openssh()).expect("readable"), key);
    }
}

#[test]
fn traditional_forms_are_those_of_the_tls_provider() {
    let label =
        |algorithm| key(algorithm, 1).to_traditional_pem().lines().next().map(str::to_owned);
    assert_eq!(label(KeyAlgorithm::Rsa(2048)).as_deref(), Some("-----BEGIN RSA PRIVATE KEY-----"));
    assert_eq!(label(KeyAlgorithm::EcdsaP256).as_deref(), Some("-----BEGIN EC PRIVATE KEY-----"));
    assert_eq!(label(KeyAlgorithm::Ed25519).as_deref(), Some("-----BEGIN PRIVATE KEY-----"));
}

#[test]
fn openssl_reads_every_form_and_sees_the_same_public_key() {
    for algorithm in ALL {
        let key = key(algorithm, 4);
        for form in [key.to_pkcs8_pem(), key.to_traditional_pem()] {
            let Some(checked) = succeeds("openssl", &["pkey", "-check", "-noout"], &form) else {
                return;
            };
            assert!(checked.contains("valid") || algorithm == KeyAlgorithm::Ed25519, "{checked}");
            let public = succeeds("openssl", &["pkey", "-pubout"], &form).expect("there");
            assert_eq!(public.trim(), key.public_key().to_pem().trim(), "{algorithm}");
        }
    }
}

#[test]
fn keys_that_openssl_makes_are_read() {
    let kinds: [&[&str]; 4] = [
        &["ecparam", "-name", "prime256v1", "-genkey"],
        &["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-521"],
        &["genpkey", "-algorithm", "ed25519"],
        &["genrsa", "-traditional", "2048"],
    ];
    for kind in kinds {
        let Some(text) = succeeds("openssl", kind, "") else { return };
        let key = PrivateKey::from_pem(&text).expect("readable");
        let public = succeeds("openssl", &["pkey", "-pubout"], &text).expect("there");
        assert!(public.contains(key.public_key().to_pem().trim()), "{kind:?}");
    }
}

#[test]
fn ssh_keygen_agrees_on_keys_and_fingerprints() {
    let files = Files::new();
    for algorithm in ALL {
        let key = key(algorithm, 5);
        let path = files.write("key", &key.to_openssh());
        let path = path.to_str().expect("text");
        let Some(line) = succeeds("ssh-keygen", &["-y", "-f", path], "") else { return };
        let public = key.public_key();
        assert_eq!(line.trim(), public.to_openssh().trim(), "{algorithm}");
        let line = files.write("key.pub", &public.to_openssh());
        let line = line.to_str().expect("text");
        for (hash, expected) in
            [("sha256", public.fingerprint_sha256()), ("md5", public.fingerprint_md5())]
        {
            let said = succeeds("ssh-keygen", &["-l", "-E", hash, "-f", line], "").expect("there");
            assert!(said.contains(&expected), "{said} {expected}");
        }
    }
}

#[test]
fn nothing_that_is_shown_has_the_key_in_it() {
    let key = key(KeyAlgorithm::EcdsaP256, 6);
    assert_eq!(format!("{key:?}"), "PrivateKey(ECDSA-P256, hidden)");
    // A key whose base64 is cut: the error must not quote it.
    let text = key.to_pkcs8_pem();
    let broken = text.replace("\n-----END", "!\n-----END");
    let secret = text.lines().nth(1).expect("a line").to_owned();
    let error = PrivateKey::from_pem(&broken).expect_err("broken");
    assert!(!error.to_string().contains(&secret[..16]), "{error}");
    assert!(!format!("{error:?}").contains(&secret[..16]));
}

#[test]
fn broken_keys_are_refused_with_the_reason() {
    let error = |text: &str| PrivateKey::from_pem(text).expect_err("refused").to_string();
    assert!(error("").contains("has no line -----BEGIN"));
    assert!(error("rubbish").contains("is not PEM"));
    let public = key(KeyAlgorithm::EcdsaP256, 7).public_key().to_pem();
    assert!(error(&public).contains("it has PUBLIC KEY"), "{}", error(&public));
    let empty = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n";
    assert!(error(empty).contains("cannot be read"));
    let locked = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n-----END RSA PRIVATE KEY-----\n";
    assert_eq!(PrivateKey::from_pem(locked), Err(PkiError::EncryptedKey));
    let arguments = ["genpkey", "-algorithm", "ed25519", "-aes256", "-pass", "pass:x"];
    if let Some(locked) = succeeds("openssl", &arguments, "") {
        assert_eq!(PrivateKey::from_pem(&locked), Err(PkiError::EncryptedKey));
    }
    // A curve that is not had here.
    if let Some((true, other)) = run("openssl", &["ecparam", "-name", "secp256k1", "-genkey"], "") {
        assert!(error(&other).contains("P-256, P-384 or P-521"), "{}", error(&other));
    }
}

#[test]
fn algorithms_have_names_and_bounds() {
    for algorithm in ALL {
        assert_eq!(KeyAlgorithm::from_name(&algorithm.to_string()), Ok(algorithm));
    }
    for name in ["RSA-1024", "RSA-8192", "RSA-2049", "ECDSA-P224", "DSA", ""] {
        assert!(KeyAlgorithm::from_name(name).is_err(), "{name}");
    }
}

/// Every prefix of a key's bytes, and every key with one byte changed: an answer, never a panic.
#[test]
fn damaged_keys_never_panic() {
    use base64::Engine;
    for algorithm in [KeyAlgorithm::EcdsaP256, KeyAlgorithm::Ed25519] {
        let der = key(algorithm, 8).to_pkcs8_der();
        for index in 0..der.len() {
            let mut changed = der.to_vec();
            changed[index] ^= 0x55;
            for bytes in [&der[..index], &changed[..]] {
                let text = base64::engine::general_purpose::STANDARD.encode(bytes);
                for label in
                    ["PRIVATE KEY", "EC PRIVATE KEY", "RSA PRIVATE KEY", "OPENSSH PRIVATE KEY"]
                {
                    let pem = format!("-----BEGIN {label}-----\n{text}\n-----END {label}-----\n");
                    let _ = PrivateKey::from_pem(&pem);
                }
            }
        }
    }
}

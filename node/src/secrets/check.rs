//! What must hold of a tree before anything is started with it.

use jiff::Timestamp;
use kprov_pki::{Authority, Bundle, Certificate, PkiError, PrivateKey, PublicKey};

use super::Tree;
use crate::document::Role;
use crate::problem::Problem;

/// The three authorities.
pub(crate) const AUTHORITIES: [&str; 3] = ["kubernetes-ca", "etcd-ca", "front-proxy-ca"];

/// # Errors
/// The first thing that does not hold, with the path that it is about.
pub(crate) fn check(tree: &Tree, role: Role, now: Timestamp) -> Result<(), Problem> {
    token(tree)?;
    if role == Role::Worker {
        let path = "kubernetes-ca/bundle.pem";
        return bundle(tree, path, now).map(drop);
    }
    for name in AUTHORITIES {
        authority(tree, name, now)?;
    }
    service_account(tree)?;
    let config = tree.get("encryption/config.yaml").unwrap_or_default();
    if !config.contains("EncryptionConfiguration") {
        return Err(wrong("encryption/config.yaml", "it is no EncryptionConfiguration"));
    }
    Ok(())
}

fn wrong(path: &str, why: impl std::fmt::Display) -> Problem {
    let detail = format!(
        "{path}: {why}. Nothing of this tree is used; the one before, if there is one, stays."
    );
    Problem::new("The PKI tree cannot be trusted", detail)
}

fn read<T>(
    tree: &Tree,
    path: &str,
    read: impl Fn(&str) -> Result<T, PkiError>,
) -> Result<T, Problem> {
    read(tree.get(path).unwrap_or_default()).map_err(|error| wrong(path, error))
}

fn bundle(tree: &Tree, path: &str, now: Timestamp) -> Result<Bundle, Problem> {
    let bundle = read(tree, path, Bundle::from_pem)?;
    for certificate in bundle.certificates() {
        certificate.check_authority().map_err(|error| wrong(path, error))?;
    }
    // One that ended is of no use, and does no harm while another is valid.
    let valid = bundle.certificates().iter().map(|certificate| certificate.check_valid_at(now));
    let mut why = None;
    for checked in valid {
        match checked {
            Ok(()) => return Ok(bundle),
            Err(error) => why = Some(error),
        }
    }
    Err(wrong(path, why.map_or_else(|| "it is empty".to_owned(), |error| error.to_string())))
}

fn authority(tree: &Tree, name: &str, now: Timestamp) -> Result<(), Problem> {
    let path = |file: &str| format!("{name}/{file}");
    let trusted = bundle(tree, &path("bundle.pem"), now)?;
    let certificate: Certificate = read(tree, &path("cert.pem"), Certificate::from_pem)?;
    certificate.check_valid_at(now).map_err(|error| wrong(&path("cert.pem"), error))?;
    let key = read(tree, &path("key.pem"), PrivateKey::from_pem)?;
    Authority::new(certificate.clone(), key).map_err(|error| wrong(&path("key.pem"), error))?;
    if !trusted.certificates().contains(&certificate) {
        let why = "the certificate of the authority is not in its bundle, so nobody would trust what it signs";
        return Err(wrong(&path("cert.pem"), why));
    }
    Ok(())
}

fn service_account(tree: &Tree) -> Result<(), Problem> {
    let key = read(tree, "service-account/key.pem", PrivateKey::from_pem)?;
    let path = "service-account/keys.pub";
    let text = tree.get(path).unwrap_or_default();
    const END: &str = "-----END PUBLIC KEY-----";
    let mut keys = Vec::new();
    for block in text.split_inclusive(END).filter(|block| block.contains("-----BEGIN")) {
        keys.push(PublicKey::from_pem(block).map_err(|error| wrong(path, error))?);
    }
    if keys.iter().any(|public| *public == key.public_key()) {
        return Ok(());
    }
    Err(wrong(
        path,
        "the key that signs tokens is not among those that verify them, so no token would be accepted",
    ))
}

/// `TOKENID.SECRET`, as Kubernetes wants them.
pub(crate) fn token_parts(text: &str) -> Option<(&str, &str)> {
    let (id, secret) = text.trim().split_once('.')?;
    let valid = |part: &str, length| {
        part.len() == length && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
    };
    (valid(id, 6) && valid(secret, 16)).then_some((id, secret))
}

fn token(tree: &Tree) -> Result<(), Problem> {
    match token_parts(tree.get("bootstrap/token").unwrap_or_default()) {
        Some(_) => Ok(()),
        None => Err(wrong(
            "bootstrap/token",
            "a token is of 6 characters, a dot and 16 characters, of a-z and 0-9",
        )),
    }
}

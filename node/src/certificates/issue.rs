//! Issues leaves and keeps them in files that only this user can read.

use jiff::{SignedDuration, Timestamp};
use kprov_pki::{
    Authority, Certificate, KeyAlgorithm, LeafRequest, PkiError, PrivateKey, leaf_validity,
};
use rand::CryptoRng;

use super::{Held, Leaf, due};
use crate::files;
use crate::layout::Layout;
use crate::problem::Problem;
use crate::secrets::Tree;

fn failed(leaf: &str, error: &PkiError) -> Problem {
    Problem::new("A certificate cannot be issued", format!("{leaf}: {error}."))
}

fn authority(tree: &Tree, name: &str) -> Result<Authority, Problem> {
    let text = |file: &str| tree.get(&format!("{name}/{file}")).unwrap_or_default();
    Authority::from_pem(text("cert.pem"), text("key.pem")).map_err(|error| failed(name, &error))
}

/// Has all leaves in place; says what it holds.
pub(crate) fn ensure(
    leaves: &[Leaf],
    tree: &Tree,
    host: &str,
    layout: &Layout,
    now: Timestamp,
    random: &mut impl CryptoRng,
) -> Result<Vec<Held>, Problem> {
    files::directory(&layout.certificates())?;
    leaves.iter().map(|leaf| one(leaf, tree, host, layout, now, random)).collect()
}

fn one(
    leaf: &Leaf,
    tree: &Tree,
    host: &str,
    layout: &Layout,
    now: Timestamp,
    random: &mut impl CryptoRng,
) -> Result<Held, Problem> {
    let authority = authority(tree, leaf.authority)?;
    let texts = (
        std::fs::read_to_string(layout.certificate(leaf.name)),
        std::fs::read_to_string(layout.key(leaf.name)),
    );
    let held = match &texts {
        (Ok(certificate), Ok(key)) => Some((certificate.as_str(), key.as_str())),
        _ => None,
    };
    let wrong = |error: PkiError| failed(leaf.name, &error);
    let Some(why) = due::why(held, leaf, authority.certificate(), now) else {
        let certificate = Certificate::from_pem(held.map_or("", |(certificate, _)| certificate))
            .map_err(wrong)?;
        return Ok(Held { name: leaf.name, until: certificate.not_after(), issued: None });
    };
    let key = PrivateKey::generate(KeyAlgorithm::EcdsaP256, random).map_err(wrong)?;
    let (not_before, not_after) = leaf_validity(host, now);
    let request = LeafRequest {
        common_name: leaf.common_name.clone(),
        organizations: leaf.organizations.clone(),
        dns_names: leaf.names.clone(),
        ip_addresses: Vec::new(),
        usages: leaf.usages.clone(),
        not_before,
        not_after,
    };
    let certificate = authority.issue(&request, &key.public_key(), random).map_err(wrong)?;
    // Who reads the pair between the two finds that it is none, and reads it again.
    files::write(&layout.key(leaf.name), key.to_pkcs8_pem().as_bytes(), 0o600)?;
    files::write(&layout.certificate(leaf.name), certificate.to_pem().as_bytes(), 0o600)?;
    Ok(Held { name: leaf.name, until: certificate.not_after(), issued: Some(why) })
}

/// A certificate of the node itself towards its own API server, which lives for minutes and is in no file.
pub(crate) fn admin(
    tree: &Tree,
    now: Timestamp,
    random: &mut impl CryptoRng,
) -> Result<(String, String), Problem> {
    let authority = authority(tree, "kubernetes-ca")?;
    let wrong = |error: PkiError| failed("kprov-node", &error);
    let key = PrivateKey::generate(KeyAlgorithm::EcdsaP256, random).map_err(wrong)?;
    let minutes = SignedDuration::from_mins(5);
    let validity =
        (now.saturating_sub(minutes).unwrap_or(now), now.saturating_add(minutes).unwrap_or(now));
    let mut request = LeafRequest::client("kprov-node", validity);
    request.organizations = vec!["system:masters".to_owned()];
    let certificate = authority.issue(&request, &key.public_key(), random).map_err(wrong)?;
    Ok((certificate.to_pem(), key.to_pkcs8_pem().to_string()))
}

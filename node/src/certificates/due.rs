//! Does a leaf have to be issued? Pure.

use std::collections::BTreeSet;

use jiff::Timestamp;
use kprov_pki::{Certificate, PrivateKey, SubjectAltName, renewal_due};

use super::Leaf;

/// Why a leaf is to be issued; None where the one that is there stays.
pub(super) fn why(
    held: Option<(&str, &str)>,
    leaf: &Leaf,
    authority: &Certificate,
    now: Timestamp,
) -> Option<String> {
    let Some((certificate, key)) = held else { return Some("it was not there".to_owned()) };
    let (certificate, key) = match (Certificate::from_pem(certificate), PrivateKey::from_pem(key)) {
        (Ok(certificate), Ok(key)) => (certificate, key),
        (Err(error), _) | (_, Err(error)) => {
            return Some(format!("the one that was there cannot be read: {error}"));
        }
    };
    if certificate.matches(&key).is_err() {
        return Some("certificate and key were not a pair".to_owned());
    }
    if certificate.signed_by(authority).is_err() {
        return Some("the authority changed".to_owned());
    }
    let subject = certificate.subject();
    if subject.common_name.as_deref() != Some(&leaf.common_name)
        || subject.organizations != leaf.organizations
    {
        return Some("its subject changed".to_owned());
    }
    let wanted: BTreeSet<SubjectAltName> =
        leaf.names.iter().filter_map(|name| SubjectAltName::host(name).ok()).collect();
    if certificate.names().iter().cloned().collect::<BTreeSet<_>>() != wanted {
        return Some("its names changed".to_owned());
    }
    let usages: BTreeSet<_> = certificate.extended_usages().iter().cloned().collect();
    if usages != leaf.usages.iter().map(|usage| usage.extended()).collect() {
        return Some("its usages changed".to_owned());
    }
    renewal_due(&certificate, now).then(|| "it was due".to_owned())
}

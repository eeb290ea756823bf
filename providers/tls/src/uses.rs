//! `allowed_uses`: names of key usages and purposes.

use kprov_core::{Path, PathStep, Value};
use kprov_pki::{ExtendedUsage, KeyUsage};
use kprov_provider::AttributeError;

/// What a name stands for.
enum Use {
    Key(KeyUsage),
    Extended(ExtendedUsage),
}

/// Names, sorted.
const NAMES: [&str; 23] = [
    "any_extended",
    "cert_signing",
    "client_auth",
    "code_signing",
    "content_commitment",
    "crl_signing",
    "data_encipherment",
    "decipher_only",
    "digital_signature",
    "email_protection",
    "encipher_only",
    "ipsec_end_system",
    "ipsec_tunnel",
    "ipsec_user",
    "key_agreement",
    "key_encipherment",
    "microsoft_commercial_code_signing",
    "microsoft_kernel_code_signing",
    "microsoft_server_gated_crypto",
    "netscape_server_gated_crypto",
    "ocsp_signing",
    "server_auth",
    "timestamping",
];

fn meaning(name: &str) -> Option<Use> {
    let other = |oid: &[u64]| Use::Extended(ExtendedUsage::Other(oid.to_vec()));
    let purpose = |number: u64| other(&[1, 3, 6, 1, 5, 5, 7, 3, number]);
    Some(match name {
        "digital_signature" => Use::Key(KeyUsage::DigitalSignature),
        "content_commitment" => Use::Key(KeyUsage::ContentCommitment),
        "key_encipherment" => Use::Key(KeyUsage::KeyEncipherment),
        "data_encipherment" => Use::Key(KeyUsage::DataEncipherment),
        "key_agreement" => Use::Key(KeyUsage::KeyAgreement),
        "cert_signing" => Use::Key(KeyUsage::CertSign),
        "crl_signing" => Use::Key(KeyUsage::CrlSign),
        "encipher_only" => Use::Key(KeyUsage::EncipherOnly),
        "decipher_only" => Use::Key(KeyUsage::DecipherOnly),
        "any_extended" => Use::Extended(ExtendedUsage::Any),
        "server_auth" => Use::Extended(ExtendedUsage::Server),
        "client_auth" => Use::Extended(ExtendedUsage::Client),
        "code_signing" => Use::Extended(ExtendedUsage::CodeSigning),
        "email_protection" => Use::Extended(ExtendedUsage::EmailProtection),
        "timestamping" => Use::Extended(ExtendedUsage::TimeStamping),
        "ocsp_signing" => Use::Extended(ExtendedUsage::OcspSigning),
        "ipsec_end_system" => purpose(5),
        "ipsec_tunnel" => purpose(6),
        "ipsec_user" => purpose(7),
        "microsoft_server_gated_crypto" => other(&[1, 3, 6, 1, 4, 1, 311, 10, 3, 3]),
        "netscape_server_gated_crypto" => other(&[2, 16, 840, 1, 113_730, 4, 1]),
        "microsoft_commercial_code_signing" => other(&[1, 3, 6, 1, 4, 1, 311, 2, 1, 22]),
        "microsoft_kernel_code_signing" => other(&[1, 3, 6, 1, 4, 1, 311, 61, 1, 1]),
        _ => return None,
    })
}

/// Both kinds, in the order in which they are named.
pub(crate) fn usages(value: &Value) -> (Vec<KeyUsage>, Vec<ExtendedUsage>) {
    let (mut keys, mut extended) = (Vec::new(), Vec::new());
    for name in crate::fields::texts(value, "allowed_uses") {
        match meaning(&name) {
            Some(Use::Key(usage)) if !keys.contains(&usage) => keys.push(usage),
            Some(Use::Extended(usage)) if !extended.contains(&usage) => extended.push(usage),
            _ => {}
        }
    }
    (keys, extended)
}

/// Names that stand for nothing.
pub(crate) fn validate(config: &Value) -> Vec<AttributeError> {
    let items = config.get("allowed_uses").and_then(Value::as_items).unwrap_or_default();
    let unknown = items.iter().enumerate().filter_map(|(index, item)| {
        let name = item.as_str().filter(|name| meaning(name).is_none())?;
        let index = u64::try_from(index).unwrap_or(u64::MAX);
        let path = Path::attribute("allowed_uses").then(PathStep::Index(index));
        let message = format!("{name:?} is not a use; uses are {}.", NAMES.join(", "));
        Some(AttributeError::new(path, "Unknown use", message))
    });
    unknown.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_has_a_meaning() {
        assert!(NAMES.iter().all(|name| meaning(name).is_some()));
        assert!(NAMES.is_sorted());
    }
}

//! [`LeafRequest`]: what a certificate of a server or a client is to say.

use jiff::Timestamp;

use crate::template::{CaConstraint, CertificateTemplate};
use crate::{DistinguishedName, ExtendedUsage, KeyAlgorithm, KeyUsage, PkiError, SubjectAltName};

/// What a leaf is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Usage {
    /// A TLS server.
    Server,
    /// A TLS client.
    Client,
}

impl Usage {
    /// As an extended key usage.
    pub fn extended(self) -> ExtendedUsage {
        match self {
            Usage::Server => ExtendedUsage::Server,
            Usage::Client => ExtendedUsage::Client,
        }
    }
}

/// A leaf to be issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeafRequest {
    /// `CN`: the user, to Kubernetes.
    pub common_name: String,
    /// `O`: groups, to Kubernetes.
    pub organizations: Vec<String>,
    /// Names; what reads as an address becomes one.
    pub dns_names: Vec<String>,
    /// Addresses.
    pub ip_addresses: Vec<String>,
    /// What it is for; at least one.
    pub usages: Vec<Usage>,
    /// Valid from.
    pub not_before: Timestamp,
    /// Valid until; see [`crate::leaf_validity`].
    pub not_after: Timestamp,
}

impl LeafRequest {
    /// A client's, without names.
    pub fn client(common_name: &str, validity: (Timestamp, Timestamp)) -> LeafRequest {
        LeafRequest {
            common_name: common_name.to_owned(),
            organizations: Vec::new(),
            dns_names: Vec::new(),
            ip_addresses: Vec::new(),
            usages: vec![Usage::Client],
            not_before: validity.0,
            not_after: validity.1,
        }
    }

    /// A server's; each of `names` is an address or a DNS name.
    pub fn server(
        common_name: &str,
        names: impl IntoIterator<Item = impl Into<String>>,
        validity: (Timestamp, Timestamp),
    ) -> LeafRequest {
        let dns_names = names.into_iter().map(Into::into).collect();
        let usages = vec![Usage::Server];
        LeafRequest { dns_names, usages, ..LeafRequest::client(common_name, validity) }
    }

    /// All names, each once.
    ///
    /// # Errors
    /// The first that is neither an address nor a DNS name.
    pub fn names(&self) -> Result<Vec<SubjectAltName>, PkiError> {
        let mut all = Vec::new();
        let addresses = self.ip_addresses.iter().map(|text| {
            let wrong = || PkiError::Invalid(format!("{text:?} is not an address (IPv4 or IPv6)"));
            text.parse().map(SubjectAltName::Ip).map_err(|_| wrong())
        });
        for name in self.dns_names.iter().map(|text| SubjectAltName::host(text)).chain(addresses) {
            let name = name?;
            if !all.contains(&name) {
                all.push(name);
            }
        }
        Ok(all)
    }

    /// The subject.
    pub fn subject(&self) -> DistinguishedName {
        DistinguishedName {
            common_name: Some(self.common_name.clone()).filter(|name| !name.is_empty()),
            organizations: self.organizations.clone(),
            ..DistinguishedName::default()
        }
    }

    pub(crate) fn template(
        &self,
        key: KeyAlgorithm,
        serial: Vec<u8>,
    ) -> Result<CertificateTemplate, PkiError> {
        let names = self.names()?;
        if self.usages.is_empty() {
            let name = &self.common_name;
            return Err(PkiError::Invalid(format!(
                "the leaf {name:?} has no usage: server or client"
            )));
        }
        let mut key_usages = vec![KeyUsage::DigitalSignature];
        if !key.is_ecdsa() && key != KeyAlgorithm::Ed25519 {
            // Key exchange by RSA, for TLS 1.2.
            key_usages.push(KeyUsage::KeyEncipherment);
        }
        Ok(CertificateTemplate {
            serial,
            subject: self.subject(),
            not_before: self.not_before,
            not_after: self.not_after,
            names,
            key_usages,
            extended_usages: self.usages.iter().map(|usage| usage.extended()).collect(),
            constraint: CaConstraint::Leaf,
            subject_key_id: true,
            authority_key_id: true,
        })
    }
}

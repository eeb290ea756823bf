//! [`CertificateRequest`]: PKCS#10, made, read back and checked.

use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::extensions::ParsedExtension;
use x509_parser::prelude::FromDer;

use crate::template::names_extension;
use crate::{
    DistinguishedName, PkiError, PrivateKey, PublicKey, SubjectAltName, der, pem_text, read, sign,
};

const WHAT: &str = "the certificate request";
/// PKCS#9: the extensions that are asked for.
const EXTENSION_REQUEST: [u64; 7] = [1, 2, 840, 113_549, 1, 9, 14];

/// A request for a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateRequest {
    der: Vec<u8>,
    subject: DistinguishedName,
    names: Vec<SubjectAltName>,
    public_key: PublicKey,
}

impl CertificateRequest {
    /// Asks for a certificate of `key`.
    pub fn new(
        subject: &DistinguishedName,
        names: &[SubjectAltName],
        key: &PrivateKey,
    ) -> CertificateRequest {
        let public_key = key.public_key();
        let attributes = if names.is_empty() {
            Vec::new()
        } else {
            let extensions = der::sequence([names_extension(names, subject.is_empty())]);
            der::sequence([der::oid(&EXTENSION_REQUEST), der::set_of(vec![extensions])])
        };
        let body = der::sequence([
            der::unsigned(&[0]),
            subject.to_der(),
            public_key.to_der().to_vec(),
            der::context(0, &attributes),
        ]);
        CertificateRequest {
            der: sign::signed(&body, key),
            subject: subject.clone(),
            names: names.to_vec(),
            public_key,
        }
    }

    /// Reads DER, and checks that who asks has the key.
    ///
    /// # Errors
    /// When it is broken, or signed by another key.
    pub fn from_der(der: &[u8]) -> Result<CertificateRequest, PkiError> {
        let (rest, request) = X509CertificationRequest::from_der(der)
            .map_err(|why| PkiError::malformed(WHAT, why))?;
        if !rest.is_empty() {
            return Err(PkiError::malformed(WHAT, "bytes follow it"));
        }
        let info = &request.certification_request_info;
        let public_key = PublicKey::from_der(info.subject_pki.raw)?;
        let (algorithm, value) = (&request.signature_algorithm, &request.signature_value);
        let p521 = sign::verified_p521(&info.subject_pki, algorithm, info.raw, &value.data);
        if !p521.unwrap_or_else(|| request.verify_signature().is_ok()) {
            return Err(PkiError::Invalid(format!(
                "the certificate request of {} is not signed by its own key",
                DistinguishedName::from_parsed(&info.subject)
            )));
        }
        let extensions = request.requested_extensions().into_iter().flatten();
        let names = extensions.filter_map(|extension| match extension {
            ParsedExtension::SubjectAlternativeName(names) => Some(&names.general_names),
            _ => None,
        });
        Ok(CertificateRequest {
            der: der.to_vec(),
            subject: DistinguishedName::from_parsed(&info.subject),
            names: names.flatten().filter_map(read::name).collect(),
            public_key,
        })
    }

    /// Reads the first block `-----BEGIN CERTIFICATE REQUEST-----`.
    ///
    /// # Errors
    /// As [`CertificateRequest::from_der`], and when there is no such block.
    pub fn from_pem(text: &str) -> Result<CertificateRequest, PkiError> {
        let blocks = pem_text::blocks(WHAT, text)?;
        let labels = ["CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"];
        match blocks.iter().find(|block| labels.contains(&block.tag())) {
            Some(block) => CertificateRequest::from_der(block.contents()),
            None => Err(PkiError::Label {
                what: WHAT,
                wanted: "-----BEGIN CERTIFICATE REQUEST-----",
                found: pem_text::labels(&blocks),
            }),
        }
    }

    /// The bytes.
    pub fn to_der(&self) -> &[u8] {
        &self.der
    }

    /// `-----BEGIN CERTIFICATE REQUEST-----`
    pub fn to_pem(&self) -> String {
        pem_text::encode("CERTIFICATE REQUEST", &self.der)
    }

    /// Who asks.
    pub fn subject(&self) -> &DistinguishedName {
        &self.subject
    }

    /// For which names.
    pub fn names(&self) -> &[SubjectAltName] {
        &self.names
    }

    /// For which key.
    pub fn public_key(&self) -> &PublicKey {
        &self.public_key
    }
}

//! [`CertificateRequest`]: PKCS#10, made, read back and checked.

use x509_parser::certification_request::X509CertificationRequest;
use x509_parser::extensions::ParsedExtension;
use x509_parser::prelude::FromDer;

use crate::sign::{self, Signer};
use crate::{
    DistinguishedName, PkiError, PrivateKey, PublicKey, SubjectAltName, pem_text, read, template,
};

const WHAT: &str = "the certificate request";

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
    ///
    /// # Errors
    /// When the subject, a name or the kind of key cannot be written.
    pub fn new(
        subject: &DistinguishedName,
        names: &[SubjectAltName],
        key: &PrivateKey,
    ) -> Result<CertificateRequest, PkiError> {
        let params = template::request_params(subject, names)?;
        let written = params.serialize_request(&Signer::new(key)?);
        CertificateRequest::from_der(written.map_err(template::not_written)?.der())
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

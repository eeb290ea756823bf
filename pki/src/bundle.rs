//! [`Bundle`]: several certificates in one text.

use jiff::Timestamp;

use crate::certificate::WHAT;
use crate::{Certificate, PkiError, pem_text, verify_chain};

/// Certificates in order, each once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bundle(Vec<Certificate>);

impl Bundle {
    /// In this order; of equal ones the first stays.
    pub fn new(certificates: impl IntoIterator<Item = Certificate>) -> Bundle {
        let mut all: Vec<Certificate> = Vec::new();
        for certificate in certificates {
            if !all.contains(&certificate) {
                all.push(certificate);
            }
        }
        Bundle(all)
    }

    /// Reads all blocks `-----BEGIN CERTIFICATE-----` of a text.
    ///
    /// # Errors
    /// When there is none, or one is broken.
    pub fn from_pem(text: &str) -> Result<Bundle, PkiError> {
        let blocks = pem_text::blocks(WHAT, text)?;
        let certificates = blocks.iter().filter(|block| block.tag() == "CERTIFICATE");
        let all: Result<Vec<_>, _> =
            certificates.map(|block| Certificate::from_der(block.contents())).collect();
        let all = all?;
        if all.is_empty() {
            return Err(PkiError::Label {
                what: WHAT,
                wanted: "-----BEGIN CERTIFICATE-----",
                found: pem_text::labels(&blocks),
            });
        }
        Ok(Bundle::new(all))
    }

    /// One after the other.
    pub fn to_pem(&self) -> String {
        self.0.iter().map(Certificate::to_pem).collect()
    }

    /// The certificates.
    pub fn certificates(&self) -> &[Certificate] {
        &self.0
    }

    /// Did one of these authorities issue the certificate, and are both valid at `now`?
    ///
    /// # Errors
    /// Why not.
    pub fn verify(&self, leaf: &Certificate, now: Timestamp) -> Result<(), PkiError> {
        verify_chain(leaf, &[], &self.0, now)
    }
}

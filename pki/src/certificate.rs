//! [`Certificate`]: as read back, with what must hold of it. Owned; all that is asked often is read once.

use jiff::Timestamp;

use crate::{
    DistinguishedName, ExtendedUsage, KeyUsage, PkiError, PrivateKey, PublicKey, SubjectAltName,
    fingerprint, pem_text, read,
};

pub(crate) const WHAT: &str = "the certificate";

/// A certificate.
#[derive(Clone, PartialEq, Eq)]
pub struct Certificate {
    pub(crate) der: Vec<u8>,
    pub(crate) parts: Parts,
}

/// What a certificate says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Parts {
    pub(crate) version: u32,
    pub(crate) serial: Vec<u8>,
    pub(crate) subject: DistinguishedName,
    pub(crate) issuer: DistinguishedName,
    pub(crate) raw_subject: Vec<u8>,
    pub(crate) raw_issuer: Vec<u8>,
    pub(crate) not_before: Timestamp,
    pub(crate) not_after: Timestamp,
    pub(crate) names: Vec<SubjectAltName>,
    pub(crate) key_usages: Option<Vec<KeyUsage>>,
    pub(crate) extended_usages: Vec<ExtendedUsage>,
    pub(crate) authority: bool,
    pub(crate) max_path_length: Option<u32>,
    pub(crate) subject_key_id: Option<Vec<u8>>,
    pub(crate) authority_key_id: Option<Vec<u8>>,
    pub(crate) public_key_info: Vec<u8>,
    pub(crate) signature_algorithm: String,
    pub(crate) key_family: &'static str,
}

impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.parts.fmt(f)
    }
}

impl Certificate {
    /// Reads DER.
    ///
    /// # Errors
    /// When it is broken.
    pub fn from_der(der: &[u8]) -> Result<Certificate, PkiError> {
        Ok(Certificate { der: der.to_vec(), parts: read::parts(der)? })
    }

    /// Reads the first block `-----BEGIN CERTIFICATE-----` of a text.
    ///
    /// # Errors
    /// When there is none, or it is broken.
    pub fn from_pem(text: &str) -> Result<Certificate, PkiError> {
        let blocks = pem_text::blocks(WHAT, text)?;
        match blocks.iter().find(|block| block.tag() == "CERTIFICATE") {
            Some(block) => Certificate::from_der(block.contents()),
            None => Err(PkiError::Label {
                what: WHAT,
                wanted: "-----BEGIN CERTIFICATE-----",
                found: pem_text::labels(&blocks),
            }),
        }
    }

    /// The bytes.
    pub fn to_der(&self) -> &[u8] {
        &self.der
    }

    /// `-----BEGIN CERTIFICATE-----`, ending in a line feed.
    pub fn to_pem(&self) -> String {
        pem_text::encode("CERTIFICATE", &self.der)
    }

    /// Whose it is.
    pub fn subject(&self) -> &DistinguishedName {
        &self.parts.subject
    }

    /// Who issued it.
    pub fn issuer(&self) -> &DistinguishedName {
        &self.parts.issuer
    }

    pub(crate) fn raw_subject(&self) -> &[u8] {
        &self.parts.raw_subject
    }

    /// Version, 3 but for relics.
    pub fn version(&self) -> u32 {
        self.parts.version
    }

    /// The serial number, big-endian.
    pub fn serial(&self) -> &[u8] {
        &self.parts.serial
    }

    /// Valid from.
    pub fn not_before(&self) -> Timestamp {
        self.parts.not_before
    }

    /// Valid until.
    pub fn not_after(&self) -> Timestamp {
        self.parts.not_after
    }

    /// Names it is valid for.
    pub fn names(&self) -> &[SubjectAltName] {
        &self.parts.names
    }

    /// What its key may do; `None`: it does not say, so anything.
    pub fn key_usages(&self) -> Option<&[KeyUsage]> {
        self.parts.key_usages.as_deref()
    }

    /// Its purposes; empty: it does not say.
    pub fn extended_usages(&self) -> &[ExtendedUsage] {
        &self.parts.extended_usages
    }

    /// May its key sign certificates, by BasicConstraints?
    pub fn is_authority(&self) -> bool {
        self.parts.authority
    }

    /// How many authorities may stand below it; `None`: it does not say.
    pub fn max_path_length(&self) -> Option<u32> {
        self.parts.max_path_length
    }

    /// The id of its key.
    pub fn subject_key_id(&self) -> Option<&[u8]> {
        self.parts.subject_key_id.as_deref()
    }

    /// The id of its issuer's key.
    pub fn authority_key_id(&self) -> Option<&[u8]> {
        self.parts.authority_key_id.as_deref()
    }

    /// "ECDSA-SHA256", "SHA256-RSA" ..., as Go names them; else the object identifier.
    pub fn signature_algorithm(&self) -> &str {
        &self.parts.signature_algorithm
    }

    /// "RSA", "ECDSA", "Ed25519", "DSA" or "unknown".
    pub fn key_family(&self) -> &str {
        self.parts.key_family
    }

    /// Its public key.
    ///
    /// # Errors
    /// When its algorithm is not had here.
    pub fn public_key(&self) -> Result<PublicKey, PkiError> {
        PublicKey::from_der(&self.parts.public_key_info)
    }

    /// SHA-256 of the whole, in hexadecimal digits.
    pub fn sha256(&self) -> String {
        fingerprint::hex(&fingerprint::sha256(&self.der))
    }

    /// SHA-1 of the whole, in hexadecimal digits: a name, as older programs show it.
    pub fn sha1(&self) -> String {
        fingerprint::hex(&fingerprint::sha1(&self.der))
    }

    /// Was it issued for this key?
    ///
    /// # Errors
    /// [`PkiError::KeyMismatch`]
    pub fn matches(&self, key: &PrivateKey) -> Result<(), PkiError> {
        if key.public_key().to_der() == self.parts.public_key_info {
            return Ok(());
        }
        Err(PkiError::KeyMismatch { subject: self.subject().to_string() })
    }

    /// Is it its own issuer, by name and key id?
    pub fn is_self_issued(&self) -> bool {
        let (parts, id) = (&self.parts, self.authority_key_id());
        parts.raw_subject == parts.raw_issuer && (id.is_none() || id == self.subject_key_id())
    }
}

//! What a key may be used for: the extensions KeyUsage and ExtendedKeyUsage.

use rcgen::{ExtendedKeyUsagePurpose, KeyUsagePurpose};

use crate::PkiError;

/// A bit of KeyUsage; its number is the bit's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum KeyUsage {
    /// Signatures other than on certificates and revocation lists.
    DigitalSignature = 0,
    /// Also called non-repudiation.
    ContentCommitment = 1,
    /// Encrypts keys (RSA key exchange).
    KeyEncipherment = 2,
    /// Encrypts data.
    DataEncipherment = 3,
    /// Agrees on keys (static ECDH).
    KeyAgreement = 4,
    /// Signs certificates.
    CertSign = 5,
    /// Signs revocation lists.
    CrlSign = 6,
    /// With key agreement: for encryption only.
    EncipherOnly = 7,
    /// With key agreement: for decryption only.
    DecipherOnly = 8,
}

impl KeyUsage {
    /// All, by their bits.
    pub const ALL: [KeyUsage; 9] = [
        KeyUsage::DigitalSignature,
        KeyUsage::ContentCommitment,
        KeyUsage::KeyEncipherment,
        KeyUsage::DataEncipherment,
        KeyUsage::KeyAgreement,
        KeyUsage::CertSign,
        KeyUsage::CrlSign,
        KeyUsage::EncipherOnly,
        KeyUsage::DecipherOnly,
    ];

    /// The bit's number.
    pub fn bit(self) -> u8 {
        self as u8
    }

    pub(crate) fn to_rcgen(self) -> KeyUsagePurpose {
        match self {
            KeyUsage::DigitalSignature => KeyUsagePurpose::DigitalSignature,
            KeyUsage::ContentCommitment => KeyUsagePurpose::ContentCommitment,
            KeyUsage::KeyEncipherment => KeyUsagePurpose::KeyEncipherment,
            KeyUsage::DataEncipherment => KeyUsagePurpose::DataEncipherment,
            KeyUsage::KeyAgreement => KeyUsagePurpose::KeyAgreement,
            KeyUsage::CertSign => KeyUsagePurpose::KeyCertSign,
            KeyUsage::CrlSign => KeyUsagePurpose::CrlSign,
            KeyUsage::EncipherOnly => KeyUsagePurpose::EncipherOnly,
            KeyUsage::DecipherOnly => KeyUsagePurpose::DecipherOnly,
        }
    }
}

/// A purpose of ExtendedKeyUsage.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ExtendedUsage {
    /// Anything.
    Any,
    /// A TLS server.
    Server,
    /// A TLS client.
    Client,
    /// Signs code.
    CodeSigning,
    /// Protects mail.
    EmailProtection,
    /// Signs time stamps.
    TimeStamping,
    /// Signs OCSP answers.
    OcspSigning,
    /// Any other, by its object identifier.
    Other(Vec<u64>),
}

impl ExtendedUsage {
    /// Its object identifier.
    pub fn oid(&self) -> Vec<u64> {
        let purpose = |number| vec![1, 3, 6, 1, 5, 5, 7, 3, number];
        match self {
            ExtendedUsage::Any => vec![2, 5, 29, 37, 0],
            ExtendedUsage::Server => purpose(1),
            ExtendedUsage::Client => purpose(2),
            ExtendedUsage::CodeSigning => purpose(3),
            ExtendedUsage::EmailProtection => purpose(4),
            ExtendedUsage::TimeStamping => purpose(8),
            ExtendedUsage::OcspSigning => purpose(9),
            ExtendedUsage::Other(oid) => oid.clone(),
        }
    }

    /// As rcgen has it; it panics at what is no object identifier.
    pub(crate) fn to_rcgen(&self) -> Result<ExtendedKeyUsagePurpose, PkiError> {
        Ok(match self {
            ExtendedUsage::Any => ExtendedKeyUsagePurpose::Any,
            ExtendedUsage::Server => ExtendedKeyUsagePurpose::ServerAuth,
            ExtendedUsage::Client => ExtendedKeyUsagePurpose::ClientAuth,
            ExtendedUsage::CodeSigning => ExtendedKeyUsagePurpose::CodeSigning,
            ExtendedUsage::EmailProtection => ExtendedKeyUsagePurpose::EmailProtection,
            ExtendedUsage::TimeStamping => ExtendedKeyUsagePurpose::TimeStamping,
            ExtendedUsage::OcspSigning => ExtendedKeyUsagePurpose::OcspSigning,
            ExtendedUsage::Other(oid) => match oid.as_slice() {
                [0 | 1, 0..40, ..] | [2, 0..1000, ..] => {
                    ExtendedKeyUsagePurpose::Other(oid.clone())
                }
                _ => {
                    let why = format!("the purpose {oid:?} is no object identifier");
                    return Err(PkiError::Invalid(why));
                }
            },
        })
    }

    /// The purpose of that object identifier.
    pub fn from_oid(oid: &[u64]) -> ExtendedUsage {
        let known = [
            ExtendedUsage::Any,
            ExtendedUsage::Server,
            ExtendedUsage::Client,
            ExtendedUsage::CodeSigning,
            ExtendedUsage::EmailProtection,
            ExtendedUsage::TimeStamping,
            ExtendedUsage::OcspSigning,
        ];
        let same = |usage: &ExtendedUsage| usage.oid() == oid;
        known.into_iter().find(same).unwrap_or_else(|| ExtendedUsage::Other(oid.to_vec()))
    }
}

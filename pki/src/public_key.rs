//! [`PublicKey`]: a subject public key info, its texts and its key id.

use std::fmt;

use x509_parser::prelude::FromDer;
use x509_parser::public_key::PublicKey as Parsed;
use x509_parser::x509::SubjectPublicKeyInfo;

use crate::{KeyAlgorithm, PkiError, fingerprint, pem_text};

const WHAT: &str = "the public key";

/// A public key. Equal ones have the same encoding.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    algorithm: KeyAlgorithm,
    /// The content of the bit string: a point, 32 bytes, or a PKCS#1 sequence.
    bits: Vec<u8>,
    der: Vec<u8>,
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({}, {})", self.algorithm, self.fingerprint_sha256())
    }
}

impl PublicKey {
    /// Reads a subject public key info.
    ///
    /// # Errors
    /// When it is broken or of an algorithm that is not had here.
    pub fn from_der(der: &[u8]) -> Result<PublicKey, PkiError> {
        let (rest, info) =
            SubjectPublicKeyInfo::from_der(der).map_err(|why| PkiError::malformed(WHAT, why))?;
        if !rest.is_empty() {
            return Err(PkiError::malformed(WHAT, "bytes follow it"));
        }
        let bits = info.subject_public_key.data.to_vec();
        let curve = info.algorithm.parameters.as_ref().and_then(|it| it.as_oid().ok());
        let curve = curve.map(|oid| oid.to_id_string()).unwrap_or_default();
        let algorithm = match info.algorithm.algorithm.to_id_string().as_str() {
            "1.2.840.10045.2.1" => match curve.as_str() {
                "1.2.840.10045.3.1.7" => KeyAlgorithm::EcdsaP256,
                "1.3.132.0.34" => KeyAlgorithm::EcdsaP384,
                "1.3.132.0.35" => KeyAlgorithm::EcdsaP521,
                other => return Err(unsupported(&format!("on the elliptic curve {other}"))),
            },
            "1.3.101.112" => KeyAlgorithm::Ed25519,
            "1.2.840.113549.1.1.1" => match info.parsed() {
                Ok(Parsed::RSA(rsa)) => {
                    KeyAlgorithm::Rsa(u32::try_from(rsa.key_size()).unwrap_or(u32::MAX))
                }
                _ => return Err(PkiError::malformed(WHAT, "it is no PKCS#1 key of RSA")),
            },
            other => return Err(unsupported(&format!("of the algorithm {other}"))),
        };
        Ok(PublicKey { algorithm, bits, der: der.to_vec() })
    }

    /// Reads `-----BEGIN PUBLIC KEY-----`.
    ///
    /// # Errors
    /// As [`PublicKey::from_der`], and when there is no such block.
    pub fn from_pem(text: &str) -> Result<PublicKey, PkiError> {
        let blocks = pem_text::blocks(WHAT, text)?;
        match blocks.iter().find(|block| block.tag() == "PUBLIC KEY") {
            Some(block) => PublicKey::from_der(block.contents()),
            None => Err(PkiError::Label {
                what: WHAT,
                wanted: "-----BEGIN PUBLIC KEY-----",
                found: pem_text::labels(&blocks),
            }),
        }
    }

    /// Its kind.
    pub fn algorithm(&self) -> KeyAlgorithm {
        self.algorithm
    }

    /// The subject public key info, DER.
    pub fn to_der(&self) -> &[u8] {
        &self.der
    }

    /// The subject public key info, `-----BEGIN PUBLIC KEY-----`.
    pub fn to_pem(&self) -> String {
        pem_text::encode("PUBLIC KEY", &self.der)
    }

    /// SHA-1 of the key's bits: the key id of RFC 5280, 4.2.1.2 (1), which names a key and protects nothing.
    pub fn key_id(&self) -> Vec<u8> {
        fingerprint::sha1(&self.bits)
    }

    /// SHA-256 of the subject public key info, in hexadecimal digits: what kubeadm calls a CA's hash.
    pub fn sha256(&self) -> String {
        fingerprint::hex(&fingerprint::sha256(&self.der))
    }

    pub(crate) fn bits(&self) -> &[u8] {
        &self.bits
    }

    /// Modulus and exponent.
    pub(crate) fn rsa_numbers(&self) -> Option<(Vec<u8>, Vec<u8>)> {
        let (_, info) = SubjectPublicKeyInfo::from_der(&self.der).ok()?;
        match info.parsed() {
            Ok(Parsed::RSA(rsa)) => Some((rsa.modulus.to_vec(), rsa.exponent.to_vec())),
            _ => None,
        }
    }
}

fn unsupported(what: &str) -> PkiError {
    PkiError::Unsupported(format!(
        "the public key is {what}, which is not had here; ECDSA P-256, P-384 and P-521, Ed25519 and RSA are"
    ))
}

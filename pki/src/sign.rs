//! Our keys as rcgen's: whose certificate it is to be, and who signs it. And signatures by P-521, which `x509-parser` cannot check.

use p256::ecdsa::signature::Verifier;
use rcgen::{PublicKeyData, SignatureAlgorithm, SigningKey};
use x509_parser::x509::{AlgorithmIdentifier, SubjectPublicKeyInfo};

use crate::{KeyAlgorithm, PkiError, PrivateKey, PublicKey};

/// The signature algorithm of such keys, as rcgen has it.
pub(crate) fn signature_algorithm(
    algorithm: KeyAlgorithm,
) -> Result<&'static SignatureAlgorithm, PkiError> {
    Ok(match algorithm {
        KeyAlgorithm::EcdsaP256 => &rcgen::PKCS_ECDSA_P256_SHA256,
        KeyAlgorithm::EcdsaP384 => &rcgen::PKCS_ECDSA_P384_SHA384,
        KeyAlgorithm::Ed25519 => &rcgen::PKCS_ED25519,
        KeyAlgorithm::Rsa(_) => &rcgen::PKCS_RSA_SHA256,
        KeyAlgorithm::EcdsaP521 => {
            return Err(PkiError::Unsupported(
                "certificates and requests cannot be written with a key of ECDSA-P521; take one of ECDSA-P384, \
                 ECDSA-P256, ED25519 or RSA"
                    .to_owned(),
            ));
        }
    })
}

/// A public key that a certificate can be written for.
pub(crate) struct Holder<'a> {
    key: &'a PublicKey,
    algorithm: &'static SignatureAlgorithm,
}

impl<'a> Holder<'a> {
    pub(crate) fn new(key: &'a PublicKey) -> Result<Holder<'a>, PkiError> {
        Ok(Holder { key, algorithm: signature_algorithm(key.algorithm())? })
    }
}

impl PublicKeyData for Holder<'_> {
    fn der_bytes(&self) -> &[u8] {
        self.key.bits()
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        self.algorithm
    }
}

/// A private key that can sign certificates and requests.
pub(crate) struct Signer<'a> {
    key: &'a PrivateKey,
    public_key: PublicKey,
    algorithm: &'static SignatureAlgorithm,
}

impl<'a> Signer<'a> {
    pub(crate) fn new(key: &'a PrivateKey) -> Result<Signer<'a>, PkiError> {
        let algorithm = signature_algorithm(key.algorithm())?;
        Ok(Signer { key, public_key: key.public_key(), algorithm })
    }
}

impl PublicKeyData for Signer<'_> {
    fn der_bytes(&self) -> &[u8] {
        self.public_key.bits()
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        self.algorithm
    }
}

impl SigningKey for Signer<'_> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        Ok(self.key.sign(message))
    }
}

/// Is it a P-521 key's signature? `None` for keys of other kinds, which `x509-parser` judges.
pub(crate) fn verified_p521(
    key: &SubjectPublicKeyInfo<'_>,
    algorithm: &AlgorithmIdentifier<'_>,
    body: &[u8],
    signature: &[u8],
) -> Option<bool> {
    let key = PublicKey::from_der(key.raw).ok()?;
    if key.algorithm() != KeyAlgorithm::EcdsaP521 {
        return None;
    }
    let point = p521::ecdsa::VerifyingKey::from_sec1_bytes(key.bits());
    let signature = p521::ecdsa::DerSignature::from_bytes(signature);
    Some(match (algorithm.algorithm.to_id_string().as_str(), point, signature) {
        ("1.2.840.10045.4.3.4", Ok(point), Ok(signature)) => point.verify(body, &signature).is_ok(),
        _ => false,
    })
}

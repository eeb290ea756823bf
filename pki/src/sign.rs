//! What is common to certificates and requests: a body, the algorithm of its signature, and the signature.

use p256::ecdsa::signature::Verifier;
use x509_parser::x509::{AlgorithmIdentifier, SubjectPublicKeyInfo};

use crate::{KeyAlgorithm, PrivateKey, PublicKey, der};

/// The algorithm identifier of signatures by such keys.
pub(crate) fn signature_algorithm(algorithm: KeyAlgorithm) -> Vec<u8> {
    let ecdsa = |hash: u64| der::sequence([der::oid(&[1, 2, 840, 10045, 4, 3, hash])]);
    match algorithm {
        KeyAlgorithm::EcdsaP256 => ecdsa(2),
        KeyAlgorithm::EcdsaP384 => ecdsa(3),
        KeyAlgorithm::EcdsaP521 => ecdsa(4),
        KeyAlgorithm::Ed25519 => der::sequence([der::oid(&[1, 3, 101, 112])]),
        KeyAlgorithm::Rsa(_) => {
            der::sequence([der::oid(&[1, 2, 840, 113_549, 1, 1, 11]), der::null()])
        }
    }
}

/// `SEQUENCE { body, algorithm, signature }`
pub(crate) fn signed(body: &[u8], key: &PrivateKey) -> Vec<u8> {
    let algorithm = signature_algorithm(key.algorithm());
    let signature = der::bit_string(&key.sign(body));
    der::sequence([body, &algorithm, &signature])
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

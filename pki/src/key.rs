//! [`PrivateKey`]: made, signing, wiped. How it is written and read is in `key_text` and `openssh`.
//!
//! Keys are drawn from the generator that is given: the same generator makes the same key. `Debug` shows the kind only.

use std::fmt;

use p256::ecdsa::signature::Signer;
use p256::pkcs8::{AlgorithmIdentifierRef, EncodePublicKey, SubjectPublicKeyInfoRef, der};
use rand::{CryptoRng, RngCore};
use rsa::signature::SignatureEncoding;
use rsa::traits::PublicKeyParts;
use zeroize::Zeroizing;

use crate::{KeyAlgorithm, PkiError, PublicKey};

/// A private key. Wiped when dropped.
#[derive(Clone)]
pub struct PrivateKey(pub(crate) Material);

/// What a key is, by its kind.
#[derive(Clone)]
pub(crate) enum Material {
    P256(p256::SecretKey),
    P384(p384::SecretKey),
    P521(p521::SecretKey),
    Ed25519(Zeroizing<[u8; 32]>),
    Rsa(Box<rsa::RsaPrivateKey>),
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({}, hidden)", self.algorithm())
    }
}

/// RFC 8410.
pub(crate) const ED25519_OID: der::asn1::ObjectIdentifier =
    der::asn1::ObjectIdentifier::new_unwrap("1.3.101.112");

/// How often a candidate for an elliptic curve's key is drawn. One in 2^32 is no key, so that not even the second is needed.
const DRAWS: usize = 64;

impl PrivateKey {
    /// Draws a key from `random`.
    ///
    /// # Errors
    /// When the algorithm's parameters cannot be.
    pub fn generate(
        algorithm: KeyAlgorithm,
        random: &mut impl CryptoRng,
    ) -> Result<PrivateKey, PkiError> {
        Ok(PrivateKey(match algorithm.checked()? {
            KeyAlgorithm::EcdsaP256 => {
                Material::P256(draw(random, 32, 0xff, p256::SecretKey::from_slice)?)
            }
            KeyAlgorithm::EcdsaP384 => {
                Material::P384(draw(random, 48, 0xff, p384::SecretKey::from_slice)?)
            }
            KeyAlgorithm::EcdsaP521 => {
                Material::P521(draw(random, 66, 1, p521::SecretKey::from_slice)?)
            }
            KeyAlgorithm::Ed25519 => {
                let mut seed = Zeroizing::new([0; 32]);
                random.fill_bytes(seed.as_mut_slice());
                Material::Ed25519(seed)
            }
            KeyAlgorithm::Rsa(bits) => {
                let bits = usize::try_from(bits).unwrap_or(usize::MAX);
                let key = rsa::RsaPrivateKey::new(&mut Older(random), bits);
                let key = key.map_err(|why| PkiError::Invalid(format!("no RSA key: {why}")))?;
                Material::Rsa(Box::new(key))
            }
        }))
    }

    /// Its kind.
    pub fn algorithm(&self) -> KeyAlgorithm {
        match &self.0 {
            Material::P256(_) => KeyAlgorithm::EcdsaP256,
            Material::P384(_) => KeyAlgorithm::EcdsaP384,
            Material::P521(_) => KeyAlgorithm::EcdsaP521,
            Material::Ed25519(_) => KeyAlgorithm::Ed25519,
            Material::Rsa(key) => {
                KeyAlgorithm::Rsa(u32::try_from(key.n().bits()).unwrap_or(u32::MAX))
            }
        }
    }

    /// The public half.
    pub fn public_key(&self) -> PublicKey {
        const WRITTEN: &str = "invariant: the public half of a key can be written";
        let der = match &self.0 {
            Material::P256(key) => key.public_key().to_public_key_der().expect(WRITTEN).into_vec(),
            Material::P384(key) => key.public_key().to_public_key_der().expect(WRITTEN).into_vec(),
            Material::P521(key) => key.public_key().to_public_key_der().expect(WRITTEN).into_vec(),
            Material::Ed25519(seed) => ed25519_info(&ed25519(seed).1).expect(WRITTEN),
            Material::Rsa(key) => {
                let der = rsa::pkcs8::EncodePublicKey::to_public_key_der(&key.to_public_key());
                der.expect(WRITTEN).into_vec()
            }
        };
        PublicKey::from_der(&der).expect("invariant: what the curves' crates write can be read")
    }

    /// Signs with the digest that belongs to the algorithm: SHA-256 for P-256 and RSA (PKCS#1 v1.5), SHA-384 for P-384,
    /// SHA-512 for P-521. Deterministic. The signature is as X.509 has it.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        match &self.0 {
            Material::P256(key) => {
                let key = p256::ecdsa::SigningKey::from(key);
                let signature: p256::ecdsa::DerSignature = key.sign(message);
                signature.as_bytes().to_vec()
            }
            Material::P384(key) => {
                let key = p384::ecdsa::SigningKey::from(key);
                let signature: p384::ecdsa::DerSignature = key.sign(message);
                signature.as_bytes().to_vec()
            }
            Material::P521(key) => {
                let key = p521::ecdsa::SigningKey::from(key);
                let signature: p521::ecdsa::DerSignature = key.sign(message);
                signature.as_bytes().to_vec()
            }
            Material::Ed25519(seed) => ed25519(seed).0.sign(message).as_ref().to_vec(),
            Material::Rsa(key) => {
                let key = rsa::pkcs1v15::SigningKey::<rsa::sha2::Sha256>::new((**key).clone());
                rsa::signature::Signer::sign(&key, message).to_vec()
            }
        }
    }
}

impl PartialEq for PrivateKey {
    /// Of the same public key.
    fn eq(&self, other: &PrivateKey) -> bool {
        self.public_key() == other.public_key()
    }
}

impl Eq for PrivateKey {}

/// The key pair of a seed, and its public key.
fn ed25519(seed: &[u8; 32]) -> (ring::signature::Ed25519KeyPair, Vec<u8>) {
    use ring::signature::KeyPair;
    let pair = ring::signature::Ed25519KeyPair::from_seed_unchecked(seed);
    let pair = pair.expect("invariant: any 32 bytes are an Ed25519 seed");
    let public = pair.public_key().as_ref().to_vec();
    (pair, public)
}

/// The subject public key info of an Ed25519 key (RFC 8410).
fn ed25519_info(public: &[u8]) -> der::Result<Vec<u8>> {
    let algorithm = AlgorithmIdentifierRef { oid: ED25519_OID, parameters: None };
    let subject_public_key = der::asn1::BitStringRef::from_bytes(public)?;
    der::Encode::to_der(&SubjectPublicKeyInfoRef { algorithm, subject_public_key })
}

/// A number below the curve's order, of `size` bytes, by drawing until one is. The first byte has the bits of `mask` only.
fn draw<K, E>(
    random: &mut impl RngCore,
    size: usize,
    mask: u8,
    key: impl Fn(&[u8]) -> Result<K, E>,
) -> Result<K, PkiError> {
    let mut bytes = Zeroizing::new(vec![0_u8; size]);
    for _ in 0..DRAWS {
        random.fill_bytes(bytes.as_mut_slice());
        if let Some(first) = bytes.first_mut() {
            *first &= mask;
        }
        if let Ok(key) = key(bytes.as_slice()) {
            return Ok(key);
        }
    }
    Err(no_key())
}

fn no_key() -> PkiError {
    PkiError::Invalid("the source of randomness gives no usable key: it repeats itself".to_owned())
}

/// A generator as the crate `rsa` knows them, which is a version behind.
struct Older<'a, R>(&'a mut R);

impl<R: CryptoRng> rsa::rand_core::RngCore for Older<'_, R> {
    fn next_u32(&mut self) -> u32 {
        self.0.next_u32()
    }

    fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    fn fill_bytes(&mut self, buffer: &mut [u8]) {
        self.0.fill_bytes(buffer);
    }

    fn try_fill_bytes(&mut self, buffer: &mut [u8]) -> Result<(), rsa::rand_core::Error> {
        self.0.fill_bytes(buffer);
        Ok(())
    }
}

impl<R: CryptoRng> rsa::rand_core::CryptoRng for Older<'_, R> {}

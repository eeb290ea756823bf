//! OpenSSH: public keys in one line, private keys in its own format (PROTOCOL.key), without passphrase.
//!
//! Read here as well: the crate `ssh-key` (0.6) refuses keys whose number happens to be a byte short, every 256th on P-256.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use rsa::BigUint;
use rsa::traits::{PrivateKeyParts, PublicKeyParts};
use zeroize::Zeroizing;

use crate::key::Material;
use crate::{KeyAlgorithm, PkiError, PrivateKey, PublicKey, fingerprint, key_text, pem_text};

const WHAT: &str = "the private key";
/// A private key's content is filled up to a multiple of it: the block size of "none".
const BLOCK: usize = 8;
const MAGIC: &[u8] = b"openssh-key-v1\0";

/// `string` of RFC 4251: a length and so many bytes.
fn string(out: &mut Vec<u8>, bytes: &[u8]) {
    let length = u32::try_from(bytes.len()).expect("invariant: keys are shorter than 4 GiB");
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(bytes);
}

/// `mpint` of RFC 4251 of a number that is not negative.
fn mpint(out: &mut Vec<u8>, number: &[u8]) {
    let number = stripped(number);
    if number.first().is_some_and(|first| first & 0x80 != 0) {
        string(out, &[&[0], number].concat());
    } else {
        string(out, number);
    }
}

fn stripped(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    &number[zeros..]
}

fn curve(algorithm: KeyAlgorithm) -> Option<&'static str> {
    Some(match algorithm {
        KeyAlgorithm::EcdsaP256 => "nistp256",
        KeyAlgorithm::EcdsaP384 => "nistp384",
        KeyAlgorithm::EcdsaP521 => "nistp521",
        KeyAlgorithm::Ed25519 | KeyAlgorithm::Rsa(_) => return None,
    })
}

fn key_type(algorithm: KeyAlgorithm) -> String {
    match (algorithm, curve(algorithm)) {
        (_, Some(curve)) => format!("ecdsa-sha2-{curve}"),
        (KeyAlgorithm::Ed25519, None) => "ssh-ed25519".to_owned(),
        (_, None) => "ssh-rsa".to_owned(),
    }
}

/// The binary form of a public key, whose digests are the fingerprints.
fn blob(key: &PublicKey) -> Vec<u8> {
    let mut out = Vec::new();
    string(&mut out, key_type(key.algorithm()).as_bytes());
    match (curve(key.algorithm()), key.rsa_numbers()) {
        (Some(curve), _) => {
            string(&mut out, curve.as_bytes());
            string(&mut out, key.bits());
        }
        (None, Some((modulus, exponent))) => {
            mpint(&mut out, &exponent);
            mpint(&mut out, &modulus);
        }
        (None, None) => string(&mut out, key.bits()),
    }
    out
}

impl PublicKey {
    /// The line of `authorized_keys`, with a line feed and without a comment: `ssh-rsa AAAA..`.
    pub fn to_openssh(&self) -> String {
        format!("{} {}\n", key_type(self.algorithm()), STANDARD.encode(blob(self)))
    }

    /// `aa:bb:..`, as older OpenSSH shows it.
    pub fn fingerprint_md5(&self) -> String {
        fingerprint::colons(&fingerprint::md5(&blob(self)))
    }

    /// `SHA256:..`, as OpenSSH shows it.
    pub fn fingerprint_sha256(&self) -> String {
        format!("SHA256:{}", STANDARD_NO_PAD.encode(fingerprint::sha256(&blob(self))))
    }
}

/// The private key in OpenSSH's format.
pub(crate) fn write(key: &PrivateKey) -> Zeroizing<String> {
    let public = key.public_key();
    let public_blob = blob(&public);
    let mut inner = Zeroizing::new(Vec::with_capacity(4096));
    // Two equal numbers, by which a wrong passphrase would show. Without one they may be any.
    let check = &fingerprint::sha256(&public_blob)[..4];
    inner.extend_from_slice(check);
    inner.extend_from_slice(check);
    string(&mut inner, key_type(key.algorithm()).as_bytes());
    write_private(&mut inner, key, &public);
    string(&mut inner, b"");
    let mut padding = 1_u8;
    while inner.len() % BLOCK != 0 {
        inner.push(padding);
        padding += 1;
    }
    let mut out = Zeroizing::new(MAGIC.to_vec());
    string(&mut out, b"none");
    string(&mut out, b"none");
    string(&mut out, b"");
    out.extend_from_slice(&1_u32.to_be_bytes());
    string(&mut out, &public_blob);
    string(&mut out, &inner);
    Zeroizing::new(pem_text::encode("OPENSSH PRIVATE KEY", &out))
}

fn write_private(out: &mut Vec<u8>, key: &PrivateKey, public: &PublicKey) {
    let mut ecdsa = |curve: &str, scalar: &[u8]| {
        string(out, curve.as_bytes());
        string(out, public.bits());
        mpint(out, scalar);
    };
    match &key.0 {
        Material::P256(key) => ecdsa("nistp256", &key.to_bytes()),
        Material::P384(key) => ecdsa("nistp384", &key.to_bytes()),
        Material::P521(key) => ecdsa("nistp521", &key.to_bytes()),
        Material::Ed25519(seed) => {
            string(out, public.bits());
            string(out, &Zeroizing::new([seed.as_slice(), public.bits()].concat()));
        }
        Material::Rsa(key) => {
            let inverse = key.crt_coefficient().unwrap_or_default();
            let primes = key.primes();
            let number = |number: Option<&BigUint>| {
                Zeroizing::new(number.map(BigUint::to_bytes_be).unwrap_or_default())
            };
            mpint(out, &key.n().to_bytes_be());
            mpint(out, &key.e().to_bytes_be());
            mpint(out, &number(Some(key.d())));
            mpint(out, &number(Some(&inverse)));
            mpint(out, &number(primes.first()));
            mpint(out, &number(primes.get(1)));
        }
    }
}

/// Reads OpenSSH's format, after PEM.
pub(crate) fn read(content: &[u8]) -> Result<PrivateKey, PkiError> {
    let broken = || PkiError::malformed(WHAT, "it is no key in OpenSSH's format, or it is broken");
    let mut outer = Reader(content.strip_prefix(MAGIC).ok_or_else(broken)?);
    let cipher = outer.string().ok_or_else(broken)?;
    if cipher != b"none" {
        return Err(PkiError::EncryptedKey);
    }
    let (kdf, options) = (outer.string(), outer.string());
    if kdf != Some(b"none") || options != Some(b"") || outer.number() != Some(1) {
        return Err(broken());
    }
    let _public = outer.string().ok_or_else(broken)?;
    let mut inner = Reader(outer.string().ok_or_else(broken)?);
    let (check, again) = (inner.number(), inner.number());
    if check.is_none() || check != again {
        return Err(broken());
    }
    let kind = inner.string().ok_or_else(broken)?;
    match kind {
        b"ssh-rsa" => read_rsa(&mut inner).ok_or_else(broken).and_then(key_text::checked_rsa),
        b"ssh-ed25519" => read_ed25519(&mut inner).ok_or_else(broken),
        _ if kind.starts_with(b"ecdsa-sha2-") => read_ecdsa(&mut inner).ok_or_else(broken),
        _ => Err(PkiError::Unsupported(
            "the private key is of an algorithm that is not had here (DSA, or on a security key)"
                .to_owned(),
        )),
    }
}

fn read_ed25519(inner: &mut Reader<'_>) -> Option<PrivateKey> {
    let public = inner.string()?;
    let seed: [u8; 32] = inner.string()?.strip_suffix(public)?.try_into().ok()?;
    let key = PrivateKey(Material::Ed25519(Zeroizing::new(seed)));
    (key.public_key().bits() == public).then_some(key)
}

fn read_ecdsa(inner: &mut Reader<'_>) -> Option<PrivateKey> {
    let (curve, point, scalar) = (inner.string()?, inner.string()?, inner.string()?);
    let scalar = stripped(scalar);
    // An mpint has no leading zeros; a curve's key has all its bytes.
    let padded = |size: usize| {
        let zeros = size.checked_sub(scalar.len())?;
        let mut all = Zeroizing::new(vec![0; zeros]);
        all.extend_from_slice(scalar);
        Some(all)
    };
    let material = match curve {
        b"nistp256" => p256::SecretKey::from_slice(&padded(32)?).ok().map(Material::P256),
        b"nistp384" => p384::SecretKey::from_slice(&padded(48)?).ok().map(Material::P384),
        b"nistp521" => p521::SecretKey::from_slice(&padded(66)?).ok().map(Material::P521),
        _ => None,
    };
    let key = PrivateKey(material?);
    (key.public_key().bits() == point).then_some(key)
}

fn read_rsa(inner: &mut Reader<'_>) -> Option<rsa::RsaPrivateKey> {
    let mut number = || inner.string().map(BigUint::from_bytes_be);
    let (modulus, exponent, private) = (number()?, number()?, number()?);
    let (_inverse, first, second) = (number()?, number()?, number()?);
    let primes = vec![first, second];
    rsa::RsaPrivateKey::from_components(modulus, exponent, private, primes).ok()
}

/// What is left to read.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn number(&mut self) -> Option<u32> {
        Some(u32::from_be_bytes(self.take(4)?.try_into().ok()?))
    }

    fn string(&mut self) -> Option<&'a [u8]> {
        let length = usize::try_from(self.number()?).ok()?;
        self.take(length)
    }
}

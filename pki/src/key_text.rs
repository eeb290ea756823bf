//! How private keys are written and read: PEM of PKCS#8 (`PRIVATE KEY`), PKCS#1 (`RSA PRIVATE KEY`), SEC 1
//! (`EC PRIVATE KEY`) and OpenSSH (`OPENSSH PRIVATE KEY`, in `openssh`). All texts are wiped when dropped.

use p256::pkcs8::{
    AlgorithmIdentifierRef, DecodePrivateKey, EncodePrivateKey, PrivateKeyInfoRef, der,
};
use rsa::pkcs1::{DecodeRsaPrivateKey, EncodeRsaPrivateKey};
use zeroize::Zeroizing;

use crate::key::{ED25519_OID, Material};
use crate::{PkiError, PrivateKey, openssh, pem_text};

const WHAT: &str = "the private key";

impl PrivateKey {
    /// Reads a key: the first block of the text that is one (`EC PARAMETERS` may stand before it).
    ///
    /// # Errors
    /// When there is none, it is encrypted, broken or of an algorithm that is not had here.
    pub fn from_pem(text: &str) -> Result<PrivateKey, PkiError> {
        let blocks = pem_text::blocks(WHAT, text)?;
        for block in &blocks {
            let content = block.contents();
            let encrypted = block.headers().get("Proc-Type").is_some();
            match block.tag() {
                "ENCRYPTED PRIVATE KEY" => return Err(PkiError::EncryptedKey),
                "RSA PRIVATE KEY" | "EC PRIVATE KEY" if encrypted => {
                    return Err(PkiError::EncryptedKey);
                }
                "PRIVATE KEY" => return from_pkcs8(content),
                "RSA PRIVATE KEY" => return from_pkcs1(content),
                "EC PRIVATE KEY" => return from_sec1(content),
                "OPENSSH PRIVATE KEY" => return openssh::read(content),
                _ => {}
            }
        }
        let wanted = "-----BEGIN PRIVATE KEY-----";
        Err(PkiError::Label { what: WHAT, wanted, found: pem_text::labels(&blocks) })
    }

    /// PKCS#8, PEM: what every program reads.
    pub fn to_pkcs8_pem(&self) -> Zeroizing<String> {
        Zeroizing::new(pem_text::encode("PRIVATE KEY", &self.to_pkcs8_der()))
    }

    /// PKCS#8, DER.
    pub fn to_pkcs8_der(&self) -> Zeroizing<Vec<u8>> {
        const WRITTEN: &str = "invariant: a key that was made or read can be written";
        Zeroizing::new(match &self.0 {
            Material::P256(key) => key.to_pkcs8_der().expect(WRITTEN).as_bytes().to_vec(),
            Material::P384(key) => key.to_pkcs8_der().expect(WRITTEN).as_bytes().to_vec(),
            Material::P521(key) => key.to_pkcs8_der().expect(WRITTEN).as_bytes().to_vec(),
            Material::Ed25519(seed) => ed25519_pkcs8(seed).expect(WRITTEN),
            Material::Rsa(key) => {
                let der = rsa::pkcs8::EncodePrivateKey::to_pkcs8_der(&**key);
                der.expect(WRITTEN).as_bytes().to_vec()
            }
        })
    }

    /// The form of its kind, as Terraform's provider `tls` prints it: PKCS#1 for RSA, SEC 1 for ECDSA, PKCS#8 for Ed25519.
    pub fn to_traditional_pem(&self) -> Zeroizing<String> {
        const WRITTEN: &str = "invariant: a key that was made or read can be written";
        let sec1 = |der: &[u8]| Zeroizing::new(pem_text::encode("EC PRIVATE KEY", der));
        match &self.0 {
            Material::P256(key) => sec1(&key.to_sec1_der().expect(WRITTEN)),
            Material::P384(key) => sec1(&key.to_sec1_der().expect(WRITTEN)),
            Material::P521(key) => sec1(&key.to_sec1_der().expect(WRITTEN)),
            Material::Ed25519(_) => self.to_pkcs8_pem(),
            Material::Rsa(key) => {
                let der = key.to_pkcs1_der().expect(WRITTEN);
                Zeroizing::new(pem_text::encode("RSA PRIVATE KEY", der.as_bytes()))
            }
        }
    }

    /// OpenSSH's own form, without passphrase and comment. P-521 as well.
    pub fn to_openssh(&self) -> Zeroizing<String> {
        openssh::write(self)
    }
}

fn from_pkcs8(der: &[u8]) -> Result<PrivateKey, PkiError> {
    // The content of a key never gets into an error: readers are asked one after the other.
    if let Ok(key) = p256::SecretKey::from_pkcs8_der(der) {
        return Ok(PrivateKey(Material::P256(key)));
    }
    if let Ok(key) = p384::SecretKey::from_pkcs8_der(der) {
        return Ok(PrivateKey(Material::P384(key)));
    }
    if let Ok(key) = p521::SecretKey::from_pkcs8_der(der) {
        return Ok(PrivateKey(Material::P521(key)));
    }
    if let Ok(key) = rsa::pkcs8::DecodePrivateKey::from_pkcs8_der(der) {
        return checked_rsa(key);
    }
    if let Some(seed) = ed25519_seed(der) {
        return Ok(PrivateKey(Material::Ed25519(seed)));
    }
    let why = "it is no PKCS#8 key of ECDSA P-256, P-384 or P-521, Ed25519 or RSA, or it is broken";
    Err(PkiError::malformed(WHAT, why))
}

/// RFC 8410: the algorithm, and the seed inside two octet strings.
fn ed25519_pkcs8(seed: &[u8; 32]) -> der::Result<Vec<u8>> {
    use der::asn1::OctetStringRef;
    let inner = Zeroizing::new(der::Encode::to_der(&OctetStringRef::new(seed)?)?);
    let algorithm = AlgorithmIdentifierRef { oid: ED25519_OID, parameters: None };
    der::Encode::to_der(&PrivateKeyInfoRef::new(algorithm, OctetStringRef::new(&inner)?))
}

/// The seed of a PKCS#8 key, with (version 2) or without its public key (version 1).
fn ed25519_seed(der: &[u8]) -> Option<Zeroizing<[u8; 32]>> {
    let info = rsa::pkcs8::PrivateKeyInfo::try_from(der).ok()?;
    if info.algorithm.oid.as_bytes() != ED25519_OID.as_bytes() {
        return None;
    }
    let seed: [u8; 32] = info.private_key.strip_prefix(&[4, 32])?.try_into().ok()?;
    Some(Zeroizing::new(seed))
}

fn from_pkcs1(der: &[u8]) -> Result<PrivateKey, PkiError> {
    match rsa::RsaPrivateKey::from_pkcs1_der(der) {
        Ok(key) => checked_rsa(key),
        Err(_) => Err(PkiError::malformed(WHAT, "it is no PKCS#1 key of RSA, or it is broken")),
    }
}

pub(crate) fn checked_rsa(mut key: rsa::RsaPrivateKey) -> Result<PrivateKey, PkiError> {
    let sound = key.validate().is_ok() && key.precompute().is_ok();
    if !sound {
        return Err(PkiError::malformed(WHAT, "the numbers of the RSA key do not fit together"));
    }
    Ok(PrivateKey(Material::Rsa(Box::new(key))))
}

fn from_sec1(der: &[u8]) -> Result<PrivateKey, PkiError> {
    if let Ok(key) = p256::SecretKey::from_sec1_der(der) {
        return Ok(PrivateKey(Material::P256(key)));
    }
    if let Ok(key) = p384::SecretKey::from_sec1_der(der) {
        return Ok(PrivateKey(Material::P384(key)));
    }
    if let Ok(key) = p521::SecretKey::from_sec1_der(der) {
        return Ok(PrivateKey(Material::P521(key)));
    }
    let why = "it is no SEC 1 key of P-256, P-384 or P-521, or it is broken";
    Err(PkiError::malformed(WHAT, why))
}

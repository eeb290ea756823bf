//! [`DataKey`]: what seals and opens. XChaCha20-Poly1305 with a nonce drawn for each text.
//!
//! # Guarantees
//! A sealed text opens under its own key at its own place only: what it is bound to is authenticated
//! with it, so that neither a changed byte nor a text moved to another row goes unseen.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{KeyInit, XChaCha20Poly1305, XNonce};
use kprov_core::Host;
use zeroize::Zeroizing;

/// How every sealed text begins. JSON never does, nor does an outcome.
pub(crate) const PREFIX: &str = "sealed:1:";

const NONCE: usize = 24;

/// 32 secret bytes, gone from memory with the value.
pub type SecretKey = Zeroizing<[u8; 32]>;

/// The key of a store or of a saved plan.
#[derive(Clone)]
pub(crate) struct DataKey {
    /// Tells keys of one store apart; no secret.
    pub(crate) id: String,
    bytes: SecretKey,
}

impl std::fmt::Debug for DataKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DataKey").field("id", &self.id).finish_non_exhaustive()
    }
}

/// It was changed, or it is of another key or another place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Broken;

impl DataKey {
    /// A new one.
    pub(crate) fn draw(host: &dyn Host) -> DataKey {
        let mut id = [0; 8];
        host.random(&mut id);
        DataKey { id: hexadecimal(&id), bytes: random_key(host) }
    }

    pub(crate) fn of(id: &str, bytes: SecretKey) -> DataKey {
        DataKey { id: id.to_owned(), bytes }
    }

    /// For wrapping.
    pub(crate) fn bytes(&self) -> &SecretKey {
        &self.bytes
    }

    /// As text that names its key.
    pub(crate) fn seal(&self, plain: &[u8], place: &[&str], host: &dyn Host) -> String {
        let sealed = lock(&self.bytes, plain, &self.bound(place), host);
        let mut text = format!("{PREFIX}{}:", self.id);
        STANDARD_NO_PAD.encode_string(sealed, &mut text);
        text
    }

    /// Opens what [`DataKey::seal`] made at the same place.
    pub(crate) fn open(&self, text: &str, place: &[&str]) -> Result<Vec<u8>, Broken> {
        let (id, body) = parts(text).ok_or(Broken)?;
        if id != self.id {
            return Err(Broken);
        }
        let sealed = STANDARD_NO_PAD.decode(body).map_err(|_| Broken)?;
        unlock(&self.bytes, &sealed, &self.bound(place))
    }

    fn bound(&self, place: &[&str]) -> Vec<u8> {
        bound(&[&["kprov", &self.id], place].concat())
    }
}

/// The key's id and what it sealed; `None`: it is no sealed text.
pub(crate) fn parts(text: &str) -> Option<(&str, &str)> {
    text.strip_prefix(PREFIX)?.split_once(':')
}

pub(crate) fn is_sealed(text: &str) -> bool {
    text.starts_with(PREFIX)
}

/// Parts as bytes, so that no two lists give the same.
pub(crate) fn bound(parts: &[&str]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(parts.iter().map(|part| part.len() + 8).sum());
    for part in parts {
        bytes.extend_from_slice(&(part.len() as u64).to_le_bytes());
        bytes.extend_from_slice(part.as_bytes());
    }
    bytes
}

/// Nonce and ciphertext.
pub(crate) fn lock(key: &SecretKey, plain: &[u8], bound: &[u8], host: &dyn Host) -> Vec<u8> {
    let mut nonce = [0; NONCE];
    host.random(&mut nonce);
    let cipher = XChaCha20Poly1305::new((&**key).into());
    let payload = Payload { msg: plain, aad: bound };
    let sealed = cipher
        .encrypt(XNonce::from_slice(&nonce), payload)
        .expect("invariant: a text is shorter than 256 GB, the cipher's limit");
    [&nonce[..], &sealed].concat()
}

pub(crate) fn unlock(key: &SecretKey, sealed: &[u8], bound: &[u8]) -> Result<Vec<u8>, Broken> {
    let (nonce, body) = sealed.split_at_checked(NONCE).ok_or(Broken)?;
    let cipher = XChaCha20Poly1305::new((&**key).into());
    let payload = Payload { msg: body, aad: bound };
    cipher.decrypt(XNonce::from_slice(nonce), payload).map_err(|_| Broken)
}

pub(crate) fn random_key(host: &dyn Host) -> SecretKey {
    let mut bytes = Zeroizing::new([0; 32]);
    host.random(&mut *bytes);
    bytes
}

pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

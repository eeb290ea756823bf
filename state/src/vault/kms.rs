//! [`KmsKey`]: a key that a key management service makes and gives back to whom it trusts. Whoever
//! speaks to the service stands behind [`KeyService`]: this room knows none.

use std::sync::Arc;

use kprov_core::Host;

use super::cipher::SecretKey;
use super::source::{KeyDescription, KeyKind, KeySource};

/// A key management service. Blocking.
pub trait KeyService: Send + Sync + std::fmt::Debug {
    /// A new key of 32 bytes, and the same encrypted by the service's `key`.
    ///
    /// # Errors
    /// What the service says.
    fn generate(&self, key: &str) -> Result<(SecretKey, Vec<u8>), String>;

    /// The key that `generate` gave, from its encrypted form; `key` must have encrypted it.
    ///
    /// # Errors
    /// What the service says.
    fn decrypt(&self, key: &str, ciphertext: &[u8]) -> Result<SecretKey, String>;
}

/// See the module.
#[derive(Clone, Debug)]
pub struct KmsKey {
    key: String,
    service: Arc<dyn KeyService>,
}

impl KmsKey {
    /// The service's key of this name: an id, ARN or alias.
    pub fn new(key: &str, service: Arc<dyn KeyService>) -> KmsKey {
        KmsKey { key: key.to_owned(), service }
    }
}

impl KeySource for KmsKey {
    fn kind(&self) -> KeyKind {
        KeyKind::Kms
    }

    fn place(&self) -> String {
        format!("the KMS key {}", self.key)
    }

    fn provide(&self, _host: &dyn Host) -> Result<(SecretKey, KeyDescription), String> {
        let (made, ciphertext) = self.service.generate(&self.key)?;
        Ok((made, KeyDescription::Kms { key: self.key.clone(), ciphertext }))
    }

    /// Asks the key that the user has named, not the one that the description does: whoever can
    /// write to a store must not choose what its secrets are sealed with.
    fn find(&self, description: &KeyDescription) -> Result<SecretKey, String> {
        match description {
            KeyDescription::Kms { ciphertext, .. } => self.service.decrypt(&self.key, ciphertext),
            _ => Err("no KMS key is asked for".to_owned()),
        }
    }
}

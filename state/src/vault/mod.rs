//! [`Vault`]: what seals the secrets of a store and of saved plans, by envelope encryption.
//!
//! A data key seals; it is stored beside what it seals, wrapped by a key from a [`KeySource`]. See
//! docs/adr/0004-secrets-at-rest.md.
//!
//! # Guarantees
//! - No key is looked for, and no service asked, before something sealed is met or a secret is to be
//!   stored.
//! - Keys are in no message, and gone from memory with their values.

mod cipher;
mod document;
mod given;
mod key_file;
mod kms;
mod passphrase;
mod secrets;
mod source;
mod wrapped;

use std::sync::Arc;

use kprov_core::{Host, ProviderConfigAddr, ResourceName};

pub use cipher::SecretKey;
pub(crate) use cipher::{DataKey, is_sealed, parts};
pub use given::GivenKey;
pub use key_file::KeyFile;
pub use kms::{KeyService, KmsKey};
pub use passphrase::Passphrase;
pub use source::{KeyDescription, KeyError, KeyKind, KeySource, fingerprint};
pub(crate) use wrapped::WrappedKey;

/// Does a type have attributes that are secret, whatever its objects say?
pub type SecretTypes = dyn Fn(&ProviderConfigAddr, &ResourceName) -> bool + Send + Sync;

/// See the module. Cheap to clone.
#[derive(Clone, Default)]
pub struct Vault {
    /// The first is what new keys are wrapped with; all are asked for keys.
    sources: Arc<[Arc<dyn KeySource>]>,
    secret_types: Option<Arc<SecretTypes>>,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vault").field("sources", &self.sources).finish_non_exhaustive()
    }
}

impl Vault {
    /// Nothing is sealed: for stores that are never written to disk, or whose disk is trusted.
    pub fn none() -> Vault {
        Vault::default()
    }

    /// Keys from these; the first one wraps what is new.
    pub fn of(sources: Vec<Arc<dyn KeySource>>) -> Vault {
        Vault { sources: sources.into(), secret_types: None }
    }

    /// With this key: for programs that embed us, and for tests.
    pub fn with_key(key: [u8; 32]) -> Vault {
        Vault::of(vec![Arc::new(GivenKey::new(key))])
    }

    /// Knows by schemas what is secret, too.
    #[must_use]
    pub fn secret_types(self, types: Arc<SecretTypes>) -> Vault {
        Vault { secret_types: Some(types), ..self }
    }

    /// Is anything sealed?
    pub fn is_on(&self) -> bool {
        !self.sources.is_empty()
    }

    /// Has the type secret attributes, as far as schemas are known here?
    pub fn is_secret_type(&self, provider: &ProviderConfigAddr, resource: &ResourceName) -> bool {
        self.secret_types.as_ref().is_some_and(|types| types(provider, resource))
    }

    /// A data key, wrapped by the first source.
    pub(crate) fn wrap(&self, key: &DataKey, host: &dyn Host) -> Result<WrappedKey, KeyError> {
        let source = self.sources.first().ok_or(KeyError::Off)?;
        let (with, by) = source.provide(host).map_err(|why| KeyError::Unavailable { why })?;
        Ok(WrappedKey::wrap(key, &with, by, host))
    }

    /// The data key in a wrapped one.
    pub(crate) fn unwrap(&self, wrapped: &WrappedKey) -> Result<DataKey, KeyError> {
        if !self.is_on() {
            return Err(KeyError::Off);
        }
        let wanted = wrapped.by.clone();
        let mut looked = Vec::new();
        for source in self.sources.iter().filter(|source| source.kind() == wanted.kind()) {
            match source.find(&wanted).map(|with| wrapped.unwrap(&with)) {
                Ok(Some(key)) => return Ok(key),
                Ok(None) => {
                    let place = source.place();
                    return Err(KeyError::Wrong { wanted, place });
                }
                Err(why) => looked.push(why),
            }
        }
        let looked = match looked.is_empty() {
            true => "no such source of keys is set".to_owned(),
            false => looked.join("; "),
        };
        Err(KeyError::Missing { wanted, looked })
    }
}

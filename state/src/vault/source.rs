//! [`KeySource`]: where the key comes from that wraps data keys; and what can go wrong there.

use kprov_core::Host;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::cipher::{SecretKey, hexadecimal};

/// Which key wraps a data key, and how it is found again. Stored in the clear; names of variants and
/// fields are added to, never changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum KeyDescription {
    /// One of a key file.
    File {
        /// [`fingerprint`] of it.
        fingerprint: String,
    },
    /// One given as it is: from the environment, or by a program that embeds us.
    Given {
        /// [`fingerprint`] of it.
        fingerprint: String,
    },
    /// Made of a passphrase by argon2id, version 1.3 (RFC 9106).
    Passphrase {
        /// Random bytes.
        #[serde(with = "crate::bytes")]
        salt: Vec<u8>,
        /// Memory in KiB.
        memory: u32,
        /// Passes over it.
        passes: u32,
        /// Lanes.
        lanes: u32,
    },
    /// Made by a key management service, and known to it alone.
    Kms {
        /// The service's name of the key that has encrypted ours.
        key: String,
        /// Our key, encrypted by that one.
        #[serde(with = "crate::bytes")]
        ciphertext: Vec<u8>,
    },
}

/// The kinds that can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyKind {
    /// [`KeyDescription::File`]
    File,
    /// [`KeyDescription::Given`]
    Given,
    /// [`KeyDescription::Passphrase`]
    Passphrase,
    /// [`KeyDescription::Kms`]
    Kms,
}

impl KeyDescription {
    /// Its kind.
    pub fn kind(&self) -> KeyKind {
        match self {
            KeyDescription::File { .. } => KeyKind::File,
            KeyDescription::Given { .. } => KeyKind::Given,
            KeyDescription::Passphrase { .. } => KeyKind::Passphrase,
            KeyDescription::Kms { .. } => KeyKind::Kms,
        }
    }
}

/// For people: "the key file ...".
impl std::fmt::Display for KeyDescription {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            KeyDescription::File { fingerprint } => {
                write!(f, "the key file with the fingerprint {fingerprint}")
            }
            KeyDescription::Given { fingerprint } => {
                write!(f, "the key with the fingerprint {fingerprint}, given in KPROV_STATE_KEY")
            }
            KeyDescription::Passphrase { .. } => {
                f.write_str("a passphrase, given in KPROV_STATE_PASSPHRASE")
            }
            KeyDescription::Kms { key, .. } => {
                write!(f, "the KMS key {key}, given in KPROV_STATE_KMS_KEY")
            }
        }
    }
}

/// Gives keys that wrap data keys. Blocking.
pub trait KeySource: Send + Sync + std::fmt::Debug {
    /// What it gives.
    fn kind(&self) -> KeyKind;

    /// Where it looks, for messages: a path, the name of a variable.
    fn place(&self) -> String;

    /// A key to wrap with, made where there is none yet, and how it is found again. It is durable
    /// when this returns.
    ///
    /// # Errors
    /// Why there is none.
    fn provide(&self, host: &dyn Host) -> Result<(SecretKey, KeyDescription), String>;

    /// The key of a description of this kind.
    ///
    /// # Errors
    /// Why it is not here. That it is another one need not be seen.
    fn find(&self, description: &KeyDescription) -> Result<SecretKey, String>;
}

/// Why something stays sealed, or cannot be sealed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// The key is not where it was looked for.
    #[error("it is sealed with {wanted}; {looked}")]
    Missing {
        /// Which key.
        wanted: KeyDescription,
        /// Where it was looked for, and what was found there.
        looked: String,
    },
    /// There is a key, and it is another one.
    #[error("it is sealed with {wanted}; what {place} gives is another one")]
    Wrong {
        /// Which key.
        wanted: KeyDescription,
        /// Where the other one came from.
        place: String,
    },
    /// A secret is to be stored and there is no key for that.
    #[error("it cannot be sealed: {why}")]
    Unavailable {
        /// Why there is none.
        why: String,
    },
    /// The store is sealed, and this program was given no key at all.
    #[error("its secrets are sealed, and no key was given")]
    Off,
    /// What describes the key, or what it sealed, is damaged.
    #[error("{what}")]
    Damaged {
        /// What.
        what: String,
    },
}

/// Tells keys apart without giving them away: their first bytes of SHA-256. For random keys only.
pub fn fingerprint(key: &SecretKey) -> String {
    let mut hash = Sha256::new();
    hash.update(b"kprov state key");
    hash.update(key.as_slice());
    hexadecimal(&hash.finalize()[..8])
}

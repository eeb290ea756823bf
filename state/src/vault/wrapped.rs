//! [`WrappedKey`]: a data key as it is stored: sealed with another key, and the description of that.

use kprov_core::Host;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize as _, Zeroizing};

use super::cipher::{self, DataKey, SecretKey};
use super::source::{KeyDescription, KeyError};

/// The form of what is stored.
const VERSION: u32 = 1;

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct WrappedKey {
    version: u32,
    /// The data key's.
    pub(crate) id: String,
    /// What wraps it.
    pub(crate) by: KeyDescription,
    #[serde(with = "crate::bytes")]
    wrapped: Vec<u8>,
}

impl WrappedKey {
    pub(crate) fn wrap(
        key: &DataKey,
        with: &SecretKey,
        by: KeyDescription,
        host: &dyn Host,
    ) -> WrappedKey {
        let bound = bound(&key.id, &by);
        let wrapped = cipher::lock(with, &**key.bytes(), &bound, host);
        WrappedKey { version: VERSION, id: key.id.clone(), by, wrapped }
    }

    /// `None`: that is not the key which wrapped it.
    pub(crate) fn unwrap(&self, with: &SecretKey) -> Option<DataKey> {
        let mut plain = cipher::unlock(with, &self.wrapped, &bound(&self.id, &self.by)).ok()?;
        let bytes = <[u8; 32]>::try_from(plain.as_slice()).ok().map(Zeroizing::new);
        plain.zeroize();
        Some(DataKey::of(&self.id, bytes?))
    }

    pub(crate) fn encode(&self) -> Result<String, KeyError> {
        serde_json::to_string(self).map_err(|error| KeyError::Damaged { what: error.to_string() })
    }

    pub(crate) fn decode(text: &str) -> Result<WrappedKey, KeyError> {
        let damaged = |what: String| KeyError::Damaged { what };
        let header: Header = serde_json::from_str(text)
            .map_err(|error| damaged(format!("the description of its key: {error}")))?;
        if header.version != VERSION {
            let known = format!("{}, this kprov knows {VERSION}", header.version);
            return Err(damaged(format!("its key is wrapped in form {known}: use a newer kprov")));
        }
        serde_json::from_str(text)
            .map_err(|error| damaged(format!("the description of its key: {error}")))
    }
}

/// Only this much is read of every version.
#[derive(Deserialize)]
struct Header {
    version: u32,
}

fn bound(id: &str, by: &KeyDescription) -> Vec<u8> {
    // Fields are written in the order of their declaration, so the text is always the same.
    let by = serde_json::to_string(by).unwrap_or_default();
    cipher::bound(&["kprov data key", id, &by])
}

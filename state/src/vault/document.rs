//! Sealed files: each has a data key of its own, so that it opens without the store that it is about.
//!
//! ```text
//! length of the wrapped key, 4 bytes | wrapped key, JSON | nonce | ciphertext
//! ```

use kprov_core::Host;

use super::cipher::{bound, lock, unlock};
use super::{DataKey, KeyError, Vault, WrappedKey};

const LENGTH: usize = 4;

impl Vault {
    /// Seals a file's content; `kind` says what it is and must be the same for opening.
    ///
    /// # Errors
    /// When there is no key.
    pub fn seal_document(
        &self,
        kind: &str,
        content: &[u8],
        host: &dyn Host,
    ) -> Result<Vec<u8>, KeyError> {
        let key = DataKey::draw(host);
        let wrapped = self.wrap(&key, host)?.encode()?;
        let mut out = Vec::from((wrapped.len() as u32).to_le_bytes());
        out.extend_from_slice(wrapped.as_bytes());
        out.extend(lock(key.bytes(), content, &bound(&[kind, &key.id]), host));
        Ok(out)
    }

    /// Opens it.
    ///
    /// # Errors
    /// When the key is missing, or the content damaged.
    pub fn open_document(&self, kind: &str, sealed: &[u8]) -> Result<Vec<u8>, KeyError> {
        let damaged = |what: &str| KeyError::Damaged { what: what.to_owned() };
        let (length, rest) =
            sealed.split_first_chunk::<LENGTH>().ok_or_else(|| damaged("it is cut short"))?;
        let length = u32::from_le_bytes(*length) as usize;
        let (wrapped, body) =
            rest.split_at_checked(length).ok_or_else(|| damaged("it is cut short"))?;
        let wrapped = std::str::from_utf8(wrapped)
            .map_err(|_| damaged("the description of its key is no text"))?;
        let key = self.unwrap(&WrappedKey::decode(wrapped)?)?;
        unlock(key.bytes(), body, &bound(&[kind, &key.id]))
            .map_err(|_| damaged("its seal is broken: it was changed"))
    }
}

//! [`GivenKey`]: a key as it is, of the environment or of a program that embeds us.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kprov_core::Host;
use zeroize::Zeroizing;

use super::cipher::SecretKey;
use super::source::{KeyDescription, KeyKind, KeySource, fingerprint};

/// See the module.
#[derive(Clone)]
pub struct GivenKey {
    /// Where from.
    name: String,
    key: Result<SecretKey, String>,
}

impl std::fmt::Debug for GivenKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GivenKey").field("name", &self.name).finish_non_exhaustive()
    }
}

impl GivenKey {
    /// These bytes.
    pub fn new(key: [u8; 32]) -> GivenKey {
        GivenKey { name: "the program".to_owned(), key: Ok(Zeroizing::new(key)) }
    }

    /// The base64 text of 32 bytes, from the variable `name`. A text that is none is told when the
    /// key is needed.
    pub fn parse(name: &str, text: &str) -> GivenKey {
        let key = parse_key(text).ok_or_else(|| {
            format!(
                "{name} is not the base64 text of 32 bytes (\"head -c 32 /dev/urandom | base64\" \
                 makes one)"
            )
        });
        GivenKey { name: name.to_owned(), key }
    }
}

/// 32 bytes of base64 text.
pub(super) fn parse_key(text: &str) -> Option<SecretKey> {
    let bytes = Zeroizing::new(STANDARD.decode(text.trim()).ok()?);
    <[u8; 32]>::try_from(bytes.as_slice()).ok().map(Zeroizing::new)
}

impl KeySource for GivenKey {
    fn kind(&self) -> KeyKind {
        KeyKind::Given
    }

    fn place(&self) -> String {
        self.name.clone()
    }

    fn provide(&self, _host: &dyn Host) -> Result<(SecretKey, KeyDescription), String> {
        let key = self.key.clone()?;
        let fingerprint = fingerprint(&key);
        Ok((key, KeyDescription::Given { fingerprint }))
    }

    fn find(&self, _description: &KeyDescription) -> Result<SecretKey, String> {
        self.key.clone()
    }
}

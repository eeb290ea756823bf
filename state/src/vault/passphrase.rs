//! [`Passphrase`]: a key made of words by argon2id (RFC 9106).

use argon2::{Algorithm, Argon2, Params, Version};
use kprov_core::Host;
use zeroize::Zeroizing;

use super::cipher::SecretKey;
use super::source::{KeyDescription, KeyKind, KeySource};

/// RFC 9106, section 4, second recommended option: 64 MiB, 3 passes, 4 lanes, 16 bytes of salt.
const MEMORY: u32 = 64 * 1024;
const PASSES: u32 = 3;
const LANES: u32 = 4;
const SALT: usize = 16;

/// What a description may ask of this machine: a damaged one must not take all its memory.
const MEMORY_MAX: u32 = 2 * 1024 * 1024;
const PASSES_MAX: u32 = 64;
const LANES_MAX: u32 = 64;

/// Shorter ones are guessed, whatever they go through.
const SHORTEST: usize = 8;

/// See the module.
#[derive(Clone)]
pub struct Passphrase {
    name: String,
    words: Zeroizing<String>,
    memory: u32,
    passes: u32,
}

impl std::fmt::Debug for Passphrase {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Passphrase").field("name", &self.name).finish_non_exhaustive()
    }
}

impl Passphrase {
    /// From the variable `name`.
    pub fn new(name: &str, words: String) -> Passphrase {
        let words = Zeroizing::new(words);
        Passphrase { name: name.to_owned(), words, memory: MEMORY, passes: PASSES }
    }

    /// With another cost for new keys: a test's.
    #[must_use]
    pub fn costing(self, memory: u32, passes: u32) -> Passphrase {
        Passphrase { memory, passes, ..self }
    }

    fn derive(
        &self,
        salt: &[u8],
        memory: u32,
        passes: u32,
        lanes: u32,
    ) -> Result<SecretKey, String> {
        if memory > MEMORY_MAX || passes > PASSES_MAX || lanes > LANES_MAX {
            return Err("its description asks for more than any kprov does: it is damaged".into());
        }
        let failed = |error: argon2::Error| format!("argon2id: {error}");
        let params = Params::new(memory, passes, lanes, Some(32)).map_err(failed)?;
        let mut key = Zeroizing::new([0; 32]);
        Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
            .hash_password_into(self.words.as_bytes(), salt, &mut *key)
            .map_err(failed)?;
        Ok(key)
    }
}

impl KeySource for Passphrase {
    fn kind(&self) -> KeyKind {
        KeyKind::Passphrase
    }

    fn place(&self) -> String {
        self.name.clone()
    }

    fn provide(&self, host: &dyn Host) -> Result<(SecretKey, KeyDescription), String> {
        if self.words.chars().count() < SHORTEST {
            return Err(format!("{} has fewer than {SHORTEST} characters", self.name));
        }
        let mut salt = vec![0; SALT];
        host.random(&mut salt);
        let (memory, passes, lanes) = (self.memory, self.passes, LANES);
        let key = self.derive(&salt, memory, passes, lanes)?;
        Ok((key, KeyDescription::Passphrase { salt, memory, passes, lanes }))
    }

    fn find(&self, description: &KeyDescription) -> Result<SecretKey, String> {
        match description {
            KeyDescription::Passphrase { salt, memory, passes, lanes } => {
                self.derive(salt, *memory, *passes, *lanes)
            }
            _ => Err("no passphrase is asked for".to_owned()),
        }
    }
}

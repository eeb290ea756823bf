//! A private key that is given: stored (`private_key_pem`), or write-only (`private_key_pem_wo`), which no state has and of
//! which a version says when it is another one.

use kprov_core::{Type, Value};
use kprov_pki::PrivateKey;
use kprov_provider::{Attribute, AttributeError, ProviderError};

use crate::fields::{self, bad};

/// The names of one such argument.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeyArgument {
    stored: &'static str,
    unstored: &'static str,
    version: &'static str,
}

/// Whose certificate or request it is.
pub(crate) const OWN: KeyArgument = KeyArgument {
    stored: "private_key_pem",
    unstored: "private_key_pem_wo",
    version: "private_key_pem_wo_version",
};

/// The authority's.
pub(crate) const AUTHORITY: KeyArgument = KeyArgument {
    stored: "ca_private_key_pem",
    unstored: "ca_private_key_pem_wo",
    version: "ca_private_key_pem_wo_version",
};

impl KeyArgument {
    pub(crate) fn attributes(self, text: &str) -> [(&'static str, Attribute); 3] {
        let stored = Attribute::new(Type::String).optional().sensitive();
        let unstored = Attribute { write_only: true, ..stored.clone() };
        let version = Attribute::new(Type::String).optional().force_new();
        [
            (self.stored, stored.force_new().describe(text)),
            (
                self.unstored,
                unstored.describe("The same, stored neither in plans nor in the state."),
            ),
            (
                self.version,
                version.describe(
                    "Goes with the key that is not stored; a change replaces the object.",
                ),
            ),
        ]
    }

    /// The argument that is given, and its text; `None` while that is unknown.
    pub(crate) fn given(self, config: &Value) -> Option<(&'static str, &str)> {
        let text = |name| fields::text(config, name).map(|text| (name, text));
        text(self.unstored).or_else(|| text(self.stored))
    }

    /// The key; known by now.
    pub(crate) fn key(self, config: &Value) -> Result<PrivateKey, ProviderError> {
        let (name, text) = self.given(config).unwrap_or((self.stored, ""));
        PrivateKey::from_pem(text).map_err(|why| fields::rejected(name, why))
    }

    /// Which of the two is there?
    pub(crate) fn name(self, config: &Value) -> &'static str {
        if self.is_unstored(config) { self.unstored } else { self.stored }
    }

    /// Is it the one that is not stored?
    pub(crate) fn is_unstored(self, config: &Value) -> bool {
        config.get(self.unstored).is_some_and(|it| !it.is_null())
    }

    /// Exactly one of the two, and a version with the one that is not stored.
    pub(crate) fn validate(self, config: &Value) -> Vec<AttributeError> {
        let KeyArgument { stored, unstored, version } = self;
        let set = |name: &str| config.get(name).is_some_and(|value| !value.is_null());
        if set(stored) == set(unstored) {
            let why = format!("Exactly one of {stored} and {unstored} must be set.");
            return vec![bad(stored, "Invalid combination of arguments", why)];
        }
        if set(unstored) && !set(version) {
            let why = format!(
                "What is not stored cannot be compared: {version} says when the key is another one."
            );
            return vec![bad(version, "Version missing", why)];
        }
        Vec::new()
    }
}

//! [`KeyAlgorithm`]: the kinds of keys there are here.

use std::fmt;

use crate::{PkiError, sign};

/// A kind of key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyAlgorithm {
    /// ECDSA on NIST P-256: the default; every TLS speaks it, and keys are made in no time.
    EcdsaP256,
    /// ECDSA on NIST P-384.
    EcdsaP384,
    /// ECDSA on NIST P-521. Few TLS clients take it.
    EcdsaP521,
    /// Ed25519. Not every browser takes it.
    Ed25519,
    /// RSA of so many bits, [`KeyAlgorithm::RSA_MIN`] to [`KeyAlgorithm::RSA_MAX`].
    Rsa(u32),
}

impl KeyAlgorithm {
    /// Shorter RSA keys are refused everywhere.
    pub const RSA_MIN: u32 = 2048;
    /// Longer RSA keys take minutes to make.
    pub const RSA_MAX: u32 = 4096;

    /// From a name: `ECDSA-P256`, `ECDSA-P384`, `ECDSA-P521`, `ED25519`, `RSA-2048` .. `RSA-4096`; case does not matter.
    ///
    /// # Errors
    /// When there is none of that name.
    pub fn from_name(name: &str) -> Result<KeyAlgorithm, PkiError> {
        let upper = name.to_ascii_uppercase();
        match upper.as_str() {
            "ECDSA-P256" | "ECDSA" => return Ok(KeyAlgorithm::EcdsaP256),
            "ECDSA-P384" => return Ok(KeyAlgorithm::EcdsaP384),
            "ECDSA-P521" => return Ok(KeyAlgorithm::EcdsaP521),
            "ED25519" => return Ok(KeyAlgorithm::Ed25519),
            "RSA" => return Ok(KeyAlgorithm::Rsa(KeyAlgorithm::RSA_MIN)),
            _ => {}
        }
        match upper.strip_prefix("RSA-").and_then(|bits| bits.parse().ok()) {
            Some(bits) => KeyAlgorithm::Rsa(bits).checked(),
            None => Err(PkiError::Unsupported(format!(
                "there is no key algorithm {name:?}; there are ECDSA-P256, ECDSA-P384, ECDSA-P521, ED25519, RSA-2048, \
                 RSA-3072 and RSA-4096"
            ))),
        }
    }

    /// Itself, if keys of it can be made.
    ///
    /// # Errors
    /// An RSA key of a length that is too short or too long.
    pub fn checked(self) -> Result<KeyAlgorithm, PkiError> {
        match self {
            KeyAlgorithm::Rsa(bits)
                if !(Self::RSA_MIN..=Self::RSA_MAX).contains(&bits) || bits % 8 != 0 =>
            {
                Err(PkiError::Unsupported(format!(
                    "an RSA key of {bits} bits cannot be made: it has {} to {} bits, a multiple of 8",
                    Self::RSA_MIN,
                    Self::RSA_MAX
                )))
            }
            fine => Ok(fine),
        }
    }

    /// Itself, if certificates and requests can be written with keys of it: rcgen has no P-521 without another library of
    /// cryptography.
    ///
    /// # Errors
    /// [`PkiError::Unsupported`]
    pub fn certifiable(self) -> Result<KeyAlgorithm, PkiError> {
        sign::signature_algorithm(self).map(|_| self)
    }

    /// `RSA`, `ECDSA` or `ED25519`, as Terraform's provider `tls` calls them.
    pub fn family(self) -> &'static str {
        match self {
            KeyAlgorithm::EcdsaP256 | KeyAlgorithm::EcdsaP384 | KeyAlgorithm::EcdsaP521 => "ECDSA",
            KeyAlgorithm::Ed25519 => "ED25519",
            KeyAlgorithm::Rsa(_) => "RSA",
        }
    }

    /// Is it an elliptic curve's of NIST?
    pub(crate) fn is_ecdsa(self) -> bool {
        self.family() == "ECDSA"
    }
}

impl fmt::Display for KeyAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            KeyAlgorithm::EcdsaP256 => f.write_str("ECDSA-P256"),
            KeyAlgorithm::EcdsaP384 => f.write_str("ECDSA-P384"),
            KeyAlgorithm::EcdsaP521 => f.write_str("ECDSA-P521"),
            KeyAlgorithm::Ed25519 => f.write_str("ED25519"),
            KeyAlgorithm::Rsa(bits) => write!(f, "RSA-{bits}"),
        }
    }
}

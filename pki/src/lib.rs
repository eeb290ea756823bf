//! Keys, certificates, certificate requests and bundles: made, read back and checked.
//!
//! Pure: time and randomness come from outside, and nothing here does I/O or waits. The same inputs make the same
//! bytes: keys are drawn from the given generator (all of them, RSA as well) and signatures are deterministic
//! (RFC 6979 for ECDSA, PKCS#1 v1.5 for RSA, Ed25519 by nature). Certificates and requests are written by rcgen, which is
//! given our keys, and read back by `x509-parser`.
//!
//! What must hold: no error, `Debug` or `Display` shows a private key; private keys are wiped when dropped; no input makes a
//! function panic. Providers `tls` and `pki` and the node stand on this crate.

mod algorithm;
mod authority;
mod bundle;
mod certificate;
mod check;
mod error;
mod fingerprint;
mod key;
mod key_text;
mod leaf;
mod lifetime;
mod name;
mod name_written;
mod openssh;
mod pem_text;
mod public_key;
mod read;
mod request;
mod san;
mod sign;
mod template;
mod tree;
mod usage;

pub use algorithm::KeyAlgorithm;
pub use authority::{Authority, AuthorityRequest};
pub use bundle::Bundle;
pub use certificate::Certificate;
pub use check::verify_chain;
pub use error::PkiError;
pub use fingerprint::{base64, hex};
pub use key::PrivateKey;
pub use leaf::{LeafRequest, Usage};
pub use lifetime::{RenewalWindow, leaf_validity, renew_at, renewal_due};
pub use name::DistinguishedName;
pub use public_key::PublicKey;
pub use request::CertificateRequest;
pub use san::SubjectAltName;
pub use template::{CaConstraint, CertificateTemplate, Issuer, serial_number};
pub use tree::{MASTER_PATHS, WORKER_PATHS, tree_hash};
pub use usage::{ExtendedUsage, KeyUsage};

/// Instants are `jiff` timestamps, certificates' are whole seconds.
pub use jiff::Timestamp;

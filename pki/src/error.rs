//! [`PkiError`]: what is wrong with a key, a certificate or a request, in words for people. Never with a private key in it.

use jiff::Timestamp;

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PkiError {
    /// The text is not PEM.
    #[error("{what} is not PEM: {why}")]
    Pem {
        /// "the certificate", "the private key"
        what: &'static str,
        /// What the reader said.
        why: String,
    },
    /// The text is PEM without the block that was asked for.
    #[error("{what} has no block {wanted}{}", its_blocks(.found))]
    Label {
        /// "the certificate"
        what: &'static str,
        /// `-----BEGIN CERTIFICATE-----`
        wanted: &'static str,
        /// Labels that it has.
        found: Vec<String>,
    },
    /// The block's content cannot be read.
    #[error("{what} cannot be read: {why}")]
    Malformed {
        /// "the certificate"
        what: &'static str,
        /// What the reader said.
        why: String,
    },
    /// A key that is locked by a passphrase.
    #[error(
        "the private key is encrypted by a passphrase; give it decrypted (`openssl pkey -in FILE`, `ssh-keygen -p`)"
    )]
    EncryptedKey,
    /// An algorithm or parameter that this program does not have.
    #[error("{0}")]
    Unsupported(String),
    /// Key and certificate are not a pair.
    #[error(
        "the private key does not match the certificate of {subject}: it is another key than the one the certificate was issued for"
    )]
    KeyMismatch {
        /// Subject of the certificate.
        subject: String,
    },
    /// After its end.
    #[error("the certificate of {subject} has expired: it was valid until {not_after}")]
    Expired {
        /// Subject of the certificate.
        subject: String,
        /// Its end.
        not_after: Timestamp,
    },
    /// Before its beginning.
    #[error(
        "the certificate of {subject} is not valid yet: it is from {not_before} on; is the clock right?"
    )]
    NotYetValid {
        /// Subject of the certificate.
        subject: String,
        /// Its beginning.
        not_before: Timestamp,
    },
    /// Issued by another authority.
    #[error("the certificate of {subject} was not issued by {authority}: {why}")]
    ForeignAuthority {
        /// Subject of the certificate.
        subject: String,
        /// Subject of the authority.
        authority: String,
        /// "its issuer is CN=x", "the signature is not by its key"
        why: String,
    },
    /// The certificate may not sign others.
    #[error("the certificate of {subject} is not of an authority: {why}")]
    NotAnAuthority {
        /// Subject of the certificate.
        subject: String,
        /// Which extension is missing.
        why: &'static str,
    },
    /// A name that the certificate should have.
    #[error("the certificate of {subject} is not valid for {name}: its names are {names}")]
    NameMissing {
        /// Subject of the certificate.
        subject: String,
        /// The name that was asked for.
        name: String,
        /// All that it has.
        names: String,
    },
    /// An argument that cannot be.
    #[error("{0}")]
    Invalid(String),
}

fn its_blocks(labels: &[String]) -> String {
    match labels {
        [] => String::new(),
        labels => format!("; it has {}", labels.join(", ")),
    }
}

impl PkiError {
    pub(crate) fn malformed(what: &'static str, why: impl ToString) -> PkiError {
        PkiError::Malformed { what, why: why.to_string() }
    }
}

//! [`SubjectAltName`]: the names that a certificate is valid for.

use std::fmt;
use std::net::IpAddr;

use rcgen::SanType;
use rcgen::string::Ia5String;

use crate::PkiError;

/// A name that a certificate is valid for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SubjectAltName {
    /// A DNS name; `*` may stand for its first label.
    Dns(String),
    /// An address.
    Ip(IpAddr),
    /// A URI.
    Uri(String),
    /// A mail address.
    Email(String),
}

impl SubjectAltName {
    /// A name of a host: an address if it reads as one, else a DNS name.
    ///
    /// # Errors
    /// When it is neither.
    pub fn host(text: &str) -> Result<SubjectAltName, PkiError> {
        match text.parse() {
            Ok(address) => Ok(SubjectAltName::Ip(address)),
            Err(_) => SubjectAltName::dns(text),
        }
    }

    /// A DNS name (RFC 1123 with `_`, which SRV-like names have; `*` as the first label).
    ///
    /// # Errors
    /// When it is none; IDNs must be given in their ASCII form.
    pub fn dns(text: &str) -> Result<SubjectAltName, PkiError> {
        let wrong = |why: &str| {
            PkiError::Invalid(format!("{text:?} is neither an address nor a DNS name: {why}"))
        };
        if text.is_empty() || text.len() > 253 {
            return Err(wrong("it has no or more than 253 characters"));
        }
        for (index, label) in text.split('.').enumerate() {
            let letters = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
            let wildcard = index == 0 && label == "*" && text.len() > 2;
            if label.is_empty() || label.len() > 63 {
                return Err(wrong("a label has no or more than 63 characters"));
            }
            if !wildcard && !label.chars().all(letters) {
                return Err(wrong("labels have letters, digits, '-' and '_' (IDNs as xn--..)"));
            }
            if label.starts_with('-') || label.ends_with('-') {
                return Err(wrong("a label begins or ends with '-'"));
            }
        }
        Ok(SubjectAltName::Dns(text.to_owned()))
    }

    /// Is a certificate with this name valid for a host of that name? Wildcards stand for exactly one label.
    pub fn covers(&self, host: &str) -> bool {
        match self {
            SubjectAltName::Ip(address) => host.parse() == Ok(*address),
            SubjectAltName::Dns(name) => {
                let same = |a: &str, b: &str| a.eq_ignore_ascii_case(b);
                let host = host.strip_suffix('.').unwrap_or(host);
                match name.strip_prefix("*.") {
                    Some(rest) => host
                        .split_once('.')
                        .is_some_and(|(first, parent)| !first.is_empty() && same(parent, rest)),
                    None => same(name, host),
                }
            }
            SubjectAltName::Uri(_) | SubjectAltName::Email(_) => false,
        }
    }

    /// As rcgen has it.
    pub(crate) fn to_rcgen(&self) -> Result<SanType, PkiError> {
        let ascii = |text: &str| {
            let why = |_| PkiError::Invalid(format!("the name {text:?} is not ASCII"));
            Ia5String::try_from(text).map_err(why)
        };
        Ok(match self {
            SubjectAltName::Email(text) => SanType::Rfc822Name(ascii(text)?),
            SubjectAltName::Dns(text) => SanType::DnsName(ascii(text)?),
            SubjectAltName::Uri(text) => SanType::URI(ascii(text)?),
            SubjectAltName::Ip(address) => SanType::IpAddress(*address),
        })
    }
}

impl fmt::Display for SubjectAltName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SubjectAltName::Ip(address) => address.fmt(f),
            SubjectAltName::Dns(text) | SubjectAltName::Uri(text) | SubjectAltName::Email(text) => {
                f.write_str(text)
            }
        }
    }
}

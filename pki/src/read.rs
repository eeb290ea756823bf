//! Certificates as `x509-parser` reads them, put into our own words.

use std::net::IpAddr;

use jiff::Timestamp;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::prelude::FromDer;
use x509_parser::time::ASN1Time;

use crate::certificate::{Parts, WHAT};
use crate::{DistinguishedName, ExtendedUsage, KeyUsage, PkiError, SubjectAltName};

/// What the certificate says.
pub(crate) fn parts(der: &[u8]) -> Result<Parts, PkiError> {
    let (rest, certificate) =
        X509Certificate::from_der(der).map_err(|why| PkiError::malformed(WHAT, why))?;
    if !rest.is_empty() {
        return Err(PkiError::malformed(WHAT, "bytes follow it"));
    }
    let tbs = &certificate.tbs_certificate;
    let mut parts = Parts {
        version: tbs.version().0 + 1,
        serial: certificate.raw_serial().to_vec(),
        subject: DistinguishedName::from_parsed(tbs.subject()),
        issuer: DistinguishedName::from_parsed(tbs.issuer()),
        raw_subject: tbs.subject().as_raw().to_vec(),
        raw_issuer: tbs.issuer().as_raw().to_vec(),
        not_before: instant(tbs.validity().not_before)?,
        not_after: instant(tbs.validity().not_after)?,
        names: Vec::new(),
        key_usages: None,
        extended_usages: Vec::new(),
        authority: false,
        max_path_length: None,
        subject_key_id: None,
        authority_key_id: None,
        public_key_info: tbs.public_key().raw.to_vec(),
        signature_algorithm: signature(&certificate.signature_algorithm.algorithm.to_id_string()),
        key_family: family(&tbs.public_key().algorithm.algorithm.to_id_string()),
    };
    for extension in tbs.iter_extensions() {
        read_extension(&mut parts, extension.parsed_extension())?;
    }
    Ok(parts)
}

fn read_extension(parts: &mut Parts, extension: &ParsedExtension<'_>) -> Result<(), PkiError> {
    match extension {
        ParsedExtension::SubjectAlternativeName(names) => {
            parts.names = names.general_names.iter().filter_map(name).collect();
        }
        ParsedExtension::KeyUsage(usage) => {
            let set = |it: &KeyUsage| usage.flags & (1 << it.bit()) != 0;
            parts.key_usages = Some(KeyUsage::ALL.into_iter().filter(set).collect());
        }
        ParsedExtension::ExtendedKeyUsage(usage) => {
            let flags = [
                (usage.any, ExtendedUsage::Any),
                (usage.server_auth, ExtendedUsage::Server),
                (usage.client_auth, ExtendedUsage::Client),
                (usage.code_signing, ExtendedUsage::CodeSigning),
                (usage.email_protection, ExtendedUsage::EmailProtection),
                (usage.time_stamping, ExtendedUsage::TimeStamping),
                (usage.ocsp_signing, ExtendedUsage::OcspSigning),
            ];
            let known = flags.into_iter().filter(|(set, _)| *set).map(|(_, usage)| usage);
            let other = usage.other.iter().map(|oid| {
                let arcs = oid.iter().map(|arcs| arcs.collect::<Vec<u64>>());
                ExtendedUsage::from_oid(&arcs.unwrap_or_default())
            });
            parts.extended_usages = known.chain(other).collect();
        }
        ParsedExtension::BasicConstraints(constraints) => {
            parts.authority = constraints.ca;
            parts.max_path_length = constraints.path_len_constraint;
        }
        ParsedExtension::SubjectKeyIdentifier(id) => parts.subject_key_id = Some(id.0.to_vec()),
        ParsedExtension::AuthorityKeyIdentifier(id) => {
            parts.authority_key_id = id.key_identifier.as_ref().map(|id| id.0.to_vec());
        }
        ParsedExtension::ParseError { error } => {
            return Err(PkiError::malformed(WHAT, format!("an extension is broken: {error}")));
        }
        _ => {}
    }
    Ok(())
}

/// A name that we know of; others (directory names, registered ids) are left out.
pub(crate) fn name(name: &GeneralName<'_>) -> Option<SubjectAltName> {
    Some(match name {
        GeneralName::DNSName(text) => SubjectAltName::Dns((*text).to_owned()),
        GeneralName::RFC822Name(text) => SubjectAltName::Email((*text).to_owned()),
        GeneralName::URI(text) => SubjectAltName::Uri((*text).to_owned()),
        GeneralName::IPAddress(bytes) => {
            let v4 = <[u8; 4]>::try_from(*bytes).map(IpAddr::from);
            SubjectAltName::Ip(v4.or_else(|_| <[u8; 16]>::try_from(*bytes).map(IpAddr::from)).ok()?)
        }
        _ => return None,
    })
}

fn instant(time: ASN1Time) -> Result<Timestamp, PkiError> {
    let instant = Timestamp::from_second(time.timestamp());
    instant.map_err(|_| PkiError::malformed(WHAT, "a time is out of range"))
}

fn family(oid: &str) -> &'static str {
    match oid {
        "1.2.840.113549.1.1.1" => "RSA",
        "1.2.840.10045.2.1" => "ECDSA",
        "1.3.101.112" => "Ed25519",
        "1.2.840.10040.4.1" => "DSA",
        _ => "unknown",
    }
}

fn signature(oid: &str) -> String {
    match oid {
        "1.2.840.113549.1.1.4" => "MD5-RSA",
        "1.2.840.113549.1.1.5" => "SHA1-RSA",
        "1.2.840.113549.1.1.11" => "SHA256-RSA",
        "1.2.840.113549.1.1.12" => "SHA384-RSA",
        "1.2.840.113549.1.1.13" => "SHA512-RSA",
        "1.2.840.113549.1.1.10" => "RSA-PSS",
        "1.2.840.10045.4.1" => "ECDSA-SHA1",
        "1.2.840.10045.4.3.2" => "ECDSA-SHA256",
        "1.2.840.10045.4.3.3" => "ECDSA-SHA384",
        "1.2.840.10045.4.3.4" => "ECDSA-SHA512",
        "1.3.101.112" => "Ed25519",
        other => other,
    }
    .to_owned()
}

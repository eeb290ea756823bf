//! What must hold of a certificate: its time, its issuer, its names; and of a chain.

use jiff::Timestamp;
use x509_parser::certificate::X509Certificate;
use x509_parser::prelude::FromDer;
use x509_parser::x509::SubjectPublicKeyInfo;

use crate::{Certificate, ExtendedUsage, KeyUsage, PkiError, sign};

/// No chain is longer.
const MAX_DEPTH: usize = 10;

impl Certificate {
    /// Is it valid at that time?
    ///
    /// # Errors
    /// [`PkiError::Expired`], [`PkiError::NotYetValid`]
    pub fn check_valid_at(&self, now: Timestamp) -> Result<(), PkiError> {
        let subject = || self.subject().to_string();
        if now > self.not_after() {
            return Err(PkiError::Expired { subject: subject(), not_after: self.not_after() });
        }
        if now < self.not_before() {
            let not_before = self.not_before();
            return Err(PkiError::NotYetValid { subject: subject(), not_before });
        }
        Ok(())
    }

    /// Is it valid for a host of that name or address? Subjects are not looked at, as TLS does not any more.
    ///
    /// # Errors
    /// [`PkiError::NameMissing`]
    pub fn check_name(&self, host: &str) -> Result<(), PkiError> {
        if self.names().iter().any(|name| name.covers(host)) {
            return Ok(());
        }
        let names: Vec<String> = self.names().iter().map(ToString::to_string).collect();
        let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        Err(PkiError::NameMissing {
            subject: self.subject().to_string(),
            name: host.to_owned(),
            names,
        })
    }

    /// May it be used for this purpose? A certificate that does not speak of purposes may.
    ///
    /// # Errors
    /// [`PkiError::Invalid`]
    pub fn check_usage(&self, usage: &ExtendedUsage) -> Result<(), PkiError> {
        let usages = self.extended_usages();
        if usages.is_empty() || usages.contains(usage) || usages.contains(&ExtendedUsage::Any) {
            return Ok(());
        }
        Err(PkiError::Invalid(format!(
            "the certificate of {} is for {usages:?}, and not for {usage:?}",
            self.subject()
        )))
    }

    /// May its key sign certificates?
    ///
    /// # Errors
    /// [`PkiError::NotAnAuthority`]
    pub fn check_authority(&self) -> Result<(), PkiError> {
        let not = |why| PkiError::NotAnAuthority { subject: self.subject().to_string(), why };
        if !self.is_authority() {
            return Err(not("it lacks the constraint CA:TRUE"));
        }
        if self.key_usages().is_some_and(|usages| !usages.contains(&KeyUsage::CertSign)) {
            return Err(not("its key may not sign certificates (key usage)"));
        }
        Ok(())
    }

    /// Did this authority issue it? Looks at the issuer's name and the signature, not at times.
    ///
    /// # Errors
    /// [`PkiError::ForeignAuthority`], [`PkiError::NotAnAuthority`]
    pub fn signed_by(&self, authority: &Certificate) -> Result<(), PkiError> {
        let foreign = |why: String| PkiError::ForeignAuthority {
            subject: self.subject().to_string(),
            authority: authority.subject().to_string(),
            why,
        };
        if self.parts.raw_issuer != authority.parts.raw_subject {
            return Err(foreign(format!("its issuer is {}", self.issuer())));
        }
        authority.check_authority()?;
        if !self.has_signature_of(authority) {
            return Err(foreign("its signature is by another key of the same name".to_owned()));
        }
        Ok(())
    }

    fn has_signature_of(&self, authority: &Certificate) -> bool {
        let certificate = X509Certificate::from_der(&self.der);
        let key = SubjectPublicKeyInfo::from_der(&authority.parts.public_key_info);
        match (certificate, key) {
            (Ok((_, certificate)), Ok((_, key))) => {
                // RFC 5280, 4.1.1.2: the algorithm inside and outside what is signed are one; and a signature is whole bytes.
                let (tbs, value) = (&certificate.tbs_certificate, &certificate.signature_value);
                let p521 = sign::verified_p521(&key, &tbs.signature, tbs.as_ref(), &value.data);
                tbs.signature == certificate.signature_algorithm
                    && value.unused_bits == 0
                    && p521.unwrap_or_else(|| certificate.verify_signature(Some(&key)).is_ok())
            }
            _ => false,
        }
    }
}

/// Is there a chain from `leaf` over `intermediates` to one of `roots`, each valid at `now`?
///
/// # Errors
/// That of the last step: the certificate whose issuer is not there, has expired, or is no authority.
pub fn verify_chain(
    leaf: &Certificate,
    intermediates: &[Certificate],
    roots: &[Certificate],
    now: Timestamp,
) -> Result<(), PkiError> {
    let mut current = leaf;
    current.check_valid_at(now)?;
    for _ in 0..MAX_DEPTH {
        let mut why = match issuer_among(current, roots, now) {
            Ok(_) => return Ok(()),
            Err(why) => why,
        };
        match issuer_among(current, intermediates, now) {
            Ok(issuer) if issuer != current => {
                current = issuer;
                continue;
            }
            Ok(_) => {}
            Err(error) if roots.is_empty() => why = error,
            Err(_) => {}
        }
        return Err(why);
    }
    Err(PkiError::Invalid(format!("the chain of {} is longer than {MAX_DEPTH}", leaf.subject())))
}

/// The issuer of `certificate` that is valid; else why the likeliest one is not.
fn issuer_among<'a>(
    certificate: &Certificate,
    among: &'a [Certificate],
    now: Timestamp,
) -> Result<&'a Certificate, PkiError> {
    let mut why = PkiError::ForeignAuthority {
        subject: certificate.subject().to_string(),
        authority: "any authority that is trusted".to_owned(),
        why: format!("its issuer is {}", certificate.issuer()),
    };
    for authority in among {
        let named = authority.parts.raw_subject == certificate.parts.raw_issuer;
        match certificate.signed_by(authority).and_then(|()| authority.check_valid_at(now)) {
            Ok(()) => return Ok(authority),
            Err(error) if named => why = error,
            Err(_) => {}
        }
    }
    Err(why)
}

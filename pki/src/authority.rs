//! [`Authority`]: a certificate that may sign others, and its key.

use jiff::{SignedDuration, Timestamp};
use rand::CryptoRng;
use zeroize::Zeroizing;

use crate::lifetime::BACKDATED;
use crate::template::{CaConstraint, CertificateTemplate, Issuer, serial_number};
use crate::{
    Certificate, DistinguishedName, KeyAlgorithm, KeyUsage, LeafRequest, PkiError, PrivateKey,
    PublicKey,
};

/// An authority: it issues leaves. No other authority may stand below it (path length 0).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Authority {
    certificate: Certificate,
    key: PrivateKey,
}

/// What a new authority is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthorityRequest {
    /// Its name.
    pub subject: DistinguishedName,
    /// Its key's kind.
    pub algorithm: KeyAlgorithm,
    /// Valid from (`now`, or a little before).
    pub not_before: Timestamp,
    /// Valid until.
    pub not_after: Timestamp,
}

impl AuthorityRequest {
    /// ECDSA P-256, ten years from 5 minutes before `now`.
    pub fn new(subject: DistinguishedName, now: Timestamp) -> AuthorityRequest {
        AuthorityRequest {
            subject,
            algorithm: KeyAlgorithm::EcdsaP256,
            not_before: now.saturating_sub(BACKDATED).unwrap_or(now),
            not_after: now.saturating_add(TEN_YEARS).unwrap_or(now),
        }
    }
}

/// 3652 days.
const TEN_YEARS: SignedDuration = SignedDuration::from_hours(24 * 3652);

impl Authority {
    /// A new self-signed authority with a new key: CA:TRUE with path length 0, for signing certificates and revocation lists.
    ///
    /// # Errors
    /// When the request cannot be.
    pub fn generate(
        request: &AuthorityRequest,
        random: &mut impl CryptoRng,
    ) -> Result<Authority, PkiError> {
        let key = PrivateKey::generate(request.algorithm, random)?;
        let template = CertificateTemplate {
            serial: serial_number(random),
            subject: request.subject.clone(),
            not_before: request.not_before,
            not_after: request.not_after,
            names: Vec::new(),
            key_usages: vec![KeyUsage::DigitalSignature, KeyUsage::CertSign, KeyUsage::CrlSign],
            extended_usages: Vec::new(),
            constraint: CaConstraint::Authority(Some(0)),
            subject_key_id: true,
            authority_key_id: true,
        };
        let issuer = Issuer { certificate: None, key: &key };
        let certificate = template.sign(&key.public_key(), &issuer)?;
        Ok(Authority { certificate, key })
    }

    /// Of a certificate and its key.
    ///
    /// # Errors
    /// When they are not a pair, the certificate is no authority's, or nothing can be issued with such a key or name.
    pub fn new(certificate: Certificate, key: PrivateKey) -> Result<Authority, PkiError> {
        certificate.check_authority()?;
        certificate.matches(&key)?;
        Issuer { certificate: Some(&certificate), key: &key }.check()?;
        Ok(Authority { certificate, key })
    }

    /// As [`Authority::new`], from PEM. Of several certificates the first is taken.
    ///
    /// # Errors
    /// As [`Authority::new`], and what cannot be read.
    pub fn from_pem(certificate: &str, key: &str) -> Result<Authority, PkiError> {
        Authority::new(Certificate::from_pem(certificate)?, PrivateKey::from_pem(key)?)
    }

    /// Its certificate.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Its key.
    pub fn key(&self) -> &PrivateKey {
        &self.key
    }

    /// Its key, PKCS#8.
    pub fn key_pem(&self) -> Zeroizing<String> {
        self.key.to_pkcs8_pem()
    }

    /// A leaf for `public_key`. It never outlives the authority: its end is the earlier of the two.
    ///
    /// # Errors
    /// When a name cannot be, or the authority has ended before the leaf would begin.
    pub fn issue(
        &self,
        request: &LeafRequest,
        public_key: &PublicKey,
        random: &mut impl CryptoRng,
    ) -> Result<Certificate, PkiError> {
        let authority = &self.certificate;
        if authority.not_after() <= request.not_before {
            return Err(PkiError::Expired {
                subject: authority.subject().to_string(),
                not_after: authority.not_after(),
            });
        }
        let mut template = request.template(public_key.algorithm(), serial_number(random))?;
        template.not_after = template.not_after.min(authority.not_after());
        template.not_before = template.not_before.max(authority.not_before());
        let issuer = Issuer { certificate: Some(authority), key: &self.key };
        template.sign(public_key, &issuer)
    }
}

//! [`CertificateTemplate`]: all that a certificate says, to be signed by its issuer.

use jiff::Timestamp;
use rand::CryptoRng;
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, IsCa, KeyIdMethod, SerialNumber,
};

use crate::sign::{Holder, Signer};
use crate::{
    Certificate, DistinguishedName, ExtendedUsage, KeyUsage, PkiError, PrivateKey, PublicKey,
    SubjectAltName, name_written,
};

/// What a certificate says. Extensions that have nothing to say are left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateTemplate {
    /// Big-endian; see [`serial_number`].
    pub serial: Vec<u8>,
    /// Whose it is.
    pub subject: DistinguishedName,
    /// Valid from.
    pub not_before: Timestamp,
    /// Valid until.
    pub not_after: Timestamp,
    /// Names it is valid for.
    pub names: Vec<SubjectAltName>,
    /// What the key may do.
    pub key_usages: Vec<KeyUsage>,
    /// For what purposes.
    pub extended_usages: Vec<ExtendedUsage>,
    /// The extension BasicConstraints.
    pub constraint: CaConstraint,
    /// Write the subject's key id? An authority's is always written: chains are found by it.
    pub subject_key_id: bool,
    /// Write the issuer's key id, if it is known?
    pub authority_key_id: bool,
}

/// BasicConstraints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaConstraint {
    /// Of nobody who may sign.
    Leaf,
    /// Of an authority, with at most so many authorities below it.
    Authority(Option<u32>),
}

/// Who signs.
#[derive(Clone, Debug)]
pub struct Issuer<'a> {
    /// The name, as its certificate has it; `None`: the subject's own, a self-signed certificate.
    pub certificate: Option<&'a Certificate>,
    /// The key that signs.
    pub key: &'a PrivateKey,
}

/// 128 bits of randomness as a serial number: positive, and never shorter, so that all look alike.
pub fn serial_number(random: &mut impl CryptoRng) -> Vec<u8> {
    let mut serial = vec![0; 16];
    random.fill_bytes(&mut serial);
    serial[0] = (serial[0] & 0x7f) | 0x40;
    serial
}

impl Issuer<'_> {
    /// Can it sign here?
    ///
    /// # Errors
    /// A key or a name that certificates cannot be written with.
    pub fn check(&self) -> Result<(), PkiError> {
        self.key.algorithm().certifiable()?;
        self.certificate.map_or(Ok(()), |it| name_written::issuer_name(it).map(|_| ()))
    }
}

/// BasicConstraints that say no more than: no authority.
const BASIC_CONSTRAINTS: [u64; 4] = [2, 5, 29, 19];
const EMPTY_SEQUENCE: [u8; 2] = [0x30, 0];

/// Year 1: an earlier instant cannot be written.
const FIRST_SECOND: i64 = -62_135_596_800;

impl CertificateTemplate {
    /// The certificate of `public_key`, signed by `issuer`.
    ///
    /// # Errors
    /// When it would be valid for no time, or something of it cannot be written.
    pub fn sign(
        &self,
        public_key: &PublicKey,
        issuer: &Issuer<'_>,
    ) -> Result<Certificate, PkiError> {
        if self.not_after <= self.not_before {
            return Err(PkiError::Invalid(format!(
                "a certificate of {} would end ({}) before it begins ({})",
                self.subject, self.not_after, self.not_before
            )));
        }
        let authority_key_id = match issuer.certificate {
            Some(authority) => authority.subject_key_id().map(<[u8]>::to_vec),
            None => Some(public_key.key_id()),
        };
        let mut params = self.params(public_key)?;
        params.use_authority_key_identifier_extension =
            self.authority_key_id && authority_key_id.is_some();
        let mut signing = CertificateParams::default();
        signing.key_identifier_method =
            KeyIdMethod::PreSpecified(authority_key_id.unwrap_or_default());
        signing.distinguished_name = match issuer.certificate {
            Some(authority) => name_written::issuer_name(authority)?,
            None => params.distinguished_name.clone(),
        };
        let signing = rcgen::Issuer::from_params(&signing, Signer::new(issuer.key)?);
        let written = params.signed_by(&Holder::new(public_key)?, &signing);
        let certificate = Certificate::from_der(written.map_err(not_written)?.der())?;
        match issuer.certificate {
            Some(it) if it.raw_subject() != certificate.parts.raw_issuer => {
                Err(PkiError::Unsupported(format!(
                    "{} can issue nothing here: its name cannot be repeated byte by byte",
                    it.subject()
                )))
            }
            _ => Ok(certificate),
        }
    }

    /// All but the issuer, as rcgen has it.
    fn params(&self, public_key: &PublicKey) -> Result<CertificateParams, PkiError> {
        let mut params = request_params(&self.subject, &self.names)?;
        params.serial_number = Some(SerialNumber::from_slice(&self.serial));
        params.not_before = date_time(self.not_before)?;
        params.not_after = date_time(self.not_after)?;
        params.key_usages = self.key_usages.iter().map(|usage| usage.to_rcgen()).collect();
        let purposes = self.extended_usages.iter().map(ExtendedUsage::to_rcgen);
        params.extended_key_usages = purposes.collect::<Result<_, _>>()?;
        params.key_identifier_method = KeyIdMethod::PreSpecified(public_key.key_id());
        match self.constraint {
            CaConstraint::Authority(below) => params.is_ca = IsCa::Ca(path_length(below)?),
            CaConstraint::Leaf if self.subject_key_id => params.is_ca = IsCa::ExplicitNoCa,
            CaConstraint::Leaf => {
                // rcgen writes these together with a key id only.
                let content = EMPTY_SEQUENCE.to_vec();
                let mut none = CustomExtension::from_oid_content(&BASIC_CONSTRAINTS, content);
                none.set_criticality(true);
                params.custom_extensions.push(none);
            }
        }
        Ok(params)
    }
}

/// A subject and names: all that a request says. Names are critical where the subject is empty (RFC 5280, 4.2.1.6).
pub(crate) fn request_params(
    subject: &DistinguishedName,
    names: &[SubjectAltName],
) -> Result<CertificateParams, PkiError> {
    let mut params = CertificateParams::default();
    params.distinguished_name = subject.to_rcgen()?;
    params.subject_alt_names =
        names.iter().map(SubjectAltName::to_rcgen).collect::<Result<_, _>>()?;
    Ok(params)
}

pub(crate) fn not_written(why: rcgen::Error) -> PkiError {
    PkiError::Unsupported(format!("the certificate or request cannot be written: {why}"))
}

fn path_length(below: Option<u32>) -> Result<BasicConstraints, PkiError> {
    let Some(below) = below else { return Ok(BasicConstraints::Unconstrained) };
    let fine = u8::try_from(below).map(BasicConstraints::Constrained);
    fine.map_err(|_| {
        PkiError::Unsupported(format!("the path length {below} cannot be written: 255 is the most"))
    })
}

/// `UTCTime` through 2049, `GeneralizedTime` after: rcgen chooses. Whole seconds.
fn date_time(instant: Timestamp) -> Result<time::OffsetDateTime, PkiError> {
    let seconds = Some(instant.as_second()).filter(|it| *it >= FIRST_SECOND);
    let written = seconds.and_then(|it| time::OffsetDateTime::from_unix_timestamp(it).ok());
    let why = || PkiError::Invalid(format!("the time {instant} cannot stand in a certificate"));
    written.ok_or_else(why)
}

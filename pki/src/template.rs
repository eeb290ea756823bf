//! [`CertificateTemplate`]: all that a certificate says, to be signed by its issuer.

use jiff::Timestamp;
use rand::CryptoRng;

use crate::{
    Certificate, DistinguishedName, ExtendedUsage, KeyUsage, PkiError, PrivateKey, PublicKey,
    SubjectAltName, der, sign,
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
    pub constraint: Option<CaConstraint>,
    /// Write the subject's key id?
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

const SUBJECT_KEY_ID: u64 = 14;
const KEY_USAGE: u64 = 15;
const SUBJECT_ALT_NAME: u64 = 17;
const BASIC_CONSTRAINTS: u64 = 19;
const AUTHORITY_KEY_ID: u64 = 35;
const EXTENDED_KEY_USAGE: u64 = 37;

/// An extension of the arc 2.5.29.
fn extension(arc: u64, critical: bool, value: &[u8]) -> Vec<u8> {
    let oid = der::oid(&[2, 5, 29, arc]);
    let critical = if critical { der::boolean(true) } else { Vec::new() };
    der::sequence([oid, critical, der::octet_string(value)])
}

/// SubjectAltName; critical where the subject is empty (RFC 5280, 4.2.1.6).
pub(crate) fn names_extension(names: &[SubjectAltName], subject_is_empty: bool) -> Vec<u8> {
    let value = der::sequence(names.iter().map(SubjectAltName::to_der));
    extension(SUBJECT_ALT_NAME, subject_is_empty, &value)
}

impl CertificateTemplate {
    /// The certificate of `public_key`, signed by `issuer`.
    ///
    /// # Errors
    /// When it would be valid for no time, or its times cannot be written.
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
        let subject = self.subject.to_der();
        let issuer_name = issuer.certificate.map_or(&subject[..], Certificate::raw_subject);
        let authority_key_id = match issuer.certificate {
            Some(authority) => authority.subject_key_id().map(<[u8]>::to_vec),
            None => Some(public_key.key_id()),
        };
        let mut parts = vec![
            der::context(0, &der::unsigned(&[2])),
            der::unsigned(&self.serial),
            sign::signature_algorithm(issuer.key.algorithm()),
            issuer_name.to_vec(),
            der::sequence([der::time(self.not_before), der::time(self.not_after)]),
            subject,
            public_key.to_der().to_vec(),
        ];
        let extensions = self.extensions(public_key, authority_key_id.as_deref());
        if !extensions.is_empty() {
            parts.push(der::context(3, &der::sequence(extensions)));
        }
        Certificate::from_der(&sign::signed(&der::sequence(parts), issuer.key))
    }

    fn extensions(&self, public_key: &PublicKey, authority_key_id: Option<&[u8]>) -> Vec<Vec<u8>> {
        let mut all = Vec::new();
        if !self.key_usages.is_empty() {
            let bits = der::named_bits(self.key_usages.iter().map(|usage| usage.bit()));
            all.push(extension(KEY_USAGE, true, &bits));
        }
        if !self.extended_usages.is_empty() {
            let oids = self.extended_usages.iter().map(|usage| der::oid(&usage.oid()));
            all.push(extension(EXTENDED_KEY_USAGE, false, &der::sequence(oids)));
        }
        if let Some(constraint) = self.constraint {
            let content = match constraint {
                CaConstraint::Leaf => Vec::new(),
                CaConstraint::Authority(None) => der::boolean(true),
                CaConstraint::Authority(Some(below)) => {
                    der::concat([der::boolean(true), der::unsigned(&below.to_be_bytes())])
                }
            };
            all.push(extension(BASIC_CONSTRAINTS, true, &der::tlv(0x30, &content)));
        }
        if self.subject_key_id {
            let value = der::octet_string(&public_key.key_id());
            all.push(extension(SUBJECT_KEY_ID, false, &value));
        }
        if let Some(id) = authority_key_id.filter(|_| self.authority_key_id) {
            let value = der::sequence([der::context_primitive(0, id)]);
            all.push(extension(AUTHORITY_KEY_ID, false, &value));
        }
        if !self.names.is_empty() {
            all.push(names_extension(&self.names, self.subject.is_empty()));
        }
        all
    }
}

//! Names as rcgen writes them: one relative distinguished name for each value, in the order of the parts.
//!
//! rcgen holds one value for each kind of attribute. Kinds that it has a name of can stand twice, by that name and by the object
//! identifier; more values are refused, never dropped. It panics at strings that its own writer cannot write; those are
//! kept from it here.

use rcgen::string::{BmpString, Ia5String, PrintableString, TeletexString, UniversalString};
use rcgen::{DnType, DnValue};
use x509_parser::asn1_rs::Tag;
use x509_parser::prelude::FromDer;
use x509_parser::x509::{AttributeTypeAndValue, X509Name};

use crate::{Certificate, DistinguishedName, PkiError};

const EMAIL_ADDRESS: [u64; 7] = [1, 2, 840, 113_549, 1, 9, 1];

impl DistinguishedName {
    /// Can it be written? Of `C`, `O`, `OU`, `L` and `ST` there may be two values, of every other part one.
    ///
    /// # Errors
    /// Which part has too many values, or a mail address that is not ASCII.
    pub fn check_writable(&self) -> Result<(), PkiError> {
        self.to_rcgen().map(|_| ())
    }

    /// Values of one part are written in the order of DER's sets, shorter ones first: the same groups are the same name.
    pub(crate) fn to_rcgen(&self) -> Result<rcgen::DistinguishedName, PkiError> {
        let mut name = rcgen::DistinguishedName::new();
        for (label, arc, values) in self.values() {
            let mut sorted: Vec<&String> = values.iter().collect();
            sorted.sort_by_key(|value| (value.len(), *value));
            for value in sorted {
                if !push(&mut name, vec![2, 5, 4, arc], directory_string(value)) {
                    return Err(too_many(label, arc, values));
                }
            }
        }
        if let Some(address) = &self.email_address {
            let text = Ia5String::try_from(address.as_str()).map_err(|_| {
                PkiError::Invalid(format!(
                    "the mail address {address:?} of the subject is not ASCII"
                ))
            })?;
            push(&mut name, EMAIL_ADDRESS.to_vec(), DnValue::Ia5String(text));
        }
        Ok(name)
    }
}

/// Adds a value; false where its kind has as many as can be.
fn push(name: &mut rcgen::DistinguishedName, oid: Vec<u64>, value: DnValue) -> bool {
    let kinds = [DnType::from_oid(&oid), DnType::CustomDnType(oid)];
    let free = kinds.into_iter().find(|kind| name.get(kind).is_none());
    free.map(|kind| name.push(kind, value)).is_some()
}

fn too_many(label: &str, arc: u64, values: &[String]) -> PkiError {
    let named = !matches!(DnType::from_oid(&[2, 5, 4, arc]), DnType::CustomDnType(_));
    let most = if named { "two values" } else { "one value" };
    PkiError::Unsupported(format!(
        "a subject has at most {most} of {label} here, and this one has {}: {}",
        values.len(),
        values.join(", ")
    ))
}

/// `PrintableString` where it can be one, else `UTF8String`.
fn directory_string(text: &str) -> DnValue {
    match printable(text).filter(|_| !text.is_empty()) {
        Some(text) => DnValue::PrintableString(text),
        None => DnValue::Utf8String(text.to_owned()),
    }
}

/// rcgen takes `?`, and its writer panics at it.
fn printable(text: &str) -> Option<PrintableString> {
    PrintableString::try_from(text).ok().filter(|_| !text.contains('?'))
}

/// The subject of an authority, to be the issuer of what it signs: every value with its own type of string.
///
/// # Errors
/// When it cannot be written as it is: a chain whose names differ by a byte is no chain.
pub(crate) fn issuer_name(authority: &Certificate) -> Result<rcgen::DistinguishedName, PkiError> {
    let refused = |why: &str| {
        PkiError::Unsupported(format!(
            "{} can issue nothing here: its name cannot be repeated in what it issues, since {why}",
            authority.subject()
        ))
    };
    let (_, parsed) =
        X509Name::from_der(authority.raw_subject()).map_err(|_| refused("it cannot be read"))?;
    let mut name = rcgen::DistinguishedName::new();
    for part in parsed.iter_rdn() {
        let mut attributes = part.iter();
        let (Some(attribute), None) = (attributes.next(), attributes.next()) else {
            return Err(refused("several values stand in one part of it (O=a+O=b)"));
        };
        let (oid, value) =
            attribute_value(attribute).ok_or_else(|| refused("a value is of another type"))?;
        if !push(&mut name, oid, value) {
            return Err(refused("it has too many values of one kind"));
        }
    }
    Ok(name)
}

fn attribute_value(attribute: &AttributeTypeAndValue<'_>) -> Option<(Vec<u64>, DnValue)> {
    let oid: Vec<u64> = attribute.attr_type().iter()?.collect();
    let any = attribute.attr_value();
    let text = || std::str::from_utf8(any.data).ok();
    let value = match any.tag() {
        Tag::PrintableString => DnValue::PrintableString(printable(text()?)?),
        Tag::Utf8String => DnValue::Utf8String(text()?.to_owned()),
        Tag::Ia5String => DnValue::Ia5String(Ia5String::try_from(text()?).ok()?),
        Tag::T61String => DnValue::TeletexString(TeletexString::try_from(text()?).ok()?),
        Tag::BmpString => DnValue::BmpString(BmpString::from_utf16be(any.data.to_vec()).ok()?),
        Tag::UniversalString => {
            DnValue::UniversalString(UniversalString::from_utf32be(any.data.to_vec()).ok()?)
        }
        _ => return None,
    };
    Some((oid, value))
}

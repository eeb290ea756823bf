//! Writing DER (X.690): the few types that certificates, requests and keys are made of. Writing only: all reading is left to
//! parsers that others keep.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A tag, a length and a content.
pub(crate) fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    let length = content.len();
    if length < 0x80 {
        out.push(u8::try_from(length).expect("invariant: less than 128"));
    } else {
        let bytes = length.to_be_bytes();
        let bytes = strip_zeros(&bytes);
        out.push(
            0x80 | u8::try_from(bytes.len()).expect("invariant: a length has at most 8 bytes"),
        );
        out.extend_from_slice(bytes);
    }
    out.extend_from_slice(content);
    out
}

/// `SEQUENCE`
pub(crate) fn sequence<T: AsRef<[u8]>>(parts: impl IntoIterator<Item = T>) -> Vec<u8> {
    tlv(0x30, &concat(parts))
}

/// `SET OF`, sorted as DER asks.
pub(crate) fn set_of(mut parts: Vec<Vec<u8>>) -> Vec<u8> {
    parts.sort();
    tlv(0x31, &concat(parts))
}

/// Parts one after the other.
pub(crate) fn concat<T: AsRef<[u8]>>(parts: impl IntoIterator<Item = T>) -> Vec<u8> {
    parts.into_iter().fold(Vec::new(), |mut all, part| {
        all.extend_from_slice(part.as_ref());
        all
    })
}

/// `[n] EXPLICIT` or `[n] IMPLICIT` of what is constructed.
pub(crate) fn context(number: u8, content: &[u8]) -> Vec<u8> {
    tlv(0xa0 | number, content)
}

/// `[n] IMPLICIT` of what is primitive.
pub(crate) fn context_primitive(number: u8, content: &[u8]) -> Vec<u8> {
    tlv(0x80 | number, content)
}

/// `BOOLEAN`
pub(crate) fn boolean(value: bool) -> Vec<u8> {
    tlv(0x01, &[if value { 0xff } else { 0 }])
}

/// `INTEGER` that is not negative, from big-endian bytes.
pub(crate) fn unsigned(bytes: &[u8]) -> Vec<u8> {
    let bytes = strip_zeros(bytes);
    let mut content = Vec::with_capacity(bytes.len() + 1);
    if bytes.first().is_none_or(|first| first & 0x80 != 0) {
        content.push(0);
    }
    content.extend_from_slice(bytes);
    tlv(0x02, &content)
}

/// `BIT STRING` of whole bytes.
pub(crate) fn bit_string(bytes: &[u8]) -> Vec<u8> {
    tlv(0x03, &concat([&[0], bytes]))
}

/// `BIT STRING` of named bits (trailing zeros are left out), bit 0 first.
pub(crate) fn named_bits(bits: impl IntoIterator<Item = u8>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for bit in bits {
        let index = usize::from(bit / 8);
        if bytes.len() <= index {
            bytes.resize(index + 1, 0_u8);
        }
        bytes[index] |= 0x80 >> (bit % 8);
    }
    let unused = bytes.last().map_or(0, |last| last.trailing_zeros());
    let unused = u8::try_from(unused).expect("invariant: a byte has 8 bits");
    tlv(0x03, &concat([&[unused], &bytes[..]]))
}

/// `OCTET STRING`
pub(crate) fn octet_string(bytes: &[u8]) -> Vec<u8> {
    tlv(0x04, bytes)
}

/// `NULL`
pub(crate) fn null() -> Vec<u8> {
    tlv(0x05, &[])
}

/// `PrintableString` where it can be one, else `UTF8String`.
pub(crate) fn directory_string(text: &str) -> Vec<u8> {
    let printable = |byte: u8| byte.is_ascii_alphanumeric() || b" '()+,-./:=?".contains(&byte);
    let tag = if !text.is_empty() && text.bytes().all(printable) { 0x13 } else { 0x0c };
    tlv(tag, text.as_bytes())
}

/// `OBJECT IDENTIFIER`
pub(crate) fn oid(arcs: &[u64]) -> Vec<u8> {
    let (first, second, rest) = match arcs {
        [first, second, rest @ ..] => (first, second, rest),
        _ => unreachable!("invariant: an object identifier has two arcs at least"),
    };
    let mut content = Vec::new();
    for arc in std::iter::once(first * 40 + second).chain(rest.iter().copied()) {
        base128(&mut content, arc);
    }
    tlv(0x06, &content)
}

fn base128(out: &mut Vec<u8>, value: u64) {
    let groups = (64 - value.leading_zeros()).div_ceil(7).max(1);
    for group in (0..groups).rev() {
        let bits = u8::try_from((value >> (group * 7)) & 0x7f).expect("invariant: seven bits");
        out.push(if group == 0 { bits } else { bits | 0x80 });
    }
}

/// `UTCTime` through 2049, `GeneralizedTime` after (RFC 5280, 4.1.2.5); whole seconds.
pub(crate) fn time(instant: Timestamp) -> Vec<u8> {
    let utc = instant.to_zoned(TimeZone::UTC);
    let rest = format!(
        "{:02}{:02}{:02}{:02}{:02}Z",
        utc.month(),
        utc.day(),
        utc.hour(),
        utc.minute(),
        utc.second()
    );
    match utc.year() {
        year @ 1950..=2049 => tlv(0x17, format!("{:02}{rest}", year % 100).as_bytes()),
        year => tlv(0x18, format!("{year:04}{rest}").as_bytes()),
    }
}

fn strip_zeros(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    &bytes[zeros..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_have_the_fewest_bytes_and_stay_positive() {
        assert_eq!(unsigned(&[]), [2, 1, 0]);
        assert_eq!(unsigned(&[0, 0, 5]), [2, 1, 5]);
        assert_eq!(unsigned(&[0x80]), [2, 2, 0, 0x80]);
    }

    #[test]
    fn lengths_and_identifiers_are_as_in_the_standard() {
        assert_eq!(tlv(4, &[7; 200])[..3], [4, 0x81, 200]);
        assert_eq!(tlv(4, &[7; 300])[..4], [4, 0x82, 1, 44]);
        assert_eq!(oid(&[1, 2, 840, 113_549]), [6, 6, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d]);
    }

    #[test]
    fn named_bits_leave_out_trailing_zeros() {
        assert_eq!(named_bits([5, 6]), [3, 2, 1, 0b0000_0110]);
        assert_eq!(named_bits([0, 8]), [3, 3, 7, 0x80, 0x80]);
        assert_eq!(named_bits([]), [3, 1, 0]);
    }

    #[test]
    fn times_change_their_form_in_2050() {
        let at = |text: &str| time(text.parse().expect("a time"));
        assert_eq!(at("2049-12-31T23:59:59Z"), tlv(0x17, b"491231235959Z"));
        assert_eq!(at("2050-01-01T00:00:00Z"), tlv(0x18, b"20500101000000Z"));
    }
}

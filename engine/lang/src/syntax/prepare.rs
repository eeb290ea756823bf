//! Rewrites source text that hcl-edit refuses and Terraform accepts, without moving anything.
//!
//! Every rewrite keeps the length, so that all places stay what they are; the lowering reads
//! numbers and rewritten keys from the original text. Texts in quotes may be changed as well, which
//! does no harm: they too are read from the original.

use std::borrow::Cow;

/// Makes numbers beyond `f64` readable for hcl-edit: `1e400` becomes `1e000`. Legacy indexes lose
/// leading zeros: `.01` becomes `. 1`.
pub(super) fn prepare(text: &str) -> Cow<'_, str> {
    let mut out: Option<Vec<u8>> = None;
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let end = number_end(bytes, at);
        let begins_word = at == 0 || !is_word_byte(bytes[at - 1]);
        let literal = &text[at..end];
        if begins_word && literal.parse::<f64>().is_ok_and(f64::is_infinite) {
            let out = out.get_or_insert_with(|| bytes.to_vec());
            for byte in &mut out[at..end] {
                if byte.is_ascii_digit() {
                    *byte = b'0';
                }
            }
        }
        let zeros = literal.len() - literal.trim_start_matches('0').len();
        let is_index =
            at > 0 && bytes[at - 1] == b'.' && literal.bytes().all(|b| b.is_ascii_digit());
        if is_index && zeros > 0 && literal.len() > 1 {
            let out = out.get_or_insert_with(|| bytes.to_vec());
            out[at..at + zeros.min(literal.len() - 1)].fill(b' ');
        }
        at = end;
    }
    match out.map(String::from_utf8) {
        Some(Ok(changed)) => Cow::Owned(changed),
        _ => Cow::Borrowed(text),
    }
}

fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-' || byte >= 0x80
}

/// Behind the number that begins at `start`.
fn number_end(bytes: &[u8], start: usize) -> usize {
    let digits = |mut at: usize| {
        while bytes.get(at).is_some_and(u8::is_ascii_digit) {
            at += 1;
        }
        at
    };
    let mut end = digits(start);
    if bytes.get(end) == Some(&b'.') && bytes.get(end + 1).is_some_and(u8::is_ascii_digit) {
        end = digits(end + 1);
    }
    if matches!(bytes.get(end), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
        let exponent = digits(end + 1 + sign);
        if exponent > end + 1 + sign {
            end = exponent;
        }
    }
    end
}

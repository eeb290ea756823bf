//! Rewrites source text that hcl-edit refuses and Terraform accepts, without moving anything.
//!
//! Every rewrite keeps the length, so that all places stay what they are; the lowering reads
//! numbers and rewritten keys from the original text. Texts in quotes may be changed as well, which
//! does no harm: they too are read from the original.

use std::borrow::Cow;
use std::ops::Range;

use super::scan::{Kind, scan};

/// Makes numbers beyond `f64` readable for hcl-edit: `1e400` becomes `1e000`. Legacy indexes lose
/// leading zeros: `.01` becomes `. 1`. A heredoc without any line, of which hcl-edit does not see
/// the end, becomes a string in quotes; [`is_heredoc`] tells it from one.
pub(super) fn prepare(text: &str) -> Cow<'_, str> {
    let bytes = text.as_bytes();
    let mut out: Option<Vec<u8>> = None;
    for heredoc in empty_heredocs(text) {
        let out = out.get_or_insert_with(|| bytes.to_vec());
        out[heredoc.clone()].fill(b'_');
        out[heredoc.start] = b'"';
        out[heredoc.end - 1] = b'"';
    }
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

/// Was the string of this source text a heredoc without any line?
pub(super) fn is_heredoc(source: &str) -> bool {
    source.starts_with("<<")
}

/// Heredocs whose closing marker stands on their first line.
fn empty_heredocs(text: &str) -> Vec<Range<usize>> {
    let looks_empty = text.match_indices("<<").any(|(at, _)| {
        let behind = &text[at + 2..];
        let behind = behind.strip_prefix('-').unwrap_or(behind);
        let length = behind.bytes().take_while(|byte| is_word_byte(*byte)).count();
        let (marker, rest) = behind.split_at(length);
        let rest = rest.strip_prefix('\r').unwrap_or(rest).strip_prefix('\n');
        let next = rest.and_then(|rest| rest.lines().next());
        length > 0 && next.is_some_and(|line| line.trim() == marker)
    });
    if !looks_empty {
        return Vec::new();
    }
    // It may stand in a comment or a text: only the scanner can tell.
    let (tokens, _) = scan(text, 0);
    let pairs = tokens.iter().zip(tokens.iter().skip(1));
    pairs
        .filter(|(a, b)| a.kind == Kind::OpenHeredoc && b.kind == Kind::CloseHeredoc)
        .map(|(open, close)| open.start..close.end)
        .collect()
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

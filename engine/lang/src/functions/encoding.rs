//! Base64, gzip, character sets, URL encoding.

mod charset;
#[cfg(test)]
mod tests;

use std::io::Write;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use kprov_core::Value;

use super::arguments::{gives_string, string, string_to_string, text};
use super::{Function, FunctionContext, FunctionError};
use charset::Charset;

type Outcome = Result<Value, FunctionError>;

/// Go's standard encoding: padding required, unused bits of the last symbol not looked at.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
);

pub(super) fn functions() -> Vec<Function> {
    vec![
        string_to_string(
            "base64decode",
            "str",
            "Decodes Base64 to a string, which must be UTF-8.",
            base64decode,
        ),
        string_to_string("base64encode", "str", "Encodes a string as Base64.", |_, a| {
            Ok(Value::string(base64(text(a, 0).as_bytes())))
        }),
        string_to_string(
            "base64gzip",
            "str",
            "Compresses a string with gzip and encodes the result as Base64.",
            base64gzip,
        ),
        Function::new(
            "textdecodebase64",
            "Decodes Base64 and interprets the bytes in the given character encoding.",
            gives_string,
            textdecodebase64,
        )
        .with(string("source"))
        .with(string("encoding")),
        Function::new(
            "textencodebase64",
            "Encodes a string in the given character encoding and the bytes as Base64.",
            gives_string,
            textencodebase64,
        )
        .with(string("string"))
        .with(string("encoding")),
        string_to_string(
            "urlencode",
            "str",
            "Escapes a string so that it can stand in the query of a URL.",
            |_, a| Ok(Value::string(urlencode(text(a, 0)))),
        ),
    ]
}

/// Bytes as Base64.
pub(super) fn base64(bytes: &[u8]) -> String {
    BASE64.encode(bytes)
}

/// Base64 to bytes; line breaks are skipped. Fails with the offset of the first bad symbol.
pub(super) fn unbase64(text: &str) -> Result<Vec<u8>, usize> {
    let symbols: String = text.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
    BASE64.decode(&symbols).map_err(|error| {
        let in_symbols = match error {
            base64::DecodeError::InvalidByte(at, _)
            | base64::DecodeError::InvalidLastSymbol(at, _) => at,
            _ if symbols.ends_with('=') => symbols.len(),
            _ => symbols.len() / 4 * 4,
        };
        let kept = text.char_indices().filter(|(_, c)| !matches!(c, '\r' | '\n'));
        let mut seen = 0;
        for (at, c) in kept {
            if seen >= in_symbols {
                return at;
            }
            seen += c.len_utf8();
        }
        text.len()
    })
}

fn base64decode(_: &FunctionContext<'_>, arguments: &[Value]) -> Outcome {
    let source = text(arguments, 0);
    let bytes = unbase64(source)
        .map_err(|_| FunctionError::new(format!("failed to decode base64 data {source:?}")))?;
    String::from_utf8(bytes).map(Value::string).map_err(|_| {
        FunctionError::new("the result of decoding the provided string is not valid UTF-8")
    })
}

fn base64gzip(_: &FunctionContext<'_>, arguments: &[Value]) -> Outcome {
    let failed = |error| FunctionError::new(format!("failed to compress: {error}"));
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text(arguments, 0).as_bytes()).map_err(failed)?;
    Ok(Value::string(base64(&encoder.finish().map_err(failed)?)))
}

fn charset_of(arguments: &[Value]) -> Result<Charset, FunctionError> {
    let label = text(arguments, 1);
    Charset::named(label).ok_or_else(|| {
        FunctionError::argument(
            1,
            format!(
                "{label:?} is not a supported IANA encoding name or alias in this kprov version"
            ),
        )
    })
}

fn textencodebase64(_: &FunctionContext<'_>, arguments: &[Value]) -> Outcome {
    let charset = charset_of(arguments)?;
    let bytes = charset.encode(text(arguments, 0)).ok_or_else(|| {
        FunctionError::argument(
            0,
            format!(
                "the given string contains characters that cannot be represented in {}",
                charset.name()
            ),
        )
    })?;
    Ok(Value::string(base64(&bytes)))
}

fn textdecodebase64(_: &FunctionContext<'_>, arguments: &[Value]) -> Outcome {
    let charset = charset_of(arguments)?;
    let bytes = unbase64(text(arguments, 0)).map_err(|at| {
        FunctionError::argument(
            0,
            format!("the given value has an invalid base64 symbol at offset {at}"),
        )
    })?;
    let decoded = charset.decode(&bytes).ok_or_else(|| {
        FunctionError::argument(
            0,
            format!(
                "the given string contains symbols that are not defined for {}",
                charset.name()
            ),
        )
    })?;
    Ok(Value::string(decoded))
}

fn urlencode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                encoded.push(char::from(byte));
            }
            b' ' => encoded.push('+'),
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

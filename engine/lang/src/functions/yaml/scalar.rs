//! What a plain YAML scalar means: YAML 1.1's words for truth, decimal, octal and hexadecimal
//! numbers, dates; the rest is text.

use std::sync::LazyLock;

use base64::Engine;
use kprov_core::{Number, Value};
use regex::Regex;

use crate::functions::datetime::rfc3339;
use crate::functions::redact::data;

const CORE: &str = "tag:yaml.org,2002:";

static FLOAT: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$"));
static BASED: LazyLock<Regex> = LazyLock::new(|| pattern(r"^0(?:x[0-9a-fA-F]+|o[0-7]+)$"));
static TIME: LazyLock<Regex> = LazyLock::new(|| {
    pattern(concat!(
        r"^([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})",
        r"(?:(?:[Tt]([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(\.[0-9]+)?(Z|[-+][0-9]{2}:[0-9]{2}))",
        r"|(?: ([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(\.[0-9]+)?))?$"
    ))
});

fn pattern(text: &str) -> Regex {
    Regex::new(text).expect("invariant: the patterns of this file are well-formed")
}

/// The value of a scalar. `tag` is written out; only plain ones are interpreted.
pub(super) fn resolve(text: &str, tag: Option<&str>, plain: bool) -> Result<Value, String> {
    let kind = match tag {
        None => "",
        Some(tag) => tag
            .strip_prefix(CORE)
            .filter(|kind| {
                matches!(*kind, "str" | "bool" | "int" | "float" | "null" | "timestamp" | "binary")
            })
            .ok_or_else(|| format!("unsupported tag {tag:?}"))?,
    };
    if kind == "binary" {
        let standard = base64::engine::general_purpose::STANDARD;
        let symbols: String = text.chars().filter(|c| !matches!(c, '\n' | '\r')).collect();
        return match standard.decode(symbols) {
            Ok(_) => Ok(Value::from(text)),
            Err(_) => Err(format!("cannot parse {text:?} as {CORE}binary: not valid base64")),
        };
    }
    if !plain || kind == "str" {
        return Ok(Value::from(text));
    }
    let found = interpret(text)?;
    let fits = match kind {
        "bool" => matches!(found, Value::Bool(_)),
        "int" | "float" => matches!(found, Value::Number(_)),
        "null" => return Ok(Value::NULL),
        "timestamp" => timestamp(text).is_some(),
        _ => true,
    };
    if fits { Ok(found) } else { Err(format!("cannot parse {text:?} as {CORE}{kind}")) }
}

fn interpret(text: &str) -> Result<Value, String> {
    Ok(match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::NULL,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Value::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Value::Bool(false)
        }
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => infinity(false),
        "-.inf" | "-.Inf" | "-.INF" => infinity(true),
        ".nan" | ".NaN" | ".NAN" => {
            return Err("floating point NaN is not supported".to_owned());
        }
        _ if FLOAT.is_match(text) => decimal(text)?,
        _ if BASED.is_match(text) => {
            let base = if text.starts_with("0x") { 16 } else { 8 };
            match u64::from_str_radix(&text[2..], base) {
                Ok(number) => Value::Number(Number::from(number)),
                Err(_) => {
                    return Err(format!("cannot parse {text:?} as {CORE}int"));
                }
            }
        }
        _ => match timestamp(text) {
            Some(time) => Value::string(time),
            None => Value::from(text),
        },
    })
}

fn infinity(negative: bool) -> Value {
    let float = if negative { f64::NEG_INFINITY } else { f64::INFINITY };
    Number::from_f64(float).map_or(Value::NULL, Value::Number)
}

fn decimal(text: &str) -> Result<Value, String> {
    // The engine's numbers have a digit before the point and behind it, and no plus.
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, format!("e{exponent}")),
        None => (text, String::new()),
    };
    let (sign, digits) = match mantissa.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", mantissa.strip_prefix('+').unwrap_or(mantissa)),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let whole = if whole.is_empty() { "0" } else { whole };
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{whole}{point}{fraction}{exponent}")
        .parse()
        .map(Value::Number)
        .map_err(|_| format!("the number {} is out of range", data(text)))
}

/// A date, perhaps with a time of day, in RFC 3339 form.
fn timestamp(text: &str) -> Option<String> {
    let parts = TIME.captures(text)?;
    let number = |first: usize, second: usize| -> u32 {
        let part = parts.get(first).or_else(|| parts.get(second));
        part.and_then(|part| part.as_str().parse().ok()).unwrap_or(0)
    };
    let zone = parts.get(8).map_or("Z", |zone| zone.as_str());
    rfc3339(&format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{zone}",
        number(1, 1),
        number(2, 2),
        number(3, 3),
        number(4, 9),
        number(5, 10),
        number(6, 11),
    ))
}

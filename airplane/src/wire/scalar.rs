//! Scalars of the wire. In `Value`s a timestamp is epoch milliseconds (an integer), a blob is base64 text.
use crate::wire::model::Shape;
use jiff::Timestamp;
use serde_json::{Number, Value};

/// Turns text of the wire into a value of the shape, or says what was expected.
pub(crate) fn from_text(shape: &Shape, text: &str) -> Result<Value, &'static str> {
    match shape.kind.as_str() {
        "integer" | "long" => text.trim().parse::<i64>().map(Value::from).map_err(|_| "an integer"),
        "float" | "double" => text
            .trim()
            .parse::<f64>()
            .ok()
            .and_then(Number::from_f64)
            .map(Value::Number)
            .ok_or("a number"),
        "boolean" => match text.trim().to_ascii_lowercase().as_str() {
            "true" | "1" => Ok(Value::Bool(true)),
            "false" | "0" => Ok(Value::Bool(false)),
            _ => Err("a boolean"),
        },
        "timestamp" => parse_time(text).map(Value::from).ok_or("a timestamp"),
        _ => Ok(Value::String(text.to_owned())),
    }
}

/// Parses ISO 8601, RFC 822 or epoch seconds to epoch milliseconds.
pub(crate) fn parse_time(text: &str) -> Option<i64> {
    let text = text.trim();
    if let Ok(t) = text.parse::<Timestamp>() {
        return Some(t.as_millisecond());
    }
    if let Ok(seconds) = text.parse::<f64>() {
        return Some((seconds * 1000.0) as i64);
    }
    jiff::fmt::rfc2822::parse(text).ok().map(|z| z.timestamp().as_millisecond())
}

/// ISO 8601 with milliseconds.
pub(crate) fn iso(millis: i64) -> String {
    Timestamp::from_millisecond(millis).map(|t| format!("{t:.3}")).unwrap_or_default()
}

/// The HTTP date form.
pub(crate) fn http_date(millis: i64) -> String {
    let Ok(t) = Timestamp::from_millisecond(millis) else { return String::new() };
    t.to_zoned(jiff::tz::TimeZone::UTC).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// Text of a scalar, with a timestamp in the given format or the default of the place.
pub(crate) fn to_text(shape: &Shape, value: &Value, time_format: &str) -> String {
    match (shape.kind.as_str(), value) {
        ("timestamp", Value::Number(n)) => {
            let millis = n.as_i64().unwrap_or_default();
            match shape.timestamp_format.as_deref().unwrap_or(time_format) {
                "rfc822" => http_date(millis),
                "unixTimestamp" => (millis / 1000).to_string(),
                _ => iso(millis),
            }
        }
        (_, Value::String(s)) => s.clone(),
        (_, other) => other.to_string(),
    }
}

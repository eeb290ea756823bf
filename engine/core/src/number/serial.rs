//! serde for [`Number`], losing nothing.
//!
//! A number of full precision is a JSON number with all its digits. What JSON has no number for is
//! a string: `"+Inf"`, `"-Inf"`, and `"1.4142135623730951/53"` for a number of 53 bits.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::float::FULL_PRECISION;
use super::parse::parse_decimal;
use super::{Number, Repr};

impl Number {
    /// The number as JSON has it, all digits; `None` for the infinities.
    pub fn to_json(&self) -> Option<serde_json::Number> {
        match &self.0 {
            Repr::Infinity { .. } => None,
            Repr::Int(n) => Some(serde_json::Number::from(*n)),
            _ => Some(serde_json::Number::from_string_unchecked(self.to_string())),
        }
    }

    /// A whole number that the integers of serde hold without loss.
    pub(crate) fn as_plain_i64(&self) -> Option<i64> {
        match &self.0 {
            Repr::Int(n) => Some(*n),
            _ => None,
        }
    }

    /// The text that [`Number::from_serial_text`] reads back, and whether it is a JSON number.
    pub(crate) fn to_serial_text(&self) -> (String, bool) {
        match &self.0 {
            Repr::Float(float) if float.precision != FULL_PRECISION => {
                (format!("{}/{}", self.to_compact_string(), float.precision), false)
            }
            // JSON readers may take "-0" for the integer 0.
            Repr::Infinity { .. } | Repr::NegativeZero => (self.to_string(), false),
            _ => (self.to_compact_string(), true),
        }
    }

    /// The reverse of [`Number::to_serial_text`].
    pub(crate) fn from_serial_text(text: &str) -> Option<Number> {
        match text {
            "+Inf" => return Some(Number(Repr::Infinity { negative: false })),
            "-Inf" => return Some(Number(Repr::Infinity { negative: true })),
            _ => {}
        }
        let Some((digits, precision)) = text.split_once('/') else { return text.parse().ok() };
        // Nothing writes more bits than a whole number read in another base may have.
        let precision = precision.parse().ok().filter(|bits| (1..=1 << 20).contains(bits))?;
        parse_decimal(digits, precision).map(Number)
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if let Repr::Int(n) = &self.0 {
            return serializer.serialize_i64(*n);
        }
        match self.to_serial_text() {
            (text, true) => serde_json::Number::from_string_unchecked(text).serialize(serializer),
            (text, false) => serializer.serialize_str(&text),
        }
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Number, D::Error> {
        let invalid = || serde::de::Error::custom("not a number");
        match serde_json::Value::deserialize(deserializer)? {
            serde_json::Value::Number(number) => number.as_str().parse().map_err(|_| invalid()),
            serde_json::Value::String(text) => Number::from_serial_text(&text).ok_or_else(invalid),
            _ => Err(invalid()),
        }
    }
}

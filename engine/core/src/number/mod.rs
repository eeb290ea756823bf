//! [`Number`]: Terraform's numbers, Go's `big.Float` with 512 bits of precision.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A number. Small whole numbers take no allocation.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Number(i64);

/// The text is not a number.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a number")]
pub struct ParseNumberError;

impl From<i64> for Number {
    fn from(n: i64) -> Number {
        Number(n)
    }
}

impl From<u64> for Number {
    fn from(n: u64) -> Number {
        Number(n as i64)
    }
}

impl From<usize> for Number {
    fn from(n: usize) -> Number {
        Number(n as i64)
    }
}

impl Number {
    /// A whole number that fits.
    pub fn to_i64(&self) -> Option<i64> {
        Some(self.0)
    }
}

impl std::str::FromStr for Number {
    type Err = ParseNumberError;
    fn from_str(text: &str) -> Result<Number, ParseNumberError> {
        text.parse().map(Number).map_err(|_| ParseNumberError)
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Number, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

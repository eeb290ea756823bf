//! [`Whole`]: a whole number of any size, as far as address arithmetic wants it.

use kprov_core::Value;

use crate::functions::FunctionError;

/// A whole number.
pub(super) struct Whole {
    pub(super) negative: bool,
    /// `None`: needs more than 128 bits.
    pub(super) magnitude: Option<u128>,
    /// The magnitude's low 64 bits.
    pub(super) low: u64,
    /// As it is written.
    pub(super) text: String,
}

impl Whole {
    pub(super) fn of(value: &Value) -> Result<Whole, FunctionError> {
        let text = value.as_number().map(ToString::to_string).unwrap_or_default();
        let digits = text.strip_prefix('-').unwrap_or(&text);
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(FunctionError::new("value must be a whole number"));
        }
        let low = digits
            .bytes()
            .fold(0_u64, |sum, byte| sum.wrapping_mul(10).wrapping_add(u64::from(byte - b'0')));
        let magnitude = digits.parse().ok();
        let negative = digits.len() < text.len() && magnitude != Some(0);
        Ok(Whole { negative, magnitude, low, text })
    }
}

impl From<u128> for Whole {
    fn from(number: u128) -> Whole {
        let low = u64::try_from(number & u128::from(u64::MAX)).unwrap_or_default();
        Whole { negative: false, magnitude: Some(number), low, text: number.to_string() }
    }
}

//! [`Number`]: Terraform's numbers, Go's `big.Float` with 512 bits of precision.
//!
//! What must hold: a whole number that fits an `i64` has one representation ([`Repr::Int`]) unless
//! it has less than the full precision; two numbers are equal exactly if Terraform prints them
//! alike (which is also how go-cty compares), and the order agrees with that.

mod arithmetic;
mod decimal;
mod float;
mod float_math;
mod format;
mod parse;
mod serial;
#[cfg(test)]
mod tests;

pub use arithmetic::ArithmeticError;

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use dashu_int::UBig;

use decimal::Decimal;
use float::{FULL_PRECISION, Float, bits, round, round_bits, shift};

/// A number. Small whole numbers take no allocation.
#[derive(Clone, Debug)]
pub struct Number(Repr);

#[derive(Clone, Debug)]
enum Repr {
    /// A whole number of full precision; zero is positive.
    Int(i64),
    /// Anything else that is finite and not zero.
    Float(Arc<Float>),
    NegativeZero,
    Infinity {
        negative: bool,
    },
}

impl Repr {
    fn zero(negative: bool) -> Repr {
        if negative { Repr::NegativeZero } else { Repr::Int(0) }
    }
}

/// The text is not a number.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a number")]
pub struct ParseNumberError;

impl From<i64> for Number {
    fn from(n: i64) -> Number {
        Number(Repr::Int(n))
    }
}

impl From<i32> for Number {
    fn from(n: i32) -> Number {
        Number(Repr::Int(i64::from(n)))
    }
}

impl From<u64> for Number {
    fn from(n: u64) -> Number {
        Number(round(false, UBig::from(n), 0, FULL_PRECISION))
    }
}

impl From<usize> for Number {
    fn from(n: usize) -> Number {
        Number(round(false, UBig::from(n), 0, FULL_PRECISION))
    }
}

impl Number {
    /// The number with the 53 bits of an `f64`, which it remembers: it prints as short as an `f64`
    /// does. `None` for NaN.
    pub fn from_f64(value: f64) -> Option<Number> {
        /// Whole numbers up to here print alike at any precision.
        const EXACT: f64 = 9_007_199_254_740_992.0;
        if value.is_nan() {
            return None;
        }
        let negative = value.is_sign_negative();
        if value.is_infinite() {
            return Some(Number(Repr::Infinity { negative }));
        }
        if value == 0.0 {
            return Some(Number(Repr::zero(negative)));
        }
        if value.fract() == 0.0 && value.abs() <= EXACT {
            return Some(Number(Repr::Int(value as i64)));
        }
        let raw = value.abs().to_bits();
        let (fraction, exponent) = (raw & ((1 << 52) - 1), (raw >> 52) as i64);
        let (mantissa, exponent) =
            if exponent == 0 { (fraction, -1074) } else { (fraction | (1 << 52), exponent - 1075) };
        Some(Number(round(negative, UBig::from(mantissa), exponent, 53)))
    }

    /// The nearest `f64`; infinite where it does not fit.
    pub fn to_f64(&self) -> f64 {
        match &self.0 {
            Repr::Int(n) => *n as f64,
            Repr::NegativeZero => -0.0,
            Repr::Infinity { negative: false } => f64::INFINITY,
            Repr::Infinity { negative: true } => f64::NEG_INFINITY,
            Repr::Float(float) => {
                let magnitude = magnitude_f64(float);
                if float.negative { -magnitude } else { magnitude }
            }
        }
    }

    /// A whole number that fits.
    pub fn to_i64(&self) -> Option<i64> {
        match &self.0 {
            Repr::Int(n) => Some(*n),
            Repr::NegativeZero => Some(0),
            Repr::Infinity { .. } => None,
            Repr::Float(float) => {
                let magnitude = i128::from(whole_u64(float)?);
                i64::try_from(if float.negative { -magnitude } else { magnitude }).ok()
            }
        }
    }

    /// A whole number that fits.
    pub fn to_u64(&self) -> Option<u64> {
        match &self.0 {
            Repr::Float(float) if !float.negative => whole_u64(float),
            _ => u64::try_from(self.to_i64()?).ok(),
        }
    }

    /// A whole number that fits.
    pub fn to_usize(&self) -> Option<usize> {
        usize::try_from(self.to_u64()?).ok()
    }

    /// Finite and without a fraction?
    pub fn is_integer(&self) -> bool {
        match &self.0 {
            Repr::Int(_) | Repr::NegativeZero => true,
            Repr::Infinity { .. } => false,
            Repr::Float(float) => float.exponent >= 0,
        }
    }

    /// Is there a minus sign? Negative zero has one.
    pub fn is_negative(&self) -> bool {
        match &self.0 {
            Repr::Int(n) => *n < 0,
            Repr::NegativeZero => true,
            Repr::Infinity { negative } => *negative,
            Repr::Float(float) => float.negative,
        }
    }

    /// `+Inf` or `-Inf`?
    pub fn is_infinite(&self) -> bool {
        matches!(self.0, Repr::Infinity { .. })
    }

    /// Zero of either sign?
    pub fn is_zero(&self) -> bool {
        matches!(self.0, Repr::Int(0) | Repr::NegativeZero)
    }

    /// The digits of a whole number in base 2, 8, 10, 16 or any up to 36, lower case, with a minus
    /// sign where needed; `None` if it is not whole.
    pub fn to_radix(&self, base: u8) -> Option<String> {
        if !self.is_integer() || !(2..=36).contains(&base) {
            return None;
        }
        let Some(float) = self.to_float() else { return Some("0".to_owned()) };
        let digits = (float.mantissa << shift(float.exponent)).in_radix(base).to_string();
        Some(if float.negative { format!("-{digits}") } else { digits })
    }

    /// What is compared: sign, then the printed digits.
    fn class(&self) -> i8 {
        match (&self.0, self.is_negative()) {
            (Repr::Infinity { .. }, true) => -2,
            (Repr::Infinity { .. }, false) => 2,
            _ if self.is_zero() => 0,
            (_, true) => -1,
            (_, false) => 1,
        }
    }
}

/// The whole magnitude, if it is one and fits.
fn whole_u64(float: &Float) -> Option<u64> {
    if float.exponent < 0 || float.top() > 64 {
        return None;
    }
    u64::try_from(&float.mantissa << shift(float.exponent)).ok()
}

fn magnitude_f64(float: &Float) -> f64 {
    let top = float.top();
    if top > 1024 {
        return f64::INFINITY;
    }
    // Subnormals have fewer bits; below half of the least of them there is only zero.
    let keep = (top + 1074).min(53);
    if keep < 0 {
        return 0.0;
    }
    if keep == 0 {
        return if bits(&float.mantissa) > 1 { f64::from_bits(1) } else { 0.0 };
    }
    let (mantissa, exponent) = round_bits(float.mantissa.clone(), float.exponent, keep);
    let zeros = mantissa.trailing_zeros().unwrap_or(0);
    let mantissa = u64::try_from(mantissa >> zeros).unwrap_or(0) as f64;
    float_math::scale(mantissa, exponent + i64::try_from(zeros).unwrap_or(0))
}

impl Ord for Number {
    fn cmp(&self, other: &Number) -> Ordering {
        if let (Repr::Int(a), Repr::Int(b)) = (&self.0, &other.0) {
            return a.cmp(b);
        }
        let class = self.class();
        let by_class = class.cmp(&other.class());
        let (Some(a), Some(b)) = (self.to_float(), other.to_float()) else { return by_class };
        if by_class != Ordering::Equal {
            return by_class;
        }
        if a.precision == b.precision || a.top().abs_diff(b.top()) > 1 {
            return a.cmp_exact(&b);
        }
        // Of different precision, such as `pow(0.1, 1)` and `0.1`: what is printed counts. Digits
        // as short as they can be keep the order of the values.
        let (a, b) = (Decimal::shortest(&a), Decimal::shortest(&b));
        let magnitudes = a.point.cmp(&b.point).then_with(|| a.digits.cmp(&b.digits));
        if class < 0 { magnitudes.reverse() } else { magnitudes }
    }
}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Number) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Number) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Number {}

/// Numbers that are equal print alike, but for the two zeros.
impl Hash for Number {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match &self.0 {
            Repr::NegativeZero => 0i64.hash(state),
            Repr::Int(n) => n.hash(state),
            Repr::Infinity { negative } => negative.hash(state),
            Repr::Float(float) => {
                let decimal = Decimal::shortest(float);
                let text = self.to_string();
                match text.parse::<i64>() {
                    // Equal to an Int of full precision, which hashes itself.
                    Ok(n) => n.hash(state),
                    Err(_) => (decimal.digits, decimal.point, float.negative).hash(state),
                }
            }
        }
    }
}

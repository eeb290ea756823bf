//! [`Float`]: the binary floating point that stands behind [`super::Number`].
//!
//! What must hold: the mantissa is odd and has at most `precision` bits, so a value and its
//! precision have one representation; the binary exponent is bounded, so that no number can make
//! us print or compute millions of digits. Beyond the bound values overflow to infinity or
//! underflow to zero, as Go's do at a (larger) bound of their own.

use std::cmp::Ordering;
use std::sync::Arc;

use dashu_int::UBig;
use dashu_int::ops::{BitTest, DivRem};

use super::Repr;

/// Bits of a number that was written down or computed from such.
pub(super) const FULL_PRECISION: u32 = 512;

/// Powers of two beyond this (about 10^157826) overflow.
pub(super) const EXPONENT_MAX: i64 = 1 << 19;

/// A finite number that is not zero: `mantissa * 2^exponent`, negated if so.
#[derive(Clone, Debug)]
pub(super) struct Float {
    pub(super) negative: bool,
    pub(super) mantissa: UBig,
    pub(super) exponent: i64,
    /// Bits to which results are rounded; 53 for what came from an `f64`.
    pub(super) precision: u32,
}

impl Float {
    /// The exact float of a whole number; `None` for zero, which has a representation of its own.
    pub(super) fn from_i64(n: i64) -> Option<Float> {
        (n != 0).then(|| {
            let mantissa = UBig::from(n.unsigned_abs());
            Float { negative: n < 0, mantissa, exponent: 0, precision: FULL_PRECISION }
        })
    }

    /// The power of two just above the magnitude.
    pub(super) fn top(&self) -> i64 {
        bits(&self.mantissa) + self.exponent
    }

    /// Compares magnitudes.
    fn cmp_magnitude(&self, other: &Float) -> Ordering {
        self.top().cmp(&other.top()).then_with(|| {
            let low = self.exponent.min(other.exponent);
            let a = &self.mantissa << shift(self.exponent - low);
            let b = &other.mantissa << shift(other.exponent - low);
            a.cmp(&b)
        })
    }

    /// Compares exact values.
    pub(super) fn cmp_exact(&self, other: &Float) -> Ordering {
        match (self.negative, other.negative) {
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            (false, false) => self.cmp_magnitude(other),
            (true, true) => other.cmp_magnitude(self),
        }
    }

    /// The sum, rounded to the larger precision.
    pub(super) fn add(&self, other: &Float) -> Repr {
        let low = self.exponent.min(other.exponent);
        let a = &self.mantissa << shift(self.exponent - low);
        let b = &other.mantissa << shift(other.exponent - low);
        let (negative, sum) = if self.negative == other.negative {
            (self.negative, a + b)
        } else if a >= b {
            (self.negative, a - b)
        } else {
            (other.negative, b - a)
        };
        round(negative && !sum.is_zero(), sum, low, self.precision.max(other.precision))
    }

    /// The product. go-cty keeps as many bits as an exact product needs, up to the full precision.
    pub(super) fn mul(&self, other: &Float) -> Repr {
        let product = &self.mantissa * &other.mantissa;
        let needed = u32::try_from(product.bit_len()).unwrap_or(u32::MAX).min(FULL_PRECISION);
        let precision = self.precision.max(other.precision).max(needed);
        let negative = self.negative != other.negative;
        round(negative, product, self.exponent + other.exponent, precision)
    }

    /// The product rounded to the larger precision.
    pub(super) fn mul_rounded(&self, other: &Float) -> Repr {
        let product = &self.mantissa * &other.mantissa;
        let negative = self.negative != other.negative;
        let precision = self.precision.max(other.precision);
        round(negative, product, self.exponent + other.exponent, precision)
    }

    /// The quotient, rounded to the larger precision.
    pub(super) fn div(&self, other: &Float) -> Repr {
        let precision = self.precision.max(other.precision);
        let negative = self.negative != other.negative;
        let exponent = self.exponent - other.exponent;
        quotient(negative, &self.mantissa, &other.mantissa, exponent, precision)
    }

    /// The part before the point, and whether anything stood behind it.
    pub(super) fn trunc(&self) -> (Repr, bool) {
        if self.exponent >= 0 {
            return (Repr::Float(Arc::new(self.clone())), false);
        }
        let whole = &self.mantissa >> shift(-self.exponent);
        (round(self.negative, whole, 0, FULL_PRECISION), true)
    }
}

/// `a / b * 2^exponent`, correctly rounded. `b` must not be zero.
pub(super) fn quotient(negative: bool, a: &UBig, b: &UBig, exponent: i64, precision: u32) -> Repr {
    let extra = (i64::from(precision) + 2 - (bits(a) - bits(b))).max(0);
    let (quotient, rest) = (a << shift(extra)).div_rem(b);
    // More bits than are kept, so one bit below them is enough to remember that there was a rest.
    let mut quotient = quotient << 1usize;
    if !rest.is_zero() {
        quotient.set_bit(0);
    }
    round(negative, quotient, exponent - extra - 1, precision)
}

/// The representation of `mantissa * 2^exponent`, rounded half to even to `precision` bits.
pub(super) fn round(negative: bool, mantissa: UBig, exponent: i64, precision: u32) -> Repr {
    let Some(_) = mantissa.trailing_zeros() else {
        return if negative { Repr::NegativeZero } else { Repr::Int(0) };
    };
    let (mut mantissa, mut exponent) = round_bits(mantissa, exponent, i64::from(precision));
    let zeros = mantissa.trailing_zeros().unwrap_or(0);
    mantissa >>= zeros;
    exponent += i64::try_from(zeros).unwrap_or(i64::MAX / 2);
    let top = bits(&mantissa) + exponent;
    if top > EXPONENT_MAX {
        return Repr::Infinity { negative };
    }
    if top < -EXPONENT_MAX {
        return if negative { Repr::NegativeZero } else { Repr::Int(0) };
    }
    if precision == FULL_PRECISION
        && exponent >= 0
        && top <= 63
        && let Ok(magnitude) = i64::try_from(&mantissa << shift(exponent))
    {
        return Repr::Int(if negative { -magnitude } else { magnitude });
    }
    Repr::Float(Arc::new(Float { negative, mantissa, exponent, precision }))
}

/// Rounds half to even to at most `keep` bits.
pub(super) fn round_bits(mantissa: UBig, exponent: i64, keep: i64) -> (UBig, i64) {
    let drop = bits(&mantissa) - keep;
    if drop <= 0 {
        return (mantissa, exponent);
    }
    let (low, mut high) = mantissa.split_bits(shift(drop));
    let half = UBig::ONE << shift(drop - 1);
    let up = match low.cmp(&half) {
        Ordering::Less => false,
        Ordering::Greater => true,
        Ordering::Equal => high.bit(0),
    };
    if up {
        high += 1u8;
    }
    (high, exponent + drop)
}

/// Length in bits.
pub(super) fn bits(n: &UBig) -> i64 {
    i64::try_from(n.bit_len()).unwrap_or(i64::MAX / 4)
}

/// A distance as dashu takes it. Distances are differences of bounded exponents, never negative.
pub(super) fn shift(distance: i64) -> usize {
    usize::try_from(distance).unwrap_or(0)
}

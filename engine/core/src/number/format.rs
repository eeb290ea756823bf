//! Text of a [`Number`]: plain decimal, and Go's `%f`, `%e`, `%g` on a `big.Float`.

use std::fmt;

use super::decimal::Decimal;
use super::float::Float;
use super::{Number, Repr};

/// Terraform's conversion to string: the fewest decimal digits that read back as the same number,
/// never an exponent; `+Inf`, `-Inf`, `-0`.
impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Int(n) => write!(f, "{n}"),
            _ => f.write_str(&self.with_digits(Decimal::shortest, |decimal, out| {
                decimal.write_fixed(decimal.places(), out);
            })),
        }
    }
}

impl Number {
    /// Go's `%.Nf`: exactly `decimals` digits behind the point, half to even.
    pub fn to_fixed(&self, decimals: usize) -> String {
        self.with_digits(exact, |decimal, out| {
            let mut decimal = decimal.clone();
            decimal.round_to_places(decimals);
            decimal.write_fixed(decimals, out);
        })
    }

    /// Go's `%.Ne`, or `%.NE` if `upper`: `1.50e+03`.
    pub fn to_exponent(&self, decimals: usize, upper: bool) -> String {
        self.with_digits(exact, |decimal, out| {
            let mut decimal = decimal.clone();
            decimal.round(decimals.saturating_add(1));
            decimal.write_exponent(decimals, upper, out);
        })
    }

    /// What Go gives for `%g` and `%v` of a `big.Float`: the fewest digits, with an exponent below
    /// 1e-4 and from the seventh digit before the point on.
    pub fn to_general_string(&self) -> String {
        self.with_digits(Decimal::shortest, |decimal, out| {
            write_general(decimal, 6, decimal.digits.len(), false, out);
        })
    }

    /// Go's `%.Ng`, or `%.NG` if `upper`: `digits` significant digits at most.
    pub fn to_general(&self, digits: usize, upper: bool) -> String {
        let digits = digits.max(1);
        self.with_digits(exact, |decimal, out| {
            let mut decimal = decimal.clone();
            decimal.round(digits);
            let length = decimal.digits.len();
            let before_point = usize::try_from(decimal.point).unwrap_or(0);
            let limit = if digits > length && length >= before_point { length } else { digits };
            write_general(&decimal, limit, digits.min(length), upper, out);
        })
    }

    /// The sign, then what `write` makes of the digits; or the name of an infinity.
    fn with_digits(
        &self,
        digits: impl Fn(&Float) -> Decimal,
        write: impl Fn(&Decimal, &mut String),
    ) -> String {
        let mut out = String::new();
        match &self.0 {
            Repr::Infinity { negative: false } => out.push_str("+Inf"),
            Repr::Infinity { negative: true } => out.push_str("-Inf"),
            Repr::Int(0) => write(&Decimal::ZERO, &mut out),
            Repr::NegativeZero => {
                out.push('-');
                write(&Decimal::ZERO, &mut out);
            }
            Repr::Int(n) => {
                if *n < 0 {
                    out.push('-');
                }
                let text = n.unsigned_abs().to_string().into_bytes();
                write(&Decimal::from_text(text, 0), &mut out);
            }
            Repr::Float(float) => {
                if float.negative {
                    out.push('-');
                }
                write(&digits(float), &mut out);
            }
        }
        out
    }

    /// A short text that [`super::parse`] reads back: with an exponent where zeros abound.
    pub(super) fn to_compact_string(&self) -> String {
        let Repr::Float(float) = &self.0 else { return self.to_string() };
        let decimal = Decimal::shortest(float);
        let mut out = String::new();
        if float.negative {
            out.push('-');
        }
        if (-20..=160).contains(&decimal.point) {
            decimal.write_fixed(decimal.places(), &mut out);
        } else {
            decimal.write_exponent(decimal.digits.len() - 1, false, &mut out);
        }
        out
    }
}

fn exact(float: &Float) -> Decimal {
    Decimal::exact(&float.mantissa, float.exponent)
}

/// With an exponent if that is below -4 or at least `limit`.
fn write_general(decimal: &Decimal, limit: usize, digits: usize, upper: bool, out: &mut String) {
    let exponent = if decimal.digits.is_empty() { -1 } else { decimal.point - 1 };
    if exponent < -4 || exponent >= i64::try_from(limit).unwrap_or(i64::MAX) {
        decimal.write_exponent(digits.saturating_sub(1), upper, out);
    } else {
        decimal.write_fixed(decimal.places(), out);
    }
}

//! [`Decimal`]: the decimal digits of a binary float, exact or shortest.
//!
//! The rounding rules are those of Go's `math/big`, whose text Terraform prints.

use dashu_int::UBig;

use super::float::{Float, bits, shift};

/// `0.d1d2d3... * 10^point`; the last digit is not 0. No digits: zero.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Decimal {
    /// ASCII digits.
    pub(super) digits: Vec<u8>,
    pub(super) point: i64,
}

impl Decimal {
    /// Zero.
    pub(super) const ZERO: Decimal = Decimal { digits: Vec::new(), point: 0 };

    /// All digits of `mantissa * 2^exponent`; a power of two always has finitely many.
    pub(super) fn exact(mantissa: &UBig, exponent: i64) -> Decimal {
        let (whole, scale) = if exponent >= 0 {
            (mantissa << shift(exponent), 0)
        } else {
            (mantissa * UBig::from(5u8).pow(shift(-exponent)), exponent)
        };
        Decimal::from_text(whole.to_string().into_bytes(), scale)
    }

    /// The digits of a whole number, times `10^scale`.
    pub(super) fn from_text(mut digits: Vec<u8>, scale: i64) -> Decimal {
        let point = i64::try_from(digits.len()).unwrap_or(i64::MAX / 2) + scale;
        trim(&mut digits);
        if digits.is_empty() { Decimal::ZERO } else { Decimal { digits, point } }
    }

    /// The fewest digits that read back as the same float at its precision.
    pub(super) fn shortest(float: &Float) -> Decimal {
        let mut exact = Decimal::exact(&float.mantissa, float.exponent);
        let lift = i64::from(float.precision) + 1 - bits(&float.mantissa);
        // The mantissa with one bit more than the precision: one up or down is half a unit.
        let mantissa = &float.mantissa << shift(lift);
        let exponent = float.exponent - lift;
        let lower = Decimal::exact(&(&mantissa - 1u8), exponent);
        let upper = Decimal::exact(&(&mantissa + 1u8), exponent);
        let inclusive = !dashu_int::ops::BitTest::bit(&mantissa, 1);
        // The neighbours may have a digit more or fewer before the point than the value has.
        let at = |other: &Decimal, i: usize| {
            let offset = other.point - exact.point;
            match i64::try_from(i).unwrap_or(i64::MAX / 2) + offset {
                index if index < 0 => b'0',
                index => other.at(shift(index)),
            }
        };
        let ends = |other: &Decimal, i: usize| {
            let length = i64::try_from(other.digits.len()).unwrap_or(0);
            i64::try_from(i).unwrap_or(0) + 1 + other.point - exact.point >= length
        };
        for i in 0..exact.digits.len() {
            let (digit, low, high) = (exact.digits[i], at(&lower, i), at(&upper, i));
            let down = low != digit || (inclusive && ends(&lower, i));
            let up = digit != high && (inclusive || digit + 1 < high || !ends(&upper, i));
            match (down, up) {
                (true, true) => {
                    exact.round(i + 1);
                    return exact;
                }
                (true, false) => {
                    exact.round_down(i + 1);
                    return exact;
                }
                (false, true) => {
                    exact.round_up(i + 1);
                    return exact;
                }
                (false, false) => {}
            }
        }
        exact
    }

    /// The digit at an index, 0 beyond the end.
    fn at(&self, index: usize) -> u8 {
        self.digits.get(index).copied().unwrap_or(b'0')
    }

    /// Keeps `count` digits, rounding half to even.
    pub(super) fn round(&mut self, count: usize) {
        let Some(&next) = self.digits.get(count) else { return };
        let tie = next == b'5' && count + 1 == self.digits.len();
        let up =
            if tie { count > 0 && (self.digits[count - 1] - b'0') % 2 == 1 } else { next >= b'5' };
        if up { self.round_up(count) } else { self.round_down(count) }
    }

    /// Keeps as many digits as stand before `places` places behind the point, rounding.
    pub(super) fn round_to_places(&mut self, places: usize) {
        let count = self.point.saturating_add(i64::try_from(places).unwrap_or(i64::MAX));
        match usize::try_from(count) {
            Ok(count) => self.round(count),
            // Everything lies below half of the last place.
            Err(_) => *self = Decimal::ZERO,
        }
    }

    fn round_down(&mut self, count: usize) {
        self.digits.truncate(count);
        trim(&mut self.digits);
        if self.digits.is_empty() {
            self.point = 0;
        }
    }

    fn round_up(&mut self, count: usize) {
        self.digits.truncate(count);
        while self.digits.last() == Some(&b'9') {
            self.digits.pop();
        }
        match self.digits.last_mut() {
            Some(last) => *last += 1,
            None => {
                self.digits.push(b'1');
                self.point += 1;
            }
        }
    }

    /// `123.45` with exactly `places` digits behind the point.
    pub(super) fn write_fixed(&self, places: usize, out: &mut String) {
        match usize::try_from(self.point) {
            Ok(whole) if whole > 0 => (0..whole).for_each(|i| out.push(char::from(self.at(i)))),
            _ => out.push('0'),
        }
        if places == 0 {
            return;
        }
        out.push('.');
        for place in 0..places {
            let index = i64::try_from(place).unwrap_or(i64::MAX / 2) + self.point;
            let digit = usize::try_from(index).map_or(b'0', |index| self.at(index));
            out.push(char::from(digit));
        }
    }

    /// `1.2345e+06` with exactly `places` digits behind the point.
    pub(super) fn write_exponent(&self, places: usize, upper: bool, out: &mut String) {
        out.push(char::from(self.at(0)));
        if places > 0 {
            out.push('.');
            (1..=places).for_each(|i| out.push(char::from(self.at(i))));
        }
        let exponent = if self.digits.is_empty() { 0 } else { self.point - 1 };
        out.push(if upper { 'E' } else { 'e' });
        out.push(if exponent < 0 { '-' } else { '+' });
        out.push_str(&format!("{:02}", exponent.unsigned_abs()));
    }

    /// How many digits stand behind the point when all are written.
    pub(super) fn places(&self) -> usize {
        let length = i64::try_from(self.digits.len()).unwrap_or(i64::MAX / 2);
        usize::try_from(length - self.point).unwrap_or(0)
    }
}

/// Removes zeros at the end.
fn trim(digits: &mut Vec<u8>) {
    while digits.last() == Some(&b'0') {
        digits.pop();
    }
}

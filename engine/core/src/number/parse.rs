//! Numbers from text: decimal, and whole numbers in any base up to 62.

use std::str::FromStr;

use dashu_int::UBig;
use dashu_int::ops::BitTest;

use super::float::{EXPONENT_MAX, FULL_PRECISION, quotient, round};
use super::{Number, ParseNumberError, Repr};

/// Decimal text: digits, perhaps a sign, a fraction, an exponent. Rounded correctly to 512 bits.
/// Beyond the largest exponent the result is infinite, as in Terraform.
impl FromStr for Number {
    type Err = ParseNumberError;

    fn from_str(text: &str) -> Result<Number, ParseNumberError> {
        // Whole numbers are nearly all there are. "-0" is not one: it keeps its sign.
        if text.len() < 19
            && text != "-0"
            && !text.starts_with("-0")
            && let Ok(n) = text.parse::<i64>()
        {
            return Ok(Number(Repr::Int(n)));
        }
        parse_decimal(text, FULL_PRECISION).map(Number).ok_or(ParseNumberError)
    }
}

/// Reads decimal text, rounding to `precision` bits.
pub(super) fn parse_decimal(text: &str, precision: u32) -> Option<Repr> {
    let (negative, rest) = sign(text);
    let (mantissa, exponent) = match rest.find(['e', 'E']) {
        Some(at) => (&rest[..at], parse_exponent(&rest[at + 1..])?),
        None => (rest, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if (whole.is_empty() && fraction.is_empty()) || !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    let digits = format!("{whole}{fraction}");
    let digits = digits.trim_start_matches('0');
    let places = i64::try_from(fraction.len()).ok()?;
    let significant = digits.trim_end_matches('0');
    let dropped = i64::try_from(digits.len() - significant.len()).ok()?;
    if significant.is_empty() {
        return Some(if negative { Repr::NegativeZero } else { Repr::Int(0) });
    }
    let scale = exponent.saturating_sub(places).saturating_add(dropped);
    let magnitude = scale.saturating_add(i64::try_from(significant.len()).ok()?);
    // Far outside of the range: do not even compute the power of ten.
    if magnitude > EXPONENT_MAX / 3 {
        return Some(Repr::Infinity { negative });
    }
    if magnitude < -EXPONENT_MAX / 3 {
        return Some(if negative { Repr::NegativeZero } else { Repr::Int(0) });
    }
    let mantissa = UBig::from_str_radix(significant, 10).ok()?;
    let power = UBig::from(5u8).pow(usize::try_from(scale.unsigned_abs()).ok()?);
    Some(if scale >= 0 {
        round(negative, mantissa * power, scale, precision)
    } else {
        quotient(negative, &mantissa, &power, scale, precision)
    })
}

/// Exponents of any length are valid; those out of reach are all the same.
fn parse_exponent(text: &str) -> Option<i64> {
    let (negative, digits) = sign(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let magnitude = digits.parse::<i64>().unwrap_or(i64::MAX / 4).min(i64::MAX / 4);
    Some(if negative { -magnitude } else { magnitude })
}

fn sign(text: &str) -> (bool, &str) {
    match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    }
}

impl Number {
    /// What Terraform takes for a number where a string is converted: decimal text as of
    /// [`FromStr`], `inf` and `Inf` with or without a sign, and a power of two behind the digits
    /// (`5p3` is 40).
    ///
    /// # Errors
    /// The text is none of these.
    pub fn from_string_value(text: &str) -> Result<Number, ParseNumberError> {
        let (negative, rest) = sign(text);
        if rest == "inf" || rest == "Inf" {
            return Ok(Number(Repr::Infinity { negative }));
        }
        let Some((digits, power)) = text.split_once(['p', 'P']) else { return text.parse() };
        if digits.contains(['e', 'E']) {
            return Err(ParseNumberError);
        }
        let power = parse_exponent(power).ok_or(ParseNumberError)?;
        let number: Number = digits.parse()?;
        Ok(number.times_power_of_two(power))
    }

    /// A whole number in a base of 2 to 62, perhaps with a sign. Up to base 36 letters count alike
    /// in both cases; beyond, lower case comes first. As in go-cty the number is exact however
    /// many digits it has.
    ///
    /// # Errors
    /// The base is out of range, or the text has anything but digits of the base after the sign.
    pub fn parse_base(text: &str, base: u32) -> Result<Number, ParseNumberError> {
        if !(2..=62).contains(&base) {
            return Err(ParseNumberError);
        }
        let (negative, digits) = sign(text);
        if digits.is_empty() {
            return Err(ParseNumberError);
        }
        let magnitude = if base <= 36 {
            if !digits.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                return Err(ParseNumberError);
            }
            UBig::from_str_radix(digits, base).map_err(|_| ParseNumberError)?
        } else {
            let digits: Option<Vec<_>> = digits
                .bytes()
                .rev()
                .map(|byte| digit(byte).filter(|digit| *digit < base))
                .collect();
            digits
                .ok_or(ParseNumberError)?
                .into_iter()
                .rev()
                .fold(UBig::ZERO, |number, digit| number * base + digit)
        };
        let precision = u32::try_from(magnitude.bit_len()).map_err(|_| ParseNumberError)?;
        let negative = negative && !magnitude.is_zero();
        Ok(Number(round(negative, magnitude, 0, precision.max(FULL_PRECISION))))
    }
}

/// A digit of a base above 36.
fn digit(byte: u8) -> Option<u32> {
    Some(match byte {
        b'0'..=b'9' => u32::from(byte - b'0'),
        b'a'..=b'z' => u32::from(byte - b'a') + 10,
        b'A'..=b'Z' => u32::from(byte - b'A') + 36,
        _ => return None,
    })
}

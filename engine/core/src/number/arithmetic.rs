//! Arithmetic as go-cty does it on Go's `big.Float`, signs of zero included.

use super::float::{Float, round};
use super::float_math;
use super::{Number, Repr};

/// Why an operation has no result. The texts are Terraform's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArithmeticError {
    /// `inf + -inf`
    #[error("can't compute sum of opposing infinities")]
    AddInfinities,
    /// `inf - inf`
    #[error("can't subtract infinity from itself")]
    SubInfinities,
    /// `0 * inf`
    #[error("can't multiply zero by infinity")]
    MulZeroInfinity,
    /// `0 / 0`, `inf / inf`
    #[error("can't divide zero by zero or infinity by infinity")]
    DivIndefinite,
    /// `x % inf`, `inf % x`
    #[error("can't use modulo with zero and infinity")]
    RemInfinity,
    /// `pow(-1, 0.5)`, `log(-1, 10)`
    #[error("the result is not a number")]
    NotANumber,
}

type Result<T> = std::result::Result<T, ArithmeticError>;

impl Number {
    /// The sum.
    ///
    /// # Errors
    /// Opposing infinities.
    pub fn add(&self, other: &Number) -> Result<Number> {
        if let (Repr::Int(a), Repr::Int(b)) = (&self.0, &other.0)
            && let Some(sum) = a.checked_add(*b)
        {
            return Ok(Number(Repr::Int(sum)));
        }
        Ok(match (self.is_infinite(), other.is_infinite()) {
            (true, true) if self.is_negative() != other.is_negative() => {
                return Err(ArithmeticError::AddInfinities);
            }
            (true, _) => self.clone(),
            (false, true) => other.clone(),
            (false, false) => match (self.to_float(), other.to_float()) {
                (Some(a), Some(b)) => Number(a.add(&b)),
                (Some(_), None) => self.clone(),
                (None, Some(_)) => other.clone(),
                (None, None) if self.is_negative() && other.is_negative() => self.clone(),
                (None, None) => Number(Repr::Int(0)),
            },
        })
    }

    /// The difference.
    ///
    /// # Errors
    /// An infinity from itself.
    pub fn sub(&self, other: &Number) -> Result<Number> {
        if let (Repr::Int(a), Repr::Int(b)) = (&self.0, &other.0)
            && let Some(difference) = a.checked_sub(*b)
        {
            return Ok(Number(Repr::Int(difference)));
        }
        self.add(&other.neg()).map_err(|_| ArithmeticError::SubInfinities)
    }

    /// The product.
    ///
    /// # Errors
    /// Zero times infinity.
    pub fn mul(&self, other: &Number) -> Result<Number> {
        if let (Repr::Int(a), Repr::Int(b)) = (&self.0, &other.0) {
            match a.checked_mul(*b) {
                // A zero may be negative, which the slow path knows.
                Some(0) | None => {}
                Some(product) => return Ok(Number(Repr::Int(product))),
            }
        }
        let negative = self.is_negative() != other.is_negative();
        if self.is_infinite() || other.is_infinite() {
            if self.is_zero() || other.is_zero() {
                return Err(ArithmeticError::MulZeroInfinity);
            }
            return Ok(Number(Repr::Infinity { negative }));
        }
        Ok(match (self.to_float(), other.to_float()) {
            (Some(a), Some(b)) => Number(a.mul(&b)),
            _ => Number(Repr::zero(negative)),
        })
    }

    /// The quotient; by zero it is infinite.
    ///
    /// # Errors
    /// Zero by zero, infinity by infinity.
    pub fn div(&self, other: &Number) -> Result<Number> {
        let negative = self.is_negative() != other.is_negative();
        if self.is_infinite() && other.is_infinite() || self.is_zero() && other.is_zero() {
            return Err(ArithmeticError::DivIndefinite);
        }
        if self.is_infinite() || other.is_zero() {
            return Ok(Number(Repr::Infinity { negative }));
        }
        Ok(match (self.to_float(), other.to_float()) {
            (Some(a), Some(b)) => Number(a.div(&b)),
            // Zero by something, or something by infinity.
            _ => Number(Repr::zero(negative)),
        })
    }

    /// The remainder, with the sign of the dividend; `x % 0` is `x`. Computed as go-cty does, from
    /// the rounded quotient, so it is only as exact as that.
    ///
    /// # Errors
    /// One of the two is infinite.
    pub fn rem(&self, other: &Number) -> Result<Number> {
        if self.is_infinite() || other.is_infinite() {
            return Err(ArithmeticError::RemInfinity);
        }
        if other.is_zero() {
            return Ok(self.clone());
        }
        if let (Repr::Int(a), Repr::Int(b)) = (&self.0, &other.0)
            && let Some(rest) = a.checked_rem(*b)
        {
            return Ok(Number(Repr::Int(rest)));
        }
        let whole = self.div(other)?.trunc();
        let product = match (whole.to_float(), other.to_float()) {
            (Some(mut a), Some(b)) => {
                a.precision = b.precision;
                Number(a.mul_rounded(&b))
            }
            _ => Number(Repr::Int(0)),
        };
        if product.is_infinite() {
            return Err(ArithmeticError::RemInfinity);
        }
        self.sub(&product)
    }

    /// The number with the other sign; of zero that is negative zero.
    pub fn neg(&self) -> Number {
        Number(match &self.0 {
            Repr::Int(0) => Repr::NegativeZero,
            Repr::NegativeZero => Repr::Int(0),
            Repr::Infinity { negative } => Repr::Infinity { negative: !negative },
            Repr::Int(n) => match n.checked_neg() {
                Some(n) => Repr::Int(n),
                None => self.flipped(),
            },
            Repr::Float(_) => self.flipped(),
        })
    }

    fn flipped(&self) -> Repr {
        self.to_float().map_or(Repr::Int(0), |float| {
            round(!float.negative, float.mantissa, float.exponent, float.precision)
        })
    }

    /// The magnitude.
    pub fn abs(&self) -> Number {
        if self.is_negative() { self.neg() } else { self.clone() }
    }

    /// The part before the point.
    pub fn trunc(&self) -> Number {
        match &self.0 {
            Repr::Float(float) => match float.trunc().0 {
                Repr::NegativeZero => Number(Repr::Int(0)),
                whole => Number(whole),
            },
            Repr::NegativeZero => Number(Repr::Int(0)),
            _ => self.clone(),
        }
    }

    /// The largest whole number that is not above.
    pub fn floor(&self) -> Number {
        self.stepped(self.is_negative(), -1)
    }

    /// The smallest whole number that is not below.
    pub fn ceil(&self) -> Number {
        self.stepped(!self.is_negative(), 1)
    }

    /// Truncated; then, if a fraction was lost and `step_needed`, one step on.
    fn stepped(&self, step_needed: bool, step: i64) -> Number {
        let whole = self.trunc();
        let lost = matches!(&self.0, Repr::Float(float) if float.exponent < 0);
        if lost && step_needed { whole.add(&Number::from(step)).unwrap_or(whole) } else { whole }
    }

    /// -1, 0 or 1.
    pub fn signum(&self) -> Number {
        Number(Repr::Int(match (self.is_zero(), self.is_negative()) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        }))
    }

    /// `self` to the power, through `f64` as Terraform has it.
    ///
    /// # Errors
    /// A broken power of a negative number.
    pub fn pow(&self, power: &Number) -> Result<Number> {
        let result = float_math::pow(self.to_f64(), power.to_f64());
        Number::from_f64(result).ok_or(ArithmeticError::NotANumber)
    }

    /// The logarithm to a base, through `f64` as Terraform has it.
    ///
    /// # Errors
    /// The number or the base is negative.
    pub fn log(&self, base: &Number) -> Result<Number> {
        let result = float_math::ln(self.to_f64()) / float_math::ln(base.to_f64());
        Number::from_f64(result).ok_or(ArithmeticError::NotANumber)
    }

    pub(super) fn times_power_of_two(self, power: i64) -> Number {
        match self.to_float() {
            Some(float) => {
                let exponent = float.exponent.saturating_add(power);
                Number(round(float.negative, float.mantissa, exponent, float.precision))
            }
            None => self,
        }
    }

    /// The finite value that is not zero.
    pub(super) fn to_float(&self) -> Option<Float> {
        match &self.0 {
            Repr::Int(n) => Float::from_i64(*n),
            Repr::Float(float) => Some(Float::clone(float)),
            Repr::NegativeZero | Repr::Infinity { .. } => None,
        }
    }
}

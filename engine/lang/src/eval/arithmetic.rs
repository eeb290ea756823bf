//! Operators between two known numbers.

use kprov_core::{Number, Value};

use crate::ast::BinaryOperator;

/// `-a`
pub(super) fn negate(number: &Number) -> Number {
    number.neg()
}

/// `a + b`, `a < b` ...
///
/// # Errors
/// Where infinities leave no answer.
pub(super) fn apply(operator: BinaryOperator, a: &Number, b: &Number) -> Result<Value, String> {
    let result = match operator {
        BinaryOperator::Less => return Ok(Value::Bool(a < b)),
        BinaryOperator::LessOrEqual => return Ok(Value::Bool(a <= b)),
        BinaryOperator::Greater => return Ok(Value::Bool(a > b)),
        BinaryOperator::GreaterOrEqual => return Ok(Value::Bool(a >= b)),
        BinaryOperator::Equal => return Ok(Value::Bool(a == b)),
        BinaryOperator::NotEqual => return Ok(Value::Bool(a != b)),
        BinaryOperator::Add => a.add(b),
        BinaryOperator::Subtract => a.sub(b),
        BinaryOperator::Multiply => a.mul(b),
        BinaryOperator::Divide => a.div(b),
        BinaryOperator::Modulo => a.rem(b),
        BinaryOperator::And | BinaryOperator::Or => {
            return Err("a bool is required".to_owned());
        }
    };
    result.map(Value::Number).map_err(|error| error.to_string())
}

//! Operators between two known numbers.

use kprov_core::{Number, Value};

use crate::ast::BinaryOperator;

/// `-a`
pub(super) fn negate(number: &Number) -> Number {
    number.to_i64().map_or_else(|| number.clone(), |n| Number::from(-n))
}

/// `a + b`, `a < b` ...
///
/// # Errors
/// Where infinities leave no answer.
pub(super) fn apply(operator: BinaryOperator, a: &Number, b: &Number) -> Result<Value, String> {
    let whole = |n: &Number| n.to_i64().unwrap_or(0);
    let number = match operator {
        BinaryOperator::Less => return Ok(Value::Bool(a < b)),
        BinaryOperator::LessOrEqual => return Ok(Value::Bool(a <= b)),
        BinaryOperator::Greater => return Ok(Value::Bool(a > b)),
        BinaryOperator::GreaterOrEqual => return Ok(Value::Bool(a >= b)),
        BinaryOperator::Subtract => whole(a) - whole(b),
        BinaryOperator::Multiply => whole(a) * whole(b),
        BinaryOperator::Divide => whole(a) / whole(b).max(1),
        BinaryOperator::Modulo => whole(a) % whole(b).max(1),
        _ => whole(a) + whole(b),
    };
    Ok(Value::Number(Number::from(number)))
}

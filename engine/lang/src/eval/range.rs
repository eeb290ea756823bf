//! What ranges of numbers decide while the numbers are not known.
//!
//! Both ends of a range are taken as if they were outside of it, as go-cty does: `length(x) >= 1` of
//! a text that is not empty stays undecided, `length(x) > 0` is true.

use kprov_core::value::Bound;
use kprov_core::{Number, Value};

use crate::ast::BinaryOperator;

/// `a < b` and its like, where every value that the operands may become gives the same answer.
pub(super) fn compare(operator: BinaryOperator, a: &Value, b: &Value) -> Option<bool> {
    use BinaryOperator::{Greater, GreaterOrEqual, Less, LessOrEqual};
    let (a, b) = (ends(a)?, ends(b)?);
    let below = a.1.zip(b.0).is_some_and(|(most, least)| most < least);
    let above = a.0.zip(b.1).is_some_and(|(least, most)| least > most);
    match operator {
        Less | LessOrEqual if below => Some(true),
        Less | LessOrEqual if above => Some(false),
        Greater | GreaterOrEqual if above => Some(true),
        Greater | GreaterOrEqual if below => Some(false),
        _ => None,
    }
}

/// The least and the greatest number that the value can be, as far as there are such.
fn ends(value: &Value) -> Option<(Option<&Number>, Option<&Number>)> {
    match value {
        Value::Number(number) => Some((Some(number), Some(number))),
        Value::Unknown(unknown) => {
            let refined = unknown.refinements();
            Some((end_of(&refined.number_min), end_of(&refined.number_max)))
        }
        _ => None,
    }
}

fn end_of(bound: &Option<Bound>) -> Option<&Number> {
    bound.as_ref().map(|bound| &bound.value)
}

/// The bounds of a number that is one of two.
pub(super) fn either(a: &Value, b: &Value) -> (Option<Bound>, Option<Bound>) {
    let (a, b) = (bounds(a), bounds(b));
    let least = a.0.zip(b.0).map(|(a, b)| outer(a, b, |a, b| a < b));
    let most = a.1.zip(b.1).map(|(a, b)| outer(a, b, |a, b| a > b));
    (least, most)
}

fn outer(a: Bound, b: Bound, further: fn(&Number, &Number) -> bool) -> Bound {
    if a.value == b.value {
        return Bound { inclusive: a.inclusive || b.inclusive, ..a };
    }
    if further(&a.value, &b.value) { a } else { b }
}

fn bounds(value: &Value) -> (Option<Bound>, Option<Bound>) {
    match value {
        Value::Number(number) => {
            let bound = Bound::inclusive(number.clone());
            (Some(bound.clone()), Some(bound))
        }
        Value::Unknown(unknown) => {
            let refined = unknown.refinements();
            (refined.number_min.clone(), refined.number_max.clone())
        }
        _ => (None, None),
    }
}

//! The language's `==`: types must be equal too (`[1] == tolist([1])` is false), nulls of any type
//! are equal, and what is known of an unknown may already decide (go-cty `Value.Equals`).

use kprov_core::value::{UnknownValue, raw_equal};
use kprov_core::{Refinements, Type, Value};

/// `a == b`, or with `wanted` false `a != b`. Marks at any depth go to the result.
pub(super) fn equal(a: &Value, b: &Value, wanted: bool) -> Value {
    let marks = a.marks_deep() | b.marks_deep();
    let answer = if marks.is_empty() {
        equals(a, b)
    } else {
        equals(&a.clone().unmark_deep().0, &b.clone().unmark_deep().0)
    };
    let value = match answer {
        Some(answer) => Value::Bool(answer == wanted),
        None => Value::refined(Type::Bool, Refinements::not_null()),
    };
    value.with_marks(marks)
}

/// `None`: will be known later. No marks inside, at any depth.
pub(crate) fn equals(a: &Value, b: &Value) -> Option<bool> {
    match (a, b) {
        (Value::Unknown(_), Value::Unknown(_)) => None,
        (Value::Unknown(unknown), known) | (known, Value::Unknown(unknown)) => {
            if excludes(unknown, known) { Some(false) } else { None }
        }
        (Value::Null(_), Value::Null(_)) => Some(true),
        (Value::Null(_), _) | (_, Value::Null(_)) => Some(false),
        (Value::Bool(a), Value::Bool(b)) => Some(a == b),
        (Value::Number(a), Value::Number(b)) => Some(a == b),
        (Value::String(a), Value::String(b)) => Some(a == b),
        _ => compound(a, b),
    }
}

/// Can the unknown never become `known`?
fn excludes(unknown: &UnknownValue, known: &Value) -> bool {
    let refined = unknown.refinements();
    if matches!(known, Value::Null(_)) {
        return refined.not_null;
    }
    let ty = unknown.ty();
    if !ty.has_dynamic() && *ty != known.ty() {
        return true;
    }
    let prefix_differs = match (&refined.prefix, known) {
        (Some(prefix), Value::String(text)) => !text.starts_with(prefix.as_str()),
        _ => false,
    };
    if matches!(known, Value::Number(number) if !refined.allows_number(number)) {
        return true;
    }
    let length = match known {
        Value::List(_) | Value::Set(_) => known.as_items().map(<[Value]>::len),
        Value::Map(map) => Some(map.entries().len()),
        _ => None,
    };
    let length_differs = length.is_some_and(|length| {
        let length = length as u64;
        refined.length_min.is_some_and(|least| length < least)
            || refined.length_max.is_some_and(|most| length > most)
    });
    prefix_differs || length_differs
}

fn compound(a: &Value, b: &Value) -> Option<bool> {
    if !type_is_known(a) || !type_is_known(b) {
        let (a, b) = (a.ty(), b.ty());
        return if may_be(&a, &b) || may_be(&b, &a) { None } else { Some(false) };
    }
    if a.ty() != b.ty() {
        return Some(false);
    }
    match (a, b) {
        (Value::Set(x), Value::Set(y)) => {
            let unknown = |items: &[Value]| items.iter().any(|item| !item.is_wholly_known());
            if unknown(x.items()) || unknown(y.items()) { None } else { Some(raw_equal(a, b)) }
        }
        (Value::Map(_) | Value::Object(_), _) => {
            let (x, y) = (a.as_entries()?, b.as_entries()?);
            if x.len() != y.len() || !x.keys().eq(y.keys()) {
                return Some(false);
            }
            all(x.values().zip(y.values()))
        }
        _ => {
            let (x, y) = (a.as_items()?, b.as_items()?);
            if x.len() != y.len() {
                return Some(false);
            }
            all(x.iter().zip(y))
        }
    }
}

/// Stops at the first pair that differs or is undecided, as go-cty does.
fn all<'v>(pairs: impl Iterator<Item = (&'v Value, &'v Value)>) -> Option<bool> {
    for (a, b) in pairs {
        if !equals(a, b)? {
            return Some(false);
        }
    }
    Some(true)
}

fn type_is_known(value: &Value) -> bool {
    match value {
        Value::Unknown(unknown) => !unknown.ty().has_dynamic(),
        Value::List(_) | Value::Set(_) | Value::Tuple(_) => {
            value.as_items().unwrap_or_default().iter().all(type_is_known)
        }
        Value::Map(map) => map.entries().values().all(type_is_known),
        Value::Object(entries) => entries.values().all(type_is_known),
        _ => true,
    }
}

/// Could a value of type `ty` turn out to have type `wanted`, where `Dynamic` may be anything?
fn may_be(ty: &Type, wanted: &Type) -> bool {
    match (ty, wanted) {
        (_, Type::Dynamic) => true,
        (Type::List(a), Type::List(b))
        | (Type::Set(a), Type::Set(b))
        | (Type::Map(a), Type::Map(b)) => may_be(a, b),
        (Type::Tuple(a), Type::Tuple(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| may_be(a, b))
        }
        (Type::Object(a), Type::Object(b)) => {
            a.attributes().len() == b.attributes().len()
                && a.attributes()
                    .iter()
                    .zip(b.attributes())
                    .all(|((x, a), (y, b))| x == y && may_be(a, b))
        }
        (a, b) => a == b,
    }
}

//! Functions that make one value of a whole list: `alltrue`, `anytrue`, `length`, `sum`.

use kprov_core::value::convert;
use kprov_core::value::{Bound, UnknownValue};
use kprov_core::{Entries, Number, Refinements, Type, Value};
use unicode_segmentation::UnicodeSegmentation;

use crate::functions::items::items;
use crate::functions::{Function, FunctionContext, FunctionError, Parameter};

pub(super) fn functions() -> Vec<Function> {
    vec![
        Function::new(
            "alltrue",
            "Tells whether all items of a list are true.",
            |_| Ok(Type::Bool),
            alltrue,
        )
        .with(Parameter::new("list", Type::list(Type::Bool))),
        Function::new(
            "anytrue",
            "Tells whether any item of a list is true.",
            |_| Ok(Type::Bool),
            anytrue,
        )
        .with(Parameter::new("list", Type::list(Type::Bool))),
        Function::new(
            "length",
            "Counts the items of a collection, or the characters of a string.",
            length_type,
            length,
        )
        .with(Parameter::new("value", Type::Dynamic).unknown().dynamic().marked()),
        Function::new("sum", "Adds up numbers.", |_| Ok(Type::Number), sum)
            .with(Parameter::new("list", Type::Dynamic)),
    ]
}

fn alltrue(_: &FunctionContext<'_>, arguments: &[Value]) -> Result<Value, FunctionError> {
    for item in items(&arguments[0]) {
        // The first item that is not true decides, known or not.
        match item {
            Value::Unknown(_) => return Ok(Value::unknown(Type::Bool)),
            Value::Bool(true) => {}
            _ => return Ok(Value::Bool(false)),
        }
    }
    Ok(Value::Bool(true))
}

fn anytrue(_: &FunctionContext<'_>, arguments: &[Value]) -> Result<Value, FunctionError> {
    let items = items(&arguments[0]);
    if items.iter().any(|item| item.as_bool() == Some(true)) {
        return Ok(Value::Bool(true));
    }
    if items.iter().all(Value::is_known) {
        return Ok(Value::Bool(false));
    }
    Ok(Value::unknown(Type::Bool))
}

fn length_type(arguments: &[Value]) -> Result<Type, FunctionError> {
    match arguments[0].ty() {
        Type::Bool | Type::Number => Err(FunctionError::new(
            "argument must be a string, a collection type, or a structural type",
        )),
        _ => Ok(Type::Number),
    }
}

fn length(_: &FunctionContext<'_>, arguments: &[Value]) -> Result<Value, FunctionError> {
    length_type(arguments)?;
    let value = &arguments[0];
    let count = |count: usize| Value::Number(Number::from(count));
    let length = match value.bare() {
        Value::String(text) => count(text.graphemes(true).count()),
        Value::Tuple(items) => count(items.len()),
        Value::List(list) => count(list.items().len()),
        Value::Map(map) => count(map.entries().len()),
        Value::Object(entries) => count(entries.len()),
        Value::Set(set) => {
            // Unknown items may turn out equal.
            let items = set.items();
            let settled = items.len() < 2 || items.iter().all(Value::is_wholly_known);
            if settled { count(items.len()) } else { count_between(1, Some(items.len() as u64)) }
        }
        Value::Unknown(unknown) => unknown_length(unknown),
        _ => Value::unknown(Type::Number),
    };
    Ok(length.with_marks(value.marks()))
}

fn unknown_length(unknown: &UnknownValue) -> Value {
    let refined = unknown.refinements();
    match unknown.ty() {
        Type::Tuple(types) => Value::Number(Number::from(types.len())),
        Type::Object(object) => Value::Number(Number::from(object.attributes().len())),
        Type::String => {
            let prefix = refined.prefix.as_deref().unwrap_or_default();
            count_between(prefix.graphemes(true).count() as u64, None)
        }
        ty if ty.is_collection() => match (refined.length_min, refined.length_max) {
            (Some(min), Some(max)) if refined.not_null && min == max => {
                Value::Number(Number::from(min))
            }
            // As many items as Go can count.
            (min, max) => count_between(min.unwrap_or(0), max.or(Some(i64::MAX as u64))),
        },
        _ => Value::unknown(Type::Number),
    }
}

/// A count that is not known yet, from `min` to `max`.
fn count_between(min: u64, max: Option<u64>) -> Value {
    let refinements = Refinements {
        number_min: Some(Bound::inclusive(min)),
        number_max: max.map(Bound::inclusive),
        ..Refinements::not_null()
    };
    Value::refined(Type::Number, refinements)
}

fn sum(_: &FunctionContext<'_>, arguments: &[Value]) -> Result<Value, FunctionError> {
    let fault = |message: &str| Err(FunctionError::argument(0, message));
    let list = &arguments[0];
    let ty = list.ty();
    let count = list.as_items().map(<[Value]>::len).or(list.as_entries().map(Entries::len));
    match count {
        None => return fault("cannot sum noniterable"),
        Some(0) => return fault("cannot sum an empty list"),
        Some(_) => {}
    }
    let Some(items) = list.as_items() else {
        let name = ty.friendly_name();
        return fault(&format!("argument must be list, set, or tuple. Received {name}"));
    };
    if !list.is_wholly_known() {
        return Ok(Value::unknown(Type::Number));
    }
    let mut total = Number::from(0_i64);
    for item in items {
        let Ok(Value::Number(number)) = convert(item, &Type::Number) else {
            return fault("argument must be list, set, or tuple of number values");
        };
        total = total
            .add(&number)
            .map_err(|_| FunctionError::new("can't compute sum of opposing infinities"))?;
    }
    Ok(Value::Number(total))
}

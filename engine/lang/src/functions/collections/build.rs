//! Functions that make a map: `transpose`, `zipmap`.

use std::collections::BTreeMap;

use kprov_core::{Entries, Str, Type, Value};

use crate::functions::items::items;
use crate::functions::{Function, FunctionContext, FunctionError, Parameter};

pub(super) fn functions() -> Vec<Function> {
    vec![
        Function::new(
            "transpose",
            "Swaps keys and values of a map of lists of strings.",
            |_| Ok(lists_of_strings()),
            transpose,
        )
        .with(Parameter::new("values", lists_of_strings())),
        Function::new(
            "zipmap",
            "Makes a map of a list of keys and a list of values.",
            zipmap_type,
            zipmap,
        )
        .with(Parameter::new("keys", Type::list(Type::String)).marked())
        .with(Parameter::new("values", Type::Dynamic).marked()),
    ]
}

fn lists_of_strings() -> Type {
    Type::map(Type::list(Type::String))
}

fn transpose(_: &FunctionContext<'_>, arguments: &[Value]) -> Result<Value, FunctionError> {
    let map = &arguments[0];
    if !map.is_wholly_known() {
        return Ok(Value::unknown(lists_of_strings()));
    }
    let mut swapped: BTreeMap<Str, Vec<Value>> = BTreeMap::new();
    for (key, list) in map.as_entries().into_iter().flatten() {
        if list.is_null() {
            return Err(FunctionError::new("input must not contain null list"));
        }
        for item in items(list) {
            let Value::String(text) = item else {
                return Err(FunctionError::new("input list must not contain null string"));
            };
            // Keys come in order, so the lists get sorted by themselves.
            swapped.entry(text.clone()).or_default().push(Value::String(key.clone()));
        }
    }
    let entries = swapped.into_iter().map(|(key, list)| (key, Value::list(Type::String, list)));
    Ok(Value::map(Type::list(Type::String), entries.collect()))
}

fn zipmap_type(arguments: &[Value]) -> Result<Type, FunctionError> {
    match arguments[1].ty() {
        Type::List(element) => Ok(Type::map((*element).clone())),
        Type::Tuple(types) => {
            if !arguments[0].is_wholly_known() {
                return Ok(Type::Dynamic);
            }
            let keys = keys(&arguments[0], types.len())?;
            Ok(Type::object(keys.into_iter().zip(types.iter().cloned())))
        }
        _ => Err(FunctionError::new("values argument must be a list or tuple value")),
    }
}

fn keys(list: &Value, count: usize) -> Result<Vec<Str>, FunctionError> {
    let items = items(list);
    if items.len() != count {
        return Err(FunctionError::new(format!(
            "number of keys ({}) does not match number of values ({count})",
            items.len()
        )));
    }
    let text = |(at, item): (usize, &Value)| match item.bare() {
        Value::String(text) => Ok(text.clone()),
        _ => Err(FunctionError::new(format!("keys list has null value at index {at}"))),
    };
    items.iter().enumerate().map(text).collect()
}

fn zipmap(_: &FunctionContext<'_>, arguments: &[Value]) -> Result<Value, FunctionError> {
    let ty = zipmap_type(arguments)?;
    let (names, values) = (&arguments[0], &arguments[1]);
    // A key cannot carry a mark, so the whole does.
    let marks = names.marks_deep() | values.marks();
    if !names.is_wholly_known() {
        let marks = names.marks() | values.marks();
        return Ok(Value::unknown(ty).with_marks(marks));
    }
    let values = items(values);
    let entries: Entries =
        keys(names, values.len())?.into_iter().zip(values.iter().cloned()).collect();
    let result = match ty {
        Type::Map(element) => Value::map((*element).clone(), entries),
        _ => Value::object(entries),
    };
    Ok(result.with_marks(marks))
}

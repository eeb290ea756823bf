//! Functions that look for something: `contains`, `element`, `index`, `lookup`, `matchkeys`.

use std::collections::BTreeSet;

use kprov_core::value::{can_convert, convert, unify};
use kprov_core::{Number, Type, Value};

use crate::eval::equals;
use crate::functions::by_set_order::BySetOrder;
use crate::functions::items::{element_of, items, whole};
use crate::functions::{Function, FunctionContext, FunctionError, Parameter};

pub(super) fn functions() -> Vec<Function> {
    let any = |name| Parameter::new(name, Type::Dynamic);
    let list = |name| Parameter::new(name, Type::list(Type::Dynamic));
    vec![
        Function::new(
            "contains",
            "Tells whether a list, set or tuple has a certain item.",
            |_| Ok(Type::Bool),
            contains,
        )
        .with(any("list"))
        .with(any("value")),
        Function::new(
            "element",
            "Gives one item of a list, counting round and round.",
            element_type,
            element,
        )
        .with(any("list").marked())
        .with(Parameter::new("index", Type::Number))
        .nullable(),
        Function::new(
            "index",
            "Gives the place of a certain item in a list.",
            |_| Ok(Type::Number),
            index,
        )
        .with(any("list"))
        .with(any("value")),
        Function::new(
            "lookup",
            "Gives the value of a key of a map, or a default if the map has no such key.",
            lookup_type,
            lookup,
        )
        .with(any("inputMap").unknown().marked())
        .with(Parameter::new("key", Type::String).unknown().marked())
        .with_rest(any("default").null().unknown().dynamic().marked())
        .nullable(),
        Function::new(
            "matchkeys",
            "Gives those items of one list whose counterparts in another are in a third.",
            matchkeys_type,
            matchkeys,
        )
        .with(list("values"))
        .with(list("keys"))
        .with(list("searchset")),
    ]
}

fn contains(_: &FunctionContext<'_>, arguments: &[Value]) -> Result<Value, FunctionError> {
    let Some(items) = arguments[0].as_items() else {
        return Err(FunctionError::new("argument must be list, tuple, or set"));
    };
    let mut all_known = true;
    for item in items {
        match equals(&arguments[1], item) {
            Some(true) => return Ok(Value::Bool(true)),
            Some(false) => {}
            None => all_known = false,
        }
    }
    Ok(if all_known { Value::Bool(false) } else { Value::unknown(Type::Bool) })
}

fn element_type(arguments: &[Value]) -> Result<Type, FunctionError> {
    match arguments[0].ty() {
        ty @ Type::List(_) => Ok(element_of(&ty)),
        Type::Tuple(_) if !arguments[1].is_known() => Ok(Type::Dynamic),
        Type::Tuple(types) => Ok(types[place(&arguments[1], types.len(), false)?].clone()),
        ty => {
            let name = ty.friendly_name();
            Err(FunctionError::new(format!("cannot read elements from {name}")))
        }
    }
}

fn element(_: &FunctionContext<'_>, arguments: &[Value]) -> Result<Value, FunctionError> {
    element_type(arguments)?;
    let (list, marks) = arguments[0].clone().unmark();
    let items = items(&list);
    let counts_back = matches!(list, Value::List(_));
    let at = place(&arguments[1], items.len(), counts_back)?;
    Ok(items[at].clone().with_marks(marks))
}

/// The index, counted round and round. Terraform counts back from the end in lists; with tuples it
/// crashes unless that leads to the first item.
fn place(index: &Value, length: usize, counts_back: bool) -> Result<usize, FunctionError> {
    let index = whole(index).map_err(|why| FunctionError::new(format!("invalid index: {why}")))?;
    let Some(length) = i64::try_from(length).ok().filter(|length| *length > 0) else {
        return Err(FunctionError::new("cannot use element function with an empty list"));
    };
    if index % length < 0 && !counts_back {
        return Err(FunctionError::new("cannot use element function with a negative index"));
    }
    Ok(usize::try_from(index.rem_euclid(length)).unwrap_or_default())
}

fn index(_: &FunctionContext<'_>, arguments: &[Value]) -> Result<Value, FunctionError> {
    if !matches!(arguments[0], Value::List(_) | Value::Tuple(_)) {
        return Err(FunctionError::new("argument must be a list or tuple"));
    }
    let items = items(&arguments[0]);
    if items.is_empty() {
        return Err(FunctionError::new("cannot search an empty list"));
    }
    for (at, item) in items.iter().enumerate() {
        match equals(item, &arguments[1]) {
            Some(true) => return Ok(Value::Number(Number::from(at))),
            Some(false) => {}
            None => return Ok(Value::unknown(Type::Number)),
        }
    }
    Err(FunctionError::new("item not found"))
}

fn lookup_type(arguments: &[Value]) -> Result<Type, FunctionError> {
    if arguments.len() > 3 {
        let count = arguments.len();
        return Err(FunctionError::new(format!(
            "lookup() takes two or three arguments, got {count}"
        )));
    }
    match arguments[0].ty() {
        Type::Object(object) => {
            let Some(key) = arguments[1].bare().as_str() else {
                return Ok(Type::Dynamic);
            };
            match (object.get(key), arguments.get(2)) {
                (Some(ty), _) => Ok(ty.clone()),
                (None, Some(default)) => Ok(default.ty()),
                (None, None) => Err(FunctionError::argument(
                    0,
                    format!("the given object has no attribute {key:?}"),
                )),
            }
        }
        Type::Map(element) => {
            if let Some(default) = arguments.get(2)
                && convert(default, &element).is_err()
            {
                return Err(FunctionError::argument(
                    2,
                    "the default value must have the same type as the map elements",
                ));
            }
            Ok((*element).clone())
        }
        _ => Err(FunctionError::argument(0, "lookup() requires a map as the first argument")),
    }
}

fn lookup(_: &FunctionContext<'_>, arguments: &[Value]) -> Result<Value, FunctionError> {
    let ty = lookup_type(arguments)?;
    let (map, key) = (&arguments[0], &arguments[1]);
    let marks = map.marks() | key.marks();
    let (Some(entries), Some(name)) = (map.bare().as_entries(), key.bare().as_str()) else {
        return Ok(Value::unknown(ty).with_marks(marks));
    };
    if let Some(value) = entries.get(name) {
        return Ok(value.clone().with_marks(marks));
    }
    match arguments.get(2) {
        Some(default) => convert(default, &ty)
            .map(|value| value.with_marks(marks))
            .map_err(|error| FunctionError::new(error.to_string())),
        None => Err(FunctionError::new(format!("lookup failed to find key {name:?}"))),
    }
}

fn matchkeys_type(arguments: &[Value]) -> Result<Type, FunctionError> {
    match unify(&[arguments[1].ty(), arguments[2].ty()]) {
        Some(_) => Ok(arguments[0].ty()),
        None => Err(FunctionError::new("keys and searchset must be of the same type")),
    }
}

fn matchkeys(_: &FunctionContext<'_>, arguments: &[Value]) -> Result<Value, FunctionError> {
    let ty = matchkeys_type(arguments)?;
    let element = element_of(&ty);
    let values = items(&arguments[0]);
    if values.len() != items(&arguments[1]).len() {
        return Err(FunctionError::new("length of keys and values should be equal"));
    }
    // What does not convert can match nothing; Terraform does not look at that error either.
    let common = unify(&[arguments[1].ty(), arguments[2].ty()]).unwrap_or(Type::Dynamic);
    let alike = |list: &Value| {
        debug_assert!(can_convert(&list.ty(), &common));
        convert(list, &common).unwrap_or_else(|_| list.clone())
    };
    let (keys, wanted) = (alike(&arguments[1]), alike(&arguments[2]));
    if items(&wanted).is_empty() {
        return Ok(Value::list(element, Vec::new()));
    }
    if !arguments[0].is_wholly_known() || !keys.is_wholly_known() {
        return Ok(Value::unknown(ty));
    }
    if !wanted.is_wholly_known() {
        return Ok(matchkeys_slowly(element, values, items(&keys), items(&wanted)));
    }
    let wanted: BTreeSet<BySetOrder<'_>> = items(&wanted).iter().map(BySetOrder).collect();
    let matching =
        values.iter().zip(items(&keys)).filter(|(_, key)| wanted.contains(&BySetOrder(key)));
    Ok(Value::list(element, matching.map(|(value, _)| value.clone()).collect()))
}

/// With unknown values in the search set, Terraform gives an empty list as soon as it meets one
/// before the key it looks for.
fn matchkeys_slowly(element: Type, values: &[Value], keys: &[Value], wanted: &[Value]) -> Value {
    let mut matching = Vec::new();
    for (value, key) in values.iter().zip(keys) {
        for candidate in wanted {
            match equals(key, candidate) {
                Some(true) => {
                    matching.push(value.clone());
                    break;
                }
                Some(false) => {}
                None => return Value::list(element, Vec::new()),
            }
        }
    }
    Value::list(element, matching)
}

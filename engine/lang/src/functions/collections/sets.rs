//! Union, intersection and difference of sets.

use std::collections::BTreeSet;

use kprov_core::value::{convert, unify};
use kprov_core::{Type, Value};

use crate::functions::by_set_order::BySetOrder;
use crate::functions::items::{element_of, items};
use crate::functions::{Function, FunctionContext, FunctionError, Parameter};

pub(super) fn functions() -> Vec<Function> {
    let set = |name| Parameter::new(name, Type::set(Type::Dynamic)).dynamic();
    vec![
        Function::new(
            "setintersection",
            "Gives what is in all of the sets.",
            common_set,
            setintersection,
        )
        .with(set("first_set"))
        .with_rest(set("other_sets")),
        Function::new(
            "setsubtract",
            "Gives what is in the first set and not in the second.",
            common_set,
            setsubtract,
        )
        .with(set("a"))
        .with(set("b")),
        Function::new("setunion", "Gives what is in any of the sets.", common_set, setunion)
            .with(set("first_set"))
            .with_rest(set("other_sets")),
    ]
}

/// The type that all the sets convert to. Empty sets of no type do for any.
fn common_set(arguments: &[Value]) -> Result<Type, FunctionError> {
    let mut elements = Vec::new();
    for argument in arguments {
        let element = element_of(&argument.ty());
        let empty = argument.is_known() && items(argument).is_empty();
        if !(empty && element == Type::Dynamic) {
            elements.push(element);
        }
    }
    if elements.is_empty() {
        return Ok(Type::set(Type::Dynamic));
    }
    unify(&elements)
        .map(Type::set)
        .ok_or_else(|| FunctionError::new("given sets must all have compatible element types"))
}

/// The arguments, converted to `ty`.
fn converted(arguments: &[Value], ty: &Type) -> Result<Vec<Value>, FunctionError> {
    let convert_one = |(index, argument): (usize, &Value)| {
        convert(argument, ty).map_err(|error| FunctionError::argument(index, error.to_string()))
    };
    arguments.iter().enumerate().map(convert_one).collect()
}

fn setunion(_: &FunctionContext<'_>, arguments: &[Value]) -> Result<Value, FunctionError> {
    let ty = common_set(arguments)?;
    let sets = converted(arguments, &ty)?;
    let all = sets.iter().flat_map(|set| items(set).iter().cloned()).collect();
    Ok(Value::set(element_of(&ty), all))
}

fn setintersection(_: &FunctionContext<'_>, arguments: &[Value]) -> Result<Value, FunctionError> {
    filter_first(arguments, |item, others| others.iter().all(|other| other.contains(item)))
}

fn setsubtract(_: &FunctionContext<'_>, arguments: &[Value]) -> Result<Value, FunctionError> {
    filter_first(arguments, |item, others| !others.iter().any(|other| other.contains(item)))
}

/// Those items of the first set that `keep` says of; unknown unless all is known.
fn filter_first(
    arguments: &[Value],
    keep: impl Fn(&BySetOrder<'_>, &[BTreeSet<BySetOrder<'_>>]) -> bool,
) -> Result<Value, FunctionError> {
    let ty = common_set(arguments)?;
    let sets = converted(arguments, &ty)?;
    let Some((first, others)) = sets.split_first() else {
        return Ok(Value::unknown(ty));
    };
    if !sets.iter().all(Value::is_wholly_known) {
        return Ok(Value::unknown(ty));
    }
    let others: Vec<BTreeSet<BySetOrder<'_>>> =
        others.iter().map(|other| items(other).iter().map(BySetOrder).collect()).collect();
    let kept = items(first).iter().filter(|item| keep(&BySetOrder(item), &others)).cloned();
    Ok(Value::set(element_of(&ty), kept.collect()))
}

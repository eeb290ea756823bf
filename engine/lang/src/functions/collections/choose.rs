//! Functions that pick one of their arguments, or the one item: `coalesce`, `coalescelist`, `one`.

use kprov_core::value::{convert, unify};
use kprov_core::{Type, Value};

use crate::functions::items::{element_of, items, length_is_known};
use crate::functions::{Function, FunctionContext, FunctionError, Parameter};

pub(super) fn functions() -> Vec<Function> {
    let any = || Parameter::new("vals", Type::Dynamic).null().unknown().dynamic();
    vec![
        Function::new(
            "coalesce",
            "Gives the first argument that is neither null nor the empty string.",
            common_type,
            coalesce,
        )
        .with_rest(any()),
        Function::new(
            "coalescelist",
            "Gives the first argument that is not an empty list.",
            first_list_type,
            coalescelist,
        )
        .with_rest(any()),
        Function::new(
            "one",
            "Gives the only item of a list, set or tuple, or null if it has none.",
            one_type,
            one,
        )
        .with(Parameter::new("list", Type::Dynamic))
        .nullable(),
    ]
}

fn common_type(arguments: &[Value]) -> Result<Type, FunctionError> {
    let types: Vec<Type> = arguments.iter().map(Value::ty).collect();
    unify(&types).ok_or_else(|| FunctionError::new("all arguments must have the same type"))
}

fn coalesce(_: &FunctionContext<'_>, arguments: &[Value]) -> Result<Value, FunctionError> {
    let common = common_type(arguments)?;
    for (index, argument) in arguments.iter().enumerate() {
        let value = convert(argument, &common)
            .map_err(|error| FunctionError::argument(index, error.to_string()))?;
        if !value.is_known() {
            return Ok(Value::unknown(common));
        }
        if !value.is_null() && value.as_str() != Some("") {
            return Ok(value);
        }
    }
    Err(FunctionError::new("no non-null, non-empty-string arguments"))
}

/// The type where all arguments have the same; `Dynamic` where it depends on which is chosen.
fn first_list_type(arguments: &[Value]) -> Result<Type, FunctionError> {
    let Some(first) = arguments.first() else {
        return Err(FunctionError::new("at least one argument is required"));
    };
    for argument in arguments {
        if !argument.is_known() {
            return Ok(Type::Dynamic);
        }
        if !matches!(argument.ty(), Type::List(_) | Type::Tuple(_)) {
            return Err(FunctionError::new("coalescelist arguments must be lists or tuples"));
        }
    }
    let first = first.ty();
    let same = arguments.iter().all(|argument| argument.ty() == first);
    Ok(if same { first } else { Type::Dynamic })
}

fn coalescelist(_: &FunctionContext<'_>, arguments: &[Value]) -> Result<Value, FunctionError> {
    let ty = first_list_type(arguments)?;
    for argument in arguments {
        if !argument.is_known() {
            return Ok(Value::unknown(ty));
        }
        if !items(argument).is_empty() {
            return Ok(argument.clone());
        }
    }
    Err(FunctionError::new("no non-null arguments"))
}

fn one_type(arguments: &[Value]) -> Result<Type, FunctionError> {
    match arguments[0].ty() {
        ty @ (Type::List(_) | Type::Set(_)) => Ok(element_of(&ty)),
        Type::Tuple(types) if types.len() < 2 => {
            Ok(types.first().cloned().unwrap_or(Type::Dynamic))
        }
        _ => Err(too_many()),
    }
}

fn too_many() -> FunctionError {
    FunctionError::argument(
        0,
        "must be a list, set, or tuple value with either zero or one elements",
    )
}

fn one(_: &FunctionContext<'_>, arguments: &[Value]) -> Result<Value, FunctionError> {
    let ty = one_type(arguments)?;
    let list = &arguments[0];
    if !length_is_known(list) {
        return Ok(Value::unknown(ty));
    }
    match items(list) {
        [] => Ok(Value::Null(ty)),
        [item] => Ok(item.clone()),
        _ => Err(too_many()),
    }
}

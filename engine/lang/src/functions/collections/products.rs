//! `setproduct`: all combinations of items of several sets or lists.

use kprov_core::value::{convert, unify};
use kprov_core::{Marks, Type, Value};

use crate::functions::items::{element_of, items, length_is_known};
use crate::functions::{Function, FunctionContext, FunctionError, Parameter};

pub(super) fn functions() -> Vec<Function> {
    vec![
        Function::new(
            "setproduct",
            "Gives all combinations of items of several sets or lists.",
            setproduct_type,
            setproduct,
        )
        .with_rest(Parameter::new("sets", Type::Dynamic).marked()),
    ]
}

/// A list of tuples if all arguments have an order, else a set of them.
fn setproduct_type(arguments: &[Value]) -> Result<Type, FunctionError> {
    if arguments.len() < 2 {
        return Err(FunctionError::new("at least two arguments are required"));
    }
    let mut ordered = true;
    let mut elements = Vec::with_capacity(arguments.len());
    for (index, argument) in arguments.iter().enumerate() {
        let fault = |message: &str| FunctionError::argument(index, message);
        elements.push(match argument.ty() {
            ty @ Type::Set(_) => {
                ordered = false;
                element_of(&ty)
            }
            ty @ Type::List(_) => element_of(&ty),
            Type::Tuple(types) if types.is_empty() => Type::Dynamic,
            Type::Tuple(types) => {
                unify(&types).ok_or_else(|| fault("all elements must be of the same type"))?
            }
            _ => return Err(fault("a set or a list is required")),
        });
    }
    let element = Type::tuple(elements);
    Ok(if ordered { Type::list(element) } else { Type::set(element) })
}

fn setproduct(_: &FunctionContext<'_>, arguments: &[Value]) -> Result<Value, FunctionError> {
    let ty = setproduct_type(arguments)?;
    let marks = arguments.iter().fold(Marks::NONE, |marks, argument| marks | argument.marks());
    if !arguments.iter().all(length_is_known) {
        return Ok(Value::unknown(ty).with_marks(marks));
    }
    let element = element_of(&ty);
    let Type::Tuple(wanted) = &element else {
        return Err(FunctionError::new("at least two arguments are required"));
    };
    let mut combinations: Vec<Vec<Value>> = vec![Vec::new()];
    for (index, (argument, wanted)) in arguments.iter().zip(wanted.iter()).enumerate() {
        let converted: Result<Vec<Value>, FunctionError> = items(argument)
            .iter()
            .map(|item| {
                convert(item, wanted)
                    .map_err(|error| FunctionError::argument(index, error.to_string()))
            })
            .collect();
        let converted = converted?;
        combinations = combinations
            .iter()
            .flat_map(|start| {
                converted.iter().map(|item| {
                    let mut longer = Vec::with_capacity(arguments.len());
                    longer.extend_from_slice(start);
                    longer.push(item.clone());
                    longer
                })
            })
            .collect();
    }
    let tuples = combinations.into_iter().map(Value::tuple).collect();
    let result = match ty {
        Type::List(_) => Value::list(element.clone(), tuples),
        _ => Value::set(element.clone(), tuples),
    };
    Ok(result.with_marks(marks))
}

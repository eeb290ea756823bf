//! Functions from lists to lists: `chunklist`, `compact`, `distinct`, `reverse`, `slice`, `sort`.

use std::collections::BTreeSet;

use kprov_core::{Str, Type, Value};

use crate::functions::by_set_order::BySetOrder;
use crate::functions::items::{element_of, items, whole};
use crate::functions::{Function, FunctionContext, FunctionError, Parameter};

pub(super) fn functions() -> Vec<Function> {
    let any_list = || Parameter::new("list", Type::list(Type::Dynamic));
    let strings = || Type::list(Type::String);
    let number = |name| Parameter::new(name, Type::Number);
    vec![
        Function::new(
            "chunklist",
            "Splits a list into lists of a certain length.",
            |arguments| Ok(Type::list(arguments[0].ty())),
            chunklist,
        )
        .with(any_list().marked())
        .with(number("size").marked()),
        Function::new(
            "compact",
            "Leaves null and empty strings out of a list.",
            |_| Ok(Type::list(Type::String)),
            compact,
        )
        .with(Parameter::new("list", strings())),
        Function::new(
            "distinct",
            "Leaves out of a list what it already has.",
            |arguments| Ok(arguments[0].ty()),
            distinct,
        )
        .with(any_list()),
        Function::new("reverse", "Turns a list round.", reverse_type, reverse)
            .with(Parameter::new("list", Type::Dynamic).marked()),
        Function::new("slice", "Gives a part of a list.", slice_type, slice)
            .with(Parameter::new("list", Type::Dynamic).marked())
            .with(number("start_index"))
            .with(number("end_index")),
        Function::new("sort", "Sorts strings.", |_| Ok(Type::list(Type::String)), sort)
            .with(Parameter::new("list", strings()).unknown()),
    ]
}

fn chunklist(_: &FunctionContext<'_>, arguments: &[Value]) -> Result<Value, FunctionError> {
    let (list, size) = (arguments[0].bare(), &arguments[1]);
    let marks = arguments[0].marks() | size.marks();
    let size = whole(size).map_err(|why| FunctionError::new(format!("invalid size: {why}")))?;
    let Ok(size) = usize::try_from(size) else {
        return Err(FunctionError::new("the size argument must be positive"));
    };
    let (ty, items) = (list.ty(), items(list));
    let chunks = if items.is_empty() {
        Vec::new()
    } else if size == 0 {
        vec![list.clone()]
    } else {
        let element = element_of(&ty);
        items.chunks(size).map(|chunk| Value::list(element.clone(), chunk.to_vec())).collect()
    };
    Ok(Value::list(ty, chunks).with_marks(marks))
}

fn compact(_: &FunctionContext<'_>, arguments: &[Value]) -> Result<Value, FunctionError> {
    if !arguments[0].is_wholly_known() {
        return Ok(Value::unknown(Type::list(Type::String)));
    }
    let full = |item: &&Value| item.as_str().is_some_and(|text| !text.is_empty());
    let kept = items(&arguments[0]).iter().filter(full).cloned().collect();
    Ok(Value::list(Type::String, kept))
}

fn distinct(_: &FunctionContext<'_>, arguments: &[Value]) -> Result<Value, FunctionError> {
    let list = &arguments[0];
    if !list.is_wholly_known() {
        return Ok(Value::unknown(list.ty()));
    }
    let mut seen = BTreeSet::new();
    let kept = items(list).iter().filter(|item| seen.insert(BySetOrder(item))).cloned().collect();
    Ok(Value::list(element_of(&list.ty()), kept))
}

fn reverse_type(arguments: &[Value]) -> Result<Type, FunctionError> {
    match arguments[0].ty() {
        Type::Tuple(types) => Ok(Type::tuple(types.iter().rev().cloned())),
        ty @ (Type::List(_) | Type::Set(_)) => Ok(Type::list(element_of(&ty))),
        ty => {
            let name = ty.friendly_name();
            let message = format!("can only reverse list or tuple values, not {name}");
            Err(FunctionError::argument(0, message))
        }
    }
}

fn reverse(_: &FunctionContext<'_>, arguments: &[Value]) -> Result<Value, FunctionError> {
    let list = &arguments[0];
    let reversed = items(list).iter().rev().cloned();
    let result = match reverse_type(arguments)? {
        Type::List(element) => Value::list((*element).clone(), reversed.collect()),
        _ => Value::tuple(reversed),
    };
    Ok(result.with_marks(list.marks()))
}

fn slice_type(arguments: &[Value]) -> Result<Type, FunctionError> {
    let (start, end) = slice_bounds(arguments)?;
    match (arguments[0].ty(), start, end) {
        (Type::Tuple(types), Some(start), Some(end)) => {
            Ok(Type::tuple(types[start..end].iter().cloned()))
        }
        (Type::Tuple(_), _, _) => Ok(Type::Dynamic),
        (list, _, _) => Ok(list),
    }
}

fn slice(_: &FunctionContext<'_>, arguments: &[Value]) -> Result<Value, FunctionError> {
    let list = &arguments[0];
    let (Some(start), Some(end)) = slice_bounds(arguments)? else {
        return Ok(Value::unknown(slice_type(arguments)?).with_marks(list.marks()));
    };
    let part = &items(list)[start..end];
    let result = match list.bare() {
        Value::List(list) => Value::list(list.element().clone(), part.to_vec()),
        _ => Value::tuple(part.iter().cloned()),
    };
    Ok(result.with_marks(list.marks()))
}

/// Start and end as far as they are known, checked.
fn slice_bounds(arguments: &[Value]) -> Result<(Option<usize>, Option<usize>), FunctionError> {
    let fault = |index, message: &str| Err(FunctionError::argument(index, message));
    let length = match (arguments[0].bare(), arguments[0].ty()) {
        (_, Type::Set(_)) => {
            return fault(
                0,
                "cannot slice a set, because its elements do not have indices; explicitly convert \
                 to a list if the ordering of the result is not important",
            );
        }
        (_, Type::Tuple(types)) => Some(types.len()),
        (Value::List(list), _) => Some(list.items().len()),
        (_, Type::List(_)) => None,
        _ => return fault(0, "must be a list or tuple value"),
    };
    let bound = |index: usize, what: &str| -> Result<Option<usize>, FunctionError> {
        if !arguments[index].is_known() {
            return Ok(None);
        }
        let bound = whole(&arguments[index]).map_err(|why| {
            FunctionError::argument(index, format!("invalid {what} index: {why}"))
        })?;
        let Ok(bound) = usize::try_from(bound) else {
            return Err(FunctionError::argument(
                index,
                format!("{what} index must not be less than zero"),
            ));
        };
        if length.is_some_and(|length| bound > length) {
            let message = format!("{what} index must not be greater than the length of the list");
            return Err(FunctionError::argument(index, message));
        }
        Ok(Some(bound))
    };
    let (start, end) = (bound(1, "start")?, bound(2, "end")?);
    if let (Some(start), Some(end)) = (start, end)
        && start > end
    {
        return fault(1, "start index must not be greater than end index");
    }
    Ok((start, end))
}

fn sort(_: &FunctionContext<'_>, arguments: &[Value]) -> Result<Value, FunctionError> {
    let list = &arguments[0];
    if !list.is_known() {
        return Ok(Value::unknown(Type::list(Type::String)));
    }
    if !list.is_wholly_known() {
        // Where an unknown item will end up nobody knows, but how many there are.
        let unknown = items(list).iter().map(|_| Value::unknown(Type::String)).collect();
        return Ok(Value::list(Type::String, unknown));
    }
    let mut texts: Vec<&Str> = Vec::new();
    for (at, item) in items(list).iter().enumerate() {
        match item {
            Value::String(text) => texts.push(text),
            _ => {
                return Err(FunctionError::new(format!(
                    "given list element {at} is null; a null string cannot be sorted"
                )));
            }
        }
    }
    texts.sort();
    let sorted = texts.into_iter().map(|text| Value::String(text.clone())).collect();
    Ok(Value::list(Type::String, sorted))
}

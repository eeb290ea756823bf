//! Functions that take maps apart or put them together: `keys`, `merge`, `values`.

use std::collections::BTreeMap;

use kprov_core::{Entries, Marks, Str, Type, Value};

use crate::functions::{Function, FunctionContext, FunctionError, Parameter};

pub(super) fn functions() -> Vec<Function> {
    vec![
        Function::new("keys", "Gives the keys of a map, sorted.", keys_type, keys)
            .with(Parameter::new("inputMap", Type::Dynamic).unknown().marked()),
        Function::new(
            "merge",
            "Makes one map or object of several; of equal keys the last wins.",
            merge_type,
            merge,
        )
        .with_rest(Parameter::new("maps", Type::Dynamic).null().dynamic().marked()),
        Function::new(
            "values",
            "Gives the values of a map, in the order of its keys.",
            values_type,
            values,
        )
        .with(Parameter::new("mapping", Type::Dynamic).marked()),
    ]
}

fn keys_type(arguments: &[Value]) -> Result<Type, FunctionError> {
    match arguments[0].ty() {
        Type::Map(_) => Ok(Type::list(Type::String)),
        Type::Object(object) => Ok(Type::tuple(object.attributes().iter().map(|_| Type::String))),
        _ => Err(FunctionError::argument(0, "must have map or object type")),
    }
}

fn keys(_: &FunctionContext<'_>, arguments: &[Value]) -> Result<Value, FunctionError> {
    let map = &arguments[0];
    let result = match (keys_type(arguments)?, map.bare(), map.ty()) {
        (_, Value::Map(map), _) => {
            let keys = map.entries().keys().map(|key| Value::String(key.clone()));
            Value::list(Type::String, keys.collect())
        }
        // The names are in the type, so the value need not be known.
        (_, _, Type::Object(object)) => {
            Value::tuple(object.attributes().iter().map(|(name, _)| Value::String(name.clone())))
        }
        (ty, _, _) => Value::unknown(ty),
    };
    Ok(result.with_marks(map.marks()))
}

fn values_type(arguments: &[Value]) -> Result<Type, FunctionError> {
    match arguments[0].ty() {
        Type::Map(element) => Ok(Type::list((*element).clone())),
        Type::Object(object) => {
            Ok(Type::tuple(object.attributes().iter().map(|(_, ty)| ty.clone())))
        }
        _ => Err(FunctionError::new("values() requires a map as the first argument")),
    }
}

fn values(_: &FunctionContext<'_>, arguments: &[Value]) -> Result<Value, FunctionError> {
    let map = &arguments[0];
    let result = match map.bare() {
        Value::Map(map) => {
            Value::list(map.element().clone(), map.entries().values().cloned().collect())
        }
        Value::Object(entries) => Value::tuple(entries.values().cloned().collect::<Vec<_>>()),
        _ => return values_type(arguments).map(Value::unknown),
    };
    Ok(result.with_marks(map.marks()))
}

/// Arguments of one type keep it; else it is an object, if all names are known.
fn merge_type(arguments: &[Value]) -> Result<Type, FunctionError> {
    let Some(first) = arguments.first().map(Value::ty) else {
        return Ok(Type::object::<Str>([]));
    };
    let mut attributes: BTreeMap<Str, Type> = BTreeMap::new();
    let (mut alike, mut names_known) = (true, true);
    for argument in arguments {
        let ty = argument.ty();
        match (&ty, argument.bare()) {
            (Type::Dynamic, _) => return Ok(Type::Dynamic),
            (Type::Map(_) | Type::Object(_), Value::Null(_)) => {}
            (Type::Object(object), _) => attributes.extend(object.attributes().iter().cloned()),
            (Type::Map(element), Value::Map(map)) => {
                let keys = map.entries().keys();
                attributes.extend(keys.map(|key| (key.clone(), (**element).clone())));
            }
            (Type::Map(_), _) => names_known = false,
            _ => return Err(not_mergeable(&ty)),
        }
        alike &= ty == first;
    }
    if alike {
        Ok(first)
    } else if names_known {
        Ok(Type::object(attributes))
    } else {
        Ok(Type::Dynamic)
    }
}

fn not_mergeable(ty: &Type) -> FunctionError {
    let name = ty.friendly_name();
    FunctionError::new(format!("arguments must be maps or objects, got {name:?}"))
}

fn merge(_: &FunctionContext<'_>, arguments: &[Value]) -> Result<Value, FunctionError> {
    let ty = merge_type(arguments)?;
    let mut marks = Marks::NONE;
    let mut merged: Vec<(Str, Value)> = Vec::new();
    for argument in arguments {
        if argument.is_null() {
            continue;
        }
        marks = marks | argument.marks();
        // Behind an untyped null the types have not been checked.
        let entries = argument.bare().as_entries().ok_or_else(|| not_mergeable(&argument.ty()))?;
        merged.extend(entries.iter().cloned());
    }
    let entries: Entries = merged.into_iter().collect();
    let result = match ty {
        Type::Map(element) => Value::map((*element).clone(), entries),
        _ => Value::object(entries),
    };
    Ok(result.with_marks(marks))
}

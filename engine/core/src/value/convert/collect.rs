//! Putting converted items together again: a collection's items must end with one type, also where
//! the wanted element type left it open.

use super::{ConvertError, Safety, part, possible};
use crate::value::unify::unify_with;
use crate::{Entries, PathStep, Type, Value};

/// What is made of the items.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// `list(...)`
    List,
    /// `set(...)`
    Set,
}

/// What a map is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// Another map: entries that were alike are not forced to become alike again.
    Map,
    /// An object.
    Object,
}

/// A list or set of items that were converted to `wish`; `from` is the element type they had.
pub(super) fn collect_items(
    shape: Shape,
    items: Vec<Value>,
    from: &Type,
    wish: &Type,
    path: &[PathStep],
) -> Result<Value, ConvertError> {
    let (element, items) = if items.is_empty() {
        (empty_element(from, wish), items)
    } else if wish.has_dynamic() {
        let element = common(items.iter()).ok_or_else(|| {
            let noun = if shape == Shape::List { "list" } else { "set" };
            let message = format!("element types must all match for conversion to {noun}");
            ConvertError::at(path, message)
        })?;
        let items = items.into_iter().map(|item| settle(item, &element)).collect();
        (element, items)
    } else {
        (wish.without_optional(), items)
    };
    Ok(match shape {
        Shape::List => Value::list(element, items),
        Shape::Set => Value::set(element, items),
    })
}

/// A map of entries that were converted to `wish`; `from` is the element type they had.
pub(super) fn collect_entries(
    source: Source,
    entries: Entries,
    from: &Type,
    wish: &Type,
    path: &mut Vec<PathStep>,
) -> Result<Value, ConvertError> {
    if entries.is_empty() {
        return Ok(Value::map(empty_element(from, wish), entries));
    }
    if !wish.has_dynamic() {
        return Ok(Value::map(wish.without_optional(), entries));
    }
    let entries = if wish.is_collection() || matches!(wish, Type::Object(_)) {
        unify_entries(source, entries, path)?
    } else {
        entries
    };
    let element = common(entries.values()).ok_or_else(|| {
        let noun = if source == Source::Map { "element" } else { "attribute" };
        ConvertError::at(path, format!("{noun} types must all match for conversion to map"))
    })?;
    let settled = entries.into_iter().map(|(key, item)| (key, settle(item, &element))).collect();
    Ok(Value::map(element, settled))
}

/// Converts items of different types to the type that all have in common.
pub(super) fn unify_items(
    items: Vec<Value>,
    path: &mut Vec<PathStep>,
) -> Result<Vec<Value>, ConvertError> {
    let types: Vec<Type> = items.iter().map(Value::ty).collect();
    let unified = unify_or_fail(&types, Safety::Unsafe, path)?;
    (0u64..)
        .zip(items.into_iter().zip(types))
        .map(|(i, (item, own))| to_unified(PathStep::Index(i), item, &own, &unified, path))
        .collect()
}

fn unify_entries(
    source: Source,
    entries: Entries,
    path: &mut Vec<PathStep>,
) -> Result<Entries, ConvertError> {
    let safety = if source == Source::Map { Safety::Safe } else { Safety::Unsafe };
    let types: Vec<Type> = entries.values().map(Value::ty).collect();
    let unified = unify_or_fail(&types, safety, path)?;
    entries
        .into_iter()
        .zip(types)
        .map(|((key, item), own)| {
            let step = PathStep::Key(key.clone());
            Ok((key, to_unified(step, item, &own, &unified, path)?))
        })
        .collect()
}

fn unify_or_fail(types: &[Type], safety: Safety, path: &[PathStep]) -> Result<Type, ConvertError> {
    unify_with(types, safety)
        .ok_or_else(|| ConvertError::at(path, "cannot find a common base type for all elements"))
}

fn to_unified(
    step: PathStep,
    item: Value,
    own: &Type,
    unified: &Type,
    path: &mut Vec<PathStep>,
) -> Result<Value, ConvertError> {
    if own == unified || !possible(own, unified, Safety::Unsafe) {
        return Ok(item);
    }
    part(step, &item, own, unified, path)
}

/// An empty collection takes a type it had before where the wish is open.
fn empty_element(from: &Type, wish: &Type) -> Type {
    if *wish == Type::Dynamic { from.clone() } else { wish.without_optional() }
}

/// The type of all values, leaving aside those of which no type is known.
fn common<'v>(values: impl Iterator<Item = &'v Value>) -> Option<Type> {
    let mut found = Type::Dynamic;
    for value in values {
        let own = value.ty();
        if found == Type::Dynamic {
            found = own;
        } else if own != Type::Dynamic && own != found {
            return None;
        }
    }
    Some(found)
}

/// Gives a null or unknown of unknown type the type of its neighbours.
fn settle(item: Value, element: &Type) -> Value {
    let marks = item.marks();
    match item.bare() {
        Value::Null(Type::Dynamic) => Value::Null(element.clone()).with_marks(marks),
        Value::Unknown(unknown) if *unknown.ty() == Type::Dynamic => {
            Value::unknown(element.clone()).with_marks(marks)
        }
        _ => item,
    }
}

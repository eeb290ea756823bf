//! Conversion of a value to a type, by the rules of go-cty's `convert` package.
//!
//! Two questions are kept apart, because messages and results depend on the difference: *may* a
//! value of this type convert at all ([`possible`], answered by types alone, failing with
//! [`mismatch`]'s words), and does *this* value (strings that are not numbers, missing map keys;
//! such errors have a path).

mod collect;
mod mismatch;
mod possible;
#[cfg(test)]
mod recorded;
#[cfg(test)]
mod tests;

pub use mismatch::mismatch_message;
pub(super) use possible::{Safety, possible};

use collect::{Shape, Source, collect_entries, collect_items};
use possible::fill_dynamic;

use super::unify::unify_with;
use crate::{Entries, Number, ObjectType, Path, PathStep, Refinements, Type, Value};

/// Why a value does not convert.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ConvertError {
    /// Which part of the value is at fault.
    pub path: Path,
    /// In Terraform's words: "a number is required", `attribute "name" is required`.
    pub message: String,
}

impl ConvertError {
    fn at(path: &[PathStep], message: impl Into<String>) -> ConvertError {
        ConvertError { path: Path(path.to_vec()), message: message.into() }
    }

    /// The message with the place in front, where there is one: `["a"][0].x: a number is required`.
    /// Terraform prints `message` alone, which leaves people searching; where types alone decide,
    /// the message names the place itself (`element 0: string required`).
    pub fn format_with_path(&self) -> String {
        if self.path.0.is_empty() {
            self.message.clone()
        } else {
            format!("{}: {}", self.path, self.message)
        }
    }
}

/// Converts `value` to `wanted`. `Dynamic` inside `wanted` accepts anything; all elements of a
/// collection of `Dynamic` are unified. Optional attributes that are missing become null. Marks and
/// unknowns pass through, refinements where they still hold.
///
/// # Errors
/// The first part that does not fit.
pub fn convert(value: &Value, wanted: &Type) -> Result<Value, ConvertError> {
    if *wanted == Type::Dynamic {
        return Ok(value.clone());
    }
    convert_from(value, &value.ty(), wanted, &mut Vec::new())
}

/// Could values of type `from` convert to `wanted`? Some of them may fail to nevertheless: not every
/// string is a number.
pub fn can_convert(from: &Type, wanted: &Type) -> bool {
    conforms(from, wanted) || possible(from, wanted, Safety::Unsafe)
}

/// Is `from` the type `wanted`, leaving aside which attributes are optional?
pub fn conforms(from: &Type, wanted: &Type) -> bool {
    match (from, wanted) {
        (Type::List(a), Type::List(b))
        | (Type::Set(a), Type::Set(b))
        | (Type::Map(a), Type::Map(b)) => conforms(a, b),
        (Type::Tuple(a), Type::Tuple(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| conforms(a, b))
        }
        (Type::Object(a), Type::Object(b)) => {
            let (a, b) = (a.attributes(), b.attributes());
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.0 == b.0 && conforms(&a.1, &b.1))
        }
        (a, b) => a == b,
    }
}

fn convert_from(
    value: &Value,
    from: &Type,
    wanted: &Type,
    path: &mut Vec<PathStep>,
) -> Result<Value, ConvertError> {
    if conforms(from, wanted) {
        return Ok(value.clone());
    }
    if !possible(from, wanted, Safety::Unsafe) {
        return Err(ConvertError::at(path, mismatch_message(from, wanted)));
    }
    run(value, from, wanted, path)
}

/// Converts a value of type `from`, of which is known that it may convert.
fn run(
    value: &Value,
    from: &Type,
    to: &Type,
    path: &mut Vec<PathStep>,
) -> Result<Value, ConvertError> {
    if *to == Type::Dynamic || from == to {
        return Ok(value.clone());
    }
    match value {
        Value::Marked(marked) => {
            run(marked.value(), from, to, path).map(|inner| inner.with_marks(marked.marks()))
        }
        Value::Unknown(unknown) => {
            let wanted = fill_dynamic(unknown.ty(), &to.without_optional());
            Ok(unknown_as(unknown.ty(), unknown.refinements(), wanted))
        }
        Value::Null(own) => Ok(Value::Null(fill_dynamic(own, &to.without_optional()))),
        _ if *from == Type::Dynamic => convert_from(value, &value.ty(), to, path),
        _ if to.is_primitive() => primitive(value, to, path),
        _ => structure(value, from, to, path),
    }
}

/// Converts a known value to a primitive type.
fn primitive(value: &Value, to: &Type, path: &[PathStep]) -> Result<Value, ConvertError> {
    let fail = |message: &str| Err(ConvertError::at(path, message));
    match (value, to) {
        (Value::Bool(truth), Type::String) => {
            Ok(Value::string(if *truth { "true" } else { "false" }))
        }
        (Value::Number(number), Type::String) => Ok(Value::string(number.to_string())),
        (Value::String(text), Type::Number) => match Number::from_string_value(text) {
            Ok(number) => Ok(Value::Number(number)),
            Err(_) => fail("a number is required"),
        },
        (Value::String(text), Type::Bool) => match text.as_str() {
            "true" | "1" => Ok(Value::Bool(true)),
            "false" | "0" => Ok(Value::Bool(false)),
            other => match other.to_lowercase().as_str() {
                lower @ ("true" | "false") => fail(&format!(
                    "a bool is required; to convert from string, use lowercase \"{lower}\""
                )),
                _ => fail("a bool is required"),
            },
        },
        _ => fail(&mismatch_message(&value.ty(), to)),
    }
}

/// Converts a known collection, tuple or object.
fn structure(
    value: &Value,
    from: &Type,
    to: &Type,
    path: &mut Vec<PathStep>,
) -> Result<Value, ConvertError> {
    match (value, from, to) {
        (Value::List(items), _, Type::List(wish)) => {
            items_to(Shape::List, &items.items, &items.element, wish, path)
        }
        (Value::Set(set), _, Type::List(wish)) => {
            if set.items.len() > 1 && set.items.iter().any(|item| !item.is_wholly_known()) {
                // Unknown items may turn out equal: nobody knows how many there will be.
                let element = fill_dynamic(&set.element, &wish.without_optional());
                return Ok(Value::unknown(Type::list(element)));
            }
            items_to(Shape::List, &set.items, &set.element, wish, path)
        }
        (Value::List(items) | Value::Set(items), _, Type::Set(wish)) => {
            items_to(Shape::Set, &items.items, &items.element, wish, path)
        }
        (Value::Tuple(items), Type::Tuple(types), Type::List(wish)) => {
            tuple_to(Shape::List, items, types, wish, path)
        }
        (Value::Tuple(items), Type::Tuple(types), Type::Set(wish)) => {
            tuple_to(Shape::Set, items, types, wish, path)
        }
        (Value::Tuple(items), Type::Tuple(types), Type::Tuple(wishes)) => {
            let pairs = items.iter().zip(types.iter().zip(wishes.iter()));
            let converted: Result<Vec<Value>, ConvertError> = (0u64..)
                .zip(pairs)
                .map(|(i, (item, (from, to)))| part(PathStep::Index(i), item, from, to, path))
                .collect();
            Ok(Value::tuple(converted?))
        }
        (Value::Map(map), _, Type::Map(wish)) => {
            let converted: Result<Entries, ConvertError> = map
                .entries
                .iter()
                .map(|(key, item)| {
                    let step = PathStep::Key(key.clone());
                    Ok((key.clone(), part(step, item, &map.element, wish, path)?))
                })
                .collect();
            collect_entries(Source::Map, converted?, &map.element, wish, path)
        }
        (Value::Map(map), _, Type::Object(wishes)) => {
            map_to_object(&map.entries, &map.element, wishes, path)
        }
        (Value::Object(entries), Type::Object(types), Type::Map(wish)) => {
            object_to_map(entries, types, wish, path)
        }
        (Value::Object(entries), Type::Object(types), Type::Object(wishes)) => {
            object_to_object(entries, types, wishes, path)
        }
        _ => Err(ConvertError::at(path, mismatch_message(from, to))),
    }
}

/// Converts a part of a value, with its step on the path.
fn part(
    step: PathStep,
    value: &Value,
    from: &Type,
    to: &Type,
    path: &mut Vec<PathStep>,
) -> Result<Value, ConvertError> {
    path.push(step);
    let converted = run(value, from, to, path)?;
    path.pop();
    Ok(converted)
}

/// A list or set to a list or set. Items of a set are told by their place, as its order is fixed and
/// a path must not show values.
fn items_to(
    shape: Shape,
    items: &[Value],
    from: &Type,
    wish: &Type,
    path: &mut Vec<PathStep>,
) -> Result<Value, ConvertError> {
    let converted: Result<Vec<Value>, ConvertError> = (0u64..)
        .zip(items)
        .map(|(i, item)| part(PathStep::Index(i), item, from, wish, path))
        .collect();
    collect_items(shape, converted?, from, wish, path)
}

fn tuple_to(
    shape: Shape,
    items: &[Value],
    types: &[Type],
    wish: &Type,
    path: &mut Vec<PathStep>,
) -> Result<Value, ConvertError> {
    let unified = match wish {
        Type::Dynamic => unify_with(types, Safety::Unsafe),
        _ => None,
    };
    let wish = unified.as_ref().unwrap_or(wish);
    let mut converted = (0u64..)
        .zip(items.iter().zip(types))
        .map(|(i, (item, from))| part(PathStep::Index(i), item, from, wish, path))
        .collect::<Result<Vec<Value>, ConvertError>>()?;
    if shape == Shape::List && wish.has_dynamic() && !converted.is_empty() {
        converted = collect::unify_items(converted, path)?;
    }
    collect_items(shape, converted, wish, wish, path)
}

fn object_to_map(
    entries: &Entries,
    types: &ObjectType,
    wish: &Type,
    path: &mut Vec<PathStep>,
) -> Result<Value, ConvertError> {
    let unified = match wish {
        Type::Dynamic => {
            let types: Vec<Type> = types.attributes().iter().map(|(_, ty)| ty.clone()).collect();
            unify_with(&types, Safety::Unsafe)
        }
        _ => None,
    };
    let wish = unified.as_ref().unwrap_or(wish);
    let converted: Result<Entries, ConvertError> = entries
        .iter()
        .zip(types.attributes())
        .map(|((name, item), (_, from))| {
            let step = PathStep::Key(name.clone());
            Ok((name.clone(), part(step, item, from, wish, path)?))
        })
        .collect();
    collect_entries(Source::Object, converted?, wish, wish, path)
}

fn map_to_object(
    entries: &Entries,
    from: &Type,
    wishes: &ObjectType,
    path: &mut Vec<PathStep>,
) -> Result<Value, ConvertError> {
    let mut converted = Vec::with_capacity(wishes.attributes().len());
    for (name, wish) in wishes.attributes() {
        let item = match entries.get(name) {
            Some(item) if from == wish || possible(from, wish, Safety::Unsafe) => {
                part(PathStep::Key(name.clone()), item, from, wish, path)?
            }
            Some(_) => {
                let why = mismatch_message(from, wish);
                let message =
                    format!("map element type is incompatible with attribute \"{name}\": {why}");
                return Err(ConvertError::at(path, message));
            }
            None if wishes.is_optional(name) => Value::Null(wish.without_optional()),
            None => {
                let message = format!("map has no element for required attribute \"{name}\"");
                return Err(ConvertError::at(path, message));
            }
        };
        converted.push((name.clone(), item));
    }
    Ok(Value::object(converted))
}

fn object_to_object(
    entries: &Entries,
    types: &ObjectType,
    wishes: &ObjectType,
    path: &mut Vec<PathStep>,
) -> Result<Value, ConvertError> {
    let mut converted = Vec::with_capacity(wishes.attributes().len());
    for (name, wish) in wishes.attributes() {
        let item = match (entries.get(name), types.get(name)) {
            (Some(item), Some(from)) => {
                part(PathStep::Attribute(name.clone()), item, from, wish, path)?
            }
            // `possible` has seen to it that what is missing is optional.
            _ => Value::Null(wish.without_optional()),
        };
        converted.push((name.clone(), item));
    }
    Ok(Value::object(converted))
}

/// An unknown value of type `from` as an unknown of type `to`, keeping what is still true of it.
fn unknown_as(from: &Type, known: &Refinements, to: Type) -> Value {
    let (length_min, length_max) = match (from, &to) {
        (Type::Object(object), Type::Map(_)) => {
            let count = object.attributes().len() as u64;
            (Some(count), Some(count))
        }
        (Type::Tuple(items), Type::List(_)) => (Some(items.len() as u64), Some(items.len() as u64)),
        // Items may coalesce, but never to nothing.
        (Type::Tuple(items), Type::Set(_)) => {
            (Some(items.len().min(1) as u64), Some(items.len() as u64))
        }
        (from, Type::Set(_)) if from.is_collection() => {
            (known.length_min.map(|min| min.min(1)), known.length_max)
        }
        (from, to) if from.is_collection() && to.is_collection() => {
            (known.length_min, known.length_max)
        }
        _ => (None, None),
    };
    if let (true, Some(min), Some(max), Some(element)) =
        (known.not_null, length_min, length_max, to.element())
        && min == max
    {
        // Enough is known to make the value itself.
        match (&to, min) {
            (Type::Map(_), 0) => return Value::map(element.clone(), Entries::default()),
            (Type::List(_), count) if count <= EXPANDED_MAX => {
                let items = (0..count).map(|_| Value::unknown(element.clone())).collect();
                return Value::list(element.clone(), items);
            }
            (Type::Set(_), 0) => return Value::set(element.clone(), Vec::new()),
            (Type::Set(_), 1) => {
                return Value::set(element.clone(), vec![Value::unknown(element.clone())]);
            }
            _ => {}
        }
    }
    let prefix = known.prefix.clone().filter(|_| to == Type::String);
    Value::refined(
        to,
        Refinements {
            not_null: known.not_null,
            prefix,
            length_min,
            length_max,
            ..Refinements::default()
        },
    )
}

/// Up to this length an unknown list of known length becomes a list of unknowns. Terraform has no
/// such bound; a state file with an absurd length must not exhaust memory here.
const EXPANDED_MAX: u64 = 100_000;

//! Steps into a value: `.name`, `[key]`, `.0`, by the rules of HCL's `GetAttr` and `Index`.

use kprov_core::{Marks, Number, Str, Type, Value};

use super::frame::Env;
use super::run::{Evaluated, Run, to_primitive};
use crate::ast::{Expr, Step, StepKind};

/// Summary and detail of what is wrong.
type Refused = (&'static str, String);

const INVALID_INDEX: &str = "Invalid index";
const NO_SUCH_ELEMENT: &str = "The given key does not identify an element in this collection value";

impl Run<'_> {
    /// Takes `steps` from `value`; `cause` is the expression they stand in.
    pub(super) fn follow(
        &self,
        cause: &Expr,
        value: Value,
        steps: &[Step],
        env: Env<'_>,
    ) -> Evaluated {
        let mut value = value;
        for step in steps {
            let next = match &step.kind {
                StepKind::Attribute(name) => attribute(&value, name, !self.quiet.get()),
                StepKind::LegacyIndex(at) => index(&value, &Value::Number(Number::from(*at))),
                StepKind::Index(key) => index(&value, &self.eval(key, env)?),
                StepKind::Splat(each) => {
                    value = self.splat_of(cause, value, each, step.span, env)?;
                    continue;
                }
            };
            value = next.map_err(|(summary, detail)| {
                self.problem(summary, detail, step.span, cause, env)
            })?;
        }
        Ok(value)
    }
}

/// `value.name`; `suggest` a name that may have been meant.
fn attribute(value: &Value, name: &Str, suggest: bool) -> Result<Value, Refused> {
    let (bare, marks) = (value.bare(), value.marks());
    match bare {
        Value::Null(_) => Err((
            "Attempt to get attribute from null value",
            "This value is null, so it does not have any attributes.".to_owned(),
        )),
        Value::Object(entries) => match entries.get(name) {
            Some(found) => Ok(found.clone().with_marks(marks)),
            None => Err(no_attribute(name, suggest, entries.keys().map(|key| key.as_str()))),
        },
        Value::Map(map) => match map.entries().get(name) {
            Some(found) => Ok(found.clone().with_marks(marks)),
            None => Err((
                "Missing map element",
                format!("This map does not have an element with the key {:?}.", name.as_str()),
            )),
        },
        Value::Unknown(unknown) => {
            attribute_of_unknown(unknown.ty(), name, suggest).map(|found| found.with_marks(marks))
        }
        known => Err(unsupported(&known.ty(), name)),
    }
}

fn attribute_of_unknown(ty: &Type, name: &Str, suggest: bool) -> Result<Value, Refused> {
    match ty {
        Type::Dynamic => Ok(Value::unknown(Type::Dynamic)),
        Type::Map(element) => Ok(Value::unknown((**element).clone())),
        Type::Object(object) => match object.get(name) {
            Some(ty) => Ok(Value::unknown(ty.clone())),
            None => Err(no_attribute(
                name,
                suggest,
                object.attributes().iter().map(|(key, _)| key.as_str()),
            )),
        },
        other => Err(unsupported(other, name)),
    }
}

/// Inside `try`, nobody reads the message and `suggest` is off: a search through all names of a
/// large object for each `try` would be quadratic.
fn no_attribute<'n>(name: &str, suggest: bool, known: impl Iterator<Item = &'n str>) -> Refused {
    let mut detail = format!("This object does not have an attribute named {name:?}.");
    if let Some(close) = closest(name, known.filter(|_| suggest)) {
        detail.push_str(&format!(" Did you mean {close:?}?"));
    }
    ("Unsupported attribute", detail)
}

fn unsupported(ty: &Type, name: &str) -> Refused {
    let detail = match ty {
        Type::List(element) => match &**element {
            Type::Object(object) if object.get(name).is_some() => format!(
                "Can't access attributes on a list of objects. Did you mean to access attribute \
                 {name:?} for a specific element of the list, or across all elements of the list?"
            ),
            Type::Object(_) => "Can't access attributes on a list of objects. Did you mean to \
                                access an attribute for a specific element of the list, or across \
                                all elements of the list?"
                .to_owned(),
            _ => "This value does not have any attributes.".to_owned(),
        },
        Type::Set(element) if matches!(**element, Type::Object(_)) => {
            "Can't access attributes on a set of objects. Did you mean to access an attribute \
             across all elements of the set?"
                .to_owned()
        }
        primitive if primitive.is_primitive() => format!(
            "Can't access attributes on a primitive-typed value ({}).",
            primitive.friendly_name()
        ),
        _ => "This value does not have any attributes.".to_owned(),
    };
    ("Unsupported attribute", detail)
}

/// `value[key]`
pub(super) fn index(value: &Value, key: &Value) -> Result<Value, Refused> {
    if value.is_null() {
        let detail = "This value is null, so it does not have any indices.";
        return Err(("Attempt to index null value", detail.to_owned()));
    }
    if key.is_null() {
        return Err((INVALID_INDEX, "Can't use a null value as an indexing key.".to_owned()));
    }
    let marks = value.marks() | key.marks();
    let (bare, bare_key) = (value.bare(), key.bare());
    if is_dynamic(bare) || is_dynamic(bare_key) {
        return Ok(Value::unknown(Type::Dynamic).with_marks(marks));
    }
    match bare {
        Value::List(list) => {
            let missing = || Value::unknown(list.element().clone());
            sequence(list.items(), bare_key, marks, missing)
        }
        Value::Tuple(items) => sequence(items, bare_key, marks, || Value::unknown(Type::Dynamic)),
        Value::Map(map) => match converted(bare_key, &Type::String)?.as_str() {
            Some(name) => match map.entries().get(name) {
                Some(found) => Ok(found.clone().with_marks(marks)),
                None => Err((INVALID_INDEX, format!("{NO_SUCH_ELEMENT}."))),
            },
            None => Ok(Value::unknown(map.element().clone()).with_marks(marks)),
        },
        Value::Object(entries) => {
            let name = converted(bare_key, &Type::String)?;
            let Some(name) = name.as_str() else {
                return Ok(Value::unknown(Type::Dynamic).with_marks(marks));
            };
            // As in HCL, the key's marks do not reach the attribute: its name is part of the type.
            let found = entries.get(name).ok_or_else(|| no_key(bare_key))?;
            Ok(found.clone().with_marks(value.marks()))
        }
        Value::Unknown(unknown) => index_unknown(unknown.ty(), bare_key, marks),
        other => Err(not_indexable(&other.ty())),
    }
}

fn no_key(key: &Value) -> Refused {
    let more = if matches!(key, Value::Number(_)) {
        " An object only supports looking up attributes by name, not by numeric index."
    } else {
        ""
    };
    (INVALID_INDEX, format!("{NO_SUCH_ELEMENT}.{more}"))
}

fn sequence(
    items: &[Value],
    key: &Value,
    marks: Marks,
    missing: impl Fn() -> Value,
) -> Result<Value, Refused> {
    let key = converted(key, &Type::Number)?;
    let Some(number) = key.as_number() else { return Ok(missing().with_marks(marks)) };
    let at = number.to_i64();
    if let Some(found) = at.and_then(|at| usize::try_from(at).ok()).and_then(|at| items.get(at)) {
        return Ok(found.clone().with_marks(marks));
    }
    if !marks.is_empty() {
        // Neither the key nor the length of something marked may be guessed from a message.
        return Err((INVALID_INDEX, format!("{NO_SUCH_ELEMENT}.")));
    }
    let why = if *number < Number::from(0i64) {
        ": a negative number is not a valid index for a sequence"
    } else if at.is_none() && *number < Number::from(i64::MAX) {
        ": indexing a sequence requires a whole number, but the given index has a fractional part"
    } else if items.is_empty() {
        ": the collection has no elements"
    } else {
        ": the given index is greater than or equal to the length of the collection"
    };
    Err((INVALID_INDEX, format!("{NO_SUCH_ELEMENT}{why}.")))
}

fn index_unknown(ty: &Type, key: &Value, marks: Marks) -> Result<Value, Refused> {
    let found = match ty {
        Type::List(element) => {
            converted(key, &Type::Number)?;
            Value::unknown((**element).clone())
        }
        Type::Map(element) => {
            converted(key, &Type::String)?;
            Value::unknown((**element).clone())
        }
        Type::Tuple(elements) => {
            let key = converted(key, &Type::Number)?;
            match key.as_number().map(Number::to_i64) {
                None => Value::unknown(Type::Dynamic),
                Some(at) => {
                    let at = at.and_then(|at| usize::try_from(at).ok());
                    let ty = at.and_then(|at| elements.get(at));
                    let ty = ty.ok_or_else(|| (INVALID_INDEX, format!("{NO_SUCH_ELEMENT}.")))?;
                    Value::unknown(ty.clone())
                }
            }
        }
        Type::Object(object) => {
            let name = converted(key, &Type::String)?;
            match name.as_str() {
                None => Value::unknown(Type::Dynamic),
                Some(name) => Value::unknown(object.get(name).ok_or_else(|| no_key(key))?.clone()),
            }
        }
        other => return Err(not_indexable(other)),
    };
    Ok(found.with_marks(marks))
}

fn not_indexable(ty: &Type) -> Refused {
    let detail = if matches!(ty, Type::Set(_)) {
        "Elements of a set are identified only by their value and don't have any separate index or \
         key to select with, so it's only possible to perform operations across all elements of \
         the set."
    } else {
        "This value does not have any indices."
    };
    (INVALID_INDEX, detail.to_owned())
}

fn converted(key: &Value, wanted: &Type) -> Result<Value, Refused> {
    to_primitive(key, wanted)
        .map_err(|error| (INVALID_INDEX, format!("{NO_SUCH_ELEMENT}: {}.", error.message)))
}

fn is_dynamic(value: &Value) -> bool {
    matches!(value, Value::Unknown(unknown) if *unknown.ty() == Type::Dynamic)
}

/// The known name that is likely meant by `name`, if one is close.
pub(super) fn closest<'n>(name: &str, known: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    known
        .map(|candidate| (distance(name, candidate), candidate))
        .filter(|(distance, _)| *distance < 3 && *distance < name.chars().count())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Levenshtein distance.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let change = diagonal + usize::from(x != *y);
            diagonal = row[j + 1];
            row[j + 1] = change.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

//! A compact text of a type, for [`super::codec`].
//!
//! `d` dynamic, `b` bool, `n` number, `s` string; `lT` list, `eT` set, `mT` map of `T`; `t2:TT` a
//! tuple of two; `o2:1:aT?3:fooT` an object with attributes `a` and, optional, `foo`. Names stand
//! behind their length in bytes, so nothing is ever escaped. Every valid type has one text.

use std::fmt::Write;

use crate::{ObjectType, Str, Type};

/// Types nested deeper are no types of ours.
const LEVELS_MAX: usize = 300;

/// The text of a type.
pub(super) fn write_type(ty: &Type) -> String {
    let mut out = String::new();
    write_into(ty, &mut out);
    out
}

fn write_into(ty: &Type, out: &mut String) {
    match ty {
        Type::Dynamic => out.push('d'),
        Type::Bool => out.push('b'),
        Type::Number => out.push('n'),
        Type::String => out.push('s'),
        Type::List(element) => {
            out.push('l');
            write_into(element, out);
        }
        Type::Set(element) => {
            out.push('e');
            write_into(element, out);
        }
        Type::Map(element) => {
            out.push('m');
            write_into(element, out);
        }
        Type::Tuple(elements) => {
            let _ = write!(out, "t{}:", elements.len());
            elements.iter().for_each(|element| write_into(element, out));
        }
        Type::Object(object) => {
            let _ = write!(out, "o{}:", object.attributes().len());
            for (name, ty) in object.attributes() {
                let optional = if object.is_optional(name) { "?" } else { "" };
                let _ = write!(out, "{optional}{}:{name}", name.len());
                write_into(ty, out);
            }
        }
    }
}

/// The reverse of [`write_type`]; `None` for anything else.
pub(super) fn read_type(text: &str) -> Option<Type> {
    let mut rest = text;
    let ty = read_from(&mut rest, 0)?;
    rest.is_empty().then_some(ty)
}

fn read_from(rest: &mut &str, depth: usize) -> Option<Type> {
    if depth > LEVELS_MAX {
        return None;
    }
    let kind = rest.get(..1)?;
    *rest = &rest[1..];
    Some(match kind {
        "d" => Type::Dynamic,
        "b" => Type::Bool,
        "n" => Type::Number,
        "s" => Type::String,
        "l" => Type::list(read_from(rest, depth + 1)?),
        "e" => Type::set(read_from(rest, depth + 1)?),
        "m" => Type::map(read_from(rest, depth + 1)?),
        "t" => {
            let count = read_count(rest)?;
            let elements: Option<Vec<Type>> =
                (0..count).map(|_| read_from(rest, depth + 1)).collect();
            Type::tuple(elements?)
        }
        "o" => {
            let count = read_count(rest)?;
            let mut attributes = Vec::new();
            let mut optional = Vec::new();
            for _ in 0..count {
                let is_optional = rest.starts_with('?');
                if is_optional {
                    *rest = &rest[1..];
                }
                let length = read_count(rest)?;
                let name = Str::from(rest.get(..length)?);
                *rest = &rest[length..];
                if is_optional {
                    optional.push(name.clone());
                }
                attributes.push((name, read_from(rest, depth + 1)?));
            }
            Type::Object(std::sync::Arc::new(ObjectType::with_optional(attributes, optional)))
        }
        _ => return None,
    })
}

fn read_count(rest: &mut &str) -> Option<usize> {
    let (digits, after) = rest.split_once(':')?;
    *rest = after;
    digits.parse().ok()
}

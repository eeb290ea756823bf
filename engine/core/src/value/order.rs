//! Equality of representation, and the order of a set's items (go-cty `set_internals`).
//!
//! What must hold: [`set_order`] is a total order, equal only for values that are [`raw_equal`], so
//! that sorting brings doubles together.

use std::cmp::Ordering;
use std::fmt::Write;
use std::sync::Arc;

use super::type_text::write_type;
use super::{Collection, Entries, MapValue};
use crate::{Refinements, Value};

/// Same value, type, marks, unknowns and refinements.
pub fn raw_equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Null(a), Value::Null(b)) => a == b,
        (Value::Unknown(a), Value::Unknown(b)) => Arc::ptr_eq(a, b) || a == b,
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Number(a), Value::Number(b)) => a == b,
        (Value::String(a), Value::String(b)) => a == b,
        (Value::List(a), Value::List(b)) | (Value::Set(a), Value::Set(b)) => {
            Arc::ptr_eq(a, b) || collections_equal(a, b)
        }
        (Value::Map(a), Value::Map(b)) => Arc::ptr_eq(a, b) || maps_equal(a, b),
        (Value::Tuple(a), Value::Tuple(b)) => Arc::ptr_eq(a, b) || items_equal(a, b),
        (Value::Object(a), Value::Object(b)) => Arc::ptr_eq(a, b) || entries_equal(a, b),
        (Value::Marked(a), Value::Marked(b)) => {
            a.marks() == b.marks() && raw_equal(a.value(), b.value())
        }
        _ => false,
    }
}

fn collections_equal(a: &Collection, b: &Collection) -> bool {
    a.element == b.element && items_equal(&a.items, &b.items)
}

fn maps_equal(a: &MapValue, b: &MapValue) -> bool {
    a.element == b.element && entries_equal(&a.entries, &b.entries)
}

fn items_equal(a: &[Value], b: &[Value]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|(a, b)| raw_equal(a, b))
}

fn entries_equal(a: &Entries, b: &Entries) -> bool {
    a.len() == b.len()
        && a.iter().zip(b).all(|((a_name, a), (b_name, b))| a_name == b_name && raw_equal(a, b))
}

/// The order in which a set iterates: primitives by value, unknown and then null last, everything
/// else by the bytes that go-cty hashes.
pub fn set_order(a: &Value, b: &Value) -> Ordering {
    rank(a).cmp(&rank(b)).then_with(|| match (a, b) {
        (Value::String(a), Value::String(b)) => a.cmp(b),
        (Value::Number(a), Value::Number(b)) => a.cmp(b),
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        _ => hash_text(a, Detail::Hash)
            .cmp(&hash_text(b, Detail::Hash))
            // go-cty hashes ten digits of a number and no types; what that leaves equal may differ.
            .then_with(|| hash_text(a, Detail::Full).cmp(&hash_text(b, Detail::Full))),
    })
}

/// Kinds that never compare by value: primitives of different types (in a set of `any`) and the
/// rest; then unknown values, then nulls.
fn rank(value: &Value) -> u8 {
    match value.bare() {
        Value::Bool(_) => 0,
        Value::Number(_) => 1,
        Value::String(_) => 2,
        Value::Unknown(_) => 4,
        Value::Null(_) => 5,
        _ => 3,
    }
}

/// How much of a value its text tells.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Detail {
    /// What go-cty hashes.
    Hash,
    /// Everything that makes values differ.
    Full,
}

fn hash_text(value: &Value, detail: Detail) -> String {
    let mut out = String::new();
    write_hash(value, detail, &mut out);
    out
}

fn write_hash(value: &Value, detail: Detail, out: &mut String) {
    match value {
        Value::Unknown(unknown) => {
            out.push('?');
            if detail == Detail::Full {
                let Refinements {
                    not_null,
                    prefix,
                    length_min,
                    length_max,
                    number_min,
                    number_max,
                } = unknown.refinements();
                let type_text = write_type(unknown.ty());
                let bounds = (length_min, length_max, number_min, number_max);
                let _ = write!(out, "{type_text} {not_null} {prefix:?} {bounds:?}");
            }
        }
        Value::Null(ty) => {
            out.push('~');
            if detail == Detail::Full {
                out.push_str(&write_type(ty));
            }
        }
        Value::Bool(truth) => out.push(if *truth { 'T' } else { 'F' }),
        Value::Number(number) => match detail {
            Detail::Hash => out.push_str(&number.to_general(10, false)),
            // The two zeros are equal.
            Detail::Full if number.is_zero() => out.push('0'),
            Detail::Full => out.push_str(&number.to_string()),
        },
        Value::String(text) => write_quoted(text, out),
        Value::List(items) => write_items(('[', ']'), items.items(), detail, out),
        Value::Set(items) => write_items(('[', ']'), items.items(), detail, out),
        Value::Map(map) => {
            out.push('{');
            for (key, item) in map.entries() {
                write_quoted(key, out);
                out.push(':');
                write_hash(item, detail, out);
                out.push(';');
            }
            out.push('}');
        }
        Value::Tuple(items) => write_items(('<', '>'), items.iter(), detail, out),
        Value::Object(entries) => {
            write_items(('<', '>'), entries.values(), detail, out);
            if detail == Detail::Full {
                entries.keys().for_each(|name| write_quoted(name, out));
            }
        }
        Value::Marked(marked) => {
            write_hash(marked.value(), detail, out);
            if detail == Detail::Full {
                let _ = write!(out, "!{:?}", marked.marks());
            }
        }
    }
    if detail == Detail::Full {
        write_kind(value, out);
    }
}

/// Which kind of collection or structure it is, and of which element type.
fn write_kind(value: &Value, out: &mut String) {
    let (letter, element) = match value {
        Value::List(items) => ('l', Some(items.element())),
        Value::Set(items) => ('s', Some(items.element())),
        Value::Map(map) => ('m', Some(map.element())),
        Value::Tuple(_) => ('t', None),
        Value::Object(_) => ('o', None),
        _ => return,
    };
    out.push(letter);
    out.push_str(&element.map(write_type).unwrap_or_default());
}

fn write_items<'v>(
    (open, close): (char, char),
    items: impl IntoIterator<Item = &'v Value>,
    detail: Detail,
    out: &mut String,
) {
    out.push(open);
    for item in items {
        write_hash(item, detail, out);
        out.push(';');
    }
    out.push(close);
}

/// Go's `%q`.
fn write_quoted(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{b}' => out.push_str("\\v"),
            c if is_printable(c) => out.push(c),
            c => {
                let code = u32::from(c);
                let _ = match code {
                    0..0x20 | 0x7f => write!(out, "\\x{code:02x}"),
                    0..0x10000 => write!(out, "\\u{code:04x}"),
                    _ => write!(out, "\\U{code:08x}"),
                };
            }
        }
    }
    out.push('"');
}

/// Go's `unicode.IsPrint`, but for code points that no version of Unicode has assigned.
fn is_printable(c: char) -> bool {
    c == ' '
        || !(c.is_control()
            || c.is_whitespace()
            || matches!(c,
                '\u{ad}' | '\u{600}'..='\u{605}' | '\u{61c}' | '\u{6dd}' | '\u{70f}'
                | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{e000}'..='\u{f8ff}' | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}'
                | '\u{f0000}'..='\u{10ffff}'))
}

//! A value as an expression of the language.

use std::sync::LazyLock;

use kprov_core::{Entries, Value};
use regex::Regex;

use super::layout::Layout;
use crate::syntax::is_identifier;

/// Writes a wholly known value; its marks are the caller's business.
pub(super) fn value(layout: &mut Layout, value: &Value) {
    match value.bare() {
        Value::Bool(truth) => layout.text(if *truth { "true" } else { "false" }),
        Value::Number(number) => layout.text(&number.to_string()),
        Value::String(text) => layout.text(&quoted(text)),
        Value::List(items) | Value::Set(items) => sequence(layout, items.items()),
        Value::Tuple(items) => sequence(layout, items),
        Value::Map(map) => entries(layout, map.entries()),
        Value::Object(object) => entries(layout, object),
        // The callers have seen to it that nothing is unknown.
        Value::Null(_) | Value::Unknown(_) | Value::Marked(_) => layout.text("null"),
    }
}

fn sequence(layout: &mut Layout, items: &[Value]) {
    layout.open("[");
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            layout.text(", ");
        }
        value(layout, item);
    }
    layout.close("]");
}

fn entries(layout: &mut Layout, entries: &Entries) {
    layout.open("{");
    if !entries.is_empty() {
        layout.end_line();
    }
    for (name, item) in entries {
        if is_identifier(name) {
            layout.text(name);
        } else {
            layout.text(&quoted(name));
        }
        layout.equals_sign();
        value(layout, item);
        layout.end_line();
    }
    layout.close("}");
}

/// What Go calls printable; everything else is written by its number.
static PRINTABLE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$").expect("invariant: the pattern is valid")
});

/// A string literal without interpolation.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '$' | '%' => {
                quoted.push(c);
                if chars.peek() == Some(&'{') {
                    quoted.push(c);
                }
            }
            ' '..='~' => quoted.push(c),
            _ if PRINTABLE.is_match(c.encode_utf8(&mut [0; 4])) => quoted.push(c),
            _ if u32::from(c) < 0x1_0000 => quoted.push_str(&format!("\\u{:04x}", u32::from(c))),
            _ => quoted.push_str(&format!("\\U{:08x}", u32::from(c))),
        }
    }
    quoted.push('"');
    quoted
}

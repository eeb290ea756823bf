//! Values as text for people, in the form that `terraform console` and `terraform output` print.
//!
//! The text looks like the language and says the exact type: `tolist([...])` is no tuple. Sensitive
//! values never show.

use std::fmt::Write;

use crate::{Entries, Marks, Type, Value};

/// How many columns each level is moved right.
const STEP: usize = 2;

/// The value as text without a newline at the end. Lines after the first are indented by `indent`
/// columns; the caller indents the first.
pub fn render_hcl(value: &Value, indent: usize) -> String {
    let mut out = String::new();
    render(&mut out, value, indent);
    out
}

fn render(out: &mut String, value: &Value, indent: usize) {
    if !value.is_known() {
        out.push_str("(known after apply)");
        return;
    }
    if value.marks().contains(Marks::SENSITIVE) {
        out.push_str("(sensitive value)");
        return;
    }
    if value.marks().contains(Marks::EPHEMERAL) {
        out.push_str("(ephemeral value)");
        return;
    }
    match value.bare() {
        Value::Null(ty) => out.push_str(&null(ty)),
        Value::Bool(truth) => push(out, truth),
        Value::Number(number) => push(out, number),
        Value::String(text) if text.contains('\n') => heredoc(out, text, indent),
        Value::String(text) => push(out, quote_console(text)),
        Value::Tuple(items) => sequence(out, items, indent),
        Value::List(list) => wrapped(out, "tolist", |out| sequence(out, list.items(), indent)),
        Value::Set(set) => wrapped(out, "toset", |out| sequence(out, set.items(), indent)),
        Value::Map(map) => wrapped(out, "tomap", |out| mapping(out, map.entries(), indent)),
        Value::Object(entries) => mapping(out, entries, indent),
        // `is_known` and `bare` leave neither.
        Value::Unknown(_) | Value::Marked(_) => {}
    }
}

fn push(out: &mut String, text: impl std::fmt::Display) {
    // Writing to a string cannot fail.
    let _ = write!(out, "{text}");
}

fn wrapped(out: &mut String, function: &str, inner: impl FnOnce(&mut String)) {
    out.push_str(function);
    out.push('(');
    inner(out);
    out.push(')');
}

fn null(ty: &Type) -> String {
    match ty {
        Type::Dynamic => "null".to_owned(),
        Type::String => "tostring(null)".to_owned(),
        Type::Number => "tonumber(null)".to_owned(),
        Type::Bool => "tobool(null)".to_owned(),
        Type::List(element) => format!("tolist(null) /* of {} */", element.friendly_name()),
        Type::Set(element) => format!("toset(null) /* of {} */", element.friendly_name()),
        Type::Map(element) => format!("tomap(null) /* of {} */", element.friendly_name()),
        Type::Tuple(_) | Type::Object(_) => format!("null /* {} */", ty.friendly_name()),
    }
}

fn new_line(out: &mut String, indent: usize) {
    out.push('\n');
    out.extend(std::iter::repeat_n(' ', indent));
}

fn sequence(out: &mut String, items: &[Value], indent: usize) {
    out.push('[');
    for item in items {
        new_line(out, indent + STEP);
        render(out, item, indent + STEP);
        out.push(',');
    }
    if !items.is_empty() {
        new_line(out, indent);
    }
    out.push(']');
}

fn mapping(out: &mut String, entries: &Entries, indent: usize) {
    out.push('{');
    for (name, item) in entries {
        new_line(out, indent + STEP);
        if name.contains('\n') {
            heredoc(out, name, indent + STEP);
        } else {
            push(out, quote_console(name));
        }
        out.push_str(" = ");
        render(out, item, indent + STEP);
    }
    if !entries.is_empty() {
        new_line(out, indent);
    }
    out.push('}');
}

/// A text of several lines; the marker is one that is no line of it.
fn heredoc(out: &mut String, text: &str, indent: usize) {
    let mut marker = "EOT".to_owned();
    while text.split('\n').any(|line| line.trim() == marker) {
        marker.push('_');
    }
    out.push_str(if indent > 0 { "<<-" } else { "<<" });
    out.push_str(&marker);
    for line in text.split('\n') {
        new_line(out, indent);
        out.push_str(line);
    }
    new_line(out, indent);
    out.push_str(&marker);
}

/// A string in quotes, with Go's escapes; `${` stays as it is.
fn quote_console(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{7}' => out.push_str("\\a"),
            '\u{8}' => out.push_str("\\b"),
            '\u{b}' => out.push_str("\\v"),
            '\u{c}' => out.push_str("\\f"),
            c if c.is_ascii_control() => push(&mut out, format_args!("\\x{:02x}", u32::from(c))),
            c if is_printable(c) => out.push(c),
            c if u32::from(c) < 0x1_0000 => {
                push(&mut out, format_args!("\\u{:04x}", u32::from(c)));
            }
            c => push(&mut out, format_args!("\\U{:08x}", u32::from(c))),
        }
    }
    out.push('"');
    out
}

/// Letters, marks, digits, signs and the plain space. The standard library shows what it deems
/// printable only by how it escapes; a letter goes before, as marks at the beginning are escaped.
fn is_printable(c: char) -> bool {
    if c.is_ascii() {
        return !c.is_ascii_control();
    }
    let mut buffer = [b'a'; 5];
    c.encode_utf8(&mut buffer[1..]);
    let text = std::str::from_utf8(&buffer[..=c.len_utf8()]).unwrap_or_default();
    !c.is_whitespace() && !text.escape_debug().any(|c| c == '\\')
}

#[cfg(test)]
mod tests;

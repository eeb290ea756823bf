//! JSON text of a value, as Go's encoder writes it: no spaces, names sorted, and `<`, `>`, `&` and
//! the two Unicode line separators escaped, so that the text can stand in HTML and JavaScript.

use std::fmt::Write;

use kprov_core::{Number, Value};

/// The JSON text of a wholly known value; its marks are not looked at.
pub(in crate::functions) fn to_text(value: &Value) -> Result<String, &'static str> {
    let mut text = String::new();
    write(value, &mut text)?;
    Ok(text)
}

fn write(value: &Value, text: &mut String) -> Result<(), &'static str> {
    match value {
        Value::Null(_) => text.push_str("null"),
        Value::Unknown(_) => return Err("value is not known"),
        Value::Bool(true) => text.push_str("true"),
        Value::Bool(false) => text.push_str("false"),
        Value::Number(number) => text.push_str(&write_number(number)?),
        Value::String(string) => write_string(string, text),
        Value::List(items) | Value::Set(items) => write_items(items.items(), text)?,
        Value::Tuple(items) => write_items(items, text)?,
        Value::Map(_) | Value::Object(_) => {
            text.push('{');
            for (index, (name, value)) in value.as_entries().into_iter().flatten().enumerate() {
                if index > 0 {
                    text.push(',');
                }
                write_string(name, text);
                text.push(':');
                write(value, text)?;
            }
            text.push('}');
        }
        Value::Marked(marked) => write(marked.value(), text)?,
    }
    Ok(())
}

fn write_items(items: &[Value], text: &mut String) -> Result<(), &'static str> {
    text.push('[');
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            text.push(',');
        }
        write(item, text)?;
    }
    text.push(']');
    Ok(())
}

fn write_number(number: &Number) -> Result<String, &'static str> {
    let digits = number.to_string();
    if digits.ends_with("Inf") { Err("cannot serialize infinity as JSON") } else { Ok(digits) }
}

/// Appends `string` in quotes.
pub(in crate::functions) fn write_string(string: &str, text: &mut String) {
    text.push('"');
    for c in string.chars() {
        match c {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            '\u{8}' => text.push_str("\\b"),
            '\u{c}' => text.push_str("\\f"),
            '\0'..='\u{1f}' | '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                // Writing to a string does not fail.
                let _ = write!(text, "\\u{:04x}", u32::from(c));
            }
            c => text.push(c),
        }
    }
    text.push('"');
}

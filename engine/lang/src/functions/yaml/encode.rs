//! A value as YAML in the form that Terraform gives it, byte for byte: names and strings in double
//! quotes, longer text in `|` blocks where it fits in them, lists not indented below their name.

use kprov_core::Value;

/// Double-quoted text is broken at a space beyond this column.
const WIDTH: usize = 80;

/// Names beyond this many bytes stand on a line of their own.
const NAME_MAX: usize = 128;

/// The YAML of a wholly known value; its marks are not looked at.
pub(super) fn to_text(value: &Value) -> Result<String, &'static str> {
    let mut writer = Writer::default();
    writer.value(value, None, false)?;
    match value.bare() {
        Value::Null(_) | Value::Bool(_) | Value::Number(_) => writer.text.push_str("\n...\n"),
        _ if !writer.text.ends_with('\n') => writer.text.push('\n'),
        _ => {}
    }
    Ok(writer.text)
}

#[derive(Default)]
struct Writer {
    text: String,
    /// Characters in the current line.
    column: usize,
    /// Only indicators stand in the line so far, so a collection may begin in it.
    fresh: bool,
}

impl Writer {
    fn put(&mut self, text: &str) {
        self.text.push_str(text);
        self.column += text.chars().count();
        self.fresh = false;
    }

    fn line(&mut self) {
        self.text.push('\n');
        self.column = 0;
        self.fresh = false;
    }

    /// A new line, unless nothing or only indicators are in this one, and the indentation.
    fn indent(&mut self, indent: usize) {
        if self.column > 0 && !self.fresh {
            self.line();
        }
        while self.column < indent {
            self.text.push(' ');
            self.column += 1;
        }
        self.fresh = false;
    }

    /// Writes a value; `parent` is the indentation of the collection it is in. In an explicit
    /// mapping or list entry, a space goes before text.
    fn value(
        &mut self,
        value: &Value,
        parent: Option<usize>,
        in_mapping: bool,
    ) -> Result<(), &'static str> {
        match value.bare() {
            Value::Null(_) => self.spaced("null"),
            Value::Unknown(_) => return Err("value is not known"),
            Value::Bool(truth) => self.spaced(if *truth { "true" } else { "false" }),
            Value::Number(number) if number.is_infinite() => {
                self.spaced(if number.is_negative() { "-.Inf" } else { "+.Inf" });
            }
            Value::Number(number) => self.spaced(&number.to_string()),
            Value::String(text) => {
                self.space();
                self.string(text, parent.map_or(2, |parent| parent + 2), false);
            }
            Value::List(_) | Value::Set(_) | Value::Tuple(_) => {
                let items = value.bare().as_items().unwrap_or_default();
                if items.is_empty() {
                    self.spaced("[]");
                }
                // A list below a name in the same line of indentation, unless it follows "- ".
                let indent = match parent {
                    None => 0,
                    Some(parent) if in_mapping && !self.fresh => parent,
                    Some(parent) => parent + 2,
                };
                for item in items {
                    self.indent(indent);
                    self.put("-");
                    self.fresh = true;
                    self.value(item, Some(indent), false)?;
                }
            }
            Value::Map(_) | Value::Object(_) => {
                let entries = value.bare().as_entries();
                if entries.is_none_or(kprov_core::Entries::is_empty) {
                    self.spaced("{}");
                }
                let indent = parent.map_or(0, |parent| parent + 2);
                for (name, value) in entries.into_iter().flatten() {
                    self.entry(name, value, indent)?;
                }
            }
            Value::Marked(_) => {}
        }
        Ok(())
    }

    fn entry(&mut self, name: &str, value: &Value, indent: usize) -> Result<(), &'static str> {
        self.indent(indent);
        if name.len() <= NAME_MAX && !name.contains(is_break) {
            self.string(name, indent + 2, true);
            self.put(":");
            return self.value(value, Some(indent), true);
        }
        self.put("? ");
        self.string(name, indent + 2, false);
        self.indent(indent);
        self.put(":");
        self.fresh = true;
        self.value(value, Some(indent), true)
    }

    fn space(&mut self) {
        if self.column > 0 {
            self.put(" ");
        }
    }

    fn spaced(&mut self, text: &str) {
        self.space();
        self.put(text);
    }

    fn string(&mut self, text: &str, indent: usize, name: bool) {
        if !name && text.contains('\n') && fits_block(text) {
            self.block(text, indent);
        } else {
            self.quoted(text, indent, name);
        }
    }

    /// `|` with its hints, then the lines.
    fn block(&mut self, text: &str, indent: usize) {
        let mut head = String::from("|");
        if text.starts_with(' ') || text.starts_with(is_break) {
            head.push('2');
        }
        let mut ends = text.chars().rev();
        match (ends.next().is_some_and(is_break), ends.next().is_none_or(is_break)) {
            (false, _) => head.push('-'),
            (true, true) => head.push('+'),
            (true, false) => {}
        }
        self.put(&head);
        self.line();
        for c in text.chars() {
            if is_break(c) {
                if c == '\n' {
                    self.line();
                } else {
                    self.text.push(c);
                    self.column = 0;
                }
                continue;
            }
            if self.column == 0 {
                self.put(&" ".repeat(indent));
            }
            self.text.push(c);
            self.column += 1;
        }
    }

    fn quoted(&mut self, text: &str, indent: usize, name: bool) {
        self.put("\"");
        let mut after_space = false;
        let mut chars = text.char_indices().peekable();
        while let Some((at, c)) = chars.next() {
            if c == ' ' {
                let inside = at > 0 && at < text.len() - 1;
                if !name && !after_space && self.column > WIDTH && inside {
                    self.line();
                    self.put(&" ".repeat(indent));
                    if chars.peek().is_some_and(|(_, next)| *next == ' ') {
                        self.put("\\");
                    }
                } else {
                    self.put(" ");
                }
                after_space = true;
                continue;
            }
            after_space = false;
            match escape(c) {
                Some(escaped) => self.put(&escaped),
                None => self.put(c.encode_utf8(&mut [0; 4])),
            }
        }
        self.put("\"");
    }
}

fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// Is the character written as it is? Those outside the basic plane are not.
fn is_printable(c: char) -> bool {
    matches!(c, '\n' | ' '..='~' | '\u{a0}'..='\u{fffd}') && c != '\u{feff}'
}

/// Can the text stand in a block? No trailing space, in any line, and nothing to be escaped.
fn fits_block(text: &str) -> bool {
    let space_break = text.as_bytes().windows(2).any(|pair| pair == b" \n");
    !space_break && !text.ends_with(' ') && text.chars().all(is_printable)
}

/// The escape of a character in double quotes; `None` if it needs none.
fn escape(c: char) -> Option<String> {
    if is_printable(c) && !is_break(c) && c != '"' && c != '\\' {
        return None;
    }
    Some(match c {
        '\0' => "\\0".to_owned(),
        '\u{7}' => "\\a".to_owned(),
        '\u{8}' => "\\b".to_owned(),
        '\t' => "\\t".to_owned(),
        '\n' => "\\n".to_owned(),
        '\u{b}' => "\\v".to_owned(),
        '\u{c}' => "\\f".to_owned(),
        '\r' => "\\r".to_owned(),
        '\u{1b}' => "\\e".to_owned(),
        '"' => "\\\"".to_owned(),
        '\\' => "\\\\".to_owned(),
        '\u{85}' => "\\N".to_owned(),
        '\u{a0}' => "\\_".to_owned(),
        '\u{2028}' => "\\L".to_owned(),
        '\u{2029}' => "\\P".to_owned(),
        c => match u32::from(c) {
            code @ ..=0xff => format!("\\x{code:02X}"),
            code @ ..=0xffff => format!("\\u{code:04X}"),
            code => format!("\\U{code:08X}"),
        },
    })
}

//! JSON text to a value: objects and tuples, numbers exact, of two properties with one name the
//! last. Errors are worded as Go's decoder words them.

use kprov_core::{Str, Value};

use crate::functions::redact::data;

/// How deep arrays and objects may nest. Everything that later walks the value recurses.
const DEPTH_MAX: usize = 500;

/// Parses a whole document.
pub(in crate::functions) fn parse(text: &str) -> Result<Value, String> {
    let mut parser = Parser { text, at: 0 };
    let value = parser.value(0)?;
    parser.skip_space();
    if parser.at < text.len() {
        return Err("extraneous data after JSON object".to_owned());
    }
    Ok(value)
}

struct Parser<'t> {
    text: &'t str,
    at: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(' ' | '\t' | '\r' | '\n')) {
            self.at += 1;
        }
    }

    /// The next character that is not white space, still to be read.
    fn token(&mut self) -> Result<char, String> {
        self.skip_space();
        self.peek().ok_or_else(|| "EOF".to_owned())
    }

    fn value(&mut self, depth: usize) -> Result<Value, String> {
        if depth > DEPTH_MAX {
            return Err(format!("the document nests deeper than {DEPTH_MAX} levels"));
        }
        match self.token()? {
            '{' => self.object(depth),
            '[' => self.array(depth),
            '"' => self.string().map(Value::String),
            't' => self.literal("true", Value::Bool(true)),
            'f' => self.literal("false", Value::Bool(false)),
            'n' => self.literal("null", Value::NULL),
            '-' | '0'..='9' => self.number(),
            other => Err(unexpected(other, "looking for beginning of value")),
        }
    }

    fn object(&mut self, depth: usize) -> Result<Value, String> {
        self.at += 1;
        let mut entries: Vec<(Str, Value)> = Vec::new();
        if self.token()? == '}' {
            self.at += 1;
            return Ok(Value::object(entries));
        }
        loop {
            match self.token()? {
                '"' => {}
                other if entries.is_empty() => return Err(unexpected(other, "")),
                other => {
                    return Err(unexpected(other, "looking for beginning of object key string"));
                }
            }
            let name = self.string()?;
            match self.token()? {
                ':' => self.at += 1,
                other => return Err(unexpected(other, "after object key")),
            }
            entries.push((name, self.value(depth + 1)?));
            match self.token()? {
                ',' => self.at += 1,
                '}' => break,
                other => return Err(unexpected(other, "after object key:value pair")),
            }
        }
        self.at += 1;
        Ok(Value::object(entries))
    }

    fn array(&mut self, depth: usize) -> Result<Value, String> {
        self.at += 1;
        let mut items = Vec::new();
        if self.token()? == ']' {
            self.at += 1;
            return Ok(Value::tuple(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            match self.token()? {
                ',' => self.at += 1,
                ']' => break,
                other => return Err(unexpected(other, "after array element")),
            }
        }
        self.at += 1;
        Ok(Value::tuple(items))
    }

    fn literal(&mut self, word: &str, value: Value) -> Result<Value, String> {
        for (index, wanted) in word.char_indices() {
            match self.next() {
                Some(c) if c == wanted => {}
                Some(c) => {
                    let place = format!("in literal {word} (expecting {:?})", &word[index..=index]);
                    return Err(unexpected(c, &place.replace('"', "'")));
                }
                None => return Err("unexpected EOF".to_owned()),
            }
        }
        Ok(value)
    }

    fn number(&mut self) -> Result<Value, String> {
        let from = self.at;
        if self.peek() == Some('-') {
            self.at += 1;
        }
        match self.peek() {
            Some('0') => self.at += 1,
            _ => self.digits("in numeric literal")?,
        }
        if self.peek() == Some('.') {
            self.at += 1;
            self.digits("after decimal point in numeric literal")?;
        }
        if matches!(self.peek(), Some('e' | 'E')) {
            self.at += 1;
            if matches!(self.peek(), Some('+' | '-')) {
                self.at += 1;
            }
            self.digits("in exponent of numeric literal")?;
        }
        let digits = &self.text[from..self.at];
        digits.parse().map(Value::Number).map_err(|_| "the number is out of range".to_owned())
    }

    /// At least one digit.
    fn digits(&mut self, place: &str) -> Result<(), String> {
        match self.peek() {
            None => return Err("unexpected EOF".to_owned()),
            Some('0'..='9') => {}
            Some(other) => return Err(unexpected(other, place)),
        }
        while matches!(self.peek(), Some('0'..='9')) {
            self.at += 1;
        }
        Ok(())
    }

    fn string(&mut self) -> Result<Str, String> {
        self.at += 1;
        let mut string = String::new();
        loop {
            match self.next() {
                None => return Err("unexpected EOF".to_owned()),
                Some('"') => return Ok(Str::from(string)),
                Some('\\') => string.push(self.escape()?),
                Some(c) if c < ' ' => return Err(unexpected(c, "in string literal")),
                Some(c) => string.push(c),
            }
        }
    }

    fn escape(&mut self) -> Result<char, String> {
        Ok(match self.next() {
            None => return Err("unexpected EOF".to_owned()),
            Some(c @ ('"' | '\\' | '/')) => c,
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('u') => {
                let high = self.hex()?;
                if !(0xd800..0xdc00).contains(&high) {
                    return Ok(char::from_u32(high).unwrap_or('\u{fffd}'));
                }
                // The second half of a pair; if it is none, it is read as a character of its own.
                let here = self.at;
                if self.text[self.at..].starts_with("\\u") {
                    self.at += 2;
                    let low = self.hex()?;
                    if (0xdc00..0xe000).contains(&low) {
                        let code = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
                        return Ok(char::from_u32(code).unwrap_or('\u{fffd}'));
                    }
                }
                self.at = here;
                '\u{fffd}'
            }
            Some(other) => return Err(unexpected(other, "in string escape code")),
        })
    }

    fn hex(&mut self) -> Result<u32, String> {
        let mut code = 0;
        for _ in 0..4 {
            match self.next() {
                None => return Err("unexpected EOF".to_owned()),
                Some(c) => match c.to_digit(16) {
                    Some(digit) => code = code * 16 + digit,
                    None => return Err(unexpected(c, "in \\u hexadecimal character escape")),
                },
            }
        }
        Ok(code)
    }
}

fn unexpected(c: char, place: &str) -> String {
    let quoted = match c {
        '"' => "'\"'".to_owned(),
        '\'' => "'\\''".to_owned(),
        c => format!("{c:?}"),
    };
    let space = if place.is_empty() { "" } else { " " };
    format!("invalid character {}{space}{place}", data(quoted))
}

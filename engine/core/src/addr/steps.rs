//! The syntax that all addresses share: a name, then `.name`, `[0]` and `["key"]`.
//!
//! This knows no meaning; [`super::parse`] does. White space has no place in an address.

use unicode_ident::{is_xid_continue, is_xid_start};

use super::{InstanceKey, ParseAddrError};
use crate::Str;

/// A part of an address and the column where it begins, from 1.
#[derive(Debug)]
pub(super) struct Step {
    pub(super) column: usize,
    pub(super) kind: StepKind,
}

#[derive(Debug)]
pub(super) enum StepKind {
    /// `name` at the beginning, `.name` later.
    Name(Str),
    /// `[0]`, `["key"]`
    Key(InstanceKey),
}

/// Is `text` a name as HCL has them: a letter or `_`, then letters, digits, `_` and `-`?
pub fn is_identifier(text: &str) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(starts_name) && chars.all(continues_name)
}

fn starts_name(c: char) -> bool {
    c == '_' || is_xid_start(c)
}

fn continues_name(c: char) -> bool {
    c == '-' || is_xid_continue(c)
}

/// All steps of the address.
pub(super) fn steps(text: &str) -> Result<Vec<Step>, ParseAddrError> {
    let mut scanner = Scanner { text, at: 0 };
    let mut steps = vec![Step { column: 1, kind: scanner.name()? }];
    while let Some(next) = scanner.peek() {
        let column = scanner.column();
        scanner.bump();
        let kind = match next {
            '.' => scanner.name()?,
            '[' => scanner.key()?,
            _ => return Err(scanner.fail_at(column, "expected \".\", \"[\" or the end")),
        };
        steps.push(Step { column, kind });
    }
    Ok(steps)
}

struct Scanner<'t> {
    text: &'t str,
    at: usize,
}

impl Scanner<'_> {
    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn bump(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    fn column(&self) -> usize {
        self.text[..self.at].chars().count() + 1
    }

    /// An error at the place reached.
    fn fail(&self, what: &str) -> ParseAddrError {
        self.fail_at(self.column(), what)
    }

    fn fail_at(&self, column: usize, what: &str) -> ParseAddrError {
        let found = match self.text.chars().nth(column - 1) {
            None => "the address ends".to_owned(),
            Some(c) if c.is_whitespace() => "there is white space".to_owned(),
            Some(c) => format!("there is {:?}", c.to_string()),
        };
        super::parse::invalid(self.text, format_args!("{what} at column {column}, but {found}"))
    }

    fn name(&mut self) -> Result<StepKind, ParseAddrError> {
        let start = self.at;
        match self.peek() {
            Some(c) if starts_name(c) => self.bump(),
            _ => return Err(self.fail("expected a name")),
        };
        while self.peek().is_some_and(continues_name) {
            self.bump();
        }
        Ok(StepKind::Name(Str::new(&self.text[start..self.at])))
    }

    /// What stands in brackets, and the closing one.
    fn key(&mut self) -> Result<StepKind, ParseAddrError> {
        let key = match self.peek() {
            Some('"') => {
                self.bump();
                InstanceKey::String(Str::from(self.quoted()?))
            }
            Some(c) if c.is_ascii_digit() => self.index()?,
            Some('*') => {
                return Err(self.fail(
                    "expected a number or a quoted key (for all instances leave the brackets out)",
                ));
            }
            _ => return Err(self.fail("expected a number or a quoted key")),
        };
        match self.peek() {
            Some(']') => self.bump(),
            _ => return Err(self.fail("expected \"]\"")),
        };
        Ok(StepKind::Key(key))
    }

    fn index(&mut self) -> Result<InstanceKey, ParseAddrError> {
        let start = self.at;
        let column = self.column();
        while self.peek().is_some_and(|c| c.is_ascii_digit()) {
            self.bump();
        }
        let digits = &self.text[start..self.at];
        match digits.parse() {
            Ok(index) if digits.len() == 1 || !digits.starts_with('0') => {
                Ok(InstanceKey::Int(index))
            }
            _ => Err(self.fail_at(column, "expected a whole number that an instance can have")),
        }
    }

    /// The text up to the closing quote, escapes resolved.
    fn quoted(&mut self) -> Result<String, ParseAddrError> {
        let mut out = String::new();
        loop {
            let rest = &self.text[self.at..];
            if rest.starts_with("$${") || rest.starts_with("%%{") {
                self.bump();
                out.extend(self.bump());
                out.extend(self.bump());
                continue;
            }
            if rest.starts_with("${") || rest.starts_with("%{") {
                return Err(self.fail("expected plain text (write \"$${\" or \"%%{\" for itself)"));
            }
            match self.peek() {
                Some('"') => {
                    self.bump();
                    return Ok(out);
                }
                Some('\\') => out.push(self.escape()?),
                Some('\n') | None => return Err(self.fail("expected a closing quote")),
                Some(c) => {
                    self.bump();
                    out.push(c);
                }
            }
        }
    }

    fn escape(&mut self) -> Result<char, ParseAddrError> {
        let column = self.column();
        self.bump();
        let fail = |scanner: &Self| {
            scanner.fail_at(
                column,
                "expected one of \\n, \\r, \\t, \\\", \\\\, \\uNNNN and \\UNNNNNNNN",
            )
        };
        match self.bump() {
            Some('n') => Ok('\n'),
            Some('r') => Ok('\r'),
            Some('t') => Ok('\t'),
            Some(c @ ('"' | '\\')) => Ok(c),
            Some('u') => self.code_point(4).ok_or_else(|| fail(self)),
            Some('U') => self.code_point(8).ok_or_else(|| fail(self)),
            _ => Err(fail(self)),
        }
    }

    fn code_point(&mut self, digits: usize) -> Option<char> {
        let hex = self.text.get(self.at..self.at + digits)?;
        if !hex.bytes().all(|b| b.is_ascii_hexdigit()) {
            return None;
        }
        self.at += digits;
        char::from_u32(u32::from_str_radix(hex, 16).ok()?)
    }
}

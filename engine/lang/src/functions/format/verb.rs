//! Reads format strings.

use unicode_segmentation::UnicodeSegmentation;

use crate::functions::redact::data;

/// Widths and precisions beyond this are refused, so that a typo does not eat the memory.
const SIZE_MAX: usize = 1_000_000;

/// A part of a format string.
pub(super) enum Piece<'f> {
    Literal(&'f str),
    Verb(Verb<'f>),
}

/// `%-8.2f` and so on.
#[derive(Default)]
pub(super) struct Verb<'f> {
    /// As it was written.
    pub(super) raw: &'f str,
    pub(super) offset: usize,
    /// From 1.
    pub(super) argument: usize,
    pub(super) mode: char,
    pub(super) zero: bool,
    pub(super) sharp: bool,
    pub(super) plus: bool,
    pub(super) minus: bool,
    pub(super) space: bool,
    pub(super) width: Option<usize>,
    pub(super) precision: Option<usize>,
}

impl Verb<'_> {
    /// Brings text to the verb's width, counted in characters.
    pub(super) fn padded(&self, text: String) -> String {
        let Some(wanted) = self.width else { return text };
        let missing = wanted.saturating_sub(text.graphemes(true).count());
        if missing == 0 {
            return text;
        }
        let padding = if self.zero { "0" } else { " " }.repeat(missing);
        if self.minus { text + &padding } else { padding + &text }
    }
}

/// Calls `each` for every piece, in order; stops at its first error.
pub(super) fn scan<'f>(
    format: &'f str,
    mut each: impl FnMut(Piece<'f>) -> Result<(), String>,
) -> Result<(), String> {
    let mut at = 0;
    let mut next = 1;
    while at < format.len() {
        let rest = &format[at..];
        if rest.starts_with("%%") {
            each(Piece::Literal("%"))?;
            at += 2;
        } else if rest.starts_with('%') {
            let verb = Scanner { format, at: at + 1 }.verb(at, next)?;
            at += verb.raw.len();
            next = verb.argument + 1;
            each(Piece::Verb(verb))?;
        } else {
            let length = rest.find('%').unwrap_or(rest.len());
            each(Piece::Literal(&rest[..length]))?;
            at += length;
        }
    }
    Ok(())
}

struct Scanner<'f> {
    format: &'f str,
    at: usize,
}

impl<'f> Scanner<'f> {
    fn peek(&self) -> Option<char> {
        self.format[self.at..].chars().next()
    }

    /// What stands where something else should.
    fn unexpected(&self) -> String {
        match self.peek() {
            Some(c) => format!(
                "unrecognized format character {} at offset {}",
                data(format!("{c:?}")),
                self.at
            ),
            None => format!("invalid format string starting at offset {}", self.at),
        }
    }

    fn digits(&mut self) -> Result<usize, String> {
        let from = self.at;
        while matches!(self.peek(), Some('0'..='9')) {
            self.at += 1;
        }
        match &self.format[from..self.at] {
            "" => Ok(0),
            digits => match digits.parse() {
                Ok(size) if size <= SIZE_MAX => Ok(size),
                _ => Err(format!("the number at offset {from} is too large")),
            },
        }
    }

    /// What follows the percent sign at `offset`.
    fn verb(mut self, offset: usize, argument: usize) -> Result<Verb<'f>, String> {
        let mut verb = Verb { offset, argument, ..Verb::default() };
        while let Some(c @ ('0' | '#' | '-' | '+' | ' ')) = self.peek() {
            match c {
                '0' => verb.zero = true,
                '#' => verb.sharp = true,
                '-' => verb.minus = true,
                '+' => verb.plus = true,
                _ => verb.space = true,
            }
            self.at += 1;
        }
        if matches!(self.peek(), Some('1'..='9')) {
            verb.width = Some(self.digits()?);
        }
        if self.peek() == Some('.') {
            self.at += 1;
            verb.precision = Some(self.digits()?);
        }
        if self.peek() == Some('[') {
            self.at += 1;
            if !matches!(self.peek(), Some('1'..='9')) {
                return Err(self.unexpected());
            }
            verb.argument = self.digits()?;
            if self.peek() != Some(']') {
                return Err(self.unexpected());
            }
            self.at += 1;
        }
        match self.peek() {
            Some(mode) if mode.is_ascii_alphabetic() => verb.mode = mode,
            _ => return Err(self.unexpected()),
        }
        verb.raw = &self.format[offset..=self.at];
        Ok(verb)
    }
}

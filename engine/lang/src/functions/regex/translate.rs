//! Go's regular expressions in the syntax of the `regex` crate. The two are close, but `\d`, `\w`,
//! `\s` and `\b` are ASCII in Go, classes do not nest, groups may have any name, `\Q...\E` quotes,
//! and stacked repetition is an error. Every literal is written escaped, so that nothing means more
//! here than there.

use super::class;
use crate::functions::redact::data;

/// Why Go would refuse a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PatternError {
    code: &'static str,
    /// The part of the pattern at fault.
    part: String,
}

impl PatternError {
    pub(super) fn new(code: &'static str, part: &str) -> PatternError {
        PatternError { code, part: part.to_owned() }
    }

    /// As `regex` and `regexall` say it.
    pub(super) fn in_words(&self) -> String {
        format!("{} in {}", self.code, data(&self.part))
    }

    /// As `replace` says it.
    pub(super) fn in_ticks(&self) -> String {
        format!("{}: `{}`", self.code, data(&self.part))
    }
}

/// The pattern for the `regex` crate, and the groups' names.
pub(super) type Translated = (String, Vec<Option<String>>);

/// What stands before the current position, for repetition operators.
enum Before {
    /// Nothing that could be repeated.
    Nothing,
    Atom,
    /// A repetition, which begins here.
    Repeated(usize),
}

struct Translator<'p> {
    pattern: &'p str,
    at: usize,
    before: Before,
    depth: usize,
    out: String,
    names: Vec<Option<String>>,
}

/// Translates, or says what is wrong as Go would.
pub(super) fn translate(pattern: &str) -> Result<Translated, PatternError> {
    let mut translator = Translator {
        pattern,
        at: 0,
        before: Before::Nothing,
        depth: 0,
        out: String::new(),
        names: Vec::new(),
    };
    while let Some(c) = translator.rest().chars().next() {
        translator.item(c)?;
    }
    if translator.depth > 0 {
        return Err(PatternError::new("missing closing )", pattern));
    }
    Ok((translator.out, translator.names))
}

impl<'p> Translator<'p> {
    fn rest(&self) -> &'p str {
        &self.pattern[self.at..]
    }

    fn atom(&mut self, length: usize, translated: &str) {
        self.at += length;
        self.out.push_str(translated);
        self.before = Before::Atom;
    }

    fn item(&mut self, c: char) -> Result<(), PatternError> {
        match c {
            '(' => self.open()?,
            ')' => {
                if self.depth == 0 {
                    return Err(PatternError::new("unexpected )", self.pattern));
                }
                self.depth -= 1;
                self.atom(1, ")");
            }
            '|' => {
                self.atom(1, "|");
                self.before = Before::Nothing;
            }
            '*' | '+' | '?' => self.repeat(1)?,
            '{' => match braces(self.rest()) {
                Some((length, counts)) => {
                    if counts.min > 1000 || counts.max > 1000 || counts.min > counts.max {
                        let part = &self.rest()[..length];
                        return Err(PatternError::new("invalid repeat count", part));
                    }
                    self.repeat(length)?;
                }
                None => self.atom(1, r"\{"),
            },
            '[' => {
                let (length, translated) = class::class(self.rest())?;
                self.atom(length, &translated);
            }
            '.' | '^' | '$' => self.atom(1, &c.to_string()),
            '\\' => self.escape()?,
            c => self.atom(c.len_utf8(), &regex::escape(&c.to_string())),
        }
        Ok(())
    }

    /// A repetition operator of `length` bytes, perhaps with a `?` after it.
    fn repeat(&mut self, length: usize) -> Result<(), PatternError> {
        let from = self.at;
        self.at += length;
        if self.rest().starts_with('?') {
            self.at += 1;
        }
        let operator = &self.pattern[from..self.at];
        match self.before {
            Before::Nothing => {
                return Err(PatternError::new("missing argument to repetition operator", operator));
            }
            Before::Repeated(first) => {
                let stacked = &self.pattern[first..self.at];
                return Err(PatternError::new("invalid nested repetition operator", stacked));
            }
            Before::Atom => {}
        }
        self.out.push_str(operator);
        self.before = Before::Repeated(from);
        Ok(())
    }

    /// A parenthesis: a group, named or not, or flags.
    fn open(&mut self) -> Result<(), PatternError> {
        let rest = self.rest();
        self.before = Before::Nothing;
        let named = rest.strip_prefix("(?P<").or_else(|| rest.strip_prefix("(?<"));
        if let Some(after) = named {
            let Some((name, _)) = after.split_once('>') else {
                return Err(PatternError::new("invalid named capture", rest));
            };
            let length = rest.len() - after.len() + name.len() + 1;
            let good = |c: char| c.is_ascii_alphanumeric() || c == '_';
            if name.is_empty() || !name.chars().all(good) {
                return Err(PatternError::new("invalid named capture", &rest[..length]));
            }
            self.names.push(Some(name.to_owned()));
            self.group(length);
        } else if let Some(flags) = rest.strip_prefix("(?") {
            self.flags(rest, flags)?;
        } else {
            self.names.push(None);
            self.group(1);
        }
        Ok(())
    }

    /// A group that captures. Names are kept apart, so it needs none.
    fn group(&mut self, length: usize) {
        self.at += length;
        self.depth += 1;
        self.out.push('(');
    }

    /// `(?i)`, `(?i-s:`, `(?:`.
    fn flags(&mut self, rest: &str, flags: &str) -> Result<(), PatternError> {
        let mut minus = false;
        let mut any = false;
        for (index, c) in flags.char_indices() {
            let length = 2 + index + c.len_utf8();
            match c {
                'i' | 'm' | 's' | 'U' => any = true,
                '-' if !minus => {
                    minus = true;
                    any = false;
                }
                ':' | ')' if any || !minus => {
                    self.at += length;
                    // `(?)` is allowed in Go and says nothing.
                    if length > 3 || c == ':' {
                        self.out.push_str(&rest[..length]);
                    }
                    self.depth += usize::from(c == ':');
                    return Ok(());
                }
                _ => return Err(perl(&rest[..length])),
            }
        }
        Err(perl(rest))
    }

    fn escape(&mut self) -> Result<(), PatternError> {
        let rest = self.rest();
        if let Some(quoted) = rest.strip_prefix(r"\Q") {
            let (literal, length) = match quoted.split_once(r"\E") {
                Some((literal, _)) => (literal, literal.len() + 4),
                None => (quoted, rest.len()),
            };
            // Repetition takes the last character only.
            let translated = regex::escape(literal);
            self.at += length;
            self.out.push_str(&translated);
            if !literal.is_empty() {
                self.before = Before::Atom;
            }
            return Ok(());
        }
        let translated = match rest.as_bytes().get(1) {
            Some(b'A') => r"\A",
            Some(b'z') => r"\z",
            Some(b'b') => r"(?-u:\b)",
            Some(b'B') => r"\B",
            _ => {
                let (length, translated) = class::escape(rest)?;
                self.atom(length, &translated.outside_class());
                return Ok(());
            }
        };
        self.atom(2, translated);
        Ok(())
    }
}

fn perl(part: &str) -> PatternError {
    PatternError::new("invalid or unsupported Perl syntax", part)
}

struct Counts {
    min: u32,
    max: u32,
}

/// Reads `{n}`, `{n,}` or `{n,m}`; anything else is text.
fn braces(text: &str) -> Option<(usize, Counts)> {
    let inner = text.strip_prefix('{')?.split_once('}')?.0;
    let number = |digits: &str| {
        let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let leading_zero = digits.len() > 1 && digits.starts_with('0');
        // What is too large for a u32 is too large anyway.
        (plain && !leading_zero).then(|| digits.parse().unwrap_or(u32::MAX))
    };
    let counts = match inner.split_once(',') {
        None => {
            let min = number(inner)?;
            Counts { min, max: min }
        }
        Some((min, "")) => {
            let min = number(min)?;
            Counts { min, max: min }
        }
        Some((min, max)) => Counts { min: number(min)?, max: number(max)? },
    };
    Some((inner.len() + 2, counts))
}

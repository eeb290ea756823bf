//! A scanner for files that do not parse: tokens with places, and faults of single characters.
//!
//! Its one purpose is good errors. It knows strings, heredocs, comments and templates, needs no
//! recursion, and finds a token for every byte, whatever the bytes are.

use super::faults::{Fault, fault};
use hcl_primitives_names::{is_id_continue, is_id_start};

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Ident,
    Number,
    /// An operator or bracket; the text says which.
    Punct,
    Newline,
    OpenQuote,
    CloseQuote,
    /// `<<EOT` with its line ending.
    OpenHeredoc,
    /// The line of the closing marker.
    CloseHeredoc,
    /// Text inside a template.
    Text,
    /// `${`
    Interpolation,
    /// `%{`
    Control,
    /// `}` that ends either.
    SequenceEnd,
    /// Belongs to nothing; it was reported if need be.
    Invalid,
    Eof,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// What surrounds the place that is being read.
enum Mode {
    /// Code; how many braces are open.
    Code(usize),
    Quoted,
    Heredoc(String),
}

/// All tokens, the last is [`Kind::Eof`], and faults of characters and escapes.
pub(super) fn scan(text: &str, from: usize) -> (Vec<Token>, Vec<Fault>) {
    let mut scanner = Scanner {
        text,
        at: from,
        modes: vec![Mode::Code(0)],
        tokens: Vec::new(),
        faults: Vec::new(),
        line_start: false,
        told: Vec::new(),
    };
    while scanner.at < text.len() {
        scanner.step();
    }
    scanner.push(Kind::Eof, 0);
    (scanner.tokens, scanner.faults)
}

struct Scanner<'a> {
    text: &'a str,
    at: usize,
    modes: Vec<Mode>,
    tokens: Vec<Token>,
    faults: Vec<Fault>,
    /// In a heredoc: is a line beginning here?
    line_start: bool,
    /// Characters that were reported and are so only once: they come in pairs or crowds.
    told: Vec<char>,
}

const LONG: [&str; 10] = ["...", "==", "!=", "<=", ">=", "&&", "||", "=>", "::", "~}"];
const SHORT: &str = "()[]{},.:?=+-*/%!<>";

impl<'a> Scanner<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn push(&mut self, kind: Kind, length: usize) {
        let start = self.at;
        self.at += length;
        self.tokens.push(Token { kind, start, end: self.at });
    }

    fn step(&mut self) {
        match self.modes.last() {
            Some(Mode::Quoted) => self.quoted(),
            Some(Mode::Heredoc(marker)) => {
                let marker = marker.clone();
                self.heredoc(&marker);
            }
            _ => self.code(),
        }
    }

    fn code(&mut self) {
        let rest = self.rest();
        let first = rest.chars().next().unwrap_or_default();
        match first {
            ' ' | '\t' | '\r' => self.at += 1,
            '\n' => self.push(Kind::Newline, 1),
            '#' => self.line_comment(),
            '/' if rest.starts_with("//") => self.line_comment(),
            '/' if rest.starts_with("/*") => {
                let length = rest.find("*/").map(|end| end + 2);
                if length.is_none() {
                    let detail = "There is no \"*/\" that ends this comment.";
                    self.faults.push(fault("Unclosed comment", detail, self.at, self.at + 2));
                }
                self.at += length.unwrap_or(rest.len());
            }
            '"' => {
                self.push(Kind::OpenQuote, 1);
                self.modes.push(Mode::Quoted);
            }
            '0'..='9' => self.push(Kind::Number, number_length(rest)),
            c if is_id_start(c) => {
                let length = rest.find(|c| !is_id_continue(c)).unwrap_or(rest.len());
                self.push(Kind::Ident, length);
            }
            '<' if self.heredoc_start(rest) => {}
            _ => self.punctuation(rest, first),
        }
    }

    /// A line comment is a line ending.
    fn line_comment(&mut self) {
        let length = self.rest().find('\n').unwrap_or(self.rest().len());
        self.at += length;
    }

    fn heredoc_start(&mut self, rest: &str) -> bool {
        let Some(behind) = rest.strip_prefix("<<") else { return false };
        let behind = behind.strip_prefix('-').unwrap_or(behind);
        let Some((line, _)) = behind.split_once('\n') else { return false };
        let marker = line.strip_suffix('\r').unwrap_or(line);
        if !super::is_identifier(marker) {
            return false;
        }
        let length = rest.len() - behind.len() + line.len() + 1;
        self.push(Kind::OpenHeredoc, length);
        self.modes.push(Mode::Heredoc(marker.to_owned()));
        self.line_start = true;
        true
    }

    fn punctuation(&mut self, rest: &str, first: char) {
        let in_template = self.modes.len() > 1;
        let Some(Mode::Code(open)) = self.modes.last_mut() else { return };
        let ends_sequence = in_template && *open == 0;
        if ends_sequence && (first == '}' || rest.starts_with("~}")) {
            self.modes.pop();
            self.line_start = false;
            return self.push(Kind::SequenceEnd, if first == '}' { 1 } else { 2 });
        }
        match first {
            '{' => *open += 1,
            '}' => *open = open.saturating_sub(1),
            _ => {}
        }
        if let Some(long) = LONG.iter().find(|long| **long != "~}" && rest.starts_with(**long)) {
            return self.push(Kind::Punct, long.len());
        }
        if SHORT.contains(first) {
            return self.push(Kind::Punct, 1);
        }
        let length = first.len_utf8().max(1);
        if !self.told.contains(&first) {
            if matches!(first, '`' | '\'' | ';' | '&' | '|' | '^' | '~') {
                self.told.push(first);
            }
            let (summary, detail) = invalid_character(first);
            self.faults.push(fault(summary, detail, self.at, self.at + length));
        }
        self.push(Kind::Invalid, length);
    }

    fn quoted(&mut self) {
        let rest = self.rest();
        let mut length = 0;
        while let Some(next) = rest[length..].chars().next() {
            match next {
                '"' | '\n' => break,
                '\\' => {
                    let escaped = rest[length + 1..].chars().next();
                    self.faults.extend(bad_escape(self.at + length, &rest[length + 1..]));
                    length += 1 + escaped.filter(|c| *c != '\n').map_or(0, char::len_utf8);
                }
                _ if is_escaped_marker(&rest[length..]) => length += 3,
                _ if is_marker(&rest[length..]) => break,
                c => length += c.len_utf8(),
            }
        }
        if length > 0 {
            self.push(Kind::Text, length);
        }
        let rest = self.rest();
        match rest.chars().next() {
            Some('"') => {
                self.modes.pop();
                self.push(Kind::CloseQuote, 1);
            }
            Some('\n') => {
                self.faults.push(fault(
                    "Invalid multi-line string",
                    super::template::MULTI_LINE,
                    self.at,
                    self.at + 1,
                ));
                self.push(Kind::Text, 1);
            }
            Some(_) => self.marker(),
            None => {}
        }
    }

    fn heredoc(&mut self, marker: &str) {
        let rest = self.rest();
        let line = &rest[..rest.find('\n').map_or(rest.len(), |end| end + 1)];
        if self.line_start && line.trim() == marker {
            self.modes.pop();
            let content = line.trim_end_matches(['\n', '\r']);
            return self.push(Kind::CloseHeredoc, content.len());
        }
        self.line_start = false;
        let mut length = 0;
        while let Some(next) = line[length..].chars().next() {
            if is_escaped_marker(&line[length..]) {
                length += 3;
            } else if is_marker(&line[length..]) {
                break;
            } else {
                length += next.len_utf8();
            }
        }
        if length > 0 {
            self.push(Kind::Text, length);
        }
        if length == line.len() {
            self.line_start = true;
        } else {
            self.marker();
        }
    }

    /// `${`, `%{`, with or without `~`.
    fn marker(&mut self) {
        let rest = self.rest();
        let kind = if rest.starts_with('$') { Kind::Interpolation } else { Kind::Control };
        let length = if rest[2..].starts_with('~') { 3 } else { 2 };
        self.push(kind, length);
        self.modes.push(Mode::Code(0));
    }
}

/// What is wrong with the escape whose backslash stands at `at`, before `behind`.
pub(super) fn bad_escape(at: usize, behind: &str) -> Option<Fault> {
    const SUMMARY: &str = "Invalid escape sequence";
    let selector = behind.chars().next()?;
    let digits = match selector {
        'n' | 'r' | 't' | '"' | '\\' | '\n' => return None,
        'u' => 4,
        'U' => 8,
        other => {
            let detail = format!("The symbol {other:?} is not a valid escape sequence selector.");
            return Some(fault(SUMMARY, detail, at, at + 1 + other.len_utf8()));
        }
    };
    let hex = behind[1..].bytes().take(digits).take_while(u8::is_ascii_hexdigit).count();
    let valid = u32::from_str_radix(&behind[1..=hex], 16).ok().and_then(char::from_u32);
    if hex == digits && valid.is_some() {
        return None;
    }
    let detail = format!(
        "The \\{selector} escape sequence must be followed by {digits} hexadecimal digits of a \
         Unicode character."
    );
    Some(fault(SUMMARY, detail, at, at + 2 + hex))
}

fn is_marker(text: &str) -> bool {
    text.starts_with("${") || text.starts_with("%{")
}

fn is_escaped_marker(text: &str) -> bool {
    text.starts_with("$${") || text.starts_with("%%{")
}

/// As long as it looks like a number, wrong ones such as `1.2.3` included.
fn number_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let mut at = 0;
    loop {
        match bytes.get(at) {
            Some(b'0'..=b'9') => at += 1,
            Some(b'.') if digit(at + 1) => at += 1,
            Some(b'e' | b'E') if digit(at + 1) => at += 1,
            Some(b'e' | b'E')
                if matches!(bytes.get(at + 1), Some(b'+' | b'-')) && digit(at + 2) =>
            {
                at += 2;
            }
            _ => return at,
        }
    }
}

fn invalid_character(c: char) -> (&'static str, String) {
    const CHARACTER: &str = "Invalid character";
    match c {
        '\'' => (
            CHARACTER,
            "Single quotes are not valid. Use double quotes (\") to enclose strings.".into(),
        ),
        '`' => (
            CHARACTER,
            "The \"`\" character is not valid. To create a multi-line string, use the \"heredoc\" \
             syntax, like \"<<EOT\"."
                .into(),
        ),
        ';' => (
            CHARACTER,
            "The \";\" character is not valid. Use newlines to separate arguments and blocks, and \
             commas to separate items in collection values."
                .into(),
        ),
        '&' | '|' => (
            "Unsupported operator",
            format!(
                "Bitwise operators are not supported. Did you mean the boolean operator \"{c}{c}\"?"
            ),
        ),
        '^' | '~' => ("Unsupported operator", "Bitwise operators are not supported.".into()),
        '\u{201c}' | '\u{201d}' => (
            CHARACTER,
            "\"Curly quotes\" are not valid here. These can sometimes be inadvertently introduced \
             when sharing code via documents or discussion forums. Replace them with straight \
             quotes."
                .into(),
        ),
        c if c.is_control() || c == '\u{feff}' => (
            CHARACTER,
            format!("The character U+{:04X} is not used within the language.", u32::from(c)),
        ),
        _ => (CHARACTER, "This character is not used within the language.".into()),
    }
}

/// Which characters names are made of, asked of the parser that is used.
mod hcl_primitives_names {
    use hcl_edit::Ident;

    pub(super) fn is_id_start(c: char) -> bool {
        c.is_ascii_alphabetic() || c == '_' || (!c.is_ascii() && c.is_alphabetic() && is_name(c))
    }

    pub(super) fn is_id_continue(c: char) -> bool {
        if c.is_ascii() {
            return c.is_ascii_alphanumeric() || c == '_' || c == '-';
        }
        Ident::try_new(format!("a{c}")).is_ok()
    }

    fn is_name(c: char) -> bool {
        Ident::try_new(c.to_string()).is_ok()
    }
}

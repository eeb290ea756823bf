//! Character classes and escapes.

use super::translate::PatternError;

/// What an escape stands for.
pub(super) enum Escape {
    /// One character.
    Literal(char),
    /// Items of a class, as they stand between brackets; `true`: everything but these.
    Items(&'static str, bool),
    /// A Unicode class, ready to use.
    Unicode(String),
}

impl Escape {
    /// As it stands in a pattern.
    pub(super) fn outside_class(&self) -> String {
        match self {
            Escape::Literal(c) => regex::escape(&c.to_string()),
            Escape::Items(items, false) => format!("[{items}]"),
            Escape::Items(items, true) => format!("[^{items}]"),
            Escape::Unicode(class) => class.clone(),
        }
    }

    fn inside_class(&self) -> String {
        match self {
            Escape::Literal(c) => literal(*c),
            Escape::Items(items, false) => (*items).to_owned(),
            _ => self.outside_class(),
        }
    }
}

const DIGIT: &str = "0-9";
const WORD: &str = "0-9A-Za-z_";
const SPACE: &str = r"\t\n\f\r\x20";

/// Names of POSIX classes.
const POSIX: [&str; 14] = [
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct",
    "space", "upper", "word", "xdigit",
];

const RANGE: &str = "invalid character class range";
const ESCAPE: &str = "invalid escape sequence";

/// Reads an escape at the beginning of `text`; gives its length too.
pub(super) fn escape(text: &str) -> Result<(usize, Escape), PatternError> {
    let after = &text[1..];
    let Some(c) = after.chars().next() else {
        return Err(PatternError::new("trailing backslash at end of expression", ""));
    };
    let whole = 1 + c.len_utf8();
    let found = match c {
        'd' | 'D' => Escape::Items(DIGIT, c == 'D'),
        'w' | 'W' => Escape::Items(WORD, c == 'W'),
        's' | 'S' => Escape::Items(SPACE, c == 'S'),
        'p' | 'P' => return unicode(text),
        'a' => Escape::Literal('\u{7}'),
        'f' => Escape::Literal('\u{c}'),
        'n' => Escape::Literal('\n'),
        'r' => Escape::Literal('\r'),
        't' => Escape::Literal('\t'),
        'v' => Escape::Literal('\u{b}'),
        'x' => return hexadecimal(text),
        '0'..='7' => {
            let digits = after.bytes().take(3).take_while(|byte| matches!(byte, b'0'..=b'7'));
            let digits = &after[..digits.count()];
            if c != '0' && digits.len() == 1 {
                return Err(PatternError::new(ESCAPE, &text[..whole]));
            }
            let code = u32::from_str_radix(digits, 8).unwrap_or_default();
            return Ok((1 + digits.len(), Escape::Literal(char::from_u32(code).unwrap_or('\0'))));
        }
        c if c.is_ascii() && !c.is_ascii_alphanumeric() => Escape::Literal(c),
        _ => return Err(PatternError::new(ESCAPE, &text[..whole])),
    };
    Ok((whole, found))
}

/// `\x41`, `\x{10ffff}`
fn hexadecimal(text: &str) -> Result<(usize, Escape), PatternError> {
    let bad = |length: usize| PatternError::new(ESCAPE, text.get(..length).unwrap_or(text));
    let (digits, length) = match text[2..].strip_prefix('{') {
        Some(inner) => {
            let digits = inner.split_once('}').ok_or_else(|| bad(text.len()))?.0;
            (digits, digits.len() + 4)
        }
        None => (text.get(2..4).ok_or_else(|| bad(text.len()))?, 4),
    };
    let code = u32::from_str_radix(digits, 16).map_err(|_| bad(length))?;
    let c = char::from_u32(code).ok_or_else(|| bad(length))?;
    Ok((length, Escape::Literal(c)))
}

/// `\pL`, `\p{Greek}`, `\p{^Greek}`
fn unicode(text: &str) -> Result<(usize, Escape), PatternError> {
    let after = &text[2..];
    let (name, length) = match after.strip_prefix('{') {
        Some(inner) => match inner.split_once('}') {
            Some((name, _)) => (name, name.len() + 4),
            None => return Err(PatternError::new(RANGE, text)),
        },
        None => match after.chars().next() {
            Some(c) => (&after[..c.len_utf8()], 2 + c.len_utf8()),
            None => return Err(PatternError::new(ESCAPE, text)),
        },
    };
    let (name, inverse) = match name.strip_prefix('^') {
        Some(name) => (name, true),
        None => (name, false),
    };
    let letter = if text.starts_with(r"\P") != inverse { 'P' } else { 'p' };
    let class = format!(r"\{letter}{{{name}}}");
    if !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        || regex::Regex::new(&class).is_err()
    {
        return Err(PatternError::new(RANGE, &text[..length]));
    }
    Ok((length, Escape::Unicode(class)))
}

/// Translates the class at the beginning of `text`; gives its length too.
pub(super) fn class(text: &str) -> Result<(usize, String), PatternError> {
    let unclosed = || PatternError::new("missing closing ]", text);
    let mut out = String::from("[");
    let mut at = 1;
    if text[at..].starts_with('^') {
        out.push('^');
        at += 1;
    }
    let mut first = true;
    loop {
        let rest = &text[at..];
        if rest.is_empty() {
            return Err(unclosed());
        }
        if rest.starts_with(']') && !first {
            break;
        }
        first = false;
        if let Some(length) = posix(rest, &mut out)? {
            at += length;
            continue;
        }
        if rest.starts_with('\\') {
            let (length, found) = escape(rest)?;
            if !matches!(found, Escape::Literal(_)) {
                out.push_str(&found.inside_class());
                at += length;
                continue;
            }
        }
        at += range(rest, &mut out).map_err(|error| error.unwrap_or_else(unclosed))?;
    }
    out.push(']');
    Ok((at + 1, out))
}

/// `[:alpha:]`
fn posix(rest: &str, out: &mut String) -> Result<Option<usize>, PatternError> {
    let Some((name, _)) = rest.strip_prefix("[:").and_then(|inner| inner.split_once(":]")) else {
        return Ok(None);
    };
    let whole = &rest[..name.len() + 4];
    if !POSIX.contains(&name.strip_prefix('^').unwrap_or(name)) {
        return Err(PatternError::new(RANGE, whole));
    }
    out.push_str(whole);
    Ok(Some(whole.len()))
}

/// A character, or two with `-` between. `Err(None)`: the text ends too soon.
fn range(rest: &str, out: &mut String) -> Result<usize, Option<PatternError>> {
    let (low, mut at) = character(rest)?;
    let mut high = low;
    let after = &rest[at..];
    if after.starts_with('-') && !after.starts_with("-]") && after.len() > 1 {
        let (end, length) = character(&after[1..])?;
        high = end;
        at += 1 + length;
        if high < low {
            return Err(Some(PatternError::new(RANGE, &rest[..at])));
        }
    }
    out.push_str(&literal(low));
    if high != low {
        out.push('-');
        out.push_str(&literal(high));
    }
    Ok(at)
}

fn character(text: &str) -> Result<(char, usize), Option<PatternError>> {
    match text.chars().next() {
        None => Err(None),
        Some('\\') => match escape(text)? {
            (length, Escape::Literal(c)) => Ok((c, length)),
            (length, _) => Err(Some(PatternError::new(ESCAPE, &text[..length]))),
        },
        Some(c) => Ok((c, c.len_utf8())),
    }
}

/// One character in brackets.
fn literal(c: char) -> String {
    if c.is_ascii_alphanumeric() { c.to_string() } else { format!(r"\x{{{:x}}}", u32::from(c)) }
}

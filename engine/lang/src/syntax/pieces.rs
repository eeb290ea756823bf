//! Parses pieces of source text with hcl-edit, around what it refuses and Terraform accepts.
//!
//! Of two equal keys in an object Terraform takes the last; hcl-edit refuses the second. Its name is
//! changed to another of the same length, and [`super::lower`] reads the real one from the source.

use hcl_edit::expr::Expression;
use hcl_edit::parser::Error;
use hcl_edit::structure::Body;
use hcl_edit::template::Template;

use super::prepare::prepare;
use super::scan::{Kind, scan};

/// How many keys are renamed in one piece; each costs another run of the parser.
const MAX_RENAMED: usize = 500;

/// How many keys are renamed in a whole file before it is cut into pieces.
const MAX_RENAMED_IN_FILE: usize = 10;

/// A whole file.
pub(super) fn parse_file(text: &str) -> Result<Body, Error> {
    parse(text, hcl_edit::parser::parse_body, MAX_RENAMED_IN_FILE)
}

/// One argument or block.
pub(super) fn parse_body(text: &str) -> Result<Body, Error> {
    parse(text, hcl_edit::parser::parse_body, MAX_RENAMED)
}

pub(super) fn parse_expr(text: &str) -> Result<Expression, Error> {
    parse(text, hcl_edit::parser::parse_expr, MAX_RENAMED)
}

pub(super) fn parse_template(text: &str) -> Result<Template, Error> {
    parse(text, hcl_edit::parser::parse_template, MAX_RENAMED)
}

fn parse<T>(
    text: &str,
    parser: fn(&str) -> Result<T, Error>,
    max_renamed: usize,
) -> Result<T, Error> {
    let mut prepared = prepare(text);
    for renamed in 0..max_renamed {
        match parser(&prepared) {
            Err(error) if error.message().contains("redefined object key") => {
                let at = error.location().offset();
                match rename_key(&prepared, at, renamed) {
                    Some(changed) => prepared = changed.into(),
                    None => return Err(error),
                }
            }
            result => return result,
        }
    }
    parser(&prepared)
}

/// Puts a name of the same length in the place of the object key at `at`.
fn rename_key(text: &str, at: usize, number: usize) -> Option<String> {
    let end = at + key_length(text.get(at..)?)?;
    let name = name_of_length(end - at, number)?;
    let mut changed = String::with_capacity(text.len());
    changed.push_str(text.get(..at)?);
    changed.push_str(&name);
    changed.push_str(text.get(end..)?);
    Some(changed)
}

/// The length of the key that `text` begins with: up to `=` or `:` outside brackets.
fn key_length(text: &str) -> Option<usize> {
    // Keys are short; what is behind need not be scanned.
    let mut window = text.len().min(4096);
    while !text.is_char_boundary(window) {
        window -= 1;
    }
    let (tokens, _) = scan(&text[..window], 0);
    let (mut depth, mut end) = (0_usize, 0);
    for token in tokens {
        match token.kind {
            Kind::Eof => return None,
            Kind::Punct => match &text[token.start..token.end] {
                "=" | ":" if depth == 0 => return (end > 0).then_some(end),
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" => depth = depth.checked_sub(1)?,
                _ => {}
            },
            Kind::Interpolation | Kind::Control => depth += 1,
            Kind::SequenceEnd => depth = depth.checked_sub(1)?,
            _ => {}
        }
        end = token.end;
    }
    None
}

/// The `number`th name of a length; `None` if there are not so many.
fn name_of_length(length: usize, number: usize) -> Option<String> {
    const LETTERS: &[u8] = b"zyxwvutsrqponmlkjihgfedcbaZYXWVUTSRQPONMLKJIHGFEDCBA_";
    let mut name = vec![b'z'; length];
    let mut rest = number;
    for slot in name.iter_mut().rev() {
        *slot = LETTERS[rest % LETTERS.len()];
        rest /= LETTERS.len();
    }
    if rest > 0 || length == 0 {
        return None;
    }
    String::from_utf8(name).ok()
}

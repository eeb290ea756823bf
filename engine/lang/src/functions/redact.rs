//! Takes sensitive text out of an error message.
//!
//! Functions put what comes from arguments between double quotes, or through [`data`] where
//! Terraform's wording has no quotes. When any argument is marked, every such part of a message is
//! replaced, and so is every text of a marked argument wherever it stands.

use kprov_core::Value;
use kprov_core::value::walk;

use super::FunctionError;

const HIDDEN: &str = "(sensitive value)";

/// Stand around [`data`] until the message is settled; Unicode gives them no meaning.
const OPEN: char = '\u{fdd0}';
const CLOSE: char = '\u{fdd1}';

/// Marks a part of a message as coming from an argument, without putting it into quotes.
pub(super) fn data(text: impl std::fmt::Display) -> String {
    let text = text.to_string();
    format!("{OPEN}{}{CLOSE}", text.replace([OPEN, CLOSE], "\u{fffd}"))
}

/// The error without anything of a marked argument.
pub(super) fn redact(error: FunctionError, arguments: &[Value]) -> FunctionError {
    if arguments.iter().all(|argument| argument.marks_deep().is_empty()) {
        return FunctionError { message: error.message.replace([OPEN, CLOSE], ""), ..error };
    }
    let mut message = without_quoted(&without_data(&error.message));
    let mut texts: Vec<String> = Vec::new();
    for argument in arguments.iter().filter(|argument| !argument.marks_deep().is_empty()) {
        walk(argument, &mut |_, part| match part.bare() {
            Value::String(text) if !text.is_empty() => texts.push(text.as_str().to_owned()),
            Value::Number(number) => texts.push(number.to_string()),
            _ => {}
        });
    }
    // Longest first, so that no part of a longer one is left over.
    texts.sort_by_key(|text| std::cmp::Reverse(text.len()));
    // A short text may be found inside ordinary words; then nothing readable would be left of the
    // message, and its holes would tell the text.
    if texts.iter().any(|text| text.chars().count() < 4 && message.contains(text.as_str())) {
        "the reason is not shown because an argument is sensitive".clone_into(&mut message);
        return FunctionError { message, ..error };
    }
    for text in &texts {
        message = message.replace(text.as_str(), HIDDEN);
    }
    FunctionError { message, ..error }
}

/// Replaces each [`data`].
fn without_data(message: &str) -> String {
    let mut kept = String::with_capacity(message.len());
    for (index, part) in message.split([OPEN, CLOSE]).enumerate() {
        kept.push_str(if index % 2 == 0 { part } else { HIDDEN });
    }
    kept
}

/// Replaces each `"..."` (with `\` escapes inside).
fn without_quoted(message: &str) -> String {
    let mut kept = String::with_capacity(message.len());
    let mut chars = message.chars();
    while let Some(c) = chars.next() {
        if c != '"' {
            kept.push(c);
            continue;
        }
        kept.push_str(HIDDEN);
        while let Some(inner) = chars.next() {
            match inner {
                '\\' => {
                    chars.next();
                }
                '"' => break,
                _ => {}
            }
        }
    }
    kept
}

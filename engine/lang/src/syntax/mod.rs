//! Source text to [`crate::ast`], with every syntax error of a file.
//!
//! hcl-edit parses. It stops at the first error, so a file with errors is cut at block boundaries
//! and each part parsed alone; known gaps of hcl-edit are closed here (see the sub-modules).

mod body;
mod faults;
mod grammar;
mod items;
mod lower;
mod pieces;
mod prepare;
mod recover;
mod scan;
mod template;

use kprov_core::{Diagnostic, Diagnostics};

pub(crate) use lower::is_identifier;

use crate::ast::{Body, Expr, TemplatePart};
use crate::source::{FileId, SourceMap, Span};
use lower::Lowerer;

#[cfg(test)]
mod tests;

/// Parses a configuration file that was added to `sources`. What could be read is returned even
/// with errors.
pub fn parse_body(sources: &SourceMap, file: FileId) -> (Body, Diagnostics) {
    let text = sources.text(file);
    let (text, base) = without_mark(&text);
    let span = Span { file, start: 0, end: text.len() as u32 };
    let mut lowerer = Lowerer::new(sources, file, text, base);
    let body = match pieces::parse_file(&text[base..]) {
        Ok(parsed) => lowerer.body(&parsed, span),
        Err(_) => recover::recover(&mut lowerer, base),
    };
    (body, lowerer.problems)
}

/// Adds a file's bytes to `sources` and parses them. Bytes that are not UTF-8 are a problem with a
/// place; the rest of the file is read all the same.
pub(crate) fn parse_bytes(sources: &SourceMap, name: &str, bytes: Vec<u8>) -> (Body, Diagnostics) {
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let start = error.utf8_error().valid_up_to() as u32;
            let text = String::from_utf8_lossy(error.as_bytes()).into_owned();
            let span = Span { file: sources.add(name, text), start, end: start };
            let problem = Diagnostic::error(
                "Invalid character encoding",
                "All input files must be UTF-8 encoded. Ensure that UTF-8 encoding is selected in \
                 your editor.",
            );
            return (Body { span, ..Body::default() }, problem.at(sources.range(span)).into());
        }
    };
    parse_body(sources, sources.add(name, text))
}

/// Parses a single expression: the whole file (`console`, `-var`).
///
/// # Errors
/// Syntax errors.
pub fn parse_expr(sources: &SourceMap, file: FileId) -> Result<Expr, Diagnostics> {
    let text = sources.text(file);
    let trimmed = text.trim_end();
    let base = text.len() - text.trim_start().len();
    let inside = trimmed.get(base..).unwrap_or_default();
    let parsed = pieces::parse_expr(inside)
        .map_err(|error| expression_errors(sources, file, &text, base, &error))?;
    let mut lowerer = Lowerer::new(sources, file, &text, base);
    let expr = lowerer.expr(&parsed);
    lowerer.problems.into_result(expr).map(|(expr, _)| expr)
}

/// Parses a whole file as a template without quotes (`templatefile`, `templatestring`).
///
/// # Errors
/// Syntax errors.
pub fn parse_template(
    sources: &SourceMap,
    file: FileId,
) -> Result<(Vec<TemplatePart>, Span), Diagnostics> {
    let text = sources.text(file);
    let span = Span { file, start: 0, end: text.len() as u32 };
    let parsed = pieces::parse_template(&text)
        .map_err(|error| Diagnostics::from(syntax_error(sources, file, 0, &error)))?;
    let mut lowerer = Lowerer::new(sources, file, &text, 0);
    let parts = lowerer.bare(&parsed);
    lowerer.problems.into_result((parts, span)).map(|(result, _)| result)
}

/// The text and where it begins behind a byte order mark.
fn without_mark(text: &str) -> (&str, usize) {
    (text, if text.starts_with('\u{feff}') { 3 } else { 0 })
}

fn syntax_error(
    sources: &SourceMap,
    file: FileId,
    base: usize,
    error: &hcl_edit::parser::Error,
) -> Diagnostic {
    let start = (base + error.location().offset()) as u32;
    let at = Span { file, start, end: start };
    let (summary, detail) = explain(error);
    Diagnostic::error(summary, detail).at(sources.range(at))
}

const TOO_DEEP: &str = "Expression is too deeply nested";
const TOO_DEEP_DETAIL: &str = "There are too many levels of nesting here: at most 64 levels of \
                               brackets and 128 chained operators can be read. Put parts into \
                               local values.";
const BAD_NUMBER: &str = "Failed to recognize the value of this number literal.";

/// Summary and detail for an error of hcl-edit.
fn explain(error: &hcl_edit::parser::Error) -> (&'static str, String) {
    let message = error.message();
    if message.contains("nested levels") || message.contains("chained binary operators") {
        return (TOO_DEEP, TOO_DEEP_DETAIL.to_owned());
    }
    if message.contains("redefined object key") {
        let detail = "This object has this key too many times; of equal keys only the last counts.";
        return ("Duplicate object key", detail.to_owned());
    }
    ("Invalid expression", format!("This cannot be read: {message}."))
}

/// What is wrong with an expression that hcl-edit refused.
fn expression_errors(
    sources: &SourceMap,
    file: FileId,
    text: &str,
    base: usize,
    error: &hcl_edit::parser::Error,
) -> Diagnostics {
    let (tokens, faults) = scan::scan(text, base);
    let mut recogniser = grammar::Recogniser::new(text, &tokens, faults);
    if recogniser.expression().is_ok() {
        let token = recogniser.tokens[recogniser.at];
        if token.kind != scan::Kind::Eof {
            let _ = recogniser.tell(
                "Extra characters after expression",
                "An expression was successfully parsed, but extra characters were found after it.",
                token,
            );
        }
    }
    if recogniser.faults.is_empty() {
        return syntax_error(sources, file, base, error).into();
    }
    recogniser.faults.into_iter().map(|fault| fault.into_diagnostic(sources, file)).collect()
}

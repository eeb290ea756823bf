//! Source text to [`crate::ast`], with every syntax error of a file.
//!
//! hcl-edit parses. It stops at the first error, so a file with errors is cut at block boundaries
//! and each part parsed alone; known gaps of hcl-edit are closed here (see the sub-modules).

use kprov_core::Diagnostics;

use crate::ast::{Body, Expr, TemplatePart};
use crate::source::{FileId, SourceMap, Span};

/// Parses a configuration file that was added to `sources`. What could be read is returned even
/// with errors.
pub fn parse_body(_sources: &SourceMap, _file: FileId) -> (Body, Diagnostics) {
    todo!()
}

/// Parses a single expression: the whole file (`console`, `-var`).
///
/// # Errors
/// Syntax errors.
pub fn parse_expr(_sources: &SourceMap, _file: FileId) -> Result<Expr, Diagnostics> {
    todo!()
}

/// Parses a whole file as a template without quotes (`templatefile`, `templatestring`).
///
/// # Errors
/// Syntax errors.
pub fn parse_template(
    _sources: &SourceMap,
    _file: FileId,
) -> Result<(Vec<TemplatePart>, Span), Diagnostics> {
    todo!()
}

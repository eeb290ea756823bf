//! `templatefile`: reads, parses and renders a template. Errors name the file as it was given, and
//! the line.

use kprov_core::Value;

use super::read_text;
use crate::SourceMap;
use crate::eval::render_template;
use crate::functions::arguments::text;
use crate::functions::{FunctionContext, FunctionError};
use crate::syntax::parse_template;

pub(super) fn templatefile(
    context: &FunctionContext<'_>,
    arguments: &[Value],
) -> Result<Value, FunctionError> {
    let given = text(arguments, 0);
    let variables = &arguments[1];
    if variables.as_entries().is_none() {
        return Err(FunctionError::argument(1, "invalid vars value: must be a map"));
    }
    let (_, content) = read_text(context, given)?;
    let sources = SourceMap::new();
    let file = sources.add(given, content);
    let (parts, span) = parse_template(&sources, file).map_err(|problems| {
        let reasons = problems.iter().filter(|problem| problem.is_error()).map(|problem| {
            let place = problem.subject.as_ref().map_or_else(
                || given.to_owned(),
                |range| {
                    let (start, end) = (&range.start, &range.end);
                    if start.line == end.line {
                        format!("{given}:{},{}-{}", start.line, start.column, end.column)
                    } else {
                        format!(
                            "{given}:{},{}-{},{}",
                            start.line, start.column, end.line, end.column
                        )
                    }
                },
            );
            format!("{place}: {}; {}", problem.summary, problem.detail)
        });
        FunctionError::new(reasons.collect::<Vec<_>>().join("; "))
    })?;
    let rendered = render_template(&parts, span, variables, context, &sources)?;
    if rendered.is_null() {
        return Err(FunctionError::new(format!(
            "{given}: Template result is null; The result of the template is null, which is not a \
             valid result for a templatefile call"
        )));
    }
    Ok(rendered)
}

//! `validate -json` (format 1.0).

use kprov_core::{Diagnostic, Diagnostics, SourcePos, SourceRange};
use kprov_lang::SourceMap;
use serde_json::{Map, Value as Json, json};

use kprov_core::Severity;

/// All problems as JSON.
pub fn validate_json(problems: &Diagnostics, sources: &SourceMap) -> Json {
    let errors = problems.iter().filter(|problem| problem.is_error()).count();
    let all: Vec<Json> = problems.iter().map(|problem| diagnostic(problem, sources)).collect();
    json!({
        "format_version": "1.0",
        "valid": errors == 0,
        "error_count": errors,
        "warning_count": all.len() - errors,
        "diagnostics": all,
    })
}

fn diagnostic(problem: &Diagnostic, sources: &SourceMap) -> Json {
    let mut out = Map::new();
    let severity = match problem.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
    };
    out.insert("severity".to_owned(), json!(severity));
    out.insert("summary".to_owned(), json!(problem.summary.as_str()));
    let mut detail = problem.detail.clone();
    for hint in &problem.hints {
        detail.push_str("\n\n");
        detail.push_str(hint);
    }
    out.insert("detail".to_owned(), json!(detail));
    if let Some(address) = &problem.address {
        out.insert("address".to_owned(), json!(address));
    }
    if let Some(subject) = &problem.subject {
        let end = position(&subject.end);
        out.insert(
            "range".to_owned(),
            json!({
                "filename": subject.filename.as_str(),
                "start": position(&subject.start),
                "end": end,
            }),
        );
        if let Some(snippet) = snippet(problem, subject, sources) {
            out.insert("snippet".to_owned(), snippet);
        }
    }
    Json::Object(out)
}

fn position(at: &SourcePos) -> Json {
    json!({"line": at.line, "column": at.column, "byte": at.byte})
}

/// The whole lines around the problem, and where in them it is.
fn snippet(problem: &Diagnostic, subject: &SourceRange, sources: &SourceMap) -> Option<Json> {
    let text = sources.text_of(&subject.filename)?;
    let shown = problem.context.as_ref().unwrap_or(subject);
    let (start, end) = (shown.start.byte as usize, shown.end.byte as usize);
    let first = text.get(..start)?.rfind('\n').map_or(0, |at| at + 1);
    let last = text.get(end..)?.find('\n').map_or(text.len(), |at| end + at);
    let code = text.get(first..last)?;
    let within = |byte: u32| (byte as usize).saturating_sub(first).min(code.len());
    let values: Vec<Json> = problem
        .values
        .iter()
        .map(|(name, told)| json!({"traversal": name, "statement": told}))
        .collect();
    Some(json!({
        "context": Json::Null,
        "code": code,
        "start_line": shown.start.line,
        "highlight_start_offset": within(subject.start.byte),
        "highlight_end_offset": within(subject.end.byte),
        "values": values,
    }))
}

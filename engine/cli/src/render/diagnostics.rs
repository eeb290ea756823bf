//! Problems as text: what, where with the source underlined, the values involved, why, and what to do.
//!
//! All of them are shown, in the order given. "on FILE line N" is a phrase that tools look for.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use kprov_core::{Diagnostic, Diagnostics, Severity};
use kprov_lang::SourceMap;

use super::snippet::{Source, snippet};
use super::text::{visible, wrap};
use super::{Style, Tint};

/// Problems with their snippets. Ends with a newline; empty for none.
pub(crate) fn diagnostics(problems: &Diagnostics, sources: &SourceMap, style: Style) -> String {
    let mut out = String::new();
    let mut files: BTreeMap<String, Option<Source>> = BTreeMap::new();
    for problem in problems {
        if !out.is_empty() {
            out.push('\n');
        }
        one(&mut out, problem, sources, &mut files, style);
    }
    out
}

/// `-compact-warnings`: warnings by summary and place only. Where there is an error among them
/// everything is shown, as a warning may explain it.
pub(crate) fn compact(problems: &Diagnostics, sources: &SourceMap, style: Style) -> String {
    if problems.has_errors() || problems.is_empty() {
        return diagnostics(problems, sources, style);
    }
    let mut groups: Vec<(&str, Vec<&Diagnostic>)> = Vec::new();
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for problem in problems {
        let at = *places.entry(&problem.summary).or_insert_with(|| {
            groups.push((&problem.summary, Vec::new()));
            groups.len() - 1
        });
        groups[at].1.push(problem);
    }
    let mut out = format!("{}\n\n", style.paint(Tint::Warning, "Warnings:"));
    for (summary, members) in groups {
        let _ = writeln!(out, "- {}", visible(summary));
        let place = members.first().and_then(|first| first.subject.as_ref());
        if let Some(range) = place {
            let _ = writeln!(out, "  on {} line {}", visible(&range.filename), range.start.line);
        }
        if members.len() > 1 {
            let _ = writeln!(out, "  (and {} more)", members.len() - 1);
        }
    }
    out.push_str("\nWithout -compact-warnings all is told about them.\n");
    out
}

fn one(
    out: &mut String,
    problem: &Diagnostic,
    sources: &SourceMap,
    files: &mut BTreeMap<String, Option<Source>>,
    style: Style,
) {
    let (word, tint) = match problem.severity {
        Severity::Error => ("Error: ", Tint::Error),
        Severity::Warning => ("Warning: ", Tint::Warning),
    };
    let summary = visible(&problem.summary);
    let _ = writeln!(out, "{}{}", style.paint(tint, word), style.paint(Tint::Strong, summary));
    place(out, problem, sources, files, style);
    if !problem.values.is_empty() {
        out.push('\n');
        for (expression, said) in &problem.values {
            for line in visible(&format!("{expression} {said}")).split('\n') {
                let _ = writeln!(out, "    {}", style.paint(Tint::Dim, line));
            }
        }
    }
    if !problem.detail.is_empty() {
        out.push('\n');
        for line in wrap(problem.detail.trim_end(), style.width()) {
            out.push_str(&line);
            out.push('\n');
        }
    }
    hints(out, &problem.hints, style);
}

/// Which object, which file and line, and what stands there.
fn place(
    out: &mut String,
    problem: &Diagnostic,
    sources: &SourceMap,
    files: &mut BTreeMap<String, Option<Source>>,
    style: Style,
) {
    if problem.address.is_none() && problem.subject.is_none() {
        return;
    }
    out.push('\n');
    if let Some(address) = &problem.address {
        let comma = if problem.subject.is_some() { "," } else { "" };
        let _ = writeln!(out, "  with {}{comma}", visible(address));
    }
    let Some(subject) = &problem.subject else { return };
    let source = files.entry(subject.filename.to_string()).or_insert_with(|| {
        sources.text_of(&subject.filename).map(|text: Arc<str>| Source::new(text))
    });
    let _ = write!(out, "  on {} line {}", visible(&subject.filename), subject.start.line);
    match source {
        None => out.push_str(":\n  (source code not available)\n"),
        Some(source) => snippet(out, source, subject, problem, style),
    }
}

fn hints(out: &mut String, hints: &[String], style: Style) {
    let mut told: Vec<&String> = Vec::new();
    for hint in hints {
        if told.contains(&hint) {
            continue;
        }
        told.push(hint);
        out.push('\n');
        let lines = wrap(hint, style.width().saturating_sub(6));
        for (at, line) in lines.iter().enumerate() {
            if at == 0 {
                let _ = writeln!(out, "{} {line}", style.paint(Tint::Hint, "hint:"));
            } else {
                let _ = writeln!(out, "      {line}");
            }
        }
    }
}

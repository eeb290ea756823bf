//! Source text of a diagnostic: the lines concerned with numbers, what is at fault underlined.
//!
//! Underlines stand where the text stands on a screen: wide characters take two columns, combining
//! marks none, a tab as many as it is shown with.

use std::fmt::Write;
use std::ops::Range;
use std::sync::Arc;

use kprov_core::{Diagnostic, SourcePos, SourceRange};
use unicode_segmentation::UnicodeSegmentation;

use super::text::{columns, source_line};
use super::{Style, Tint};

/// At most so many lines of a long stretch are shown, half of them from its end.
const MAX_LINES: usize = 8;

/// A source text that is looked at by lines.
#[derive(Debug)]
pub(super) struct Source {
    text: Arc<str>,
    lines: Vec<Range<usize>>,
}

impl Source {
    pub(super) fn new(text: Arc<str>) -> Source {
        let mut lines = Vec::new();
        let mut start = 0;
        for line in text.split_inclusive('\n') {
            let bare = line.strip_suffix('\n').unwrap_or(line);
            let bare = bare.strip_suffix('\r').unwrap_or(bare);
            lines.push(start..start + bare.len());
            start += line.len();
        }
        lines.push(start..start);
        Source { text, lines }
    }

    /// Line by its number, which counts from 1.
    fn line(&self, number: u32) -> Option<&str> {
        let range = self.lines.get((number as usize).checked_sub(1)?)?;
        self.text.get(range.clone())
    }

    /// Byte within its line of a position: by its byte where that is in the line, else by column.
    fn offset(&self, at: SourcePos) -> usize {
        let Some(range) = (at.line as usize).checked_sub(1).and_then(|i| self.lines.get(i)) else {
            return 0;
        };
        let byte = at.byte as usize;
        if byte >= range.start && byte <= range.end && self.text.is_char_boundary(byte) {
            return byte - range.start;
        }
        let line = &self.text[range.clone()];
        let before = (at.column as usize).saturating_sub(1);
        line.grapheme_indices(true).nth(before).map_or(line.len(), |(start, _)| start)
    }

    /// The header of the block at the file's top level that line `number` is in.
    fn block(&self, number: u32) -> Option<&str> {
        let above = (1..=number).rev();
        for at in above {
            let line = self.line(at)?;
            let first = line.chars().next();
            if first == Some('}') && at != number {
                return None;
            }
            if first.is_some_and(|c| c.is_alphabetic() || c == '_') {
                let header = line.split(" #").next().unwrap_or(line).trim_end();
                let header = header.split_once('{').map(|(header, _)| header.trim_end());
                return header.filter(|text| !text.is_empty() && !text.contains('='));
            }
        }
        None
    }
}

/// Finishes the line that names the place, then shows it.
pub(super) fn snippet(
    out: &mut String,
    source: &Source,
    subject: &SourceRange,
    problem: &Diagnostic,
    style: Style,
) {
    match source.block(subject.start.line) {
        Some(block) => {
            let _ = writeln!(out, ", in {}:", source_line(block));
        }
        None => out.push_str(":\n"),
    }
    let around = problem.context.as_ref().filter(|context| context.filename == subject.filename);
    let (first, last) = around.map_or((subject.start.line, subject.end.line), |context| {
        (context.start.line.min(subject.start.line), context.end.line.max(subject.end.line))
    });
    let mut skipped = false;
    for number in first..=last.max(first) {
        let (from_start, from_end) = (number - first, last.max(first) - number);
        let near_subject = number.abs_diff(subject.start.line) < 2;
        let half = (MAX_LINES / 2) as u32;
        if from_start >= half && from_end >= half && !near_subject {
            if !skipped {
                out.push_str("   ...\n");
            }
            skipped = true;
            continue;
        }
        skipped = false;
        let Some(line) = source.line(number) else { break };
        let _ = writeln!(out, "{}", format!("{number:>4}: {}", source_line(line)).trim_end());
        underline(out, source, line, number, subject, style);
    }
}

fn underline(
    out: &mut String,
    source: &Source,
    line: &str,
    number: u32,
    subject: &SourceRange,
    style: Style,
) {
    if number < subject.start.line || number > subject.end.line {
        return;
    }
    let indent = line.len() - line.trim_start().len();
    let from = if number == subject.start.line { source.offset(subject.start) } else { indent };
    let to = if number == subject.end.line { source.offset(subject.end) } else { line.len() };
    let (from, to) = (from.min(line.len()), to.min(line.len()));
    if to <= from && number != subject.start.line {
        return;
    }
    let before = columns(&source_line(&line[..from]));
    let width = columns(&source_line(line.get(from..to).unwrap_or_default())).max(1);
    let carets = "^".repeat(width);
    let _ = writeln!(out, "      {}{}", " ".repeat(before), style.paint(Tint::Error, carets));
}

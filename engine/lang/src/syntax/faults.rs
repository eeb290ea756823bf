//! [`Fault`]: a syntax error in bytes, before it becomes a diagnostic.

use kprov_core::{Diagnostic, Str};

use crate::source::{FileId, SourceMap, Span};

/// One syntax error.
#[derive(Debug)]
pub(super) struct Fault {
    summary: &'static str,
    detail: Str,
    pub(super) start: usize,
    pub(super) end: usize,
}

pub(super) fn fault(
    summary: &'static str,
    detail: impl Into<Str>,
    start: usize,
    end: usize,
) -> Fault {
    Fault { summary, detail: detail.into(), start, end }
}

impl Fault {
    pub(super) fn into_diagnostic(self, sources: &SourceMap, file: FileId) -> Diagnostic {
        let at = Span { file, start: self.start as u32, end: self.end as u32 };
        Diagnostic::error(self.summary, self.detail.as_str()).at(sources.range(at))
    }
}

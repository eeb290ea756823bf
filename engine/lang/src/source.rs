//! [`SourceMap`]: the texts that were parsed, so that any [`Span`] can be shown to a person.

use std::sync::{Arc, RwLock};

use kprov_core::{SourcePos, SourceRange, Str};
use serde::{Deserialize, Serialize};
use unicode_segmentation::UnicodeSegmentation;

/// A file of a [`SourceMap`].
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct FileId(pub u32);

/// A stretch of a source file in bytes. Small, so that every expression can carry one.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct Span {
    /// Which file.
    pub file: FileId,
    /// First byte.
    pub start: u32,
    /// Behind the last byte.
    pub end: u32,
}

impl Span {
    /// From here to the end of `other`.
    pub fn to(self, other: Span) -> Span {
        Span { file: self.file, start: self.start, end: other.end.max(self.end) }
    }
}

/// One source text.
#[derive(Debug)]
struct SourceFile {
    name: Str,
    text: Arc<str>,
    /// Byte at which each line begins.
    lines: Vec<u32>,
}

/// All source texts of a run. Cloning shares them; files are only ever added.
#[derive(Clone, Debug, Default)]
pub struct SourceMap(Arc<RwLock<Vec<Arc<SourceFile>>>>);

impl SourceMap {
    /// An empty map.
    pub fn new() -> SourceMap {
        SourceMap::default()
    }

    /// Adds a file under the name that diagnostics show.
    pub fn add(&self, name: impl Into<Str>, text: impl Into<Arc<str>>) -> FileId {
        let text = text.into();
        let newlines = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let lines = std::iter::once(0).chain(newlines.map(|(at, _)| at as u32 + 1)).collect();
        let mut files = self.0.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        files.push(Arc::new(SourceFile { name: name.into(), text, lines }));
        FileId(files.len() as u32 - 1)
    }

    /// The text of a file; empty if there is no such file.
    pub fn text(&self, file: FileId) -> Arc<str> {
        let files = self.0.read().unwrap_or_else(|poisoned| poisoned.into_inner());
        files.get(file.0 as usize).map_or_else(|| Arc::from(""), |file| file.text.clone())
    }

    /// The text of the newest file of that name.
    pub fn text_of(&self, name: &str) -> Option<Arc<str>> {
        let files = self.0.read().unwrap_or_else(|poisoned| poisoned.into_inner());
        files.iter().rev().find(|file| file.name == name).map(|file| file.text.clone())
    }

    /// All files: name and text, in the order added.
    pub fn files(&self) -> Vec<(Str, Arc<str>)> {
        let files = self.0.read().unwrap_or_else(|poisoned| poisoned.into_inner());
        files.iter().map(|file| (file.name.clone(), file.text.clone())).collect()
    }

    /// A span as lines and columns.
    pub fn range(&self, span: Span) -> SourceRange {
        let files = self.0.read().unwrap_or_else(|poisoned| poisoned.into_inner());
        let Some(file) = files.get(span.file.0 as usize) else {
            return SourceRange {
                filename: Str::new(""),
                start: SourcePos::default(),
                end: SourcePos::default(),
            };
        };
        SourceRange {
            filename: file.name.clone(),
            start: file.position(span.start),
            end: file.position(span.end),
        }
    }

    /// The source text of a span; empty if there is no such file.
    pub fn snippet(&self, span: Span) -> String {
        let files = self.0.read().unwrap_or_else(|poisoned| poisoned.into_inner());
        files
            .get(span.file.0 as usize)
            .and_then(|file| file.text.get(span.start as usize..span.end as usize))
            .unwrap_or_default()
            .to_owned()
    }
}

impl SourceFile {
    fn position(&self, byte: u32) -> SourcePos {
        let line = self.lines.partition_point(|start| *start <= byte).max(1) - 1;
        let start = self.lines[line] as usize;
        let before = self.text.get(start..byte as usize).unwrap_or_default();
        // Positions are asked for in thousands, and nearly all text before them is ASCII.
        let width = match before.is_ascii() {
            true => before.len(),
            false => before.graphemes(true).count(),
        };
        SourcePos { line: line as u32 + 1, column: width as u32 + 1, byte }
    }
}

//! [`Diagnostic`]: a problem told to a person, with the place in their file.
//!
//! Problems of a configuration are collected, never the first one only: functions return
//! `(T, Diagnostics)`, or `Result<T, Diagnostics>` where nothing useful is left.

use serde::{Deserialize, Serialize};

use crate::Str;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Nothing is done.
    Error,
    /// Said, and gone on.
    Warning,
}

/// A place in a source file. Lines and columns count from 1; columns count grapheme clusters, as
/// Terraform's do; `byte` counts from 0.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub struct SourcePos {
    /// From 1.
    pub line: u32,
    /// From 1.
    pub column: u32,
    /// From 0.
    pub byte: u32,
}

/// A stretch of a source file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SourceRange {
    /// The file's name as the user would write it, relative to the working directory.
    pub filename: Str,
    /// First byte.
    pub start: SourcePos,
    /// Behind the last byte.
    pub end: SourcePos,
}

/// One problem.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Severity,
    /// A constant phrase without user data, Terraform's where it has one: "Invalid for_each
    /// argument".
    pub summary: Str,
    /// Sentences: what, why, what to do. Never a secret.
    pub detail: String,
    /// What is at fault.
    pub subject: Option<SourceRange>,
    /// What is shown around it; contains `subject`.
    pub context: Option<SourceRange>,
    /// The object concerned, where there is one.
    pub address: Option<String>,
    /// Values of the expressions involved, already made fit to print: `("var.x", "is 5")`.
    pub values: Vec<(String, String)>,
    /// "did you mean", where to look, what to run.
    pub hints: Vec<String>,
}

impl Diagnostic {
    /// An error.
    pub fn error(summary: impl Into<Str>, detail: impl Into<String>) -> Diagnostic {
        Diagnostic {
            severity: Severity::Error,
            summary: summary.into(),
            detail: detail.into(),
            subject: None,
            context: None,
            address: None,
            values: Vec::new(),
            hints: Vec::new(),
        }
    }

    /// A warning.
    pub fn warning(summary: impl Into<Str>, detail: impl Into<String>) -> Diagnostic {
        Diagnostic { severity: Severity::Warning, ..Diagnostic::error(summary, detail) }
    }

    /// Says where.
    pub fn at(mut self, subject: SourceRange) -> Diagnostic {
        self.subject = Some(subject);
        self
    }

    /// Says what to show around it.
    pub fn within(mut self, context: SourceRange) -> Diagnostic {
        self.context = Some(context);
        self
    }

    /// Says which object.
    pub fn of(mut self, address: impl ToString) -> Diagnostic {
        self.address = Some(address.to_string());
        self
    }

    /// Adds a hint.
    pub fn hint(mut self, hint: impl Into<String>) -> Diagnostic {
        self.hints.push(hint.into());
        self
    }

    /// Error?
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// All problems found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Diagnostics(Vec<Diagnostic>);

impl Diagnostics {
    /// None yet.
    pub fn new() -> Diagnostics {
        Diagnostics::default()
    }

    /// Adds one.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        self.0.push(diagnostic);
    }

    /// Adds many.
    pub fn extend(&mut self, others: impl IntoIterator<Item = Diagnostic>) {
        self.0.extend(others);
    }

    /// Is there an error among them?
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(Diagnostic::is_error)
    }

    /// Nothing at all?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// In the order found.
    pub fn iter(&self) -> std::slice::Iter<'_, Diagnostic> {
        self.0.iter()
    }

    /// Errors before warnings, then by file and place; removes exact doubles.
    pub fn sort(&mut self) {
        self.0.sort_by(|a, b| {
            (a.severity, &a.subject, &a.summary, &a.detail)
                .cmp(&(b.severity, &b.subject, &b.summary, &b.detail))
        });
        self.0.dedup();
    }

    /// Takes the value out of a result and keeps its problems.
    pub fn collect<T>(&mut self, result: Result<T, Diagnostics>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(problems) => {
                self.extend(problems);
                None
            }
        }
    }

    /// `Ok(value)` if there is no error; warnings stay with the caller.
    ///
    /// # Errors
    /// All problems, if one of them is an error.
    pub fn into_result<T>(self, value: T) -> Result<(T, Diagnostics), Diagnostics> {
        if self.has_errors() { Err(self) } else { Ok((value, self)) }
    }
}

impl From<Diagnostic> for Diagnostics {
    fn from(diagnostic: Diagnostic) -> Diagnostics {
        Diagnostics(vec![diagnostic])
    }
}

impl FromIterator<Diagnostic> for Diagnostics {
    fn from_iter<I: IntoIterator<Item = Diagnostic>>(diagnostics: I) -> Diagnostics {
        Diagnostics(diagnostics.into_iter().collect())
    }
}

impl IntoIterator for Diagnostics {
    type Item = Diagnostic;
    type IntoIter = std::vec::IntoIter<Diagnostic>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Diagnostics {
    type Item = &'a Diagnostic;
    type IntoIter = std::slice::Iter<'a, Diagnostic>;
    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

//! What is wrong with a document, and where.

use serde_saphyr::Location;

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// From 1; 0 where it belongs to no line.
    pub line: u64,
    /// From 1.
    pub column: u64,
    /// What, and what would be right.
    pub message: String,
}

impl Fault {
    pub(super) fn at(location: Location, message: impl Into<String>) -> Fault {
        Fault { line: location.line(), column: location.column(), message: message.into() }
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.line {
            0 => write!(f, "{}", self.message),
            line => write!(f, "line {line}, column {}: {}", self.column, self.message),
        }
    }
}

/// All that is wrong with a document, in the order of its lines.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.iter().map(Fault::to_string).collect::<Vec<_>>().join("\n"))]
pub struct Faults(pub Vec<Fault>);

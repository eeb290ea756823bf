//! [`Problem`]: what went wrong, for people: what happened, where and why, what to do next. Never a secret.

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{summary}: {detail}")]
pub struct Problem {
    /// What happened, in a few words.
    pub summary: String,
    /// Where, why, and what to do next; whole sentences.
    pub detail: String,
}

impl Problem {
    /// A problem with its two texts.
    pub fn new(summary: impl Into<String>, detail: impl Into<String>) -> Problem {
        Problem { summary: summary.into(), detail: detail.into() }
    }

    /// Of a file or directory that cannot be used.
    pub(crate) fn file(what: &str, path: &std::path::Path, error: &std::io::Error) -> Problem {
        let next = match error.kind() {
            std::io::ErrorKind::StorageFull => " The disk is full: make room and start again.",
            std::io::ErrorKind::PermissionDenied => " The node runs as a user who may not do that.",
            _ => "",
        };
        Problem::new(what, format!("{}: {error}.{next}", path.display()))
    }
}

/// An error with what caused it, in one line.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        let inner_text = inner.to_string();
        if !text.ends_with(&inner_text) {
            text = format!("{text}: {inner_text}");
        }
        source = inner.source();
    }
    text
}

//! What a provider says when something goes wrong.

use kprov_core::Path;
use serde::{Deserialize, Serialize};

/// Whether the call may have had an effect. The journal records it, and what happens after a crash
/// or a failure follows from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorClass {
    /// Nothing happened, and trying again will not help.
    Rejected,
    /// Nothing happened; trying again may help (throttled, not yet visible).
    Retryable,
    /// It may have happened: timeouts, dropped connections. The object must be read back.
    Ambiguous,
}

/// A failed call. Text for people, without secrets; the source chain is in `message` already,
/// because errors go through the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{summary}: {message}")]
pub struct ProviderError {
    /// May it have had an effect?
    pub class: ErrorClass,
    /// A constant phrase: "Failed to create file".
    pub summary: String,
    /// What happened, why, and what to do.
    pub message: String,
    /// The attribute at fault, where it can be told.
    pub attribute: Option<Path>,
}

impl ProviderError {
    /// Nothing happened.
    pub fn rejected(summary: impl Into<String>, message: impl Into<String>) -> ProviderError {
        ProviderError {
            class: ErrorClass::Rejected,
            summary: summary.into(),
            message: message.into(),
            attribute: None,
        }
    }

    /// Nothing happened; may be tried again.
    pub fn retryable(summary: impl Into<String>, message: impl Into<String>) -> ProviderError {
        ProviderError { class: ErrorClass::Retryable, ..ProviderError::rejected(summary, message) }
    }

    /// It may have happened.
    pub fn ambiguous(summary: impl Into<String>, message: impl Into<String>) -> ProviderError {
        ProviderError { class: ErrorClass::Ambiguous, ..ProviderError::rejected(summary, message) }
    }

    /// Says which attribute.
    pub fn at(mut self, attribute: Path) -> ProviderError {
        self.attribute = Some(attribute);
        self
    }
}

/// A configuration that the provider does not accept, found without any call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttributeError {
    /// Which attribute.
    pub path: Path,
    /// A constant phrase.
    pub summary: String,
    /// What is wrong and what would be right; no secrets.
    pub message: String,
    /// Only a warning?
    pub warning: bool,
}

impl AttributeError {
    /// An error at `path`.
    pub fn new(path: Path, summary: impl Into<String>, message: impl Into<String>) -> Self {
        AttributeError { path, summary: summary.into(), message: message.into(), warning: false }
    }
}

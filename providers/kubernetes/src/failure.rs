//! [`ApiError`]: what the API server says when it refuses, and what its absence means.
//!
//! Texts are the server's own reason and message, which name user, verb, object and field. Contents of secrets are
//! never in them: see [`ApiError::without`].

use kprov_core::value::Secrets;
use kprov_core::{Path, PathStep, Value};
use kprov_provider::{ErrorClass, ProviderError};
use kube::core::Status;

/// A request that failed for good.
#[derive(Clone, Debug)]
pub(crate) struct ApiError {
    pub(crate) class: ErrorClass,
    /// HTTP status; 0 where there was no answer.
    pub(crate) code: u16,
    /// `AlreadyExists`, `Forbidden`, ...
    pub(crate) reason: String,
    /// For people.
    pub(crate) message: String,
    /// Fields at fault: `spec.replicas`, `.data.key`.
    pub(crate) fields: Vec<String>,
}

impl ApiError {
    /// What the server answered.
    pub(crate) fn of(status: &Status) -> ApiError {
        let causes = status.details.as_ref().map(|details| details.causes.as_slice());
        let causes = causes.unwrap_or_default();
        let class = match status.code {
            429 | 503 => ErrorClass::Retryable,
            500.. => ErrorClass::Ambiguous,
            _ => ErrorClass::Rejected,
        };
        let mut message = status.message.clone();
        if status.code == 409 && causes.iter().any(|cause| cause.reason == "FieldManagerConflict") {
            let all = causes.iter().map(|cause| format!("{} ({})", cause.field, cause.message));
            message = format!(
                "Others own fields that would be changed: {}. Leave these fields out, or take them over with \
                 field_manager {{ force_conflicts = true }}.",
                all.collect::<Vec<_>>().join(", ")
            );
        }
        if status.code == 403 {
            message.push_str(". The provider's user needs a role that allows this.");
        }
        if status.code == 401 {
            message = "the API server does not accept the provider's credentials".to_owned();
        }
        ApiError {
            class,
            code: status.code,
            reason: status.reason.clone(),
            message,
            fields: causes.iter().map(|cause| cause.field.clone()).collect(),
        }
    }

    /// Without an answer of the server.
    pub(crate) fn unanswered(class: ErrorClass, message: String) -> ApiError {
        ApiError { class, code: 0, reason: String::new(), message, fields: Vec::new() }
    }

    /// Is the object (or its kind) not there?
    pub(crate) fn is_not_found(&self) -> bool {
        self.code == 404
    }

    /// Is there an object of that name already?
    pub(crate) fn is_taken(&self) -> bool {
        self.code == 409 && self.reason == "AlreadyExists"
    }

    /// The same without a message that quotes one of these values.
    pub(crate) fn without<'v>(mut self, secrets: impl IntoIterator<Item = &'v Value>) -> ApiError {
        if Secrets::of(secrets).are_in(&self.message) {
            self.message =
                format!("the server's message quotes a secret; fields: {}", self.fields.join(", "));
        }
        self
    }

    /// For the engine; `place` finds the attribute of a field.
    pub(crate) fn told(
        self,
        summary: impl Into<String>,
        place: impl Fn(&[PathStep]) -> Option<Path>,
    ) -> ProviderError {
        let message = match self.reason.as_str() {
            "" | "Unknown" => self.message,
            reason => format!("{} ({reason})", self.message),
        };
        ProviderError {
            class: self.class,
            summary: summary.into(),
            message,
            attribute: self.fields.iter().find_map(|field| place(&steps(field))),
        }
    }

    /// For the engine, where no field has an attribute.
    pub(crate) fn plain(self, summary: impl Into<String>) -> ProviderError {
        self.told(summary, |_| None)
    }
}

/// Steps of a field's name: `spec.containers[0].image`, `.data.key`, `data[the.key]`.
pub(crate) fn steps(field: &str) -> Vec<PathStep> {
    let mut steps = Vec::new();
    let mut rest = field;
    while !rest.is_empty() {
        if let Some(inner) = rest.strip_prefix('[') {
            let Some((key, after)) = inner.split_once(']') else { break };
            steps.push(match key.parse() {
                Ok(index) => PathStep::Index(index),
                Err(_) => PathStep::Attribute(key.trim_matches('"').into()),
            });
            rest = after;
        } else {
            let name = rest.trim_start_matches('.');
            let end = name.find(['.', '[']).unwrap_or(name.len());
            if end == 0 {
                break;
            }
            steps.push(PathStep::Attribute(name[..end].into()));
            rest = &name[end..];
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_have_steps() {
        let name = |name: &str| PathStep::Attribute(name.into());
        assert_eq!(
            steps("spec.containers[0].image"),
            [name("spec"), name("containers"), PathStep::Index(0), name("image")]
        );
        assert_eq!(steps(".data.key"), [name("data"), name("key")]);
        assert_eq!(steps("data[the.key]"), [name("data"), name("the.key")]);
        for odd in ["", "[", "..", "a[", "a..", "]"] {
            steps(odd);
        }
    }
}

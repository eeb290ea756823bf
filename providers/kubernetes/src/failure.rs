//! [`ApiError`]: what the API server says when it refuses, and what its absence means.
//!
//! Texts are the server's own reason and message, which name user, verb, object and field. Contents of secrets are
//! never in them: see [`ApiError::without`].

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use kprov_core::value::walk;
use kprov_core::{Path, PathStep, Value};
use kprov_provider::{ErrorClass, ProviderError};
use kube::core::Status;
use serde_json::Value as Json;

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
    /// What the PodDisruptionBudget says that does not let a pod go.
    pub(crate) budget: Option<String>,
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
            budget: causes
                .iter()
                .find(|cause| cause.reason == "DisruptionBudget")
                .map(|cause| cause.message.clone()),
        }
    }

    /// Without an answer of the server.
    pub(crate) fn unanswered(class: ErrorClass, message: String) -> ApiError {
        let (reason, fields) = (String::new(), Vec::new());
        ApiError { class, code: 0, reason, message, fields, budget: None }
    }

    /// What the budget says that does not let a pod go: "The disruption budget db needs 2 healthy pods and has 2
    /// currently".
    pub(crate) fn budget(&self) -> Option<&str> {
        self.budget.as_deref().filter(|says| !says.is_empty())
    }

    /// Is the object (or its kind) not there?
    pub(crate) fn is_not_found(&self) -> bool {
        self.code == 404
    }

    /// Is there an object of that name already?
    pub(crate) fn is_taken(&self) -> bool {
        self.code == 409 && self.reason == "AlreadyExists"
    }

    /// The same without a message that quotes a text of these values: as it is, as JSON has it, or in base64, as a Secret has
    /// it. A server's own messages do not; those of admission webhooks may.
    pub(crate) fn without<'v>(mut self, secrets: impl IntoIterator<Item = &'v Value>) -> ApiError {
        let mut quoted = false;
        for value in secrets {
            walk(value, &mut |_, leaf| {
                quoted |= leaf.as_str().is_some_and(|text| quotes(&self.message, text));
            });
        }
        if quoted {
            let fields = self.fields.join(", ");
            let fields =
                if fields.is_empty() { fields } else { format!(" It is about: {fields}.") };
            self.message =
                format!("The server's message is not shown, since it quotes a secret.{fields}");
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

/// Is the text in the message? Short ones are in every third sentence.
fn quotes(message: &str, text: &str) -> bool {
    if text.len() < 4 {
        return message == text;
    }
    let json = Json::from(text).to_string();
    // The end of base64 depends on what follows.
    let encoded = STANDARD_NO_PAD.encode(text);
    let forms = [text, &json[1..json.len() - 1], &encoded[..encoded.len() - 1]];
    forms.iter().any(|form| message.contains(form))
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
    fn messages_that_quote_secrets_are_not_told() {
        let secret = "correct horse\n\"battery\" staple";
        let value = Value::object([("data", Value::object([("key", secret.into())]))]);
        let json = serde_json::json!({"key": secret}).to_string();
        let status = serde_json::json!({"data": {"key": STANDARD_NO_PAD.encode(secret)}});
        for said in
            [format!("denied: {secret}"), format!("denied: {json}"), format!("no: {status}")]
        {
            let error = ApiError::unanswered(ErrorClass::Rejected, said).without([&value]);
            assert!(error.message.contains("it quotes a secret"), "{}", error.message);
        }
        let error = ApiError::unanswered(ErrorClass::Rejected, "denied: no".to_owned());
        assert_eq!(error.without([&value]).message, "denied: no");
    }

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

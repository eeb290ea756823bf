//! An error that AWS would answer: code, message and status. Written by `respond` in the protocol's form.
use serde_json::{Map, Value};

/// An error answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Fault {
    pub(crate) code: String,
    pub(crate) message: String,
    /// Status, where it is not what the model says for the code (else 400).
    pub(crate) status: Option<u16>,
    /// Further members of the error shape, for JSON and S3.
    pub(crate) fields: Map<String, Value>,
    /// The code of the query protocol, for JSON services that once spoke it (SQS).
    pub(crate) query_code: Option<String>,
}

impl Fault {
    /// An error with the status that the model gives to the code.
    pub(crate) fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Fault {
            code: code.into(),
            message: message.into(),
            status: None,
            fields: Map::new(),
            query_code: None,
        }
    }

    /// The same error with this status.
    pub(crate) fn status(mut self, status: u16) -> Self {
        self.status = Some(status);
        self
    }

    /// The same error with one more member.
    pub(crate) fn field(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.fields.insert(name.to_owned(), value.into());
        self
    }

    /// The same error with the code that the query protocol had for it.
    pub(crate) fn query_code(mut self, code: &str) -> Self {
        self.query_code = Some(code.to_owned());
        self
    }
}

/// What an action answers: output by model member name, or an error.
pub(crate) type Outcome = Result<Value, Fault>;

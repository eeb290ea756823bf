//! What tests of functions ask: what a call gives, or how it fails.

use std::time::{Duration, SystemTime};

use kprov_core::{Host, Value};

use super::{FunctionContext, FunctionError, lookup};
use crate::{FileError, FileKind, Files};

/// Functions of values reach neither host nor files: everything is missing.
#[derive(Debug)]
struct Nothing;

impl Host for Nothing {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH
    }
    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }
    fn random(&self, buffer: &mut [u8]) {
        buffer.fill(0);
    }
    fn env(&self, _: &str) -> Option<String> {
        None
    }
}

impl Files for Nothing {
    fn read(&self, path: &str) -> Result<Vec<u8>, FileError> {
        Err(FileError::NotFound { path: path.to_owned() })
    }
    fn kind(&self, _: &str) -> Result<Option<FileKind>, FileError> {
        Ok(None)
    }
    fn list(&self, path: &str) -> Result<Vec<String>, FileError> {
        Err(FileError::NotFound { path: path.to_owned() })
    }
    fn current_dir(&self) -> String {
        "/".to_owned()
    }
    fn home_dir(&self) -> Option<String> {
        None
    }
}

/// Calls a function as the evaluator does.
pub(super) fn call(name: &str, arguments: &[Value]) -> Result<Value, FunctionError> {
    let context = FunctionContext {
        host: &Nothing,
        files: &Nothing,
        base_dir: ".",
        pure_only: false,
        plan_timestamp: None,
    };
    super::call(lookup(name).expect("a known function"), &context, arguments)
}

pub(super) fn text(text: &str) -> Value {
    Value::string(text)
}

/// A number, written in full.
pub(super) fn number(text: &str) -> Value {
    Value::Number(text.parse().expect("a number in a test"))
}

/// Asserts the result of a call, its type and marks included.
#[track_caller]
pub(super) fn gives(name: &str, arguments: &[Value], expect: Value) {
    assert_eq!(call(name, arguments), Ok(expect), "{name}({arguments:?})");
}

/// Asserts that a call fails, and what it blames.
#[track_caller]
pub(super) fn fails(name: &str, arguments: &[Value], argument: Option<usize>, message: &str) {
    let error = call(name, arguments).expect_err("the call should fail");
    let found = (error.argument, error.message.as_str());
    assert_eq!(found, (argument, message), "{name}({arguments:?})");
}

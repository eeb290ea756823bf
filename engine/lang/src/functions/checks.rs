//! What tests of functions ask: what a call gives, or how it fails.

use kprov_core::Value;

pub(super) use super::testing::call_named as call;

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

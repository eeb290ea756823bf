//! Numbers among the arguments: whole, and within what can be made.

use kprov_core::{Path, Value};
use kprov_provider::{AttributeError, ProviderError};

/// Nothing longer than this is made: it would go into the state, and from there everywhere.
pub(crate) const LENGTH_MAX: i64 = 1 << 16;

/// The whole number of an attribute; `None` where it is null, unknown or not whole.
pub(crate) fn whole(value: &Value, name: &str) -> Option<i64> {
    value.get(name).and_then(Value::as_number).and_then(kprov_core::Number::to_i64)
}

/// Checks that the attribute, if known, is a whole number from `min` to `max`.
pub(crate) fn check(config: &Value, name: &str, min: i64, max: i64) -> Option<AttributeError> {
    let number = config.get(name)?.as_number()?;
    let fits = number.is_integer() && number.to_i64().is_some_and(|it| min <= it && it <= max);
    (!fits).then(|| {
        AttributeError::new(
            Path::attribute(name),
            "Invalid Attribute Value",
            format!("The value must be a whole number from {min} to {max}."),
        )
    })
}

/// The number of things to make, once it is known. It was checked; if it was unknown then, it is
/// checked here.
pub(crate) fn count(planned: &Value, name: &str, min: i64) -> Result<usize, ProviderError> {
    if let Some(problem) = check(planned, name, min, LENGTH_MAX) {
        return Err(refuse(problem));
    }
    let count = whole(planned, name).and_then(|count| usize::try_from(count).ok());
    count.ok_or_else(|| {
        ProviderError::rejected("Invalid Attribute Value", "A whole number is required.")
            .at(Path::attribute(name))
    })
}

/// A problem that was only found when all was known.
pub(crate) fn refuse(problem: AttributeError) -> ProviderError {
    ProviderError::rejected(problem.summary, problem.message).at(problem.path)
}

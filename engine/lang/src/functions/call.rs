//! [`call`]: what is the same for every function: the number of arguments, their conversion, null,
//! unknown and marked arguments. The order of the checks is go-cty's, so that of several mistakes
//! the same one is reported.

use kprov_core::value::{Refinements, convert};
use kprov_core::{Marks, Type, Value};

use super::{Function, FunctionContext, FunctionError, redact};

/// Too few or too many arguments.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct ArityError {
    /// Constant phrase, for a diagnostic.
    pub summary: &'static str,
    /// Names the function, what it takes and what is missing.
    pub detail: String,
    /// Index of the first argument that is too much; `None`: arguments are missing.
    pub surplus: Option<usize>,
}

/// Does the function take `count` arguments?
///
/// # Errors
/// If not, ready to be shown.
pub fn check_arity(function: &Function, count: usize) -> Result<(), ArityError> {
    let wanted = function.parameters.len();
    if let Some(missing) = function.parameters.get(count) {
        let quantity = if function.variadic.is_some() { "at least " } else { "" };
        return Err(ArityError {
            summary: "Not enough function arguments",
            detail: format!(
                "Function {:?} expects {quantity}{wanted} argument(s). Missing value for {:?}.",
                function.name, missing.name
            ),
            surplus: None,
        });
    }
    if count > wanted && function.variadic.is_none() {
        return Err(ArityError {
            summary: "Too many function arguments",
            detail: format!("Function {:?} expects only {wanted} argument(s).", function.name),
            surplus: Some(wanted),
        });
    }
    Ok(())
}

/// Converts the arguments, deals with null, unknown and marks, and calls.
///
/// # Errors
/// Wrong number or type of arguments, or what the function says. Nothing of a sensitive argument
/// is in the message.
pub fn call(
    function: &Function,
    context: &FunctionContext<'_>,
    arguments: &[Value],
) -> Result<Value, FunctionError> {
    check_arity(function, arguments.len())
        .map_err(|error| FunctionError::new(error.detail.trim_end_matches('.')))?;
    attempt(function, context, arguments).map_err(|error| redact::redact(error, arguments))
}

fn attempt(
    function: &Function,
    context: &FunctionContext<'_>,
    arguments: &[Value],
) -> Result<Value, FunctionError> {
    let mut arguments = converted(function, arguments)?;
    let marks = unmark(function, &mut arguments);
    let result = match unknown_type(function, &arguments)? {
        Some(ty) => Value::unknown(ty),
        None => (function.call)(context, &arguments)?,
    };
    let result = if function.not_null { never_null(result) } else { result };
    Ok(result.with_marks(marks))
}

fn converted(function: &Function, arguments: &[Value]) -> Result<Vec<Value>, FunctionError> {
    let convert_one = |(index, argument): (usize, &Value)| match function.parameter(index) {
        None => Ok(argument.clone()),
        Some(parameter) if fits(argument, &parameter.ty) => Ok(argument.clone()),
        Some(parameter) => convert(argument, &parameter.ty)
            .map_err(|error| FunctionError::argument(index, error.to_string())),
    };
    arguments.iter().enumerate().map(convert_one).collect()
}

/// Is there clearly nothing to convert? Saves the common calls a walk.
fn fits(value: &Value, ty: &Type) -> bool {
    matches!(
        (value, ty),
        (_, Type::Dynamic)
            | (Value::String(_), Type::String)
            | (Value::Number(_), Type::Number)
            | (Value::Bool(_), Type::Bool)
    )
}

/// Takes marks off where the parameter does not want them; returns them.
fn unmark(function: &Function, arguments: &mut [Value]) -> Marks {
    let mut all = Marks::NONE;
    for (index, argument) in arguments.iter_mut().enumerate() {
        if function.parameter(index).is_some_and(|parameter| !parameter.allow_marked) {
            let (bare, marks) = std::mem::replace(argument, Value::NULL).unmark_deep();
            *argument = bare;
            all = all | marks;
        }
    }
    all
}

/// The type of the result if it is unknown because an argument is; `None` if the function is to be
/// called.
fn unknown_type(function: &Function, arguments: &[Value]) -> Result<Option<Type>, FunctionError> {
    for (index, argument) in arguments.iter().enumerate() {
        let Some(parameter) = function.parameter(index) else { continue };
        if argument.is_null() && !parameter.allow_null {
            return Err(FunctionError::argument(index, "argument must not be null"));
        }
        let untyped = match argument.bare() {
            Value::Null(ty) => *ty == Type::Dynamic,
            Value::Unknown(unknown) => *unknown.ty() == Type::Dynamic,
            _ => false,
        };
        if untyped && !parameter.allow_dynamic {
            return Ok(Some(Type::Dynamic));
        }
    }
    let unknown = arguments.iter().enumerate().any(|(index, argument)| {
        !argument.is_known()
            && function.parameter(index).is_some_and(|parameter| !parameter.allow_unknown)
    });
    if unknown { (function.returns)(arguments).map(Some) } else { Ok(None) }
}

/// Says of an unknown result that it will not be null.
fn never_null(result: Value) -> Value {
    let (bare, marks) = result.unmark();
    let bare = match &bare {
        Value::Unknown(unknown) if !unknown.refinements().not_null => Value::refined(
            unknown.ty().clone(),
            Refinements { not_null: true, ..unknown.refinements().clone() },
        ),
        _ => bare,
    };
    bare.with_marks(marks)
}

//! From what was given to a value of the variable's type.

use kprov_core::{Diagnostic, Diagnostics, Type, Value};

use super::{Given, Origin};
use crate::config::{Variable, constant};
use crate::{SourceMap, Span};

const SUMMARY: &str = "Invalid value for input variable";

/// The value of a variable of the root module from what was given for it: read, defaults of
/// optional attributes filled in, converted. Without marks.
///
/// # Errors
/// The text is no expression, uses names or functions, or is of another type.
pub fn value_of(
    sources: &SourceMap,
    variable: &Variable,
    given: &Given,
    origin: &Origin,
) -> Result<Value, Diagnostics> {
    let (value, span) = read(sources, variable, given)?;
    let fail = |why: &str| {
        let detail = format!(
            "Unsuitable value for var.{} {}: {why}.",
            variable.name,
            match origin {
                Origin::Environment =>
                    format!("set using the TF_VAR_{} environment variable", variable.name),
                Origin::File(path) => format!("set in {path}"),
                Origin::Argument => format!("set using -var=\"{}=...\"", variable.name),
                Origin::Answer => "given as an answer".to_owned(),
            }
        );
        let at = sources.range(span.unwrap_or(variable.span));
        Diagnostics::from(Diagnostic::error(SUMMARY, detail).at(at))
    };
    if value.is_null() && !variable.nullable {
        return match &variable.default {
            Some(default) => Ok(default.clone()),
            None => Err(fail("required variable may not be set to null")),
        };
    }
    let value = match &variable.ty.defaults {
        Some(defaults) if !value.is_null() => defaults.apply(&value),
        _ => value,
    };
    kprov_core::value::convert(&value, &variable.ty.ty).map_err(|error| fail(&error.to_string()))
}

/// The value as it was written, and where, if it stands in a file.
fn read(
    sources: &SourceMap,
    variable: &Variable,
    given: &Given,
) -> Result<(Value, Option<Span>), Diagnostics> {
    match given {
        Given::Value(value) => Ok((value.clone(), None)),
        Given::Expr(expr) => Ok((constant::evaluate(sources, expr)?, Some(expr.span))),
        Given::Text(text) if !variable.typed || is_primitive(&variable.ty.ty) => {
            Ok((Value::string(text.as_str()), None))
        }
        Given::Text(text) => {
            let file = sources.add(format!("<value for var.{}>", variable.name), text.as_str());
            let expr = crate::syntax::parse_expr(sources, file)?;
            Ok((constant::evaluate(sources, &expr)?, None))
        }
    }
}

fn is_primitive(ty: &Type) -> bool {
    matches!(ty, Type::Bool | Type::Number | Type::String)
}

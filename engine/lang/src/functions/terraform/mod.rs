//! Functions of the provider that is built in: `provider::terraform::encode_tfvars`,
//! `decode_tfvars` and `encode_expr`.

mod layout;
#[cfg(test)]
mod tests;
mod write;

use kprov_core::{Diagnostics, Refinements, Type, Value};

use super::FunctionError;
use crate::SourceMap;
use crate::eval::evaluate_constant;
use crate::syntax::{is_identifier, parse_body};

use layout::Layout;

/// What `decode_tfvars` calls its argument in messages.
const SOURCE: &str = "<decode_tfvars argument>";

/// Calls a function of the built-in provider by the last part of its name. `None`: there is none of
/// that name. Arguments have no marks.
pub fn builtin_provider_function(
    name: &str,
    arguments: &[Value],
) -> Option<Result<Value, FunctionError>> {
    let parameter = match name {
        "encode_tfvars" | "encode_expr" => "value",
        "decode_tfvars" => "src",
        _ => return None,
    };
    Some(match arguments {
        [] => Err(FunctionError::new(format!(
            "Function \"provider::terraform::{name}\" expects 1 argument(s). Missing value for \
             {parameter:?}"
        ))),
        [argument] if argument.is_null() => {
            Err(FunctionError::argument(0, "argument must not be null"))
        }
        [argument] => match name {
            "encode_tfvars" => encode_tfvars(argument),
            "encode_expr" => encode_expr(argument),
            _ => decode_tfvars(argument),
        },
        _ => Err(FunctionError::new(format!(
            "Function \"provider::terraform::{name}\" expects only 1 argument(s)"
        ))),
    })
}

fn unknown_text(prefix: Option<&str>) -> Value {
    let refinements = Refinements { prefix: prefix.map(Into::into), ..Refinements::not_null() };
    Value::refined(Type::String, refinements)
}

fn encode_tfvars(value: &Value) -> Result<Value, FunctionError> {
    if !value.is_wholly_known() {
        return Ok(unknown_text(None));
    }
    let Some(entries) = value.as_entries() else {
        return Err(FunctionError::new(
            "invalid value to encode: must be an object whose attribute names will become the \
             encoded variable names",
        ));
    };
    let mut layout = Layout::default();
    for (name, value) in entries {
        if !is_identifier(name) {
            return Err(FunctionError::new(format!(
                "invalid variable name {:?}: must be a valid identifier, per Terraform's rules for \
                 input variable declarations",
                name.as_str()
            )));
        }
        layout.text(name);
        layout.equals_sign();
        write::value(&mut layout, value);
        layout.end_line();
    }
    Ok(Value::string(layout.finish()))
}

fn encode_expr(value: &Value) -> Result<Value, FunctionError> {
    if !value.is_wholly_known() {
        let certain = match value {
            Value::Unknown(unknown) => unknown.refinements().not_null,
            _ => true,
        };
        // The first character tells the kind.
        let prefix = match value.ty() {
            _ if !certain => None,
            Type::Object(_) | Type::Map(_) => Some("{"),
            Type::Tuple(_) | Type::List(_) | Type::Set(_) => Some("["),
            Type::String => Some("\""),
            _ => None,
        };
        return Ok(unknown_text(prefix));
    }
    let mut layout = Layout::default();
    write::value(&mut layout, value);
    Ok(Value::string(layout.finish()))
}

fn decode_tfvars(value: &Value) -> Result<Value, FunctionError> {
    let text = match value {
        Value::Unknown(_) => return Ok(Value::unknown(Type::Dynamic)),
        Value::String(text) => text.to_string(),
        Value::Number(number) => number.to_string(),
        Value::Bool(truth) => truth.to_string(),
        _ => return Err(FunctionError::argument(0, "string required")),
    };
    let sources = SourceMap::new();
    let file = sources.add(SOURCE, text);
    let (body, problems) = parse_body(&sources, file);
    if problems.has_errors() {
        let why = in_one_line(&problems);
        return Err(FunctionError::new(format!("invalid tfvars syntax: {why}")));
    }
    if let Some(block) = body.blocks.first() {
        let at = place(&sources.range(block.ty_span));
        return Err(FunctionError::new(format!(
            "invalid tfvars content: {at}: Unexpected {:?} block; Blocks are not allowed here.",
            block.ty.as_str()
        )));
    }
    let mut variables = Vec::with_capacity(body.attributes.len());
    for attribute in &body.attributes {
        let value = evaluate_constant(&attribute.expr, &sources).map_err(|problems| {
            FunctionError::new(format!(
                "invalid expression for variable {:?}: {}",
                attribute.name.as_str(),
                in_one_line(&problems)
            ))
        })?;
        variables.push((attribute.name.clone(), value));
    }
    Ok(Value::object(variables))
}

/// The first problem, and how many more there are.
fn in_one_line(problems: &Diagnostics) -> String {
    let mut errors = problems.iter().filter(|problem| problem.is_error());
    let Some(first) = errors.next() else { return String::new() };
    let at = first.subject.as_ref().map(|subject| format!("{}: ", place(subject)));
    let mut line = format!("{}{}; {}", at.unwrap_or_default(), first.summary, first.detail);
    match errors.count() {
        0 => {}
        more => line.push_str(&format!(", and {more} other diagnostic(s)")),
    }
    line
}

/// `file:1,5-8`, or `file:1,5-2,8` over more than one line.
fn place(range: &kprov_core::SourceRange) -> String {
    let (file, start, end) = (&range.filename, range.start, range.end);
    if start.line == end.line {
        format!("{file}:{},{}-{}", start.line, start.column, end.column)
    } else {
        format!("{file}:{},{}-{},{}", start.line, start.column, end.line, end.column)
    }
}

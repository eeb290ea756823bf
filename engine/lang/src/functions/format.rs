//! `format` and `formatlist`.

mod number;
#[cfg(test)]
mod tests;
mod verb;

use std::fmt::Write;

use kprov_core::value::convert;
use kprov_core::{Refinements, Str, Type, Value};
use unicode_segmentation::UnicodeSegmentation;

use super::arguments::{gives_string, string, text};
use super::redact::data;
use super::{Function, FunctionContext, FunctionError, Parameter, json};
use verb::{Piece, Verb};

type Outcome = Result<Value, FunctionError>;

pub(super) fn functions() -> Vec<Function> {
    let values = || Parameter::new("args", Type::Dynamic).null().unknown();
    vec![
        Function::new(
            "format",
            "Makes a string of values, as a format string in the manner of printf describes.",
            gives_string,
            format,
        )
        .with(string("format"))
        .with_rest(values()),
        Function::new(
            "formatlist",
            "Makes a list of strings, one for each element of the lists among the values, as a \
             format string in the manner of printf describes.",
            |_| Ok(Type::list(Type::String)),
            formatlist,
        )
        .with(string("format"))
        .with_rest(values()),
    ]
}

fn format(_: &FunctionContext<'_>, arguments: &[Value]) -> Outcome {
    let (format, values) = (text(arguments, 0), &arguments[1..]);
    if !values.iter().all(Value::is_wholly_known) {
        let known = safe_prefix(format.split('%').next().unwrap_or_default());
        let prefix = (!known.is_empty()).then(|| Str::new(known));
        return Ok(Value::refined(Type::String, Refinements { prefix, ..Refinements::default() }));
    }
    write(format, values).map(Value::string)
}

/// The part of `text` that what follows cannot change: without the last character, unless that is a
/// sign with which nothing combines.
fn safe_prefix(text: &str) -> &str {
    match text.grapheme_indices(true).next_back() {
        Some((_, last))
            if last.len() == 1 && "-_:;/\\,.(){}[]|?!~ \t@#$%^&*+\"'".contains(last) =>
        {
            text
        }
        Some((at, _)) => &text[..at],
        None => text,
    }
}

fn formatlist(context: &FunctionContext<'_>, arguments: &[Value]) -> Outcome {
    let (format_string, values) = (text(arguments, 0), &arguments[1..]);
    if values.is_empty() {
        return Ok(Value::list(Type::String, vec![format(context, arguments)?]));
    }
    // (which value chose it, the length)
    let mut length: Option<(usize, usize)> = None;
    let mut unknown = false;
    for (index, value) in values.iter().enumerate() {
        let items = match value {
            Value::Unknown(value) => match value.ty() {
                Type::Tuple(items) => {
                    unknown = true;
                    items.len()
                }
                Type::List(_) | Type::Set(_) | Type::Dynamic => {
                    unknown = true;
                    continue;
                }
                _ => continue,
            },
            value => match value.as_items() {
                Some(items) => items.len(),
                None => continue,
            },
        };
        match length {
            None => length = Some((index, items)),
            Some((chooser, wanted)) if items != wanted => {
                return Err(FunctionError::argument(
                    index + 1,
                    format!(
                        "argument {} has length {items}, which is inconsistent with argument {} of \
                         length {wanted}",
                        index + 1,
                        chooser + 1
                    ),
                ));
            }
            Some(_) => {}
        }
    }
    if unknown {
        return Ok(Value::unknown(Type::list(Type::String)));
    }
    let rounds = length.map_or(1, |(_, length)| length);
    let round = |round: usize| {
        let one = |value: &Value| match value.as_items() {
            Some(items) => items[round].clone(),
            None => value.clone(),
        };
        let values: Vec<Value> = values.iter().map(one).collect();
        if !values.iter().all(Value::is_wholly_known) {
            return Ok(Value::refined(Type::String, Refinements::not_null()));
        }
        write(format_string, &values).map(Value::string).map_err(|error| FunctionError {
            message: format!("error on format iteration {round}: {}", error.message),
            argument: None,
        })
    };
    Ok(Value::list(Type::String, (0..rounds).map(round).collect::<Result<_, _>>()?))
}

/// Formats known values.
fn write(format: &str, values: &[Value]) -> Result<String, FunctionError> {
    let mut out = String::new();
    let mut used = 0;
    verb::scan(format, |piece| match piece {
        Piece::Literal(text) => {
            out.push_str(text);
            Ok(())
        }
        Piece::Verb(verb) => {
            used = used.max(verb.argument);
            let value = values.get(verb.argument.wrapping_sub(1)).ok_or_else(|| {
                format!(
                    "not enough arguments for {:?} at {}: need index {} but have {} total",
                    verb.raw,
                    verb.offset,
                    verb.argument,
                    values.len()
                )
            })?;
            out.push_str(&one(&verb, value)?);
            Ok(())
        }
    })
    .map_err(FunctionError::new)?;
    if used < values.len() {
        let message = if used == 0 {
            "too many arguments; no verbs in format string".to_owned()
        } else {
            format!("too many arguments; only {used} used by format string")
        };
        return Err(FunctionError::argument(used + 1, message));
    }
    Ok(out)
}

/// Formats one value.
fn one(verb: &Verb<'_>, value: &Value) -> Result<String, String> {
    let unsupported =
        |reason: &str| format!("unsupported value for {:?} at {}: {reason}", verb.raw, verb.offset);
    if verb.mode != 'v' && value.is_null() {
        return Err(unsupported("null value cannot be formatted"));
    }
    let converted = |ty: &Type| convert(value, ty).map_err(|error| unsupported(&error.to_string()));
    match verb.mode {
        'v' => {
            let text = match value {
                Value::String(text) if !verb.sharp => text.as_str().to_owned(),
                Value::Number(number) if !verb.sharp => number.to_general_string(),
                value => json::encode::to_text(value).map_err(unsupported)?,
            };
            Ok(verb.padded(text))
        }
        't' => Ok(converted(&Type::Bool)?.as_bool().unwrap_or_default().to_string()),
        'b' | 'd' | 'o' | 'x' | 'X' => {
            let value = converted(&Type::Number)?;
            let number = value.as_number().ok_or_else(|| unsupported("a number is required"))?;
            number::integer(verb, number).ok_or_else(|| unsupported("an integer is required"))
        }
        'e' | 'E' | 'f' | 'g' | 'G' => {
            let value = converted(&Type::Number)?;
            let number = value.as_number().ok_or_else(|| unsupported("a number is required"))?;
            Ok(number::float(verb, number))
        }
        's' | 'q' => {
            let value = converted(&Type::String)?;
            let text = value.as_str().unwrap_or_default();
            let text = match verb.precision {
                Some(wanted) if wanted > 0 => {
                    let end = text.grapheme_indices(true).nth(wanted).map(|(at, _)| at);
                    &text[..end.unwrap_or(text.len())]
                }
                _ => text,
            };
            let mut written = String::new();
            if verb.mode == 'q' {
                json::encode::write_string(text, &mut written);
            } else {
                // Writing to a string does not fail.
                let _ = write!(written, "{text}");
            }
            Ok(verb.padded(written))
        }
        mode => Err(format!(
            "unsupported format verb {} in {:?} at offset {}",
            data(format!("{mode:?}")),
            verb.raw,
            verb.offset
        )),
    }
}

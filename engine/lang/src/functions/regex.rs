//! `regex`, `regexall`, `replace`. Patterns are RE2's, as Go reads them; [`translate`] turns them
//! into those of the `regex` crate.

mod cache;
mod class;
mod expand;
#[cfg(test)]
mod tests;
mod translate;

use std::rc::Rc;

use kprov_core::{Type, Value};
use regex::Captures;

use super::arguments::{gives_string, string, text};
use super::{Function, FunctionContext, FunctionError};
use cache::{Compiled, compiled};

type Outcome = Result<Value, FunctionError>;

pub(super) fn functions() -> Vec<Function> {
    vec![
        Function::new(
            "regex",
            "Matches a string against a regular expression and gives what matched; fails if \
             nothing does.",
            type_of_match,
            regex,
        )
        .with(string("pattern"))
        .with(string("string")),
        Function::new(
            "regexall",
            "Gives a list of everything in a string that matches a regular expression.",
            |arguments| type_of_match(arguments).map(Type::list),
            regexall,
        )
        .with(string("pattern"))
        .with(string("string")),
        Function::new(
            "replace",
            "Puts another text wherever a text, or a regular expression between slashes, is found \
             in a string.",
            gives_string,
            replace,
        )
        .with(string("str"))
        .with(string("substr"))
        .with(string("replace")),
    ]
}

fn pattern(arguments: &[Value]) -> Result<(Rc<Compiled>, Type), FunctionError> {
    let compiled = compiled(text(arguments, 0)).map_err(|error| {
        FunctionError::argument(0, format!("invalid regexp pattern: {}", error.in_words()))
    })?;
    let ty = match_type(&compiled)?;
    Ok((compiled, ty))
}

/// String without groups, object of named ones, tuple of the others.
fn match_type(compiled: &Compiled) -> Result<Type, FunctionError> {
    let named: Vec<&str> = compiled.names.iter().filter_map(|name| name.as_deref()).collect();
    if compiled.names.is_empty() {
        Ok(Type::String)
    } else if named.is_empty() {
        Ok(Type::tuple(compiled.names.iter().map(|_| Type::String)))
    } else if named.len() == compiled.names.len() {
        Ok(Type::object(named.into_iter().map(|name| (name, Type::String))))
    } else {
        Err(FunctionError::argument(
            0,
            "invalid regexp pattern: cannot mix both named and unnamed capture groups",
        ))
    }
}

fn type_of_match(arguments: &[Value]) -> Result<Type, FunctionError> {
    if arguments.first().is_some_and(Value::is_known) {
        pattern(arguments).map(|(_, ty)| ty)
    } else {
        Ok(Type::Dynamic)
    }
}

/// One match as a value of the type that [`match_type`] gives.
fn value_of(compiled: &Compiled, captures: &Captures<'_>, ty: &Type) -> Value {
    let groups = captures
        .iter()
        .skip(1)
        .map(|group| group.map_or(Value::Null(Type::String), |group| Value::from(group.as_str())));
    match ty {
        Type::Tuple(_) => Value::tuple(groups),
        Type::Object(_) => {
            let names = compiled.names.iter().map(|name| name.as_deref().unwrap_or_default());
            Value::object(names.zip(groups))
        }
        _ => Value::from(captures.get(0).map_or("", |whole| whole.as_str())),
    }
}

fn regex(_: &FunctionContext<'_>, arguments: &[Value]) -> Outcome {
    let (compiled, ty) = pattern(arguments)?;
    let captures = compiled
        .regex
        .captures(text(arguments, 1))
        .ok_or_else(|| FunctionError::new("pattern did not match any part of the given string"))?;
    Ok(value_of(&compiled, &captures, &ty))
}

fn regexall(_: &FunctionContext<'_>, arguments: &[Value]) -> Outcome {
    let (compiled, ty) = pattern(arguments)?;
    let matches = compiled
        .regex
        .captures_iter(text(arguments, 1))
        .map(|captures| value_of(&compiled, &captures, &ty))
        .collect();
    Ok(Value::list(ty, matches))
}

fn replace(_: &FunctionContext<'_>, arguments: &[Value]) -> Outcome {
    let (str, wanted, by) = (text(arguments, 0), text(arguments, 1), text(arguments, 2));
    let Some(pattern) = wanted.strip_prefix('/').and_then(|rest| rest.strip_suffix('/')) else {
        return Ok(Value::string(str.replace(wanted, by)));
    };
    let compiled = compiled(pattern).map_err(|error| {
        FunctionError::new(format!("error parsing regexp: {}", error.in_ticks()))
    })?;
    let replaced = compiled
        .regex
        .replace_all(str, |captures: &Captures<'_>| expand::expand(by, captures, &compiled.names));
    Ok(Value::string(replaced.into_owned()))
}

//! `file`, `fileset`, `templatefile` and the path functions. Reads through [`crate::Files`] only;
//! relative paths are relative to the context's base directory.

mod glob;
mod path;
mod template;
#[cfg(test)]
mod tests;

use kprov_core::{Type, Value};

use super::arguments::{gives_bool, string, string_to_string, text};
use super::encoding::base64;
use super::redact::data;
use super::{Function, FunctionContext, FunctionError, Parameter};
use crate::{FileError, FileKind};

type Outcome = Result<Value, FunctionError>;

pub(super) fn functions() -> Vec<Function> {
    vec![
        string_to_string("abspath", "path", "Makes a path absolute.", abspath),
        string_to_string("basename", "path", "Gives the last part of a path.", |_, a| {
            Ok(Value::string(path::base(text(a, 0))))
        }),
        string_to_string("dirname", "path", "Takes the last part off a path.", |_, a| {
            Ok(Value::string(path::directory(text(a, 0))))
        }),
        string_to_string("file", "path", "Gives the content of a file, which must be UTF-8.", file),
        string_to_string(
            "filebase64",
            "path",
            "Gives the content of a file as Base64.",
            filebase64,
        ),
        Function::new(
            "fileexists",
            "Tells whether a file exists at a path.",
            gives_bool,
            fileexists,
        )
        .with(string("path")),
        Function::new(
            "fileset",
            "Gives the names of the files below a directory that match a pattern.",
            |_| Ok(Type::set(Type::String)),
            fileset,
        )
        .with(string("path"))
        .with(string("pattern")),
        string_to_string(
            "pathexpand",
            "path",
            "Puts the home directory in place of a leading tilde.",
            pathexpand,
        ),
        Function::new(
            "templatefile",
            "Renders the template in a file with the given variables.",
            |_| Ok(Type::Dynamic),
            template::templatefile,
        )
        .with(string("path"))
        .with(Parameter::new("vars", Type::Dynamic))
        .nullable(),
    ]
}

/// Where the file functions look for `given`.
fn located(context: &FunctionContext<'_>, given: &str) -> Result<String, FunctionError> {
    let expanded = expanded(context, given)
        .map_err(|reason| FunctionError::new(format!("failed to expand ~: {reason}")))?;
    Ok(path::clean(&path::join(context.base_dir, &expanded)))
}

fn expanded(context: &FunctionContext<'_>, given: &str) -> Result<String, &'static str> {
    match given.strip_prefix('~') {
        None => Ok(given.to_owned()),
        Some(rest) if rest.is_empty() || rest.starts_with('/') => {
            let home = context.files.home_dir().ok_or("the home directory is not known")?;
            Ok(if rest.is_empty() { home } else { path::clean(&format!("{home}{rest}")) })
        }
        Some(_) => Err("cannot expand user-specific home dir"),
    }
}

/// Reads for `file`, `filebase64`, `templatefile`: argument 0 is at fault.
fn read(context: &FunctionContext<'_>, given: &str) -> Result<(String, Vec<u8>), FunctionError> {
    let path = located(context, given)?;
    match context.files.read(&path) {
        Ok(content) => Ok((path, content)),
        Err(FileError::NotFound { .. }) => Err(FunctionError::argument(
            0,
            format!(
                "no file exists at {given:?}; this function works only with files that are \
                 distributed as part of the configuration source code, so if this file will be \
                 created by a resource in this configuration you must instead obtain this result \
                 from an attribute of that resource"
            ),
        )),
        Err(FileError::Failed { reason, .. }) => Err(FunctionError::argument(
            0,
            format!("failed to read file: read {}: {reason}", data(path)),
        )),
    }
}

/// Reads for the hash functions, whose messages are shorter.
pub(super) fn read_for_hash(
    context: &FunctionContext<'_>,
    given: &str,
) -> Result<Vec<u8>, FunctionError> {
    let path = located(context, given)?;
    context.files.read(&path).map_err(|error| {
        FunctionError::new(match error {
            FileError::NotFound { .. } => {
                format!("open {}: no such file or directory", data(path))
            }
            FileError::Failed { reason, .. } => format!("read {}: {reason}", data(path)),
        })
    })
}

/// Reads text for `file` and `templatefile`.
pub(super) fn read_text(
    context: &FunctionContext<'_>,
    given: &str,
) -> Result<(String, String), FunctionError> {
    let (path, content) = read(context, given)?;
    let content = String::from_utf8(content).map_err(|_| {
        FunctionError::new(format!(
            "contents of {given:?} are not valid UTF-8; use the filebase64 function to obtain the \
             Base64 encoded contents or the other file functions (e.g. filemd5, filesha256) to \
             obtain file hashing results instead"
        ))
    })?;
    Ok((path, content))
}

fn file(context: &FunctionContext<'_>, arguments: &[Value]) -> Outcome {
    read_text(context, text(arguments, 0)).map(|(_, content)| Value::string(content))
}

fn filebase64(context: &FunctionContext<'_>, arguments: &[Value]) -> Outcome {
    let (_, content) = read(context, text(arguments, 0))?;
    Ok(Value::string(base64(&content)))
}

fn fileexists(context: &FunctionContext<'_>, arguments: &[Value]) -> Outcome {
    let path = located(context, text(arguments, 0))?;
    match context.files.kind(&path) {
        Ok(Some(FileKind::File)) => Ok(Value::Bool(true)),
        Ok(None) => Ok(Value::Bool(false)),
        Ok(Some(FileKind::Directory)) => {
            Err(FunctionError::new(format!("{path:?} is a directory, not a file")))
        }
        Ok(Some(FileKind::Other)) => Err(FunctionError::new(format!(
            "{path:?} is neither a file nor a directory; the functions that read files need a \
             regular one"
        ))),
        Err(_) => Err(FunctionError::new(format!("failed to stat {path:?}"))),
    }
}

fn fileset(context: &FunctionContext<'_>, arguments: &[Value]) -> Outcome {
    let root = located(context, text(arguments, 0))?;
    let pattern = text(arguments, 1);
    let names = glob::files(context.files, &root, pattern).map_err(|reason| {
        FunctionError::new(format!("failed to glob pattern {pattern:?}: {reason}"))
    })?;
    Ok(Value::set(Type::String, names.into_iter().map(Value::string).collect()))
}

fn pathexpand(context: &FunctionContext<'_>, arguments: &[Value]) -> Outcome {
    expanded(context, text(arguments, 0)).map(Value::string).map_err(FunctionError::new)
}

fn abspath(context: &FunctionContext<'_>, arguments: &[Value]) -> Outcome {
    let joined = path::join(&context.files.current_dir(), text(arguments, 0));
    Ok(Value::string(path::clean(&joined)))
}

//! Functions over text. What counts characters counts grapheme clusters; what cuts or trims works
//! on code points, as Go's `strings` package does.

mod case;
#[cfg(test)]
mod tests;

use kprov_core::{Type, Value};
use unicode_segmentation::UnicodeSegmentation;

use super::arguments::{gives_bool, gives_string, number, string, string_to_string, text, whole};
use super::{Function, FunctionContext, FunctionError, Parameter};

type Outcome = Result<Value, FunctionError>;

/// Longest text that `indent` makes, so that a typo does not eat the memory.
const INDENT_MAX: usize = 1 << 30;

pub(super) fn functions() -> Vec<Function> {
    let mut all = vec![
        Function::new(
            "indent",
            "Puts the given number of spaces before every line but the first.",
            gives_string,
            indent,
        )
        .with(number("spaces"))
        .with(string("str")),
        Function::new(
            "join",
            "Makes one string of all elements of the given lists, with the separator between them.",
            gives_string,
            join,
        )
        .with(string("separator"))
        .with_rest(Parameter::new("lists", Type::list(Type::String))),
        Function::new(
            "split",
            "Cuts a string wherever the separator occurs, and gives the pieces as a list.",
            |_| Ok(Type::list(Type::String)),
            split,
        )
        .with(string("separator"))
        .with(string("str")),
        Function::new(
            "substr",
            "Gives the part of a string that begins at an offset and has a given length, both \
             counted in characters.",
            gives_string,
            substr,
        )
        .with(string("str"))
        .with(number("offset"))
        .with(number("length")),
    ];
    all.extend(of_one_string());
    all.extend(of_two_strings());
    all
}

fn of_one_string() -> [Function; 6] {
    [
        string_to_string("chomp", "str", "Takes line breaks off the end of a string.", |_, a| {
            Ok(Value::from(text(a, 0).trim_end_matches(['\r', '\n'])))
        }),
        string_to_string("lower", "str", "Makes all letters lower case.", |_, a| {
            Ok(Value::string(text(a, 0).chars().map(case::lower).collect::<String>()))
        }),
        string_to_string("upper", "str", "Makes all letters upper case.", |_, a| {
            Ok(Value::string(text(a, 0).chars().map(case::upper).collect::<String>()))
        }),
        string_to_string(
            "title",
            "str",
            "Makes the first letter of each word upper case.",
            |_, a| Ok(Value::string(case::title(text(a, 0)))),
        ),
        string_to_string(
            "strrev",
            "str",
            "Puts the characters of a string in reverse order.",
            |_, a| Ok(Value::string(text(a, 0).graphemes(true).rev().collect::<String>())),
        ),
        string_to_string(
            "trimspace",
            "str",
            "Takes white space off both ends of a string.",
            |_, a| Ok(Value::from(text(a, 0).trim())),
        ),
    ]
}

/// What is known of the beginning of an unknown string may be enough; a prefix longer than that
/// stays undecided even where it differs, as in Terraform.
fn starts_with(subject: &Value, prefix: &str) -> Value {
    let beginning = match subject {
        Value::Unknown(unknown) => unknown.refinements().prefix.as_deref().unwrap_or_default(),
        known => return Value::Bool(known.as_str().unwrap_or_default().starts_with(prefix)),
    };
    match prefix.len() <= beginning.len() {
        true => Value::Bool(beginning.starts_with(prefix)),
        false => Value::unknown(Type::Bool),
    }
}

fn of_two_strings() -> [Function; 6] {
    let two = |name, second, description, returns, call| {
        Function::new(name, description, returns, call).with(string("str")).with(string(second))
    };
    [
        two(
            "endswith",
            "suffix",
            "Tells whether a string ends with another.",
            gives_bool,
            |_, a| Ok(Value::Bool(text(a, 0).ends_with(text(a, 1)))),
        ),
        Function::new(
            "startswith",
            "Tells whether a string begins with another.",
            gives_bool,
            |_, a| Ok(starts_with(&a[0], text(a, 1))),
        )
        .with(string("str").unknown())
        .with(string("prefix")),
        two(
            "strcontains",
            "substr",
            "Tells whether a string contains another.",
            gives_bool,
            |_, a| Ok(Value::Bool(text(a, 0).contains(text(a, 1)))),
        ),
        two(
            "trim",
            "cutset",
            "Takes all characters of a set off both ends of a string.",
            gives_string,
            |_, a| Ok(Value::from(text(a, 0).trim_matches(|c| text(a, 1).contains(c)))),
        ),
        two(
            "trimprefix",
            "prefix",
            "Takes a prefix off a string, if it is there.",
            gives_string,
            |_, a| {
                let str = text(a, 0);
                Ok(Value::from(str.strip_prefix(text(a, 1)).unwrap_or(str)))
            },
        ),
        two(
            "trimsuffix",
            "suffix",
            "Takes a suffix off a string, if it is there.",
            gives_string,
            |_, a| {
                let str = text(a, 0);
                Ok(Value::from(str.strip_suffix(text(a, 1)).unwrap_or(str)))
            },
        ),
    ]
}

fn indent(_: &FunctionContext<'_>, arguments: &[Value]) -> Outcome {
    let spaces = usize::try_from(whole(arguments, 0)?)
        .map_err(|_| FunctionError::argument(0, "the number of spaces must not be negative"))?;
    let str = text(arguments, 1);
    let lines = str.matches('\n').count();
    if lines.saturating_mul(spaces) > INDENT_MAX {
        return Err(FunctionError::argument(0, "the result would be too long"));
    }
    if lines == 0 {
        return Ok(Value::from(str));
    }
    Ok(Value::string(str.replace('\n', &format!("\n{}", " ".repeat(spaces)))))
}

fn join(_: &FunctionContext<'_>, arguments: &[Value]) -> Outcome {
    let separator = text(arguments, 0);
    let lists = &arguments[1..];
    if lists.is_empty() {
        return Err(FunctionError::new("at least one list is required"));
    }
    if !lists.iter().all(Value::is_wholly_known) {
        return Ok(Value::unknown(Type::String));
    }
    let mut items: Vec<&str> = Vec::new();
    for (list_index, list) in lists.iter().enumerate() {
        for (index, item) in list.as_items().unwrap_or_default().iter().enumerate() {
            let Some(item) = item.as_str() else {
                let which = if lists.len() > 1 {
                    format!("element {index} of list {}", list_index + 1)
                } else {
                    format!("element {index}")
                };
                return Err(FunctionError::argument(
                    list_index + 1,
                    format!("{which} is null; cannot concatenate null values"),
                ));
            };
            items.push(item);
        }
    }
    Ok(Value::string(items.join(separator)))
}

fn split(_: &FunctionContext<'_>, arguments: &[Value]) -> Outcome {
    let (separator, str) = (text(arguments, 0), text(arguments, 1));
    let pieces: Vec<Value> = if separator.is_empty() {
        str.chars().map(|c| Value::string(String::from(c))).collect()
    } else {
        str.split(separator).map(Value::from).collect()
    };
    Ok(Value::list(Type::String, pieces))
}

fn substr(_: &FunctionContext<'_>, arguments: &[Value]) -> Outcome {
    let str = text(arguments, 0);
    let (offset, length) = (whole(arguments, 1)?, whole(arguments, 2)?);
    // Only for an offset from the start does length 0 mean nothing; from the end it means the rest,
    // as does any negative length.
    if offset >= 0 && length == 0 {
        return Ok(Value::from(""));
    }
    let offset = if offset < 0 {
        let count = i64::try_from(str.graphemes(true).count()).unwrap_or(i64::MAX);
        offset.saturating_add(count).max(0)
    } else {
        offset
    };
    let mut starts = str.grapheme_indices(true).map(|(at, _)| at);
    let from = usize::try_from(offset).ok().and_then(|skip| starts.nth(skip)).unwrap_or(str.len());
    let rest = &str[from..];
    let to = match usize::try_from(length) {
        Ok(take) if take > 0 => rest.grapheme_indices(true).nth(take).map(|(at, _)| at),
        _ => None,
    };
    Ok(Value::from(&rest[..to.unwrap_or(rest.len())]))
}

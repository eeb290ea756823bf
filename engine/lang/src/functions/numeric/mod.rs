//! Functions of numbers. `log` and `pow` go through `f64`, as Terraform's do.

#[cfg(test)]
mod tests;

use kprov_core::{Number, Type, Value};

use super::items::whole;
use super::{Code, Function, FunctionContext, FunctionError, Parameter, Returns};

pub(super) fn functions() -> Vec<Function> {
    const NUMBER: Returns = |_| Ok(Type::Number);
    let number = |name| Parameter::new(name, Type::Number);
    let one = |name, description, call: Code| {
        Function::new(name, description, NUMBER, call).with(number("num"))
    };
    let two =
        |name, description, second, call: Code| one(name, description, call).with(number(second));
    let many = |name, description, call: Code| {
        Function::new(name, description, NUMBER, call).with_rest(number("numbers").dynamic())
    };
    vec![
        Function::new("abs", "Takes the minus sign off a number.", NUMBER, |_, arguments| {
            Ok(Value::Number(first(arguments)?.abs()))
        })
        .with(number("num").dynamic()),
        one("ceil", "Rounds a number up.", |_, arguments| {
            Ok(Value::Number(first(arguments)?.ceil()))
        }),
        one("floor", "Rounds a number down.", |_, arguments| {
            Ok(Value::Number(first(arguments)?.floor()))
        }),
        two("log", "Gives the logarithm of a number.", "base", log),
        many("max", "Gives the greatest of several numbers.", |_, arguments| {
            extreme(arguments, |number, best| number > best)
        }),
        many("min", "Gives the least of several numbers.", |_, arguments| {
            extreme(arguments, |number, best| number < best)
        }),
        Function::new("parseint", "Reads a whole number in a base.", parseint_type, parseint)
            .with(Parameter::new("number", Type::Dynamic))
            .with(number("base")),
        two("pow", "Raises a number to a power.", "power", pow),
        one("signum", "Gives the sign of a number: -1, 0 or 1.", signum),
    ]
}

/// The first argument; the parameters' types guarantee that it is a number.
fn first(arguments: &[Value]) -> Result<&Number, FunctionError> {
    at(arguments, 0)
}

fn at(arguments: &[Value], index: usize) -> Result<&Number, FunctionError> {
    arguments
        .get(index)
        .and_then(Value::as_number)
        .ok_or_else(|| FunctionError::argument(index, "a number is required"))
}

fn extreme(
    arguments: &[Value],
    beats: impl Fn(&Number, &Number) -> bool,
) -> Result<Value, FunctionError> {
    let mut best: Option<&Number> = None;
    for index in 0..arguments.len() {
        let number = at(arguments, index)?;
        if best.is_none_or(|best| beats(number, best)) {
            best = Some(number);
        }
    }
    best.map(|best| Value::Number(best.clone()))
        .ok_or_else(|| FunctionError::new("must pass at least one number"))
}

fn log(_: &FunctionContext<'_>, arguments: &[Value]) -> Result<Value, FunctionError> {
    real(first(arguments)?.log(at(arguments, 1)?))
}

fn pow(_: &FunctionContext<'_>, arguments: &[Value]) -> Result<Value, FunctionError> {
    real(first(arguments)?.pow(at(arguments, 1)?))
}

/// Terraform crashes where there is no result, and tells the user so.
fn real<E>(result: Result<Number, E>) -> Result<Value, FunctionError> {
    result.map(Value::Number).map_err(|_| FunctionError::new("the result is not a real number"))
}

/// Terraform reads the number as a machine integer first, so 0.5 has no sign.
fn signum(_: &FunctionContext<'_>, arguments: &[Value]) -> Result<Value, FunctionError> {
    let number = whole(&arguments[0]).map_err(FunctionError::new)?;
    Ok(Value::int(number.signum()))
}

fn parseint_type(arguments: &[Value]) -> Result<Type, FunctionError> {
    match arguments[0].ty() {
        Type::String => Ok(Type::Number),
        ty => {
            let name = ty.friendly_name();
            let message = format!("first argument must be a string, not {name}");
            Err(FunctionError::argument(0, message))
        }
    }
}

fn parseint(_: &FunctionContext<'_>, arguments: &[Value]) -> Result<Value, FunctionError> {
    parseint_type(arguments)?;
    let text = arguments[0].as_str().unwrap_or_default();
    let base = whole(&arguments[1]).map_err(|why| FunctionError::argument(1, why))?;
    let Some(base) = u32::try_from(base).ok().filter(|base| (2..=62).contains(base)) else {
        let message = "base must be a whole number between 2 and 62 inclusive";
        return Err(FunctionError::argument(1, message));
    };
    Number::parse_base(text, base).map(Value::Number).map_err(|_| {
        FunctionError::argument(0, format!("cannot parse {text:?} as a base {base} integer"))
    })
}

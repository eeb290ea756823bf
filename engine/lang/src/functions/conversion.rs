//! `tobool`, `tolist`, `tomap`, `tonumber`, `toset`, `tostring`.

use kprov_core::value::{can_convert, conforms, convert};
use kprov_core::{Marks, Type, Value};

use super::{Function, FunctionError, Parameter};

pub(super) fn functions() -> Vec<Function> {
    let conversion = |name, description, returns, call| {
        Function::new(name, description, returns, call)
            .with(Parameter::new("v", Type::Dynamic).null().unknown().dynamic().marked())
            .nullable()
    };
    vec![
        conversion(
            "tobool",
            "Converts to a bool.",
            |arguments| checked(arguments, Type::Bool),
            |_, arguments| converted(arguments, Type::Bool),
        ),
        conversion(
            "tolist",
            "Converts to a list.",
            |arguments| checked(arguments, Type::list(Type::Dynamic)),
            |_, arguments| converted(arguments, Type::list(Type::Dynamic)),
        ),
        conversion(
            "tomap",
            "Converts to a map.",
            |arguments| checked(arguments, Type::map(Type::Dynamic)),
            |_, arguments| converted(arguments, Type::map(Type::Dynamic)),
        ),
        conversion(
            "tonumber",
            "Converts to a number.",
            |arguments| checked(arguments, Type::Number),
            |_, arguments| converted(arguments, Type::Number),
        ),
        conversion(
            "toset",
            "Converts to a set.",
            |arguments| checked(arguments, Type::set(Type::Dynamic)),
            |_, arguments| converted(arguments, Type::set(Type::Dynamic)),
        ),
        conversion(
            "tostring",
            "Converts to a string.",
            |arguments| checked(arguments, Type::String),
            |_, arguments| converted(arguments, Type::String),
        ),
    ]
}

/// `wanted`, if values of the argument's type may convert to it.
fn checked(arguments: &[Value], wanted: Type) -> Result<Type, FunctionError> {
    let given = arguments[0].ty();
    if conforms(&given, &wanted) || can_convert(&given, &wanted) {
        return Ok(wanted);
    }
    Err(refused("", &given, &wanted))
}

fn converted(arguments: &[Value], wanted: Type) -> Result<Value, FunctionError> {
    let wanted = checked(arguments, wanted)?;
    if !arguments[0].is_known() {
        // Like Terraform, forgets what else was known of the value.
        let ty = convert(&arguments[0], &wanted).map_or(wanted, |value| value.ty());
        return Ok(Value::unknown(ty).with_marks(arguments[0].marks()));
    }
    convert(&arguments[0], &wanted).map_err(|_| {
        let (value, marks) = arguments[0].clone().unmark_deep();
        let given = value.ty();
        match (value.as_str(), &wanted) {
            _ if marks.contains(Marks::SENSITIVE) => refused("this sensitive ", &given, &wanted),
            (Some(text), Type::Bool) => FunctionError::argument(
                0,
                format!(
                    "cannot convert {text:?} to bool; only the strings \"true\" or \"false\" are \
                     allowed"
                ),
            ),
            (Some(text), Type::Number) => FunctionError::argument(
                0,
                format!(
                    "cannot convert {text:?} to number; given string must be a decimal \
                     representation of a number"
                ),
            ),
            _ => refused("", &given, &wanted),
        }
    })
}

fn refused(which: &str, given: &Type, wanted: &Type) -> FunctionError {
    let wanted = match wanted {
        Type::List(_) => "list of any single type".to_owned(),
        Type::Map(_) => "map of any single type".to_owned(),
        Type::Set(_) => "set of any single type".to_owned(),
        ty => ty.friendly_name(),
    };
    let given = given.friendly_name();
    FunctionError::argument(0, format!("cannot convert {which}{given} to {wanted}"))
}

#[cfg(test)]
mod tests {
    use kprov_core::Refinements;

    use super::*;
    use crate::functions::checks::{fails, gives, number, text};

    #[test]
    fn conversions() {
        gives("tonumber", &[text("-5.50")], number("-5.5"));
        gives("tostring", &[number("1000")], text("1000"));
        gives("tobool", &[text("1")], Value::Bool(true));
        gives("tobool", &[Value::NULL], Value::Null(Type::Bool));
        gives(
            "tolist",
            &[Value::tuple([number("1"), text("a")])],
            Value::list(Type::String, vec![text("1"), text("a")]),
        );
        gives(
            "toset",
            &[Value::tuple([text("b"), text("a"), text("b")])],
            Value::set(Type::String, vec![text("a"), text("b")]),
        );
        let secret = text("a").with_marks(Marks::SENSITIVE);
        let later = Value::refined(Type::String, Refinements::not_null());
        gives("tostring", &[later], Value::unknown(Type::String));
        gives("tostring", std::slice::from_ref(&secret), secret.clone());
    }

    #[test]
    fn refusals() {
        let refused = |name: &str, value: Value, expect: &str| {
            fails(name, &[value], Some(0), expect);
        };
        refused(
            "tonumber",
            text("x"),
            "cannot convert \"x\" to number; given string must be a decimal representation of a \
             number",
        );
        refused(
            "tobool",
            text("TRUE"),
            "cannot convert \"TRUE\" to bool; only the strings \"true\" or \"false\" are allowed",
        );
        refused("tonumber", Value::Bool(true), "cannot convert bool to number");
        refused("tolist", number("5"), "cannot convert number to list of any single type");
        refused("tomap", Value::tuple([]), "cannot convert tuple to map of any single type");
        refused(
            "tonumber",
            text("secret").with_marks(Marks::SENSITIVE),
            "cannot convert this sensitive string to number",
        );
    }
}

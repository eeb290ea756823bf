//! `sensitive`, `nonsensitive`, `issensitive`, `ephemeralasnull`.

use kprov_core::value::transform;
use kprov_core::{Marks, Type, Value};

use super::{Function, FunctionContext, FunctionError, Parameter};

pub(super) fn functions() -> Vec<Function> {
    let any = || Parameter::new("value", Type::Dynamic).null().unknown().dynamic().marked();
    let same_type = |arguments: &[Value]| Ok(arguments[0].ty());
    vec![
        Function::new(
            "ephemeralasnull",
            "Gives the value with null in place of all that is ephemeral.",
            same_type,
            ephemeralasnull,
        )
        .with(any())
        .nullable(),
        Function::new(
            "issensitive",
            "Tells whether a value is sensitive.",
            |_| Ok(Type::Bool),
            issensitive,
        )
        .with(any())
        .nullable(),
        Function::new(
            "nonsensitive",
            "Gives the value as one that may be shown.",
            same_type,
            nonsensitive,
        )
        .with(any())
        .nullable(),
        Function::new(
            "sensitive",
            "Gives the value as one that must not be shown.",
            same_type,
            sensitive,
        )
        .with(any())
        .nullable(),
    ]
}

fn sensitive(_: &FunctionContext<'_>, arguments: &[Value]) -> Result<Value, FunctionError> {
    Ok(arguments[0].clone().with_marks(Marks::SENSITIVE))
}

fn nonsensitive(_: &FunctionContext<'_>, arguments: &[Value]) -> Result<Value, FunctionError> {
    let (value, marks) = arguments[0].clone().unmark();
    Ok(value.with_marks(marks.without(Marks::SENSITIVE)))
}

fn issensitive(_: &FunctionContext<'_>, arguments: &[Value]) -> Result<Value, FunctionError> {
    let value = &arguments[0];
    Ok(if value.marks().contains(Marks::SENSITIVE) {
        Value::Bool(true)
    } else if value.is_known() {
        Value::Bool(false)
    } else {
        // It may turn out to be, say if a provider's schema says so.
        Value::unknown(Type::Bool)
    })
}

fn ephemeralasnull(_: &FunctionContext<'_>, arguments: &[Value]) -> Result<Value, FunctionError> {
    let result = transform(&arguments[0], &mut |_, part| {
        let marks = part.marks();
        if !marks.contains(Marks::EPHEMERAL) {
            return part;
        }
        // An unknown part stays unknown, without refinements that null would break: its type may
        // become more precise.
        let bare = if part.is_known() { Value::Null(part.ty()) } else { Value::unknown(part.ty()) };
        bare.with_marks(marks.without(Marks::EPHEMERAL))
    });
    Ok(result)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::functions::checks::{gives, text};

    #[test]
    fn sensitivity() {
        let secret = || text("a").with_marks(Marks::SENSITIVE);
        gives("sensitive", &[text("a")], secret());
        gives("nonsensitive", &[secret()], text("a"));
        gives("issensitive", &[secret()], Value::Bool(true));
        gives("issensitive", &[Value::tuple([secret()])], Value::Bool(false));
        gives("nonsensitive", &[Value::tuple([secret()])], Value::tuple([secret()]));
        let both = secret().with_marks(Marks::EPHEMERAL);
        gives("nonsensitive", std::slice::from_ref(&both), text("a").with_marks(Marks::EPHEMERAL));
        gives(
            "ephemeralasnull",
            &[Value::tuple([both, text("b")])],
            Value::tuple([Value::Null(Type::String).with_marks(Marks::SENSITIVE), text("b")]),
        );
    }
}

//! Signatures of `try`, `can` and `templatestring`, which the evaluator handles itself because they
//! want their arguments unevaluated.

use kprov_core::{Type, Value};

use super::{Function, FunctionContext, FunctionError, Parameter};

pub(super) fn functions() -> Vec<Function> {
    let of_type = |name, ty| Parameter::new(name, ty).null().unknown().dynamic().marked();
    let expression = |name| of_type(name, Type::Dynamic);
    vec![
        Function::new(
            "can",
            "Tells whether the given expression evaluates without an error.",
            |_| Ok(Type::Bool),
            unevaluated,
        )
        .with(expression("expression")),
        Function::new(
            "templatestring",
            "Renders the template in the string that the given reference leads to.",
            |_| Ok(Type::String),
            unevaluated,
        )
        .with(of_type("template", Type::String))
        .with(expression("vars")),
        Function::new(
            "try",
            "Gives the result of the first of its argument expressions that evaluates without an error.",
            |_| Ok(Type::Dynamic),
            unevaluated,
        )
        .with_rest(expression("expressions"))
        .nullable(),
    ]
}

fn unevaluated(_: &FunctionContext<'_>, _: &[Value]) -> Result<Value, FunctionError> {
    Err(FunctionError::new("this function can only be called from an expression"))
}

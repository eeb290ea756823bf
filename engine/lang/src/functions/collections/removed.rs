//! `list` and `map`, gone since Terraform 0.12: they exist only to say what to write instead.

use kprov_core::{Type, Value};

use crate::functions::{Function, FunctionContext, FunctionError, Parameter};

pub(super) fn functions() -> Vec<Function> {
    let any = || Parameter::new("vals", Type::Dynamic).null().unknown().dynamic();
    vec![
        Function::new("list", "Use tolist([ ... ]) instead.", |_| Err(no_list()), list)
            .with_rest(any()),
        Function::new("map", "Use tomap({ ... }) instead.", |_| Err(no_map()), map)
            .with_rest(any()),
    ]
}

fn list(_: &FunctionContext<'_>, _: &[Value]) -> Result<Value, FunctionError> {
    Err(no_list())
}

fn map(_: &FunctionContext<'_>, _: &[Value]) -> Result<Value, FunctionError> {
    Err(no_map())
}

fn no_list() -> FunctionError {
    FunctionError::new(
        "the \"list\" function was deprecated in Terraform v0.12 and is no longer available; use \
         tolist([ ... ]) syntax to write a literal list",
    )
}

fn no_map() -> FunctionError {
    FunctionError::new(
        "the \"map\" function was deprecated in Terraform v0.12 and is no longer available; use \
         tomap({ ... }) syntax to write a literal map",
    )
}

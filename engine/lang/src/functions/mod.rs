//! The 118 functions of Terraform 1.11, as pure code over [`Value`]s.
//!
//! A function sees evaluated arguments, converted to its parameters' types. Unknown and marked
//! arguments are dealt with here once for all, by what each parameter says it accepts, so that most
//! functions see known, unmarked, non-null values only. `try`, `can` and `templatestring` want
//! unevaluated arguments and live in the evaluator.

use std::fmt;

use kprov_core::{Host, Value};

use crate::Files;

/// What functions may reach beyond their arguments.
pub struct FunctionContext<'a> {
    /// Clock (`timestamp`), randomness (`uuid`, `bcrypt`).
    pub host: &'a dyn Host,
    /// `file`, `templatefile`, `fileset` ...
    pub files: &'a dyn Files,
    /// What relative paths are relative to: the working directory as text, "." usually.
    pub base_dir: &'a str,
    /// During a plan `timestamp()`, `uuid()` and `bcrypt()` are unknown; in apply and console not.
    pub pure_only: bool,
    /// `plantimestamp()`, RFC 3339; `None` while validating (unknown).
    pub plan_timestamp: Option<&'a str>,
}

impl fmt::Debug for FunctionContext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FunctionContext").field("base_dir", &self.base_dir).finish_non_exhaustive()
    }
}

/// Why a call failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct FunctionError {
    /// Which argument is at fault, from 0; `None`: the call as a whole.
    pub argument: Option<usize>,
    /// In Terraform's words, without the secret parts of the arguments.
    pub message: String,
}

/// One parameter of a function.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// As Terraform documents it.
    pub name: &'static str,
    /// What arguments are converted to.
    pub ty: kprov_core::Type,
    /// Is null passed to the function? Else it is an error.
    pub allow_null: bool,
    /// Is an unknown value passed on? Else the result is unknown.
    pub allow_unknown: bool,
    /// Are marks passed on? Else they are taken off and put onto the result.
    pub allow_marked: bool,
}

/// A function's signature and code.
pub struct Function {
    /// `upper`
    pub name: &'static str,
    /// One sentence, for `metadata functions`.
    pub description: &'static str,
    /// Positional parameters.
    pub parameters: Vec<Parameter>,
    /// Takes any number more of these.
    pub variadic: Option<Parameter>,
    /// Type of the result for known argument types, where it can be told; `Dynamic` otherwise.
    pub returns: fn(&[Value]) -> Result<kprov_core::Type, FunctionError>,
    /// The function itself.
    pub call: fn(&FunctionContext<'_>, &[Value]) -> Result<Value, FunctionError>,
}

/// Finds a function by name; `core::` in front is accepted.
pub fn lookup(_name: &str) -> Option<&'static Function> {
    todo!()
}

/// All names, sorted, without `core::`.
pub fn names() -> Vec<&'static str> {
    todo!()
}

/// Converts the arguments, deals with null, unknown and marks, and calls.
///
/// # Errors
/// Wrong number or type of arguments, or what the function says.
pub fn call(
    _function: &Function,
    _context: &FunctionContext<'_>,
    _arguments: &[Value],
) -> Result<Value, FunctionError> {
    todo!()
}

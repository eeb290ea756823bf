//! The 118 functions of Terraform 1.11, as pure code over [`Value`]s.
//!
//! A function sees evaluated arguments, converted to its parameters' types. Unknown and marked
//! arguments are dealt with in [`call`] once for all, by what each parameter says it accepts, so
//! that most functions see known, unmarked, non-null values only. `try`, `can` and `templatestring`
//! want unevaluated arguments and live in the evaluator; the table only has their signatures.
//!
//! Error messages put what comes from an argument between double quotes (`{:?}`), never bare: that
//! is how [`call`] can take it out again when an argument is sensitive.

mod arguments;
mod by_set_order;
mod call;
#[cfg(test)]
mod checks;
mod cidr;
mod collections;
mod conversion;
mod crypto;
mod csv;
mod datetime;
mod encoding;
mod filesystem;
mod format;
mod items;
mod json;
mod numeric;
mod redact;
mod regex;
mod registry;
mod sensitivity;
mod signature;
mod special;
mod string;
mod terraform;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod uuid;
mod yaml;

pub use call::{ArityError, call, check_arity};
pub use registry::{lookup, names};
pub use signature::{Signature, signature};
pub use terraform::builtin_provider_function;

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
    /// May the type be unknown and the result's type still be told? Else the result is an unknown
    /// of unknown type.
    pub allow_dynamic: bool,
    /// Are marks passed on? Else they are taken off and put onto the result.
    pub allow_marked: bool,
}

impl Parameter {
    /// A parameter that accepts known, unmarked, non-null values only, as most do.
    pub fn new(name: &'static str, ty: kprov_core::Type) -> Parameter {
        Parameter {
            name,
            ty,
            allow_null: false,
            allow_unknown: false,
            allow_dynamic: false,
            allow_marked: false,
        }
    }

    /// Passes null on.
    #[must_use]
    pub fn null(mut self) -> Parameter {
        self.allow_null = true;
        self
    }

    /// Passes unknown values on.
    #[must_use]
    pub fn unknown(mut self) -> Parameter {
        self.allow_unknown = true;
        self
    }

    /// Lets the result's type be told though this argument's is not known.
    #[must_use]
    pub fn dynamic(mut self) -> Parameter {
        self.allow_dynamic = true;
        self
    }

    /// Passes marks on.
    #[must_use]
    pub fn marked(mut self) -> Parameter {
        self.allow_marked = true;
        self
    }
}

/// Tells the type of the result from arguments that may be unknown.
pub type Returns = fn(&[Value]) -> Result<kprov_core::Type, FunctionError>;

/// A function's code.
pub type Code = fn(&FunctionContext<'_>, &[Value]) -> Result<Value, FunctionError>;

/// A function's signature and code.
#[derive(Debug)]
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
    /// Asked only where the result will be unknown, so `call` must check everything itself.
    pub returns: Returns,
    /// Is the result never null (said of unknown results)?
    pub not_null: bool,
    /// The function itself.
    pub call: Code,
}

impl Function {
    /// A function without parameters, whose result is never null.
    pub fn new(
        name: &'static str,
        description: &'static str,
        returns: Returns,
        call: Code,
    ) -> Function {
        Function {
            name,
            description,
            parameters: Vec::new(),
            variadic: None,
            returns,
            not_null: true,
            call,
        }
    }

    /// Adds a positional parameter.
    #[must_use]
    pub fn with(mut self, parameter: Parameter) -> Function {
        self.parameters.push(parameter);
        self
    }

    /// Takes any number more of these.
    #[must_use]
    pub fn with_rest(mut self, parameter: Parameter) -> Function {
        self.variadic = Some(parameter);
        self
    }

    /// The result may be null.
    #[must_use]
    pub fn nullable(mut self) -> Function {
        self.not_null = false;
        self
    }

    /// The parameter that the argument at `index` is for.
    pub fn parameter(&self, index: usize) -> Option<&Parameter> {
        self.parameters.get(index).or(self.variadic.as_ref())
    }
}

impl FunctionError {
    /// The call as a whole failed.
    pub fn new(message: impl Into<String>) -> FunctionError {
        FunctionError { argument: None, message: message.into() }
    }

    /// The argument at `index` is at fault.
    pub fn argument(index: usize, message: impl Into<String>) -> FunctionError {
        FunctionError { argument: Some(index), message: message.into() }
    }
}

//! The vocabulary that every other room speaks: values, types, addresses, diagnostics.
//!
//! This crate does no I/O, has no async code, reads no clock and makes no random numbers; what is
//! not deterministic comes in through [`Host`]. Everything here is cheap to clone and has one
//! canonical order, so that maps keyed by it are deterministic.

pub mod addr;
pub mod diag;
mod host;
mod number;
mod text;
mod types;
pub mod value;

pub use addr::{
    DeposedKey, InstanceAddr, InstanceKey, ModuleAddr, ModulePath, ObjectAddr, ProviderAddr,
    ProviderConfigAddr, ResourceAddr, ResourceMode, ResourceName,
};
pub use diag::{Diagnostic, Diagnostics, Severity, SourcePos, SourceRange};
pub use host::Host;
pub use number::{ArithmeticError, Number, ParseNumberError};
pub use text::Str;
pub use types::{ObjectType, Type};
pub use value::{Entries, Marks, Path, PathStep, Refinements, Value};

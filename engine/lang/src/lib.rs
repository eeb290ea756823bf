//! The language: source text to configuration, and expressions to values.
//!
//! ```text
//! bytes --syntax--> ast::Body --config--> Module --loader--> ModuleTree
//! ast::Expr --eval (Scope, functions)--> Value
//! ```
//! This crate knows no provider, no state and no plan. It touches no disk: files come through
//! [`Files`], what is not deterministic through [`kprov_core::Host`]. Parsing never stops at the
//! first problem: functions return what could be read, and [`kprov_core::Diagnostics`].

pub mod ast;
pub mod config;
pub mod eval;
mod files;
pub mod functions;
mod source;
pub mod syntax;
pub mod tfvars;

pub use files::{FileError, FileKind, Files};
pub use source::{FileId, SourceMap, Span};

//! Values of root variables: `terraform.tfvars`, `*.auto.tfvars`, `.tfvars.json`, `-var`,
//! `-var-file`, `TF_VAR_*`, in their order of precedence.

use std::collections::BTreeMap;

use kprov_core::{Diagnostics, Host, Str};

use crate::ast::Expr;
use crate::config::Module;
use crate::{Files, SourceMap};

/// Where a variable's value was given; decides how it is read and what errors say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// `TF_VAR_name`
    Environment,
    /// A file: its name.
    File(String),
    /// `-var`
    Argument,
}

/// A value given for a variable, not yet converted to its type.
#[derive(Clone, Debug)]
pub enum Given {
    /// An expression of constants (tfvars files), or a literal.
    Expr(Expr),
    /// A plain value (JSON tfvars).
    Value(kprov_core::Value),
    /// Text from the environment or `-var`: an expression if the variable's type is not primitive,
    /// else the text itself.
    Text(String),
}

/// All values given, the winning one per name.
pub type GivenVariables = BTreeMap<Str, (Given, Origin)>;

/// One `-var 'a=b'` or `-var-file=F`, in the order of the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VariableArgument {
    /// `-var`
    Var(String),
    /// `-var-file`
    File(String),
}

/// Collects everything that is given for the root module in `dir`. Names that no variable has are a
/// warning in files, an error for `-var`, nothing in the environment.
pub fn collect(
    _files: &dyn Files,
    _sources: &SourceMap,
    _host: &dyn Host,
    _dir: &str,
    _root: &Module,
    _arguments: &[VariableArgument],
    _environment_names: &[String],
) -> (GivenVariables, Diagnostics) {
    todo!()
}

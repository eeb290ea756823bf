//! Values of root variables: `terraform.tfvars`, `*.auto.tfvars`, `.tfvars.json`, `-var`,
//! `-var-file`, `TF_VAR_*`, in their order of precedence.

mod convert;
mod file;
#[cfg(test)]
mod tests;

pub use convert::value_of;

use std::collections::BTreeMap;

use kprov_core::{Diagnostic, Diagnostics, Host, Str};

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
    /// Asked for.
    Answer,
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

/// One `-var 'a=b'` or `-var-file=F`, in the order of the command line; or an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VariableArgument {
    /// `-var`
    Var(String),
    /// `-var-file`
    File(String),
    /// What somebody said who was asked for a variable of the root module.
    Answer(Str, String),
}

/// What an environment variable's name begins with to be a value.
const PREFIX: &str = "TF_VAR_";

/// Collects everything that is given for the root module in `dir`. Names that no variable has are a
/// warning in files, an error for `-var`, nothing in the environment.
///
/// Later sources win: environment, `terraform.tfvars`, `terraform.tfvars.json`, `*.auto.tfvars` and
/// `*.auto.tfvars.json` by name, then `-var` and `-var-file` as they stand on the command line.
pub fn collect(
    files: &dyn Files,
    sources: &SourceMap,
    host: &dyn Host,
    dir: &str,
    root: &Module,
    arguments: &[VariableArgument],
    environment_names: &[String],
) -> (GivenVariables, Diagnostics) {
    let mut collector = Collector {
        files,
        sources,
        root,
        given: GivenVariables::new(),
        problems: Diagnostics::new(),
        undeclared: 0,
    };
    for full in environment_names {
        if let Some(name) = full.strip_prefix(PREFIX)
            && root.variables.contains_key(name)
            && let Some(text) = host.env(full)
        {
            collector.given.insert(Str::new(name), (Given::Text(text), Origin::Environment));
        }
    }
    for path in automatic_files(files, dir) {
        collector.file(&path);
    }
    for argument in arguments {
        match argument {
            VariableArgument::Var(text) => collector.argument(text),
            VariableArgument::File(path) => collector.named_file(path),
            VariableArgument::Answer(name, text) => {
                let given = (Given::Text(text.clone()), Origin::Answer);
                collector.given.insert(name.clone(), given);
            }
        }
    }
    collector.summarise_undeclared();
    (collector.given, collector.problems)
}

/// Files that are read without being named, in order. A directory that cannot be listed has none;
/// the module loader tells why.
fn automatic_files(files: &dyn Files, dir: &str) -> Vec<String> {
    let mut names = files.list(dir).unwrap_or_default();
    names.sort();
    let is_auto =
        |name: &&String| name.ends_with(".auto.tfvars") || name.ends_with(".auto.tfvars.json");
    let fixed = ["terraform.tfvars", "terraform.tfvars.json"];
    let first = fixed.into_iter().filter(|name| names.iter().any(|other| other == name));
    let all = first.map(str::to_owned).chain(names.iter().filter(is_auto).cloned());
    all.map(|name| if dir == "." { name } else { format!("{dir}/{name}") }).collect()
}

struct Collector<'a> {
    files: &'a dyn Files,
    sources: &'a SourceMap,
    root: &'a Module,
    given: GivenVariables,
    problems: Diagnostics,
    /// Undeclared names in files so far; only the first are told one by one.
    undeclared: usize,
}

impl Collector<'_> {
    /// `name=value`
    fn argument(&mut self, text: &str) {
        let Some((name, value)) = text.split_once('=') else {
            self.problems.push(Diagnostic::error(
                "Invalid -var option",
                format!(
                    "The given -var option {text:?} is not correctly specified. Must be a variable \
                     name and value separated by an equals sign, like -var=\"key=value\"."
                ),
            ));
            return;
        };
        if name.trim() != name {
            self.problems.push(Diagnostic::error(
                "Invalid -var option",
                format!(
                    "Variable name {name:?} is invalid due to a trailing or leading space. Did you \
                     mean -var=\"{}={}\"?",
                    name.trim(),
                    "..."
                ),
            ));
            return;
        }
        if !self.root.variables.contains_key(name) {
            self.problems.push(Diagnostic::error(
                "Value for undeclared variable",
                format!(
                    "A variable named \"{name}\" was assigned on the command line, but the root \
                     module does not declare a variable of that name. To use this value, add a \
                     \"variable\" block to the configuration."
                ),
            ));
            return;
        }
        self.given.insert(Str::new(name), (Given::Text(value.to_owned()), Origin::Argument));
    }
}

//! Values of the root module's variables: collected, converted and marked.

use std::collections::BTreeMap;

use kprov_core::{Diagnostics, Str, Type, Value};
use kprov_lang::config::{Module, Variable};
use kprov_lang::eval::evaluate_constant;
use kprov_lang::syntax::parse_expr;
use kprov_lang::tfvars::{self, Given, VariableArgument};

use crate::Project;

/// Values of root variables.
#[derive(Debug, Default)]
pub(crate) struct RootVariables {
    /// Converted to the variables' types, and marked.
    pub(crate) values: BTreeMap<Str, Value>,
    /// As they were given: what a plan shows.
    pub(crate) given: BTreeMap<Str, Value>,
}

/// What was given for the root module's variables, by name. Variables that were not given are
/// absent: the planner takes their default or says what is missing.
pub(crate) fn root_variables(
    project: &Project,
    root: &Module,
    arguments: &[VariableArgument],
    environment_names: &[String],
) -> (RootVariables, Diagnostics) {
    let (given, mut problems) = tfvars::collect(
        &*project.files,
        &project.sources,
        &*project.host,
        &project.dir,
        root,
        arguments,
        environment_names,
    );
    let mut all = RootVariables::default();
    for (name, (given, origin)) in given {
        let Some(variable) = root.variables.get(&name) else { continue };
        let value = tfvars::value_of(&project.sources, variable, &given, &origin);
        if let Some(value) = problems.collect(value) {
            if let Some(raw) = as_given(project, variable, &given) {
                all.given.insert(name.clone(), raw);
            }
            all.values.insert(name, value);
        }
    }
    (all, problems)
}

/// Text stays text where the type is primitive; elsewhere it is an expression.
fn as_given(project: &Project, variable: &Variable, given: &Given) -> Option<Value> {
    let constant = |expr| evaluate_constant(expr, &project.sources).ok();
    match given {
        Given::Value(value) => Some(value.clone()),
        Given::Expr(expr) => constant(expr),
        Given::Text(text) => {
            let primitive = matches!(variable.ty.ty, Type::String | Type::Number | Type::Bool);
            if primitive || !variable.typed {
                return Some(Value::string(text.as_str()));
            }
            let file = project.sources.add("<variable>", text.as_str());
            constant(&parse_expr(&project.sources, file).ok()?)
        }
    }
}

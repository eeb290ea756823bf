//! Values of the root module's variables: collected, converted and marked.

use std::collections::BTreeMap;

use kprov_core::{Diagnostics, Str, Value};
use kprov_lang::config::Module;
use kprov_lang::tfvars::{self, VariableArgument};

use crate::Project;

/// What was given for the root module's variables, by name. Variables that were not given are
/// absent: the planner takes their default or says what is missing.
pub(crate) fn root_variables(
    project: &Project,
    root: &Module,
    arguments: &[VariableArgument],
    environment_names: &[String],
) -> (BTreeMap<Str, Value>, Diagnostics) {
    let (given, mut problems) = tfvars::collect(
        &*project.files,
        &project.sources,
        &*project.host,
        &project.dir,
        root,
        arguments,
        environment_names,
    );
    let mut values = BTreeMap::new();
    for (name, (given, origin)) in given {
        let Some(variable) = root.variables.get(&name) else { continue };
        let value = tfvars::value_of(&project.sources, variable, &given, &origin);
        if let Some(value) = problems.collect(value) {
            values.insert(name, value);
        }
    }
    (values, problems)
}

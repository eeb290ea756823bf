//! A saved plan, made ready to be applied: is it still good, and what was it made from?
//!
//! It is looked at twice: [`prepare_saved`] before anything is written, so that a plan that is refused
//! leaves nothing behind, not even an empty state; [`planned_before`] under the lock, when nobody
//! can make it stale any more.

use std::collections::BTreeMap;

use kprov_apply::stored::decode_state;
use kprov_core::{Diagnostic, Diagnostics, ModulePath, Str, Value};
use kprov_lang::config::ModuleTree;
use kprov_plan::PlanOptions;
use kprov_state::State;

use crate::plan::{plan_options, undecodable};
use crate::variables::root_variables;
use crate::{Clients, OpsError, PlanFile, PlanRequest, Planned, Project};

/// What the plan in `file` was made from, if it can be applied by all that is known without a lock.
pub(crate) fn prepare_saved(
    project: &Project,
    file: &PlanFile,
    request: &PlanRequest,
) -> Result<PreparedSaved, OpsError> {
    still_good(project, file, &project.state()?)?;
    let (tree, problems) = file.load(project);
    if problems.has_errors() {
        return Err(problems.into());
    }
    let variables = variables(project, file, &tree, request)?;
    let options = PlanOptions {
        timestamp: file.plan.timestamp.clone(),
        ..plan_options(project, &file.request())?
    };
    Ok(PreparedSaved { tree, variables, options })
}

/// What a saved plan was made from but for the state.
#[derive(Debug)]
pub(crate) struct PreparedSaved {
    tree: ModuleTree,
    variables: BTreeMap<Str, Value>,
    options: PlanOptions,
}

/// The plan in `file` as if it had just been made.
pub(crate) fn planned_before(
    project: &Project,
    file: &PlanFile,
    prepared: PreparedSaved,
) -> Result<Planned, OpsError> {
    let state = project.state()?;
    still_good(project, file, &state)?;
    // As stored: what the plan's refresh found else is in the plan's drift.
    let (previous, errors) = decode_state(&state, &project.registry);
    let problems: Diagnostics = errors.iter().map(undecodable).collect();
    if problems.has_errors() {
        return Err(problems.into());
    }
    let PreparedSaved { tree, variables, options } = prepared;
    Ok(Planned {
        plan: file.plan.clone(),
        tree,
        variables,
        state,
        prior: previous.clone(),
        previous,
        options,
        problems: Diagnostics::new(),
        clients: Clients::new(project.registry.clone(), project.host.clone()),
        rotations: file.rotations.clone(),
        named: file.named.clone(),
    })
}

fn still_good(project: &Project, file: &PlanFile, state: &State) -> Result<(), Diagnostic> {
    if file.plan.errored {
        return Err(Diagnostic::error(
            "Plan is incomplete",
            "Planning failed half-way when this plan was made; it cannot be applied. Make a new one.",
        ));
    }
    if file.workspace != project.workspace {
        return Err(Diagnostic::error(
            "Saved plan is for another workspace",
            format!(
                "The plan was made in the workspace {:?}, and {:?} is selected now. Select that \
                 workspace, or make a new plan.",
                file.workspace, project.workspace
            ),
        ));
    }
    let other_lineage = !file.lineage.is_empty() && file.lineage != state.lineage;
    if other_lineage {
        return Err(Diagnostic::error(
            "Saved plan does not match the given state",
            "The given plan file can not be applied because it was created from a different state \
             lineage.",
        ));
    }
    if file.serial != state.serial {
        return Err(Diagnostic::error(
            "Saved plan is stale",
            "The given plan file can no longer be applied because the state was changed by another \
             operation after the plan was created.",
        ));
    }
    Ok(())
}

/// The variables of the plan, and the ephemeral ones as they are given now. Others cannot change.
fn variables(
    project: &Project,
    file: &PlanFile,
    tree: &ModuleTree,
    request: &PlanRequest,
) -> Result<BTreeMap<Str, Value>, Diagnostics> {
    let root = tree.modules.get(&ModulePath::root()).cloned().unwrap_or_default();
    let names = &request.environment_names;
    let (given, mut problems) = root_variables(project, &root, &request.variables, names);
    let (told, _) = root_variables(project, &root, &request.variables, &[]);
    let mut all = file.variables.clone();
    for (name, variable) in &root.variables {
        if variable.ephemeral {
            match given.values.get(name) {
                Some(value) => {
                    all.insert(name.clone(), value.clone());
                }
                None if !variable.has_default => problems.push(Diagnostic::error(
                    "No value for required variable",
                    format!(
                        "The variable {name:?} is ephemeral: its value is not in the plan and must \
                         be given again, the same as for the plan."
                    ),
                )),
                None => {}
            }
        } else if is_argument(request, name)
            && let Some(value) = told.values.get(name)
            && file.variables.get(name) != Some(value)
        {
            problems.push(Diagnostic::error(
                "Can't change variable when applying a saved plan",
                format!(
                    "The variable {name} cannot be set using the -var and -var-file options when \
                     applying a saved plan file, because a saved plan includes the variable values \
                     that were set when it was created. To declare an ephemeral variable which is \
                     not saved in the plan file, use ephemeral = true."
                ),
            ));
        }
    }
    problems.into_result(all).map(|(all, _)| all)
}

/// Is there a `-var` for it, or a file that may have one?
fn is_argument(request: &PlanRequest, name: &str) -> bool {
    use kprov_lang::tfvars::VariableArgument;
    request.variables.iter().any(|argument| match argument {
        VariableArgument::Var(text) => text.split('=').next() == Some(name),
        VariableArgument::File(_) => true,
        VariableArgument::Answer(..) => false,
    })
}

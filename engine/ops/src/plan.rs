//! Plan: what would be done. Reads the configuration, the state and the world; writes nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use kprov_apply::stored::{StoredError, decode_state};
use kprov_core::addr::{Target, parse_instance, parse_target};
use kprov_core::{Diagnostic, Diagnostics, InstanceAddr, ModulePath, Str, Value};
use kprov_lang::config::{ModuleTree, configuration_files};
use kprov_lang::tfvars::VariableArgument;
use kprov_plan::{Plan, PlanInput, PlanMode, PlanOptions, PriorState};
use kprov_provider::Registry;
use kprov_provider::rotation::MachineId;
use kprov_state::State;

use crate::configure::configure_from_state;
use crate::rotation::{self, PlannedRotation};
use crate::variables::{RootVariables, root_variables};
use crate::{Clients, OpsError, Project, RunHost, refresh, renewal, time};

/// What kind of plan is wanted.
#[derive(Clone, Debug, Default)]
pub struct PlanRequest {
    /// Normal, destroy, refresh only.
    pub mode: PlanMode,
    /// `-target`
    pub targets: Vec<String>,
    /// `-exclude`
    pub excludes: Vec<String>,
    /// `-replace`
    pub replace: Vec<String>,
    /// `-rotate`: groups, or members of groups, that are replaced though nothing is wrong with them.
    pub rotate: Vec<String>,
    /// `-rotate-only`: only resources with a `rotation` block and what they depend on.
    pub rotate_only: bool,
    /// `pki renew`: instances of which a renewal is requested.
    pub renew: Vec<String>,
    /// `-refresh=false`: do not read what is in the state.
    pub skip_refresh: bool,
    /// `-no-defer`
    pub no_defer: bool,
    /// `-var`, `-var-file`
    pub variables: Vec<VariableArgument>,
    /// Names of environment variables that begin with `TF_VAR_`.
    pub environment_names: Vec<String>,
}

/// A plan, and what it was made from.
#[derive(Debug)]
pub struct Planned {
    /// The plan.
    pub plan: Plan,
    /// The configuration.
    pub tree: ModuleTree,
    /// Root variables as given.
    pub variables: BTreeMap<Str, Value>,
    /// The state as stored.
    pub state: State,
    /// The same, decoded.
    pub previous: PriorState,
    /// The same, refreshed.
    pub prior: PriorState,
    /// The user's choices.
    pub options: PlanOptions,
    /// Warnings, and errors if the plan is errored.
    pub problems: Diagnostics,
    /// Connections made on the way.
    pub clients: Clients,
    /// What becomes of clusters whose groups are rotated.
    pub rotations: Vec<PlannedRotation>,
    /// Machines that `-rotate` named.
    pub named: BTreeSet<MachineId>,
}

/// Makes a plan.
///
/// # Errors
/// When there is nothing to show at all: unreadable state or configuration. A plan that failed
/// half-way is returned with `errored` and its problems.
pub fn plan(project: &Project, request: &PlanRequest) -> Result<Planned, OpsError> {
    let prepared = prepare(project, request)?;
    plan_prepared(project, request, prepared)
}

/// What a plan is made from but for the state: that can be wrong before anything is touched.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) tree: ModuleTree,
    pub(crate) variables: RootVariables,
    pub(crate) options: PlanOptions,
    /// Warnings.
    problems: Diagnostics,
}

/// Reads the configuration, which must be there, the variables and the choices.
pub(crate) fn prepare(project: &Project, request: &PlanRequest) -> Result<Prepared, OpsError> {
    if request.mode != PlanMode::Destroy
        && configuration_files(&*project.files, &project.dir).is_ok_and(|names| names.is_empty())
    {
        return Err(no_configuration().into());
    }
    prepare_any(project, request)
}

/// The same, also without any configuration.
pub(crate) fn prepare_any(project: &Project, request: &PlanRequest) -> Result<Prepared, OpsError> {
    let (tree, mut problems) = project.load();
    if problems.has_errors() {
        return Err(problems.into());
    }
    let prepared = prepare_tree(project, request, tree)?;
    problems.extend(prepared.problems);
    Ok(Prepared { problems, ..prepared })
}

fn no_configuration() -> Diagnostic {
    Diagnostic::error(
        "No configuration files",
        "Plan requires configuration to be present. Planning without a configuration would mark \
         everything for destruction, which is normally not what is desired. If you would like to \
         destroy everything, run plan with the -destroy option.",
    )
}

fn prepare_tree(
    project: &Project,
    request: &PlanRequest,
    tree: ModuleTree,
) -> Result<Prepared, OpsError> {
    let mut problems = Diagnostics::new();
    let root = tree.modules.get(&ModulePath::root()).cloned().unwrap_or_default();
    let (variables, found) =
        root_variables(project, &root, &request.variables, &request.environment_names);
    problems.extend(found);
    let options = problems.collect(plan_options(project, request));
    match options.filter(|_| !problems.has_errors()) {
        Some(options) => Ok(Prepared { tree, variables, options, problems }),
        None => Err(problems.into()),
    }
}

/// The same of a configuration that was read already.
pub(crate) fn plan_tree(
    project: &Project,
    request: &PlanRequest,
    tree: ModuleTree,
) -> Result<Planned, OpsError> {
    plan_prepared(project, request, prepare_tree(project, request, tree)?)
}

/// Plans from what is prepared.
pub(crate) fn plan_prepared(
    project: &Project,
    request: &PlanRequest,
    prepared: Prepared,
) -> Result<Planned, OpsError> {
    let state = project.state()?;
    let clients = Clients::new(project.registry.clone(), project.host.clone());
    if !request.skip_refresh {
        let used = state.objects.values().map(|object| object.provider.clone());
        configure_from_state(project, &prepared, &state, used, &clients)?;
    }
    let Prepared { tree, variables, options, mut problems } = prepared;
    let RootVariables { values: variables, given } = variables;
    let (earlier, named) = (Vec::new(), BTreeSet::new());
    let from = Given { tree, variables, options, state, clients, earlier, named };
    let (mut planned, found) = plan_with(project, from, request)?;
    for (name, value) in given {
        if let Some(shown) = planned.plan.variables.get_mut(&name)
            && shown.value.is_some()
        {
            shown.value = Some(value);
        }
    }
    problems.extend(std::mem::take(&mut planned.problems));
    problems.extend(found);
    Ok(Planned { problems, ..planned })
}

/// What a plan is made from, all of it known.
pub(crate) struct Given {
    pub(crate) tree: ModuleTree,
    pub(crate) variables: BTreeMap<Str, Value>,
    pub(crate) options: PlanOptions,
    pub(crate) state: State,
    pub(crate) clients: Clients,
    /// What earlier phases of the same apply did.
    pub(crate) earlier: Vec<Arc<Plan>>,
    /// Machines that `-rotate` named in the first phase.
    pub(crate) named: BTreeSet<MachineId>,
}

/// The part of planning that every phase of an apply repeats: refresh, then plan.
pub(crate) fn plan_with(
    project: &Project,
    given: Given,
    request: &PlanRequest,
) -> Result<(Planned, Diagnostics), OpsError> {
    let Given { tree, variables, options, state, clients, earlier, named } = given;
    let missing = missing_providers(&state, &project.registry);
    if missing.has_errors() {
        return Err(missing.into());
    }
    let (mut previous, errors) = decode_state(&state, &project.registry);
    let mut problems: Diagnostics = errors.iter().map(undecodable).collect();
    if problems.has_errors() {
        return Err(problems.into());
    }
    let mut prior = if request.skip_refresh {
        // In both: that time passes is no change from outside.
        crate::refresh::age(&project.registry, &*project.host, &mut previous);
        previous.clone()
    } else {
        let (refreshed, found) = project.runtime().block_on(refresh(&clients, &previous));
        problems.extend(found);
        refreshed.prior
    };
    if problems.has_errors() {
        return Err(problems.into());
    }
    // Once in an apply: later phases see what the first one renewed.
    if earlier.is_empty() && !request.renew.is_empty() {
        renewal::request(project, &request.renew, &mut previous, &mut prior);
    }
    let rotate = if earlier.is_empty() { request.rotate.as_slice() } else { &[] };
    let wanted = rotation::Wanted { rotate, named: &named };
    let looked = rotation::look(project, &tree, &prior, &options, &clients, wanted)?;
    let functions = project.functions(true, Some(&options.timestamp));
    let input = PlanInput {
        tree: &tree,
        sources: &project.sources,
        functions: &functions,
        providers: &project.registry,
        variables: &variables,
        previous: &previous,
        prior: &prior,
        options: &options,
        earlier: &earlier,
        outdated: &looked.outdated,
    };
    let mut host = RunHost::new(clients.clone(), project.runtime().handle().clone());
    let (mut plan, mut found) = kprov_plan::plan(&input, &mut host);
    found.extend(host.close());
    let (rotations, blocked) = rotation::foresee(project, &mut plan, &options, &clients)?;
    found.extend(blocked);
    let planned = Planned {
        plan,
        variables,
        previous,
        prior,
        options,
        problems: found,
        clients,
        tree,
        state,
        rotations,
        named: looked.named,
    };
    Ok((planned, problems))
}

/// Without the provider of an object nothing can be said of it.
fn missing_providers(state: &State, registry: &Registry) -> Diagnostics {
    let wanted: BTreeSet<_> =
        state.objects.values().map(|object| &object.provider.provider).collect();
    let missing = wanted.into_iter().filter(|provider| registry.get(provider).is_none());
    missing
        .map(|provider| {
            Diagnostic::error(
                "Missing required provider",
                format!(
                    "The state has objects of the provider {provider}, which this program does not \
                     have. Nothing was changed. Use a program that has it, or, if the objects are \
                     no longer wanted in the state, take them out with \"kprov state rm\"."
                ),
            )
        })
        .collect()
}

pub(crate) fn undecodable(error: &StoredError) -> Diagnostic {
    Diagnostic::error(
        "Object of the state not understood",
        format!(
            "{}. Nothing was changed. If the object is no longer wanted in the state, \"kprov state \
             rm\" takes it out.",
            error.message
        ),
    )
    .of(&error.address)
}

/// The choices of a request, their addresses read.
pub(crate) fn plan_options(
    project: &Project,
    request: &PlanRequest,
) -> Result<PlanOptions, Diagnostics> {
    let mut problems = Diagnostics::new();
    let mut targets = |texts: &[String], flag: &str| -> Vec<Target> {
        let parsed = texts.iter().filter_map(|text| match parse_target(text) {
            Ok(target) => Some(target),
            Err(error) => {
                problems.push(invalid(flag, text, &error.to_string()));
                None
            }
        });
        parsed.collect()
    };
    let (include, exclude) =
        (targets(&request.targets, "target"), targets(&request.excludes, "exclude"));
    let replace: Vec<InstanceAddr> = request
        .replace
        .iter()
        .filter_map(|text| match parse_instance(text) {
            Ok(addr) => Some(addr),
            Err(error) => {
                problems.push(invalid("replace", text, &error.to_string()));
                None
            }
        })
        .collect();
    let options = PlanOptions {
        mode: request.mode,
        targets: include,
        excludes: exclude,
        replace,
        rotate_only: request.rotate_only,
        no_defer: request.no_defer,
        refreshed: !request.skip_refresh,
        workspace: project.workspace.as_str().into(),
        timestamp: time::rfc3339(project.host.now()),
    };
    problems.into_result(options).map(|(options, _)| options)
}

fn invalid(flag: &str, text: &str, why: &str) -> Diagnostic {
    let summary = match flag {
        "replace" => "Invalid force-replace address",
        "exclude" => "Invalid exclude address",
        _ => "Invalid target address",
    };
    Diagnostic::error(summary, format!("-{flag}={text}: {why}"))
}

#[cfg(test)]
mod tests;

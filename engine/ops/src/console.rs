//! Console: expressions of the root module, evaluated against the state.

use kprov_core::{Diagnostics, Value};
use kprov_lang::syntax::parse_expr;
use kprov_plan::{ApplyInput, ApplyResolver, PlanMode};

use crate::plan::{plan_prepared, prepare_any};
use crate::{OpsError, PlanRequest, Planned, Project};

/// Evaluates expressions, one after the other.
///
/// `next` gives the next text, `told` is given what came of it.
///
/// # Errors
/// When the configuration or the state cannot be used at all.
pub fn console(
    project: &Project,
    request: &PlanRequest,
    next: &mut dyn FnMut() -> Option<String>,
    told: &mut dyn FnMut(Result<Value, Diagnostics>),
) -> Result<(), OpsError> {
    let request =
        PlanRequest { mode: PlanMode::RefreshOnly, skip_refresh: true, ..request.clone() };
    let planned = plan_prepared(project, &request, prepare_any(project, &request)?)?;
    let Planned { plan, tree, variables, problems, .. } = planned;
    if problems.has_errors() {
        return Err(problems.into());
    }
    let functions = project.functions(false, Some(&plan.timestamp));
    let input = ApplyInput {
        tree: &tree,
        sources: &project.sources,
        functions: &functions,
        providers: &project.registry,
        variables: &variables,
    };
    let resolver = ApplyResolver::new(&plan, input, None)?;
    while let Some(text) = next() {
        let file = project.sources.add("<console-input>", text);
        told(parse_expr(&project.sources, file).and_then(|expr| resolver.evaluate(&expr)));
    }
    Ok(())
}

//! `graph`

use kprov_ops::{PlanRequest, graph_dot};
use kprov_plan::PlanMode;

use crate::args::GraphFlags;
use crate::failure::Outcome;
use crate::output;
use crate::session::Session;

/// Prints the graph.
pub(crate) fn run(session: &Session, flags: &GraphFlags) -> Outcome {
    if let Some(path) = &flags.plan {
        output::print(&graph_dot(&super::show::read_plan(session, path)?.plan));
        return Ok(0);
    }
    let mode = match flags.ty.as_deref() {
        Some("plan-destroy") => PlanMode::Destroy,
        Some("plan-refresh-only") => PlanMode::RefreshOnly,
        _ => PlanMode::Normal,
    };
    let request = PlanRequest {
        mode,
        skip_refresh: true,
        environment_names: session.variable_names(),
        ..PlanRequest::default()
    };
    let planned = kprov_ops::plan(&session.project(None)?, &request)?;
    session.complain(&planned.problems);
    if planned.problems.has_errors() {
        return Ok(1);
    }
    output::print(&graph_dot(&planned.plan));
    Ok(0)
}

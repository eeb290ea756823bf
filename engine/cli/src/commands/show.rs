//! `show`: the state, or a saved plan.

use kprov_core::Diagnostic;
use kprov_ops::{PlanFile, plan_document, read_state};

use crate::args::ShowFlags;
use crate::failure::{Failure, Outcome};
use crate::session::Session;
use crate::{output, render};

/// Shows it.
pub(crate) fn run(session: &Session, flags: &ShowFlags) -> Outcome {
    match &flags.path {
        Some(path) => plan(session, path, flags.json),
        None => state(session, flags),
    }
}

fn plan(session: &Session, path: &str, as_json: bool) -> Outcome {
    let file = read_plan(path)?;
    if as_json {
        let project = session.stateless_project();
        output::json(&plan_document(&project, &file));
    } else {
        output::print(&render::plan(&file.plan, session.style));
    }
    Ok(0)
}

fn state(session: &Session, flags: &ShowFlags) -> Outcome {
    let project = session.project(flags.state.as_deref())?;
    let state = read_state(&project)?;
    if flags.json {
        output::json(&state.json());
        return Ok(0);
    }
    if state.state.objects.is_empty() && state.decoded.outputs.is_empty() {
        output::line("The state file is empty. No resources are represented.");
        return Ok(0);
    }
    for (address, object) in &state.decoded.objects {
        output::line(&render::object(address, object));
    }
    if !state.decoded.outputs.is_empty() {
        output::print(&format!("\nOutputs:\n\n{}", render::outputs(&state.decoded.outputs)));
    }
    Ok(0)
}

/// Reads a saved plan.
pub(crate) fn read_plan(path: &str) -> Result<PlanFile, Failure> {
    let bytes = std::fs::read(path).map_err(|error| {
        Diagnostic::error(
            "Failed to read plan file",
            format!("The plan file {path:?} cannot be read: {error}."),
        )
    })?;
    Ok(PlanFile::decode(&bytes, path)?)
}

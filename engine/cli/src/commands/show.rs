//! `show`: the state, or a saved plan.

use kprov_core::Diagnostic;
use kprov_ops::{
    LockOptions, PlanFile, Project, is_plan_file, plan_document, read_state, state_push,
};

use crate::args::ShowFlags;
use crate::failure::{Failure, Outcome};
use crate::render::Schemas;
use crate::session::Session;
use crate::{output, render};

/// Shows it.
pub(crate) fn run(session: &Session, flags: &ShowFlags) -> Outcome {
    match &flags.path {
        Some(path) => file(session, path, flags.json),
        None => state(&session.project(flags.state.as_deref())?, flags.json),
    }
}

/// A saved plan, or a state: ours or Terraform's.
fn file(session: &Session, path: &str, as_json: bool) -> Outcome {
    let bytes = read(path)?;
    if is_plan_file(&bytes) {
        return plan(session, &PlanFile::decode(&bytes, path, &session.vault())?, as_json);
    }
    if bytes.starts_with(b"SQLite format 3\0") {
        return state(&session.project(Some(path))?, as_json);
    }
    match std::str::from_utf8(&bytes) {
        Ok(text) if text.trim_start().starts_with('{') => {
            let project = session.stateless_project();
            state_push(&project, text, true, LockOptions::default())?;
            state(&project, as_json)
        }
        _ => Err(Diagnostic::error(
            "Failed to read the given file as a state or plan file",
            format!(
                "{path:?} is neither a plan file of kprov (made by \"kprov plan -out=FILE\"), nor a \
                 state of kprov or Terraform."
            ),
        )
        .into()),
    }
}

fn plan(session: &Session, file: &PlanFile, as_json: bool) -> Outcome {
    let project = session.stateless_project();
    if as_json {
        output::json(&plan_document(&project, file));
    } else {
        let shown = super::plan::shown_of;
        output::print(&shown(session, &project, &file.plan, &file.rotations, false));
        output::print(&render::checks(&file.plan, session.style));
    }
    Ok(0)
}

fn state(project: &Project, as_json: bool) -> Outcome {
    let state = read_state(project)?;
    if as_json {
        output::json(&state.json());
        return Ok(0);
    }
    if state.state.objects.is_empty() && state.decoded.outputs.is_empty() {
        output::line("The state file is empty. No resources are represented.");
        return Ok(0);
    }
    for (address, object) in &state.decoded.objects {
        output::line(&format!(
            "{}\n",
            render::object(address, object, Schemas::of(&project.registry))
        ));
    }
    if !state.decoded.outputs.is_empty() {
        output::print(&format!("\nOutputs:\n\n{}", render::outputs(&state.decoded.outputs)));
    }
    Ok(0)
}

/// Reads a saved plan.
pub(crate) fn read_plan(session: &Session, path: &str) -> Result<PlanFile, Failure> {
    Ok(PlanFile::decode(&read(path)?, path, &session.vault())?)
}

fn read(path: &str) -> Result<Vec<u8>, Diagnostic> {
    std::fs::read(path).map_err(|error| {
        Diagnostic::error(
            "Failed to read plan file",
            format!("The file {path:?} cannot be read: {error}."),
        )
    })
}

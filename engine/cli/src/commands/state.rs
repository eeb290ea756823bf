//! `state list|show|mv|rm|pull|push|rekey|fsck`

use std::io::Read;

use kprov_core::Diagnostic;
use kprov_ops::{read_state, state_list, state_mv, state_pull, state_push, state_rm};
use kprov_state::Store as _;

use super::apply::lock_options;
use crate::args::StateCommand;
use crate::failure::{Failure, Outcome};
use crate::render::Schemas;
use crate::session::Session;
use crate::{output, render};

/// Runs one of them.
pub(crate) fn run(session: &Session, command: StateCommand) -> Outcome {
    match command {
        StateCommand::List { state, id, addresses } => {
            let project = session.project(state.as_deref())?;
            let found = state_list(&project, &addresses, id.as_deref())?;
            let lines: String = found.iter().map(|address| format!("{address}\n")).collect();
            output::print(&lines);
        }
        StateCommand::Show { state, address } => show(session, state.as_deref(), &address)?,
        StateCommand::Mv { state, dry_run, source, destination } => {
            let project = session.project(state.state.as_deref())?;
            let lock = lock_options(&state.lock);
            let moves = state_mv(&project, &source, &destination, dry_run, lock)?;
            let word = if dry_run { "Would move" } else { "Move" };
            for (from, to) in &moves {
                output::line(&format!("{word} \"{from}\" to \"{to}\""));
            }
            if !dry_run {
                output::line(&format!("Successfully moved {} object(s).", moves.len()));
            }
        }
        StateCommand::Rm { state, dry_run, addresses } => {
            let project = session.project(state.state.as_deref())?;
            let removed = state_rm(&project, &addresses, dry_run, lock_options(&state.lock))?;
            let word = if dry_run { "Would remove" } else { "Removed" };
            for address in &removed {
                output::line(&format!("{word} {address}"));
            }
            if !dry_run {
                let count = removed.len();
                output::line(&format!("Successfully removed {count} resource instance(s)."));
            }
        }
        StateCommand::Pull { state } => {
            let project = session.project(state.as_deref())?;
            output::pretty_json(&state_pull(&project)?);
        }
        StateCommand::Push { state, force, path } => {
            let text = text_of(&path)?;
            let project = session.project(state.state.as_deref())?;
            state_push(&project, &text, force, lock_options(&state.lock))?;
        }
        StateCommand::Rekey { state, to } => super::rekey::run(session, &state, &to)?,
        StateCommand::Fsck { state } => return fsck(session, state.as_deref()),
    }
    Ok(0)
}

fn show(session: &Session, state: Option<&str>, address: &str) -> Result<(), Failure> {
    let project = session.project(state)?;
    let wanted = kprov_core::addr::parse_instance(address)
        .map_err(|error| Diagnostic::error("Invalid address", format!("{address:?}: {error}.")))?;
    let found = read_state(&project)?;
    let Some((address, object)) =
        found.decoded.objects.iter().find(|(address, _)| address.instance == wanted)
    else {
        return Err(Diagnostic::error(
            "No instance found for the given address",
            format!(
                "The state has no {address}. This command requires the address of one specific \
                 resource instance; \"kprov state list\" shows all."
            ),
        )
        .into());
    };
    output::line(&render::object(address, object, Schemas::of(&project.registry)));
    Ok(())
}

fn text_of(path: &str) -> Result<String, Diagnostic> {
    let failed = |error: std::io::Error| {
        Diagnostic::error("Failed to read state", format!("{path:?} cannot be read: {error}."))
    };
    if path != "-" {
        return std::fs::read_to_string(path).map_err(failed);
    }
    let mut text = String::new();
    std::io::stdin().lock().read_to_string(&mut text).map_err(failed)?;
    Ok(text)
}

fn fsck(session: &Session, state: Option<&str>) -> Outcome {
    let findings = session.unopened_store(state).fsck()?;
    for finding in &findings {
        output::line(finding);
    }
    if findings.is_empty() {
        output::line("The state is sound.");
    }
    Ok(u8::from(!findings.is_empty()))
}

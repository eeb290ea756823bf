//! `op log|show|diff`: what was run, when, and what it changed.

use kprov_core::Diagnostic;
use kprov_ops::{op_diff, op_log, op_show};
use serde_json::{Value as Json, json};

use crate::args::{OpCommand, OpFlags};
use crate::failure::{Failure, Outcome};
use crate::session::Session;
use crate::{output, render};

/// Runs one of them.
pub(crate) fn run(session: &Session, command: &OpCommand) -> Outcome {
    match command {
        OpCommand::Log(flags) => log(session, flags)?,
        OpCommand::Show(flags) => show(session, flags)?,
        OpCommand::Diff(flags) => diff(session, flags)?,
    }
    Ok(0)
}

fn as_json(value: impl serde::Serialize) -> Result<Json, Failure> {
    serde_json::to_value(value)
        .map_err(|error| Diagnostic::error("Failed to write JSON", error.to_string()).into())
}

fn log(session: &Session, flags: &OpFlags) -> Result<(), Failure> {
    let runs = op_log(&session.project(flags.state.as_deref())?, flags.limit)?;
    if flags.json {
        output::pretty_json(&as_json(&runs)?);
        return Ok(());
    }
    if runs.is_empty() {
        output::line("Nothing was run in this workspace yet.");
        return Ok(());
    }
    output::print(&render::runs(&runs));
    Ok(())
}

fn show(session: &Session, flags: &OpFlags) -> Result<(), Failure> {
    let (run, ops) = op_show(&session.project(flags.state.as_deref())?, flags.run)?;
    if flags.json {
        output::pretty_json(&json!({"run": as_json(&run)?, "operations": as_json(&ops)?}));
        return Ok(());
    }
    output::print(&render::run(&run, &ops));
    Ok(())
}

fn diff(session: &Session, flags: &OpFlags) -> Result<(), Failure> {
    let (run, changes) = op_diff(&session.project(flags.state.as_deref())?, flags.run)?;
    if flags.json {
        output::pretty_json(&json!({"run": as_json(&run)?, "changes": as_json(&changes)?}));
        return Ok(());
    }
    output::print(&render::run(&run, &[]));
    for change in &changes {
        let sign = match change.action {
            "create" => '+',
            "delete" => '-',
            _ => '~',
        };
        output::line(&format!("  {sign} {}", change.address));
        for (name, attribute) in &change.attributes {
            output::line(&if attribute.sensitive {
                format!("      {name} = (sensitive value)")
            } else if sign == '~' {
                format!("      {name} = {} -> {}", attribute.before, attribute.after)
            } else {
                let value = if sign == '+' { &attribute.after } else { &attribute.before };
                format!("      {name} = {value}")
            });
        }
    }
    if changes.is_empty() {
        output::line("  Nothing changed in the state.");
    }
    Ok(())
}

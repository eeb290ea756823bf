//! `op log|show|diff`: what was run, when, and what it changed.

use kprov_core::Diagnostic;
use kprov_ops::{op_diff, op_log, op_show};
use kprov_state::{RunOutcome, RunRecord};
use serde_json::{Value as Json, json};

use crate::args::{OpCommand, OpFlags};
use crate::failure::{Failure, Outcome};
use crate::output;
use crate::session::Session;

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
    }
    for run in &runs {
        output::line(&headline(run));
    }
    Ok(())
}

fn headline(run: &RunRecord) -> String {
    let ended = match (&run.outcome, &run.finished) {
        (Some(RunOutcome::Succeeded), Some(at)) => format!("succeeded at {at}"),
        (Some(RunOutcome::Failed), Some(at)) => format!("failed at {at}"),
        (Some(RunOutcome::Interrupted), Some(at)) => format!("interrupted at {at}"),
        _ => "did not end (died, or is running)".to_owned(),
    };
    let mut counts = format!("{} done", run.succeeded);
    if run.failed > 0 {
        counts.push_str(&format!(", {} failed", run.failed));
    }
    if run.open > 0 {
        counts.push_str(&format!(", {} open", run.open));
    }
    format!("{:>4}  {}  {}  by {}: {ended}; {counts}", run.run.0, run.started, run.command, run.who)
}

fn show(session: &Session, flags: &OpFlags) -> Result<(), Failure> {
    let (run, ops) = op_show(&session.project(flags.state.as_deref())?, flags.run)?;
    if flags.json {
        output::pretty_json(&json!({"run": as_json(&run)?, "operations": as_json(&ops)?}));
        return Ok(());
    }
    output::line(&headline(&run));
    for op in &ops {
        let outcome = op.outcome.as_deref().unwrap_or("open: the next apply settles it");
        let until = op.finished.as_deref().unwrap_or("...");
        output::line(&format!(
            "      {} {} ({} - {until}): {outcome}",
            op.action.verb(),
            op.address,
            op.started
        ));
    }
    Ok(())
}

fn diff(session: &Session, flags: &OpFlags) -> Result<(), Failure> {
    let (run, changes) = op_diff(&session.project(flags.state.as_deref())?, flags.run)?;
    if flags.json {
        output::pretty_json(&json!({"run": as_json(&run)?, "changes": as_json(&changes)?}));
        return Ok(());
    }
    output::line(&headline(&run));
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

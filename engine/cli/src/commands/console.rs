//! `console`: a line of standard input is an expression.

use std::io::{BufRead, IsTerminal};

use kprov_ops::{PlanRequest, console};

use crate::args::ConsoleFlags;
use crate::failure::Outcome;
use crate::session::Session;
use crate::{output, render};

/// Evaluates line by line until the input ends or says "exit".
pub(crate) fn run(session: &Session, flags: &ConsoleFlags) -> Outcome {
    if flags.plan {
        return Err(super::later("console -plan"));
    }
    let project = session.project(flags.state.as_deref())?;
    let mut request = PlanRequest {
        variables: flags.variables.0.clone(),
        environment_names: session.variable_names(),
        ..PlanRequest::default()
    };
    session.ask_for_variables(&project, &mut request, true);
    let interactive = std::io::stdin().is_terminal();
    let mut failed = false;
    let mut input = std::io::stdin().lock();
    let mut next = || loop {
        if interactive {
            output::print("> ");
        }
        // What is no text becomes a character that no expression has, so that it is told.
        let mut line = Vec::new();
        if !matches!(input.read_until(b'\n', &mut line), Ok(1..)) {
            return None;
        }
        let text = String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned();
        match text.trim() {
            "" => {}
            "exit" => return None,
            _ => return Some(text),
        }
    };
    let mut told = |result: Result<kprov_core::Value, kprov_core::Diagnostics>| match result {
        Ok(value) => output::line(&render::value(&value)),
        Err(problems) => {
            failed = true;
            session.complain(&problems);
        }
    };
    console(&project, &request, &mut next, &mut told)?;
    Ok(u8::from(failed && !interactive))
}

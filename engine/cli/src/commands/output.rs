//! `output`: root output values.

use kprov_core::{Diagnostic, Type, Value, value};
use kprov_ops::json::outputs_json;
use kprov_ops::read_outputs;

use crate::args::OutputFlags;
use crate::failure::Outcome;
use crate::session::Session;
use crate::{output, render};

/// Prints them.
pub(crate) fn run(session: &Session, flags: &OutputFlags) -> Outcome {
    let project = session.project(flags.state.as_deref())?;
    let outputs = read_outputs(&project)?;
    let Some(name) = &flags.name else {
        if flags.raw {
            return Err(Diagnostic::error(
                "Output name required",
                "You must give the name of a single output value when using the -raw option.",
            )
            .into());
        }
        if flags.json {
            output::pretty_json(&outputs_json(&outputs));
        } else if outputs.is_empty() {
            session.complain(&Diagnostic::warning("No outputs found", NO_OUTPUTS).into());
        } else {
            output::print(&render::outputs(&outputs));
        }
        return Ok(0);
    };
    if outputs.is_empty() && !flags.json {
        session.complain(&Diagnostic::warning("No outputs found", NO_OUTPUTS).into());
        return Ok(0);
    }
    let Some(found) = outputs.get(name.as_str()) else {
        return Err(Diagnostic::error(
            format!("Output {name:?} not found"),
            "The output variable requested could not be found in the state file. If you recently \
             added this to your configuration, be sure to run `kprov apply`, since the state won't \
             be updated with new output variables until that command is run.",
        )
        .into());
    };
    // Whoever names an output wants to see it.
    let found = found.clone().unmark_deep().0;
    if flags.raw {
        output::print(&raw(name, &found)?);
    } else if flags.json {
        // The same value as among all of them.
        let all = outputs_json(&outputs);
        output::json(&all[name.as_str()]["value"]);
    } else {
        output::line(&render::value(&found));
    }
    Ok(0)
}

const NO_OUTPUTS: &str = "The state file either has no outputs defined, or all the defined outputs \
                          are empty. Please define an output in your configuration with the \
                          `output` keyword and run `kprov refresh` for it to become available.";

fn raw(name: &str, found: &Value) -> Result<String, Diagnostic> {
    let unsupported = |why: &str| {
        Diagnostic::error(
            "Unsupported value for raw output",
            format!(
                "The -raw option only supports strings, numbers, and boolean values, but output \
                 value {name:?} is {why}. Use the -json option for machine-readable representations \
                 of output values that have complex types."
            ),
        )
    };
    if found.is_null() {
        return Err(unsupported("null"));
    }
    match value::convert(found, &Type::String) {
        Ok(text) => Ok(text.as_str().unwrap_or_default().to_owned()),
        Err(_) => Err(unsupported("something else")),
    }
}

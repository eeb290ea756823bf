//! `metadata functions -json`

use kprov_core::Diagnostic;
use kprov_ops::json::functions_json;

use crate::args::MetadataCommand;
use crate::failure::Outcome;
use crate::output;

/// Prints it.
pub(crate) fn run(command: &MetadataCommand) -> Outcome {
    let MetadataCommand::Functions { json } = command;
    if !json {
        return Err(Diagnostic::error(
            "The -json flag is required",
            "\"kprov metadata functions\" has no other form than JSON: give -json.",
        )
        .into());
    }
    output::json(&functions_json());
    Ok(0)
}

//! `validate`

use kprov_ops::json::validate_json;

use crate::args::ValidateFlags;
use crate::failure::Outcome;
use crate::output;
use crate::session::Session;

/// Checks the configuration.
pub(crate) fn run(session: &Session, flags: &ValidateFlags) -> Outcome {
    let project = session.stateless_project();
    let problems = kprov_ops::validate(&project);
    let status = u8::from(problems.has_errors());
    if flags.json {
        output::pretty_json(&validate_json(&problems, &session.sources));
        return Ok(status);
    }
    session.complain(&problems);
    if status == 0 {
        output::line("Success! The configuration is valid.\n");
    }
    Ok(status)
}

//! `import`

use kprov_ops::{PlanRequest, import};

use super::apply::lock_options;
use crate::args::ImportFlags;
use crate::failure::Outcome;
use crate::output;
use crate::session::Session;

/// Takes one object over.
pub(crate) fn run(session: &Session, flags: &ImportFlags) -> Outcome {
    let mut project = session.project(flags.state.state.as_deref())?;
    if let Some(dir) = &flags.config {
        project.dir.clone_from(dir);
    }
    let mut request = PlanRequest {
        variables: flags.variables.0.clone(),
        environment_names: session.variable_names(),
        ..PlanRequest::default()
    };
    session.ask_for_variables(&project, &mut request, flags.input);
    let lock = lock_options(&flags.state.lock);
    output::line(&format!("{}: Importing from ID \"{}\"...", flags.address, flags.id));
    let address = import(&project, &flags.address, &flags.id, &request, lock)?;
    output::line(&format!(
        "\nImport successful!\n\n{address} is in the state now and will henceforth be managed by kprov."
    ));
    Ok(0)
}

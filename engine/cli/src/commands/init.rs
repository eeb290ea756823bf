//! `init`: there is nothing to fetch; says what is wrong with modules and backends,
//! and takes over a state of Terraform.

use kprov_core::{Diagnostic, ModulePath};
use kprov_ops::{TERRAFORM_STATE, take_over};

use crate::args::InitFlags;
use crate::failure::Outcome;
use crate::output;
use crate::session::Session;

/// Checks the configuration.
pub(crate) fn run(session: &Session, _flags: &InitFlags) -> Outcome {
    let project = session.stateless_project();
    let (tree, mut problems) = project.load();
    let root = tree.modules.get(&ModulePath::root());
    if let Some(backend) = root.and_then(|root| root.backend.as_ref()) {
        problems.extend(backend.problems(&session.sources));
        if backend.ty != "local" {
            problems.push(not_supported(&backend.ty).at(session.sources.range(backend.span)));
        }
    }
    session.complain(&problems);
    if problems.has_errors() {
        return Ok(1);
    }
    if let Some(count) = take_over(&session.project(None)?)? {
        output::line(&format!(
            "Took over {count} object(s) from {TERRAFORM_STATE}. The file stays as it is; from now on \
             use kprov or Terraform on this project, not both."
        ));
    }
    output::line(
        "kprov is ready: providers and modules come with the program, nothing is fetched.",
    );
    Ok(0)
}

fn not_supported(backend: &str) -> Diagnostic {
    Diagnostic::error(
        "Backend not supported",
        format!(
            "The configuration wants its state in a {backend:?} backend. kprov keeps states in a file \
             beside the configuration (\"local\") and cannot use others yet: remove the block. \
             \"kprov state push\" takes over a state that \"terraform state pull\" printed."
        ),
    )
}

//! `providers` and `providers schema -json`

use kprov_core::Diagnostic;
use kprov_ops::json::schemas_json;
use kprov_ops::providers_in_use;

use crate::args::{ProvidersCommand, ProvidersFlags};
use crate::failure::Outcome;
use crate::output;
use crate::session::Session;

/// Prints them.
pub(crate) fn run(session: &Session, flags: &ProvidersFlags) -> Outcome {
    let project = session.project(None)?;
    let found = providers_in_use(&project)?;
    match &flags.command {
        None => {
            output::line("\nProviders required by configuration:");
            for (module, providers) in &found.modules {
                let name = if module.is_root() { ".".to_owned() } else { module.to_string() };
                output::line(&name);
                for provider in providers {
                    output::line(&format!("    provider[{provider}]"));
                }
            }
            if !found.state.is_empty() {
                output::line("\nProviders required by state:");
                for provider in &found.state {
                    output::line(&format!("    provider[{provider}]"));
                }
            }
        }
        Some(ProvidersCommand::Schema { json: false }) => {
            return Err(Diagnostic::error(
                "The -json flag is required",
                "\"kprov providers schema\" has no other form than JSON: give -json.",
            )
            .into());
        }
        Some(ProvidersCommand::Schema { json: true }) => {
            let all = found.all();
            let known = all.iter().filter_map(|addr| project.registry.get(addr));
            output::json(&schemas_json(known.map(|provider| &**provider)));
        }
    }
    Ok(0)
}

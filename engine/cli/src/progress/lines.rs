//! Progress as plain lines, in Terraform's words.

use kprov_apply::{ProgressEvent, Reporter, Verb};
use kprov_core::Str;

/// Progress as plain lines.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ProgressLines;

impl Reporter for ProgressLines {
    fn report(&self, event: &ProgressEvent) {
        if let Some(line) = progress(event) {
            crate::output::line(&line);
        }
    }
}

fn progress(event: &ProgressEvent) -> Option<String> {
    let words = |verb: &Verb| match verb {
        Verb::Create => ("Creating", "Creation"),
        Verb::Update => ("Modifying", "Modifications"),
        Verb::Delete => ("Destroying", "Destruction"),
        Verb::Read => ("Reading", "Read"),
        Verb::Import => ("Importing", "Import"),
    };
    let named = |id: &Option<(Str, Str)>| {
        id.as_ref().map_or_else(String::new, |(name, value)| format!(" [{name}={value}]"))
    };
    Some(match event {
        ProgressEvent::Started { address, verb, id } => {
            format!("{address}: {}...{}", words(verb).0, named(id))
        }
        ProgressEvent::Running { address, verb, id, elapsed } => format!(
            "{address}: Still {}... [{}s elapsed]{}",
            words(verb).0.to_lowercase(),
            elapsed.as_secs(),
            named(id)
        ),
        ProgressEvent::Finished { address, verb, id, elapsed } => format!(
            "{address}: {} complete after {}s{}",
            words(verb).1,
            elapsed.as_secs(),
            named(id)
        ),
        ProgressEvent::Output { address, provisioner, line } => {
            format!("{address} ({provisioner}): {line}")
        }
        ProgressEvent::Provisioning { address, provisioner } => {
            format!("{address}: Provisioning with '{provisioner}'...")
        }
        ProgressEvent::Failed { .. }
        | ProgressEvent::Provisioned { .. }
        | ProgressEvent::Stopping { .. } => return None,
    })
}

//! What happened, as a line in Terraform's words. Scripts read these.

use std::time::Duration;

use kprov_apply::{ProgressEvent, Verb};
use kprov_core::Str;

use crate::render::visible;

/// The line for an event; some are not worth one.
pub(super) fn line(event: &ProgressEvent) -> Option<String> {
    let text = match event {
        ProgressEvent::Started { address, verb, id } => {
            format!("{address}: {}...{}", doing(*verb), named(id))
        }
        ProgressEvent::Running { address, verb, id, elapsed } => {
            let doing = doing(*verb).to_lowercase();
            format!("{address}: Still {doing}... [{} elapsed]{}", duration(*elapsed), named(id))
        }
        ProgressEvent::Finished { address, verb, id, elapsed } => {
            let done = done(*verb);
            format!("{address}: {done} complete after {}{}", duration(*elapsed), named(id))
        }
        ProgressEvent::Provisioning { address, provisioner } => {
            format!("{address}: Provisioning with '{provisioner}'...")
        }
        ProgressEvent::Output { address, provisioner, line } => {
            format!("{address} ({provisioner}): {line}")
        }
        ProgressEvent::Failed { .. }
        | ProgressEvent::Provisioned { .. }
        | ProgressEvent::Rotation(_)
        | ProgressEvent::Stopping { .. } => return None,
    };
    Some(visible(&text).into_owned())
}

/// "Creating"
pub(super) fn doing(verb: Verb) -> &'static str {
    match verb {
        Verb::Create => "Creating",
        Verb::Update => "Modifying",
        Verb::Delete => "Destroying",
        Verb::Read => "Reading",
        Verb::Import => "Importing",
    }
}

fn done(verb: Verb) -> &'static str {
    match verb {
        Verb::Create => "Creation",
        Verb::Update => "Modifications",
        Verb::Delete => "Destruction",
        Verb::Read => "Read",
        Verb::Import => "Import",
    }
}

/// " [id=i-123]"
pub(super) fn named(id: &Option<(Str, Str)>) -> String {
    id.as_ref().map_or_else(String::new, |(name, value)| format!(" [{name}={value}]"))
}

/// "59s", "1m5s", "1h0m3s"
pub(super) fn duration(elapsed: Duration) -> String {
    let all = elapsed.as_secs();
    let (hours, minutes, seconds) = (all / 3600, all / 60 % 60, all % 60);
    match (hours, minutes) {
        (0, 0) => format!("{seconds}s"),
        (0, _) => format!("{minutes}m{seconds}s"),
        _ => format!("{hours}h{minutes}m{seconds}s"),
    }
}

//! `pki list|renew`: the certificates in the state.

use kprov_core::Diagnostic;
use kprov_ops::{KnownCertificate, pki_list, renewable};

use crate::args::{ApplyFlags, PkiCommand, PkiListFlags, PkiRenewFlags};
use crate::failure::Outcome;
use crate::session::Session;
use crate::{output, render};

/// Runs one of them.
pub(crate) fn run(session: &Session, command: PkiCommand) -> Outcome {
    match command {
        PkiCommand::List(flags) => list(session, &flags),
        PkiCommand::Renew(flags) => renew(session, *flags),
    }
}

fn list(session: &Session, flags: &PkiListFlags) -> Outcome {
    let all: Vec<KnownCertificate> = pki_list(&session.project(flags.state.as_deref())?)?;
    if flags.json {
        let json = serde_json::to_value(&all);
        let json =
            json.map_err(|error| Diagnostic::error("Failed to write JSON", error.to_string()))?;
        output::pretty_json(&json);
    } else if all.is_empty() {
        output::line("There is no certificate in the state.");
    } else {
        output::print(&render::certificates(&all));
    }
    Ok(0)
}

/// An apply that issues certificates anew; what else changes is in its plan as well.
fn renew(session: &Session, flags: PkiRenewFlags) -> Outcome {
    let PkiRenewFlags { change, auto_approve, addresses } = flags;
    if change.destroy || change.refresh_only {
        return Err(Diagnostic::error(
            "Incompatible plan mode options",
            "pki renew is an apply: -destroy and -refresh-only cannot be given with it.",
        )
        .into());
    }
    let project = session.project(change.state.state.as_deref())?;
    let renew = renewable(&project, &addresses)?;
    if renew.is_empty() {
        output::line("There is no certificate in the state that could be renewed.");
        return Ok(0);
    }
    let flags = ApplyFlags { change, auto_approve, plan: None };
    super::apply::run_renewing(session, flags, renew)
}

//! `rotation status`, and the words that are said to a rotation. None of them needs the lock of the state: an apply may
//! be under way.

use kprov_core::Diagnostic;
use kprov_ops::rotation::{Spoken, rotation_status, speak};
use kprov_state::RotationWord;

use crate::args::{RotationCommand, RotationStatusFlags, RotationWordFlags};
use crate::failure::Outcome;
use crate::session::Session;
use crate::{output, render};

/// Runs one of them.
pub(crate) fn run(session: &Session, command: &RotationCommand) -> Outcome {
    match command {
        RotationCommand::Status(flags) => status(session, flags),
        RotationCommand::Pause(flags) => say(session, flags, RotationWord::Pause),
        RotationCommand::Resume(flags) => say(session, flags, RotationWord::Resume),
        RotationCommand::Abort(flags) => say(session, flags, RotationWord::Abort),
        RotationCommand::Rollback(flags) => say(session, flags, RotationWord::Rollback),
    }
}

fn status(session: &Session, flags: &RotationStatusFlags) -> Outcome {
    let project = session.project(flags.state.as_deref())?;
    let all = rotation_status(&project, flags.cluster.as_deref())?;
    if flags.json {
        let json = serde_json::to_value(&all);
        let json =
            json.map_err(|error| Diagnostic::error("Failed to write JSON", error.to_string()))?;
        output::pretty_json(&json);
    } else if all.is_empty() {
        output::line(&match &flags.cluster {
            Some(cluster) => format!("No rotation of {} is under way.", render::visible(cluster)),
            None => "No rotation is under way.".to_owned(),
        });
    } else {
        output::print(&render::rotation_status(&all, session.style));
    }
    Ok(0)
}

fn say(session: &Session, flags: &RotationWordFlags, word: RotationWord) -> Outcome {
    let project = session.project(flags.state.as_deref())?;
    let Spoken { clusters, run } = speak(&project, flags.cluster.as_deref(), word)?;
    let who = match run {
        Some(run) => format!(
            "The {run} takes it at its next look; if that run is dead, the next \"kprov apply\" does."
        ),
        None => "No run is under way: the next \"kprov apply\" takes it.".to_owned(),
    };
    let told = format!("{} is said to the rotation of {}. {who}", word.verb(), clusters.join(", "));
    output::line(&render::visible(&told));
    Ok(0)
}

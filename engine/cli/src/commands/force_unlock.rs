//! `force-unlock`

use std::io::BufRead;

use crate::args::ForceUnlockFlags;
use crate::failure::Outcome;
use crate::output;
use crate::session::Session;

/// Removes somebody's lock.
pub(crate) fn run(session: &Session, flags: &ForceUnlockFlags) -> Outcome {
    let project = session.project(flags.state.as_deref())?;
    if !flags.force {
        output::print(
            "Do you really want to force-unlock?\n  kprov will remove the lock on the state. This \
             will allow local kprov commands to modify this state, even though it may still be in \
             use.\n  Only 'yes' will be accepted to confirm.\n\n  Enter a value: ",
        );
        let mut answer = String::new();
        if std::io::stdin().lock().read_line(&mut answer).is_err() || answer.trim() != "yes" {
            output::line("\nforce-unlock cancelled.");
            return Ok(1);
        }
    }
    project.store.force_unlock(&project.workspace, &flags.id)?;
    output::line("kprov state has been successfully unlocked!");
    Ok(0)
}

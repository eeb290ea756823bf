//! What holds between a journal and the state beside it, whichever store keeps them.
//!
//! Findings are for people: each says where and what; none repairs anything. An object may well depend
//! on something that the state does not have: a block whose count went to 0, a data source, something
//! that `state rm` took out, whatever a state of Terraform records. That is no finding.

use crate::ledger::Ledger;
use crate::{Entry, State, StoredEntry};

/// Replays the journal and compares; lists open intents.
pub(crate) fn check(
    workspace: &str,
    state: &State,
    journal: &[StoredEntry],
    findings: &mut Vec<String>,
) {
    let mut found = |what: String| findings.push(format!("workspace {workspace:?}: {what}"));
    match replay(journal) {
        Err(what) => found(what),
        Ok(replayed) => compare(state, &replayed, &mut found),
    }
    for intent in &state.open {
        if let Entry::Intended { object, action, .. } = &intent.entry {
            let verb = action.verb();
            found(format!(
                "operation {} of run {} ({verb} {object}) has no outcome; the next apply settles it",
                intent.op.0, intent.run.0
            ));
        }
    }
}

fn replay(journal: &[StoredEntry]) -> Result<State, String> {
    let mut ledger = Ledger::default();
    let mut last = None;
    for entry in journal {
        if last >= Some(entry.seq) {
            return Err(format!("journal entry {} is out of order", entry.seq.0));
        }
        last = Some(entry.seq);
        ledger
            .append(entry.run, &entry.at, std::slice::from_ref(&entry.entry))
            .map_err(|error| format!("journal entry {} does not replay: {error}", entry.seq.0))?;
    }
    Ok(ledger.snapshot())
}

fn compare(state: &State, replayed: &State, found: &mut impl FnMut(String)) {
    if state.serial != replayed.serial {
        found(format!("the serial is {}, the journal gives {}", state.serial, replayed.serial));
    }
    for (address, object) in &state.objects {
        match replayed.objects.get(address) {
            None => found(format!("{address} is in the state, the journal knows nothing of it")),
            Some(other) if other != object => {
                found(format!("{address} differs from what the journal says of it"));
            }
            Some(_) => {}
        }
    }
    for address in replayed.objects.keys().filter(|address| !state.objects.contains_key(address)) {
        found(format!("{address} is missing in the state, the journal has it"));
    }
    if state.outputs != replayed.outputs {
        found("the outputs differ from what the journal says".to_owned());
    }
    if !crate::object::same_checks(&state.checks, &replayed.checks) {
        found("the check results differ from what the journal says".to_owned());
    }
    let ops = |state: &State| state.open.iter().map(|open| open.op).collect::<Vec<_>>();
    if ops(state) != ops(replayed) {
        found("the open intents differ from what the journal says".to_owned());
    }
}

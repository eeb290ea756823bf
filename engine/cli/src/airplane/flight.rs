//! [`Flight`]: the note that a running airplane leaves, so that others find it.

use std::net::SocketAddr;

use kprov_airplane::Remote;
use kprov_core::Diagnostic;
use serde::{Deserialize, Serialize};

use super::{block_on, file, problem};

/// `.kprov/airplane.json`
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Flight {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    /// Its process.
    pub(crate) pid: u32,
}

const NOTE: &str = "airplane.json";

impl Flight {
    /// The door to it.
    pub(crate) fn remote(&self) -> Remote {
        Remote::new(self.address)
    }

    /// Leaves the note.
    pub(super) fn write(&self) -> Result<(), Diagnostic> {
        let text = serde_json::to_string(self).unwrap_or_default();
        // Beside and moved over: no reader sees half a note.
        let (new, note) = (file("airplane.json.new"), file(NOTE));
        std::fs::write(&new, text)
            .and_then(|()| std::fs::rename(&new, &note))
            .map_err(|error| problem(format!("Cannot write {}: {error}.", note.display())))
    }

    /// Takes the note away.
    pub(super) fn erase() {
        // Whoever reads a stale note asks the address, and hears nothing.
        let _ = std::fs::remove_file(file(NOTE));
    }

    /// The note, whether true or stale.
    pub(super) fn read() -> Option<Flight> {
        let text = std::fs::read_to_string(file(NOTE)).ok()?;
        serde_json::from_str(&text).ok()
    }
}

/// The airplane that flies for this project, if there is one.
pub(crate) fn find() -> Result<Option<Flight>, Diagnostic> {
    let Some(flight) = Flight::read() else { return Ok(None) };
    let answers = block_on(async { flight.remote().get("status").await.is_ok() })?;
    Ok(answers.then_some(flight))
}

//! Progress where nobody watches: plain lines, one for each thing that happens.

use std::sync::{Arc, Mutex, PoisonError};

use kprov_apply::{ProgressEvent, Reporter};
use kprov_core::Host;

use super::rotating::Rotating;
use super::words::line;
use crate::render::visible;

/// Prints a line for each event.
#[derive(Debug)]
pub(crate) struct ProgressLines {
    host: Arc<dyn Host>,
    rotating: Mutex<Rotating>,
}

impl ProgressLines {
    /// By this clock.
    pub(super) fn new(host: Arc<dyn Host>) -> ProgressLines {
        ProgressLines { host, rotating: Mutex::default() }
    }

    /// What is to be printed.
    pub(super) fn lines(&self, event: &ProgressEvent) -> Vec<String> {
        let mut lines: Vec<String> = line(event).into_iter().collect();
        let now = self.host.elapsed();
        let mut rotating = self.rotating.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            ProgressEvent::Rotation(word) => lines.extend(rotating.take(word, now)),
            ProgressEvent::Running { address, .. } => lines.extend(rotating.waiting(address, now)),
            ProgressEvent::Finished { address, .. } | ProgressEvent::Failed { address, .. } => {
                rotating.ended(address);
            }
            _ => {}
        }
        lines.iter().map(|line| visible(line).replace('\n', " ")).collect()
    }
}

impl Reporter for ProgressLines {
    fn report(&self, event: &ProgressEvent) {
        for line in self.lines(event) {
            crate::output::line(&line);
        }
    }
}

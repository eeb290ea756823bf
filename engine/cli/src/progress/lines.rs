//! Progress where nobody watches: plain lines, one for each thing that happens.

use kprov_apply::{ProgressEvent, Reporter};

use super::words::line;

/// Prints a line for each event.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ProgressLines;

impl Reporter for ProgressLines {
    fn report(&self, event: &ProgressEvent) {
        if let Some(line) = line(event) {
            crate::output::line(&line);
        }
    }
}

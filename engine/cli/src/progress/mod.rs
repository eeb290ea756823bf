//! What is told while an apply goes on: live lines and a bar on a terminal, plain lines elsewhere.

mod eta;
mod history;
mod lines;
mod live;
mod picture;
mod rotating;
#[cfg(test)]
mod tests;
mod words;

use std::sync::Arc;

use kprov_apply::{ProgressEvent, Reporter};
use kprov_core::Host;

pub(crate) use eta::{History, Work};
pub(crate) use history::history;
use lines::ProgressLines;
use live::Live;

/// Tells about progress in the way that suits the reader.
#[derive(Debug)]
pub(crate) enum Progress {
    /// Plain lines.
    Lines(ProgressLines),
    /// Live lines.
    Live(Box<Live>),
}

impl Progress {
    /// Live lines if standard output is a terminal that can be drawn on. Timers go by the clock of `host`.
    pub(crate) fn new(host: Arc<dyn Host>) -> Progress {
        match Live::new(host.clone()) {
            Some(live) => Progress::Live(Box::new(live)),
            None => Progress::Lines(ProgressLines::new(host)),
        }
    }

    /// Does anybody watch?
    pub(crate) fn is_live(&self) -> bool {
        matches!(self, Progress::Live(_))
    }

    /// Says what there is to do, so that what is left can be told.
    pub(crate) fn begin(&self, work: Work) {
        if let Progress::Live(live) = self {
            live.begin(work);
        }
    }

    /// Nothing more comes: clears what lives.
    pub(crate) fn end(&self) {
        if let Progress::Live(live) = self {
            live.end();
        }
    }
}

impl Reporter for Progress {
    fn report(&self, event: &ProgressEvent) {
        match self {
            Progress::Lines(lines) => lines.report(event),
            Progress::Live(live) => live.report(event),
        }
    }
}

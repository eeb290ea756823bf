//! Processes that stay: started in order, asked whether they are ready, started again when they end, stopped in peace.
//! [`machine`] decides and does no I/O; [`driver`] does what it says.

mod discretion;
mod driver;
mod log;
mod machine;
mod ports;
mod probe;
mod process;
mod reaper;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::components::Invocation;

pub(crate) use driver::{Paused, Supervisor};
pub(crate) use ports::trouble as port_trouble;
pub(crate) use process::end_orphans;

/// A process that is to run.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Component {
    pub(crate) name: String,
    pub(crate) invocation: Invocation,
    /// These are ready before it starts for the first time.
    pub(crate) needs: Vec<String>,
    /// So long it may take to end after SIGTERM.
    pub(crate) grace: Duration,
    /// Where it listens: a port that is taken is told before it fails.
    pub(crate) listens: Vec<SocketAddr>,
    pub(crate) probe: Probe,
    /// A process that was ready and gives no answer at all for so long is started again.
    pub(crate) hung_after: Option<Duration>,
}

/// How to ask a process whether it is ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Probe {
    /// 200 is ready; the bundle says whom to trust, where it is https.
    Http { url: String, bundle: Option<PathBuf> },
    /// It runs: nothing can be asked.
    Running,
}

/// What a component does just now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum State {
    /// For what it needs, or because nobody wants it.
    Down,
    /// It runs, and is not ready.
    Starting,
    Ready,
    /// It ended, and is started again in a while.
    BackingOff,
    Stopping,
}

/// A component as others see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct View {
    pub(crate) name: String,
    pub(crate) state: State,
    pub(crate) pid: Option<u32>,
    pub(crate) restarts: u64,
    #[serde(rename = "lastError")]
    pub(crate) last_error: Option<String>,
}

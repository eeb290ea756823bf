//! [`Dying`]: what a process leaves that dies while it seals.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use kprov_core::Host;

use crate::support::TestHost;

/// Each time that a random byte is drawn, for a key or a nonce, is a step: the files are kept as they
/// are then, as a process that dies there leaves them.
#[derive(Debug)]
pub(crate) struct Dying {
    from: PathBuf,
    to: PathBuf,
    steps: Mutex<usize>,
    counting: TestHost,
}

impl Dying {
    /// Keeps what is in `from` in numbered directories of `to`.
    pub(crate) fn new(from: &Path, to: &Path) -> Arc<Dying> {
        let (from, to) = (from.to_owned(), to.to_owned());
        Arc::new(Dying { from, to, steps: Mutex::new(0), counting: TestHost::default() })
    }

    pub(crate) fn steps(&self) -> usize {
        *self.steps.lock().unwrap()
    }

    pub(crate) fn keep(&self) {
        let mut step = self.steps.lock().unwrap();
        let to = self.to.join(step.to_string());
        std::fs::create_dir(&to).unwrap();
        for entry in std::fs::read_dir(&self.from).unwrap() {
            let entry = entry.unwrap();
            // Shared memory dies with the process.
            if !entry.file_name().to_string_lossy().ends_with("-shm") {
                std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
            }
        }
        *step += 1;
    }
}

impl Host for Dying {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH
    }

    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }

    fn random(&self, buffer: &mut [u8]) {
        self.keep();
        self.counting.random(buffer);
    }

    fn env(&self, _name: &str) -> Option<String> {
        None
    }
}

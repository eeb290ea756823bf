//! [`Machine`]: the real clock, randomness and environment.

use std::time::{Duration, Instant, SystemTime};

use kprov_core::Host;

/// This machine.
#[derive(Debug)]
pub struct Machine {
    started: Instant,
}

impl Machine {
    /// Starts counting elapsed time.
    pub fn new() -> Machine {
        Machine { started: Instant::now() }
    }
}

impl Default for Machine {
    fn default() -> Machine {
        Machine::new()
    }
}

impl Host for Machine {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    fn random(&self, buffer: &mut [u8]) {
        getrandom::fill(buffer).expect("invariant: an operating system has random bytes");
    }

    fn env(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }
}

//! [`SimHost`]: a clock that the simulation moves, and randomness from the seed.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use kprov_core::Host;

use crate::dice::Dice;

#[derive(Debug)]
pub(crate) struct SimHost {
    now_ms: AtomicU64,
    dice: Mutex<Dice>,
}

impl SimHost {
    pub(crate) fn new(seed: u64) -> SimHost {
        SimHost { now_ms: AtomicU64::new(0), dice: Mutex::new(Dice::new(seed, 9)) }
    }

    pub(crate) fn now_ms(&self) -> u64 {
        self.now_ms.load(Ordering::Relaxed)
    }

    /// Time never goes back.
    pub(crate) fn advance_to(&self, ms: u64) {
        self.now_ms.fetch_max(ms, Ordering::Relaxed);
    }
}

impl Host for SimHost {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + self.elapsed()
    }

    fn elapsed(&self) -> Duration {
        Duration::from_millis(self.now_ms())
    }

    fn random(&self, buffer: &mut [u8]) {
        self.dice.lock().unwrap_or_else(PoisonError::into_inner).fill(buffer);
    }

    fn env(&self, _name: &str) -> Option<String> {
        None
    }
}

//! [`CountingHost`]: clock and randomness that are the same in every run.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use kprov_core::Host;

/// Random bytes come from a counter (SplitMix64), so they never repeat and never change; time
/// stands still.
#[derive(Debug)]
pub struct CountingHost(AtomicU64);

impl CountingHost {
    /// A host whose bytes depend on `seed`.
    pub fn new(seed: u64) -> CountingHost {
        CountingHost(AtomicU64::new(seed))
    }
}

/// Spreads a number's bits; every input gives another output.
pub fn spread(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Host for CountingHost {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH
    }

    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }

    fn random(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(8) {
            let bytes = spread(self.0.fetch_add(1, Ordering::Relaxed)).to_le_bytes();
            chunk.copy_from_slice(&bytes[..chunk.len()]);
        }
    }

    fn env(&self, _name: &str) -> Option<String> {
        None
    }
}

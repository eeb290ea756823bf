//! [`FakeHost`]: a machine of which everything is decided by a seed.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use kprov_core::Host;

/// Same seed, same bytes, same times. The clock starts at 2024-01-01T00:00:00Z and goes on by a
/// millisecond with every look.
#[derive(Debug)]
pub struct FakeHost {
    state: Mutex<State>,
    env: BTreeMap<String, String>,
}

#[derive(Debug)]
struct State {
    random: u64,
    ticks: u64,
}

impl FakeHost {
    /// A host with an empty environment.
    pub fn new(seed: u64) -> FakeHost {
        FakeHost { state: Mutex::new(State { random: seed, ticks: 0 }), env: BTreeMap::new() }
    }

    /// Adds an environment variable.
    pub fn with_env(mut self, name: &str, value: &str) -> FakeHost {
        self.env.insert(name.to_owned(), value.to_owned());
        self
    }

    fn state<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn tick(&self) -> Duration {
        self.state(|state| {
            state.ticks += 1;
            Duration::from_millis(state.ticks)
        })
    }
}

/// SplitMix64: small, and good enough for tests.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

impl Host for FakeHost {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_704_067_200) + self.tick()
    }

    fn elapsed(&self) -> Duration {
        self.tick()
    }

    fn random(&self, buffer: &mut [u8]) {
        self.state(|state| {
            for chunk in buffer.chunks_mut(8) {
                let bytes = next(&mut state.random).to_le_bytes();
                chunk.copy_from_slice(&bytes[..chunk.len()]);
            }
        });
    }

    fn env(&self, name: &str) -> Option<String> {
        self.env.get(name).cloned()
    }
}

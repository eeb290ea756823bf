//! [`SteppedClock`]: a clock on which waiting takes no time.
//!
//! It goes on to the next moment that somebody waits for once everybody waits, which is taken to be
//! so when the first in line has let all others have a number of turns. Needs a tokio runtime of one
//! thread.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use aws_smithy_async::rt::sleep::{AsyncSleep, Sleep};
use aws_smithy_async::time::TimeSource;

/// How many turns the first in line lets pass. A turn polls some tens of futures that are joined.
const PATIENCE: u32 = 200;

struct State {
    now: SystemTime,
    next: u64,
    waiting: BTreeSet<(SystemTime, u64)>,
}

/// Starts at 2024-01-01T00:00:00Z. Clones are the same clock.
#[derive(Clone)]
pub struct SteppedClock(Arc<Mutex<State>>);

impl Default for SteppedClock {
    fn default() -> SteppedClock {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_704_067_200);
        SteppedClock(Arc::new(Mutex::new(State { now, next: 0, waiting: BTreeSet::new() })))
    }
}

impl fmt::Debug for SteppedClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SteppedClock").field(&self.now()).finish()
    }
}

impl SteppedClock {
    fn state<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl TimeSource for SteppedClock {
    fn now(&self) -> SystemTime {
        self.state(|state| state.now)
    }
}

impl AsyncSleep for SteppedClock {
    fn sleep(&self, duration: Duration) -> Sleep {
        let key = self.state(|state| {
            state.next += 1;
            let key = (state.now + duration, state.next);
            state.waiting.insert(key);
            key
        });
        let nap = Nap { clock: self.clone(), key };
        Sleep::new(async move {
            let mut turns = 0;
            while !nap.is_over(turns) {
                turns = if nap.is_first() { turns + 1 } else { 0 };
                // A task of its own ends only once the runtime has come round, however often we are
                // polled meanwhile.
                let _ = tokio::spawn(std::future::ready(())).await;
            }
        })
    }
}

struct Nap {
    clock: SteppedClock,
    key: (SystemTime, u64),
}

impl Nap {
    fn is_first(&self) -> bool {
        self.clock.state(|state| state.waiting.first() == Some(&self.key))
    }

    /// Time goes on to the first in line once it has waited for so many turns.
    fn is_over(&self, turns: u32) -> bool {
        self.clock.state(|state| {
            if turns >= PATIENCE && state.waiting.first() == Some(&self.key) {
                state.now = state.now.max(self.key.0);
            }
            state.now >= self.key.0
        })
    }
}

impl Drop for Nap {
    fn drop(&mut self) {
        self.clock.state(|state| state.waiting.remove(&self.key));
    }
}

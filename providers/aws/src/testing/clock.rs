//! [`SteppedClock`]: a clock on which waiting takes no time.
//!
//! It goes on to the next moment that somebody waits for once everybody waits, which is taken to be
//! so when the first in line was polled a few times in a row. One thread, please.

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use aws_smithy_async::rt::sleep::{AsyncSleep, Sleep};
use aws_smithy_async::time::TimeSource;

/// How often the first in line is polled before time goes on to it.
const PATIENCE: u32 = 16;

struct State {
    now: SystemTime,
    next: u64,
    waiting: BTreeMap<(SystemTime, u64), ()>,
}

/// Starts at 2024-01-01T00:00:00Z. Clones are the same clock.
#[derive(Clone)]
pub struct SteppedClock(Arc<Mutex<State>>);

impl Default for SteppedClock {
    fn default() -> SteppedClock {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_704_067_200);
        SteppedClock(Arc::new(Mutex::new(State { now, next: 0, waiting: BTreeMap::new() })))
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
            state.waiting.insert(key, ());
            key
        });
        Sleep::new(Nap { clock: self.clone(), key, polls: 0 })
    }
}

struct Nap {
    clock: SteppedClock,
    key: (SystemTime, u64),
    polls: u32,
}

impl Future for Nap {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let key = self.key;
        let polls = self.polls;
        let (over, first) = self.clock.state(|state| {
            let first = state.waiting.keys().next() == Some(&key);
            if first && polls >= PATIENCE {
                state.now = state.now.max(key.0);
            }
            (state.now >= key.0, first)
        });
        if over {
            return Poll::Ready(());
        }
        // Who is not first starts to count once it is.
        self.polls = if first { polls + 1 } else { 0 };
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

impl Drop for Nap {
    fn drop(&mut self) {
        let key = self.key;
        self.clock.state(|state| state.waiting.remove(&key));
    }
}

//! [`block_on`]: runs a future that needs no runtime.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// Polls until the future is done. For code whose waiting is its own (files, memory); what needs a
/// runtime's timers or sockets must be run by that runtime: see [`super::kit::failures`].
pub fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => std::thread::yield_now(),
        }
    }
}

//! [`Interrupts`]: requests to stop, from wherever they come.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Counts requests to stop and passes them on. The first one stops new operations, the second one
/// leaves at once.
#[derive(Debug, Default)]
pub struct Interrupts {
    count: AtomicUsize,
    listener: Mutex<Option<UnboundedSender<()>>>,
}

impl Interrupts {
    /// None yet.
    pub fn new() -> Interrupts {
        Interrupts::default()
    }

    /// Somebody wants to stop. Gives how often that was said now.
    pub fn interrupt(&self) -> usize {
        if let Some(listener) = &*self.listener.lock().unwrap_or_else(PoisonError::into_inner) {
            // Who does not listen any more is done.
            let _ = listener.send(());
        }
        self.count.fetch_add(1, Ordering::SeqCst) + 1
    }

    /// Was there any?
    pub fn any(&self) -> bool {
        self.count.load(Ordering::SeqCst) > 0
    }

    /// Those to come, in place of the former listener.
    pub(crate) fn listen(&self) -> UnboundedReceiver<()> {
        let (sender, receiver) = unbounded_channel();
        *self.listener.lock().unwrap_or_else(PoisonError::into_inner) = Some(sender);
        receiver
    }
}

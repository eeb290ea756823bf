//! Ctrl-C and termination. While a question is open they end the program, the terminal put in order
//! first; during an apply the first stops new operations and the second leaves at once.

use std::sync::{Arc, Mutex, PoisonError};

use kprov_ops::Interrupts;

use crate::output;

/// As shells have it for what SIGINT ended.
const INTERRUPTED: i32 = 130;

/// What a signal does now. `None`: nobody listens yet, and it ends the program as it always does.
static NOW: Mutex<Option<Then>> = Mutex::new(None);

enum Then {
    /// Puts something in order and ends the program: nothing was begun.
    Leave(Box<dyn Fn() + Send>),
    /// Tells an apply.
    Interrupt(Arc<Interrupts>),
}

/// Passes signals on from now on.
pub(crate) fn watch(interrupts: &Arc<Interrupts>) {
    from_now_on(Then::Interrupt(interrupts.clone()));
}

/// From now on, signals end the program after this was called.
#[cfg_attr(not(unix), allow(dead_code))]
pub(crate) fn leave_after(put_in_order: impl Fn() + Send + 'static) {
    from_now_on(Then::Leave(Box::new(put_in_order)));
}

fn from_now_on(then: Then) {
    let before = NOW.lock().unwrap_or_else(PoisonError::into_inner).replace(then);
    if before.is_some() {
        return;
    }
    let (ready, wait) = std::sync::mpsc::channel();
    let thread = std::thread::Builder::new().name("signals".to_owned());
    let begun = thread.spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build();
        // Without a runtime signals go on ending the program; the next run settles.
        let Ok(runtime) = runtime else { return };
        runtime.block_on(listen(ready));
    });
    if begun.is_ok() {
        // An error says that the thread gave up: see above.
        let _ = wait.recv();
    }
}

fn came() {
    match &*NOW.lock().unwrap_or_else(PoisonError::into_inner) {
        Some(Then::Interrupt(interrupts)) => told(interrupts.interrupt()),
        Some(Then::Leave(put_in_order)) => {
            put_in_order();
            output::complain("\n");
            std::process::exit(INTERRUPTED);
        }
        None => {}
    }
}

#[cfg(unix)]
async fn listen(ready: std::sync::mpsc::Sender<()>) {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut stop), Ok(mut end)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        return;
    };
    drop(ready);
    loop {
        tokio::select! {
            _ = stop.recv() => {}
            _ = end.recv() => {}
        }
        came();
    }
}

#[cfg(not(unix))]
async fn listen(ready: std::sync::mpsc::Sender<()>) {
    drop(ready);
    while tokio::signal::ctrl_c().await.is_ok() {
        came();
    }
}

fn told(count: usize) {
    output::complain(match count {
        1 => {
            "\nInterrupt received.\nNothing new is started; waiting for what is under way. \
             Interrupt again to leave at once.\n"
        }
        _ => "\nLeaving at once. The next apply finds out what became of what was under way.\n",
    });
}

//! Ctrl-C and termination: the first stops new operations, the second leaves at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use kprov_ops::Interrupts;

use crate::output;

/// Passes signals on from now on. Before, they end the program as they always do: nothing was begun.
pub(crate) fn watch(interrupts: &Arc<Interrupts>) {
    static WATCHING: AtomicBool = AtomicBool::new(false);
    if WATCHING.swap(true, Ordering::SeqCst) {
        return;
    }
    let interrupts = interrupts.clone();
    let (ready, wait) = std::sync::mpsc::channel();
    let thread = std::thread::Builder::new().name("signals".to_owned());
    let begun = thread.spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build();
        // Without a runtime signals go on ending the program; the next run settles.
        let Ok(runtime) = runtime else { return };
        runtime.block_on(listen(&interrupts, ready));
    });
    if begun.is_ok() {
        // An error says that the thread gave up: see above.
        let _ = wait.recv();
    }
}

#[cfg(unix)]
async fn listen(interrupts: &Interrupts, ready: std::sync::mpsc::Sender<()>) {
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
        told(interrupts.interrupt());
    }
}

#[cfg(not(unix))]
async fn listen(interrupts: &Interrupts, ready: std::sync::mpsc::Sender<()>) {
    drop(ready);
    while tokio::signal::ctrl_c().await.is_ok() {
        told(interrupts.interrupt());
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

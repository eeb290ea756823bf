//! The `kprov` program: the arguments become one operation of kprov-ops, what it says becomes text,
//! and how it went becomes the exit status.
//!
//! Nothing is built that the command does not need: no runtime, no state, no provider for
//! `kprov version`.

mod airplane;
mod args;
mod ask;
mod commands;
mod failure;
mod keys;
mod kms;
mod modules;
mod output;
mod own_state;
mod progress;
mod providers;
mod render;
mod session;
mod signals;
#[cfg(test)]
mod testing;
mod workspace_file;

use std::process::ExitCode;

/// A plan is millions of small allocations that live until it ends; with the system's allocator,
/// time per resource grows with the heap, and twice the resources cost more than twice the time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    ExitCode::from(commands::run(std::env::args_os()))
}

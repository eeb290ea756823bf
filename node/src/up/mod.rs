//! `kprov node up`: from the document to a machine that serves, and stays so until it is told to stop.

mod asked;
mod begin;
mod follow;
mod hold;
mod kubernetes;
mod lease;
mod leave;
mod master;
mod notices;
mod parts;
mod reach;
mod serving;
mod silence;
mod snapshots;
mod views;
mod worker;

use std::path::PathBuf;

use tokio::sync::watch;

use crate::document::{Binaries, Document, Role};
use crate::problem::Problem;
use crate::status::Say;

pub use leave::leave;

/// What is told besides the document.
#[derive(Clone, Debug)]
pub struct Options {
    /// Instead of the document's directory.
    pub directory: Option<PathBuf>,
    /// The URL of the address book, by which machines on a laptop reach each other.
    pub addresses: Option<String>,
    /// A directory that has the programs already, instead of where the document says: as an image has them on EC2, a laptop
    /// has them anywhere.
    pub binaries: Option<PathBuf>,
    /// What is going on, line by line.
    pub say: Say,
}

impl Default for Options {
    fn default() -> Options {
        Options { directory: None, addresses: None, binaries: None, say: |_| {} }
    }
}

/// Becomes true once the node is to stop.
pub type Stop = watch::Receiver<bool>;

/// Runs the node until it is told to stop. Nothing that it started runs any more then.
///
/// # Errors
/// When it cannot begin, or a person has to look.
pub async fn up(mut document: Document, options: Options, stop: Stop) -> Result<(), Problem> {
    if let Some(directory) = &options.directory {
        document.directory.clone_from(directory);
    }
    if let Some(binaries) = &options.binaries {
        document.binaries = Binaries::Directory(binaries.clone());
    }
    let Some(begun) = unless_stopped(&stop, begin::begin(document, &options)).await else {
        return Ok(());
    };
    let begun = begun?;
    match begun.document.role {
        Role::Master => master::run(begun, stop).await,
        Role::Worker => worker::run(begun, stop).await,
    }
}

/// Waits until the node is to stop.
async fn stopped(stop: &Stop) {
    // Who tells us is gone with the program only.
    if stop.clone().wait_for(|stop| *stop).await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Does something unless the node is to stop before.
async fn unless_stopped<T>(stop: &Stop, doing: impl Future<Output = T>) -> Option<T> {
    tokio::select! {
        biased;
        () = stopped(stop) => None,
        done = doing => Some(done),
    }
}

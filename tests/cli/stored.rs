//! What a state's file says, as text: to tell whether a command changed it.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use kprov_core::Host;
use kprov_state::{LogFilter, SqliteOptions, SqliteStore, StateError, Store};

/// Reading needs neither time nor chance.
#[derive(Debug)]
struct Reader;

impl Host for Reader {
    fn now(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH
    }

    fn elapsed(&self) -> Duration {
        Duration::ZERO
    }

    fn random(&self, buffer: &mut [u8]) {
        buffer.fill(0);
    }

    fn env(&self, _name: &str) -> Option<String> {
        None
    }
}

/// All workspaces with their states and journals; `None` where that cannot be read; nothing where
/// nothing was ever done.
pub(crate) fn told(path: &Path) -> Option<String> {
    all(path).ok()
}

fn all(path: &Path) -> Result<String, StateError> {
    let store = SqliteStore::open(path, Arc::new(Reader), SqliteOptions::default())?;
    let mut told = String::new();
    for workspace in store.workspaces()? {
        let state = store.read(&workspace)?;
        let journal = store.journal(&workspace, LogFilter::default())?;
        if workspace == "default" && journal.is_empty() {
            continue;
        }
        told.push_str(&format!("{workspace}: {state:?} {journal:?}\n"));
    }
    Ok(told)
}

//! What a state's file says, as text: to tell whether a command changed it.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use kprov_core::Host;
use kprov_state::{
    Entry, KeyFile, LogFilter, RunOutcome, SqliteOptions, SqliteStore, State, StateError, Store,
    Vault, tfstate,
};

/// Reading needs neither time nor chance.
#[derive(Debug)]
pub(crate) struct Reader;

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
    // A place's home is beside its project; what is sealed was sealed by the key file there.
    let root = path.ancestors().find(|at| at.ends_with("work")).and_then(Path::parent);
    let file = root.unwrap_or(path).join("home/.config/kprov/state.key");
    let vault = Vault::of(vec![Arc::new(KeyFile::at(file))]);
    let options = SqliteOptions { vault, ..SqliteOptions::default() };
    let store = SqliteStore::open(path, Arc::new(Reader), options)?;
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

/// Makes a state in the clear, as versions without keys did, of a text in Terraform's format.
pub(crate) fn plain(path: &Path, text: &str) {
    let state = tfstate::import(text).expect("a state");
    let options = SqliteOptions::default();
    let store = SqliteStore::open(path, Arc::new(Reader), options).expect("a store");
    let started = Entry::RunStarted {
        command: "apply".to_owned(),
        plan_digest: String::new(),
        who: String::new(),
        pid: 1,
    };
    let at = "2026-01-01T00:00:00Z";
    let run = store.begin_run("default", started, at).expect("a run");
    let mut entries = State::default().entries_towards(&state);
    entries.push(Entry::RunFinished { outcome: RunOutcome::Succeeded });
    store.append("default", run, at, &entries).expect("it is written");
}

//! Writing to the state: the lock, and runs in the journal.

use std::time::Duration;

use kprov_state::{Entry, Lock, LockInfo, RunId, RunOutcome, State, StateError};

use crate::{OpsError, Project, time};

/// How the lock is taken.
#[derive(Clone, Copy, Debug)]
pub struct LockOptions {
    /// Take it? (`-lock=false`)
    pub lock: bool,
    /// How long to wait for it.
    pub timeout: Duration,
}

impl Default for LockOptions {
    fn default() -> LockOptions {
        LockOptions { lock: true, timeout: Duration::ZERO }
    }
}

impl Project {
    /// The state of the selected workspace; an empty one for a workspace that is selected but was
    /// never written.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn state(&self) -> Result<State, StateError> {
        match self.store.read(&self.workspace) {
            Err(StateError::NoWorkspace(_)) => Ok(State::default()),
            other => other,
        }
    }

    /// The same for a look at what there is: what is sealed reads as empty, and needs no key.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn outline(&self) -> Result<State, StateError> {
        match self.store.outline(&self.workspace) {
            Err(StateError::NoWorkspace(_)) => Ok(State::default()),
            other => other,
        }
    }

    /// Takes the lock, and makes the workspace if it does not exist yet.
    pub(crate) fn lock(
        &self,
        options: LockOptions,
        command: &str,
    ) -> Result<Option<Box<dyn Lock>>, OpsError> {
        if self.workspace != "default" && !self.store.workspaces()?.contains(&self.workspace) {
            self.store.create_workspace(&self.workspace)?;
        }
        self.lock_workspace(&self.workspace, options, command)
    }

    /// Takes the lock of a workspace that exists.
    pub(crate) fn lock_workspace(
        &self,
        workspace: &str,
        options: LockOptions,
        command: &str,
    ) -> Result<Option<Box<dyn Lock>>, OpsError> {
        if !options.lock {
            return Ok(None);
        }
        let info = LockInfo {
            id: self.host.uuid(),
            who: self.who.clone(),
            since: self.now(),
            command: command.to_owned(),
            pid: std::process::id(),
            host: self.machine.clone(),
        };
        Ok(Some(self.store.lock(workspace, info, options.timeout)?))
    }

    /// Begins a run.
    pub(crate) fn begin_run(&self, command: &str, plan_digest: String) -> Result<RunId, OpsError> {
        let started = Entry::RunStarted {
            command: command.to_owned(),
            plan_digest,
            who: self.who.clone(),
            pid: std::process::id(),
        };
        Ok(self.store.begin_run(&self.workspace, started, &self.now())?)
    }

    /// Appends entries to a run.
    pub(crate) fn append(&self, run: RunId, entries: &[Entry]) -> Result<(), OpsError> {
        self.store.append(&self.workspace, run, &self.now(), entries)?;
        Ok(())
    }

    /// Ends a run.
    pub(crate) fn finish_run(&self, run: RunId, outcome: RunOutcome) -> Result<(), OpsError> {
        self.append(run, &[Entry::RunFinished { outcome }])
    }

    /// A run of its own for changes of the state that need no call, under the lock.
    pub(crate) fn record(
        &self,
        options: LockOptions,
        command: &str,
        entries: impl FnOnce(&State) -> Result<Vec<Entry>, OpsError>,
    ) -> Result<(), OpsError> {
        let _lock = self.lock(options, command)?;
        let mut entries = entries(&self.state()?)?;
        if entries.is_empty() {
            return Ok(());
        }
        let run = self.begin_run(command, String::new())?;
        entries.push(Entry::RunFinished { outcome: RunOutcome::Succeeded });
        self.append(run, &entries)
    }

    pub(crate) fn now(&self) -> String {
        time::rfc3339_milliseconds(self.host.now())
    }
}

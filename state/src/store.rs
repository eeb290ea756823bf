//! [`Store`]: where states and journals are kept.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use kprov_core::Str;
use serde::{Deserialize, Serialize};

use crate::{
    Entry, OpId, OutputRecord, RotationChange, RotationRecord, RotationWord, RunId, RunOutcome,
    Seq, SpokenWord, State, StateError, StepDuration, Vault,
};

/// Identity of a state: a UUID given when it is first written. Plans remember it.
pub type Lineage = String;

/// A workspace's name; "default" is there always.
pub type Workspace = String;

/// Who holds a lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockInfo {
    /// Names this lock: what `force-unlock` takes.
    pub id: String,
    /// user@host
    pub who: String,
    /// RFC 3339.
    pub since: String,
    /// `apply`, ...
    pub command: String,
    /// Process on `host`.
    pub pid: u32,
    /// Host name, to tell a dead holder on this host.
    pub host: String,
}

/// A held lock; dropping it releases it.
pub trait Lock: Send + fmt::Debug {
    /// What others see.
    fn info(&self) -> &LockInfo;
}

/// An entry as stored.
#[derive(Clone, Debug)]
pub struct StoredEntry {
    /// Its place.
    pub seq: Seq,
    /// Its run.
    pub run: RunId,
    /// RFC 3339, by the writer's clock.
    pub at: String,
    /// The entry.
    pub entry: Entry,
}

/// A run, for `op log`.
#[derive(Clone, Debug, Serialize)]
pub struct RunRecord {
    /// Which.
    pub run: RunId,
    /// What was run.
    pub command: String,
    /// By whom.
    pub who: String,
    /// When it began, RFC 3339.
    pub started: String,
    /// When it ended; `None`: it died or is running.
    pub finished: Option<String>,
    /// How it ended.
    pub outcome: Option<RunOutcome>,
    /// Operations done, failed, still open.
    pub succeeded: u64,
    /// Failed.
    pub failed: u64,
    /// Open.
    pub open: u64,
}

impl RunRecord {
    /// One that has just begun.
    pub(crate) fn begun(run: RunId, command: &str, who: &str, at: &str) -> RunRecord {
        RunRecord {
            run,
            command: command.to_owned(),
            who: who.to_owned(),
            started: at.to_owned(),
            finished: None,
            outcome: None,
            succeeded: 0,
            failed: 0,
            open: 0,
        }
    }
}

/// An operation, for `op show` and for an ETA from history.
#[derive(Clone, Debug, Serialize)]
pub struct OpRecord {
    /// Which.
    pub op: OpId,
    /// In which run.
    pub run: RunId,
    /// The object's address as text.
    pub address: String,
    /// What it did.
    pub action: crate::ActionKind,
    /// When it was intended, RFC 3339.
    pub started: String,
    /// When its outcome was recorded.
    pub finished: Option<String>,
    /// `succeeded`, `failed: ...`, `settled: ...`; `None`: open.
    pub outcome: Option<String>,
}

/// Which part of the log.
#[derive(Clone, Debug, Default)]
pub struct LogFilter {
    /// Only this run.
    pub run: Option<RunId>,
    /// Only the newest so many.
    pub limit: Option<usize>,
}

/// A store of states and journals. Blocking; one writer at a time is ensured by the lock, readers
/// never wait. All methods may be called from any thread.
pub trait Store: Send + Sync + fmt::Debug {
    /// The state of a workspace; an empty one if nothing was ever written.
    ///
    /// # Errors
    /// When it cannot be read, or is damaged.
    fn read(&self, workspace: &str) -> Result<State, StateError>;

    /// The same for a look at what there is: what is sealed reads as empty, and needs no key.
    ///
    /// # Errors
    /// When it cannot be read, or is damaged.
    fn outline(&self, workspace: &str) -> Result<State, StateError> {
        self.read(workspace)
    }

    /// The root outputs alone: a key is needed only if one of them is sealed.
    ///
    /// # Errors
    /// When they cannot be read.
    fn outputs(&self, workspace: &str) -> Result<BTreeMap<Str, OutputRecord>, StateError> {
        Ok(self.read(workspace)?.outputs)
    }

    /// Takes the write lock, waiting up to `timeout`. A holder that is dead on this host is
    /// replaced.
    ///
    /// # Errors
    /// [`StateError::Locked`] says who has it.
    fn lock(
        &self,
        workspace: &str,
        info: LockInfo,
        timeout: Duration,
    ) -> Result<Box<dyn Lock>, StateError>;

    /// Removes somebody's lock by its id.
    ///
    /// # Errors
    /// When there is none of that id.
    fn force_unlock(&self, workspace: &str, id: &str) -> Result<(), StateError>;

    /// Begins a run: assigns its id and appends [`Entry::RunStarted`].
    ///
    /// # Errors
    /// When it does not become durable.
    fn begin_run(&self, workspace: &str, started: Entry, at: &str) -> Result<RunId, StateError>;

    /// Reserves `count` operation ids, the first of which is returned.
    ///
    /// # Errors
    /// When it does not become durable.
    fn reserve_ops(&self, count: u64) -> Result<OpId, StateError>;

    /// Appends entries and makes the state changes in them: one transaction, durable when this
    /// returns. Returns the last entry's place and the state's new serial.
    ///
    /// # Errors
    /// Nothing is written then.
    fn append(
        &self,
        workspace: &str,
        run: RunId,
        at: &str,
        entries: &[Entry],
    ) -> Result<(Seq, u64), StateError>;

    /// Appends entries of a rotation, and changes what is kept of it beside the journal: one transaction, durable when
    /// this returns. There may be no entries: a look changes the row alone.
    ///
    /// # Errors
    /// Nothing is written then.
    fn append_rotation(
        &self,
        workspace: &str,
        run: RunId,
        at: &str,
        entries: &[Entry],
        change: &RotationChange,
    ) -> Result<(), StateError>;

    /// Rotations of a workspace, by their clusters: those under way, and of other clusters the last one.
    ///
    /// # Errors
    /// When they cannot be read.
    fn rotations(&self, workspace: &str) -> Result<Vec<RotationRecord>, StateError>;

    /// Says a word to the rotation of a cluster, or to all (`None`) that are not finished; whoever carries them out takes
    /// it. Needs no lock. Says to how many: there may be none.
    ///
    /// # Errors
    /// When it does not become durable.
    fn speak(
        &self,
        workspace: &str,
        cluster: Option<&str>,
        word: RotationWord,
        who: &str,
        at: &str,
    ) -> Result<usize, StateError>;

    /// Words that nobody has taken yet, in the order in which they were said.
    ///
    /// # Errors
    /// When they cannot be read.
    fn words(&self, workspace: &str) -> Result<Vec<SpokenWord>, StateError>;

    /// How long steps took, oldest first; the newest [`crate::DURATIONS_MAX`] of each cluster, role and step.
    ///
    /// # Errors
    /// When they cannot be read.
    fn durations(&self, workspace: &str) -> Result<Vec<StepDuration>, StateError>;

    /// Runs, newest first.
    ///
    /// # Errors
    /// When they cannot be read.
    fn runs(&self, workspace: &str, filter: LogFilter) -> Result<Vec<RunRecord>, StateError>;

    /// Operations, oldest first.
    ///
    /// # Errors
    /// When they cannot be read.
    fn ops(&self, workspace: &str, filter: LogFilter) -> Result<Vec<OpRecord>, StateError>;

    /// The journal, oldest first.
    ///
    /// # Errors
    /// When it cannot be read.
    fn journal(&self, workspace: &str, filter: LogFilter) -> Result<Vec<StoredEntry>, StateError>;

    /// All workspaces, sorted; "default" included.
    ///
    /// # Errors
    /// When they cannot be read.
    fn workspaces(&self) -> Result<Vec<Workspace>, StateError>;

    /// Makes an empty workspace.
    ///
    /// # Errors
    /// When it exists.
    fn create_workspace(&self, name: &str) -> Result<(), StateError>;

    /// Removes a workspace with its journal.
    ///
    /// # Errors
    /// When it is the default one, or does not exist.
    fn delete_workspace(&self, name: &str) -> Result<(), StateError>;

    /// Wraps the data key that seals secrets anew, with the first key of `to`. With `new_data_key`
    /// there is another data key, and every secret is sealed with that: what somebody has read with
    /// the former one opens nothing any more. False where there is no key, because nothing is sealed.
    ///
    /// # Errors
    /// When the present key or the new one is not to be had. Nothing is changed then: the store opens
    /// with the present key, or with the new one, whatever dies when.
    fn rekey(&self, _to: &Vault, _new_data_key: bool) -> Result<bool, StateError> {
        Ok(false)
    }

    /// Checks everything: file structure, journal replay against the state, references. Returns
    /// findings for people; empty when all is well. Writes nothing.
    ///
    /// # Errors
    /// When it cannot even be opened.
    fn fsck(&self) -> Result<Vec<String>, StateError>;
}

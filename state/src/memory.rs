//! [`MemoryStore`]: a store that lives as long as the process: for embedding, tests and simulation.
//!
//! It keeps the same promises as the SQLite store but durability, and it can be told to break
//! them: a callback may make an append fail before or after it became durable, and
//! [`MemoryStore::clone_durable`] is what the next process would find.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kprov_core::Host;

use crate::ledger::Ledger;
use crate::rotation::DURATIONS_MAX;
use crate::{
    Entry, Lock, LockInfo, LogFilter, OpId, OpRecord, RotationChange, RotationRecord, RotationWord,
    RunId, RunRecord, Seq, SpokenWord, State, StateError, StepDuration, Store, StoredEntry,
    Workspace,
};

const DEFAULT: &str = "default";

/// What happens to an append.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AppendFault {
    /// It works.
    #[default]
    None,
    /// It fails, and nothing was written.
    BeforeDurable,
    /// It was written, but the writer is not told: the process died in between.
    AfterDurable,
}

type FaultHook = dyn Fn(&[Entry]) -> AppendFault + Send + Sync;

/// See the module. Cheap to share through an `Arc`.
pub struct MemoryStore {
    shared: Arc<Shared>,
    host: Arc<dyn Host>,
    fault: Option<Box<FaultHook>>,
}

#[derive(Debug, Default)]
struct Shared {
    content: Mutex<Content>,
    locks: Mutex<BTreeMap<Workspace, LockInfo>>,
    released: Condvar,
}

#[derive(Clone, Debug, Default)]
struct Content {
    workspaces: BTreeMap<Workspace, Kept>,
    /// The last given away.
    seq: u64,
    run: u64,
    op: u64,
    word: u64,
}

#[derive(Clone, Debug, Default)]
struct Kept {
    ledger: Ledger,
    journal: Vec<StoredEntry>,
    rotations: BTreeMap<String, RotationRecord>,
    words: Vec<SpokenWord>,
    durations: Vec<StepDuration>,
}

impl Kept {
    fn rotate(&mut self, change: &RotationChange) {
        if let Some(cluster) = &change.forgotten {
            self.rotations.remove(cluster);
        }
        if let Some(record) = &change.record {
            self.rotations.insert(record.cluster.clone(), record.clone());
        }
        self.words.retain(|word| !change.taken.contains(&word.id));
        for duration in &change.durations {
            self.durations.push(duration.clone());
            let kind = |other: &StepDuration| {
                (&other.cluster, &other.role, &other.step)
                    == (&duration.cluster, &duration.role, &duration.step)
            };
            if self.durations.iter().filter(|other| kind(other)).count() > DURATIONS_MAX
                && let Some(oldest) = self.durations.iter().position(kind)
            {
                self.durations.remove(oldest);
            }
        }
    }
}

/// A panic elsewhere cannot leave half a change: content is changed by code that does not panic.
fn enter<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").finish_non_exhaustive()
    }
}

impl MemoryStore {
    /// An empty store.
    pub fn new(host: Arc<dyn Host>) -> MemoryStore {
        MemoryStore { shared: Arc::default(), host, fault: None }
    }

    /// An empty store that asks `fault` about each append (and each run's beginning) what is to
    /// happen to it.
    pub fn with_faults(
        host: Arc<dyn Host>,
        fault: impl Fn(&[Entry]) -> AppendFault + Send + Sync + 'static,
    ) -> MemoryStore {
        MemoryStore { fault: Some(Box::new(fault)), ..MemoryStore::new(host) }
    }

    /// What would survive a crash now: everything durable, no locks, no faults.
    #[must_use]
    pub fn clone_durable(&self) -> MemoryStore {
        let content = enter(&self.shared.content).clone();
        let shared = Shared { content: Mutex::new(content), ..Shared::default() };
        MemoryStore { shared: Arc::new(shared), host: self.host.clone(), fault: None }
    }

    fn write(
        &self,
        content: &mut Content,
        workspace: &str,
        run: RunId,
        at: &str,
        entries: &[Entry],
        change: Option<&RotationChange>,
    ) -> Result<(Seq, u64), StateError> {
        let fault = self.fault.as_ref().map_or(AppendFault::None, |fault| fault(entries));
        if fault == AppendFault::BeforeDurable {
            return Err(injected("before it was durable"));
        }
        let kept = content.workspace_mut(workspace)?;
        kept.ledger.append(run, at, entries)?;
        if kept.ledger.lineage().is_empty() {
            kept.ledger.set_lineage(self.host.uuid());
        }
        let serial = kept.ledger.serial();
        let mut seq = content.seq;
        let kept = content.workspace_mut(workspace)?;
        for entry in entries {
            seq += 1;
            let entry = entry.clone();
            kept.journal.push(StoredEntry { seq: Seq(seq), run, at: at.to_owned(), entry });
        }
        if let Some(change) = change {
            kept.rotate(change);
        }
        content.seq = seq;
        match fault {
            AppendFault::AfterDurable => Err(injected("after it was durable")),
            AppendFault::None | AppendFault::BeforeDurable => Ok((Seq(seq), serial)),
        }
    }
}

fn injected(when: &str) -> StateError {
    StateError::Write { path: "memory".into(), source: format!("injected fault {when}").into() }
}

impl Content {
    /// For reading; `None`: nothing was ever written to the default workspace.
    fn workspace(&self, name: &str) -> Result<Option<&Kept>, StateError> {
        match self.workspaces.get(name) {
            None if name != DEFAULT => Err(StateError::NoWorkspace(name.to_owned())),
            kept => Ok(kept),
        }
    }

    fn workspace_mut(&mut self, name: &str) -> Result<&mut Kept, StateError> {
        if name == DEFAULT {
            return Ok(self.workspaces.entry(name.to_owned()).or_default());
        }
        self.workspaces.get_mut(name).ok_or_else(|| StateError::NoWorkspace(name.to_owned()))
    }
}

/// A lock of a [`MemoryStore`].
#[derive(Debug)]
struct MemoryLock {
    shared: Arc<Shared>,
    workspace: Workspace,
    info: LockInfo,
}

impl Lock for MemoryLock {
    fn info(&self) -> &LockInfo {
        &self.info
    }
}

impl Drop for MemoryLock {
    fn drop(&mut self) {
        let mut locks = enter(&self.shared.locks);
        if locks.get(&self.workspace).is_some_and(|held| held.id == self.info.id) {
            locks.remove(&self.workspace);
        }
        self.shared.released.notify_all();
    }
}

impl Store for MemoryStore {
    fn read(&self, workspace: &str) -> Result<State, StateError> {
        let content = enter(&self.shared.content);
        Ok(content.workspace(workspace)?.map(|kept| kept.ledger.snapshot()).unwrap_or_default())
    }

    fn lock(
        &self,
        workspace: &str,
        info: LockInfo,
        timeout: Duration,
    ) -> Result<Box<dyn Lock>, StateError> {
        let locks = enter(&self.shared.locks);
        let taken = |locks: &mut BTreeMap<Workspace, LockInfo>| locks.contains_key(workspace);
        let (mut locks, _) = self
            .shared
            .released
            .wait_timeout_while(locks, timeout, taken)
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(holder) = locks.get(workspace) {
            return Err(StateError::Locked(Box::new(holder.clone())));
        }
        locks.insert(workspace.to_owned(), info.clone());
        let shared = self.shared.clone();
        Ok(Box::new(MemoryLock { shared, workspace: workspace.to_owned(), info }))
    }

    fn force_unlock(&self, workspace: &str, id: &str) -> Result<(), StateError> {
        let mut locks = enter(&self.shared.locks);
        if locks.get(workspace).is_none_or(|held| held.id != id) {
            return Err(StateError::NoLock(id.to_owned()));
        }
        locks.remove(workspace);
        self.shared.released.notify_all();
        Ok(())
    }

    fn begin_run(&self, workspace: &str, started: Entry, at: &str) -> Result<RunId, StateError> {
        let mut content = enter(&self.shared.content);
        let run = RunId(content.run + 1);
        let written = self.write(&mut content, workspace, run, at, &[started], None);
        // Durable although the writer was not told: the id is given away.
        if content.workspaces.get(workspace).is_some_and(|kept| kept.ledger.knows(run)) {
            content.run = run.0;
        }
        written.map(|_| run)
    }

    fn reserve_ops(&self, count: u64) -> Result<OpId, StateError> {
        let mut content = enter(&self.shared.content);
        let first = content.op + 1;
        content.op += count;
        Ok(OpId(first))
    }

    fn append(
        &self,
        workspace: &str,
        run: RunId,
        at: &str,
        entries: &[Entry],
    ) -> Result<(Seq, u64), StateError> {
        let mut content = enter(&self.shared.content);
        self.write(&mut content, workspace, run, at, entries, None)
    }

    fn append_rotation(
        &self,
        workspace: &str,
        run: RunId,
        at: &str,
        entries: &[Entry],
        change: &RotationChange,
    ) -> Result<(), StateError> {
        let mut content = enter(&self.shared.content);
        self.write(&mut content, workspace, run, at, entries, Some(change)).map(drop)
    }

    fn rotations(&self, workspace: &str) -> Result<Vec<RotationRecord>, StateError> {
        let content = enter(&self.shared.content);
        let kept = content.workspace(workspace)?;
        Ok(kept.map(|kept| kept.rotations.values().cloned().collect()).unwrap_or_default())
    }

    fn speak(
        &self,
        workspace: &str,
        cluster: Option<&str>,
        word: RotationWord,
        who: &str,
        at: &str,
    ) -> Result<usize, StateError> {
        let mut content = enter(&self.shared.content);
        let mut id = content.word;
        let kept = content.workspace_mut(workspace)?;
        let told: Vec<String> = kept
            .rotations
            .values()
            .filter(|record| record.finished_at.is_none())
            .map(|record| record.cluster.clone())
            .filter(|name| cluster.is_none_or(|wanted| wanted == name))
            .collect();
        for cluster in &told {
            id += 1;
            let (cluster, who, at) = (cluster.clone(), who.to_owned(), at.to_owned());
            kept.words.push(SpokenWord { id, cluster, word, who, at });
        }
        content.word = id;
        Ok(told.len())
    }

    fn words(&self, workspace: &str) -> Result<Vec<SpokenWord>, StateError> {
        let content = enter(&self.shared.content);
        Ok(content.workspace(workspace)?.map(|kept| kept.words.clone()).unwrap_or_default())
    }

    fn durations(&self, workspace: &str) -> Result<Vec<StepDuration>, StateError> {
        let content = enter(&self.shared.content);
        Ok(content.workspace(workspace)?.map(|kept| kept.durations.clone()).unwrap_or_default())
    }

    fn runs(&self, workspace: &str, filter: LogFilter) -> Result<Vec<RunRecord>, StateError> {
        let content = enter(&self.shared.content);
        let kept = content.workspace(workspace)?;
        Ok(kept.map(|kept| kept.ledger.runs(&filter)).unwrap_or_default())
    }

    fn ops(&self, workspace: &str, filter: LogFilter) -> Result<Vec<OpRecord>, StateError> {
        let content = enter(&self.shared.content);
        let kept = content.workspace(workspace)?;
        Ok(kept.map(|kept| kept.ledger.ops(&filter)).unwrap_or_default())
    }

    fn journal(&self, workspace: &str, filter: LogFilter) -> Result<Vec<StoredEntry>, StateError> {
        let content = enter(&self.shared.content);
        let Some(kept) = content.workspace(workspace)? else { return Ok(Vec::new()) };
        let wanted = |entry: &&StoredEntry| filter.run.is_none_or(|run| run == entry.run);
        let limit = filter.limit.unwrap_or(usize::MAX);
        let mut newest: Vec<StoredEntry> =
            kept.journal.iter().rev().filter(wanted).take(limit).cloned().collect();
        newest.reverse();
        Ok(newest)
    }

    fn workspaces(&self) -> Result<Vec<Workspace>, StateError> {
        let content = enter(&self.shared.content);
        let mut names: Vec<Workspace> = content.workspaces.keys().cloned().collect();
        if !content.workspaces.contains_key(DEFAULT) {
            names.push(DEFAULT.to_owned());
            names.sort();
        }
        Ok(names)
    }

    fn create_workspace(&self, name: &str) -> Result<(), StateError> {
        let mut content = enter(&self.shared.content);
        if name == DEFAULT || content.workspaces.contains_key(name) {
            return Err(StateError::WorkspaceExists(name.to_owned()));
        }
        let mut kept = Kept::default();
        kept.ledger.set_lineage(self.host.uuid());
        content.workspaces.insert(name.to_owned(), kept);
        Ok(())
    }

    fn delete_workspace(&self, name: &str) -> Result<(), StateError> {
        if name == DEFAULT {
            return Err(StateError::DefaultWorkspace);
        }
        let mut content = enter(&self.shared.content);
        let removed = content.workspaces.remove(name);
        removed.map(drop).ok_or_else(|| StateError::NoWorkspace(name.to_owned()))
    }

    fn fsck(&self) -> Result<Vec<String>, StateError> {
        let content = enter(&self.shared.content);
        let mut findings = Vec::new();
        for (name, kept) in &content.workspaces {
            crate::fsck::check(name, &kept.ledger.snapshot(), &kept.journal, &mut findings);
        }
        Ok(findings)
    }
}

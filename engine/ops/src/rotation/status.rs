//! [`rotation_status`]: what the store says of rotations, without a lock and without a call: it may be read while an apply
//! carries them out, and after one was killed.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{SystemTime, UNIX_EPOCH};

use kprov_apply::rotation::Known;
use kprov_core::Diagnostic;
use kprov_provider::rotation::{GroupId, MachineId, Step};
use kprov_rotation::{GroupProgress, Progress};
use kprov_state::{
    Entry, HowEnded, LogFilter, RotationRecord, RunRecord, SpokenWord, StateError, StoredEntry,
};
use serde::Serialize;

use super::foresee::there;
use crate::{OpsError, Project};

/// A rotation that is under way, or was left.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RotationStatus {
    /// Which cluster.
    pub cluster: String,
    /// Which rotation.
    pub rotation: String,
    /// When it began, RFC 3339.
    pub started_at: String,
    /// When something was last written of it, RFC 3339.
    pub updated_at: String,
    /// The run that has not ended, which carries it out if it still lives: `run 7 (apply by me@here)`.
    pub run: Option<String>,
    /// Why it waits for a person.
    pub paused: Option<PausedRotation>,
    /// Its groups.
    pub groups: Vec<GroupStatus>,
    /// Steps that are under way.
    pub steps: Vec<OpenStep>,
    /// What else is waited for, for people.
    pub waits: Vec<String>,
    /// What has failed since a person last looked, for people.
    pub failures: Vec<String>,
    /// Words that nobody has taken yet, for people.
    pub words: Vec<String>,
}

/// Why a rotation waits for a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PausedRotation {
    /// A section of docs/rotation.md.
    pub code: String,
    /// For so many seconds.
    pub seconds: u64,
    /// What is the matter.
    pub says: String,
    /// What to do.
    pub advice: String,
}

/// A group of a rotation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct GroupStatus {
    /// Its name in the cloud.
    pub group: GroupId,
    /// What its machines were launched from before; null where that is not known.
    pub template_before: Option<String>,
    /// What they are launched from in this rotation; null where none was yet.
    pub template_after: Option<String>,
    /// It goes back to the template before.
    pub back: bool,
    /// Members that were replaced.
    pub done: u32,
    /// Members that were to be replaced when it began.
    pub total: u32,
    /// It is done.
    pub finished: bool,
}

/// A step that is under way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OpenStep {
    /// In which group; null where it is about all.
    pub group: Option<GroupId>,
    /// About which machine; null where it is about none.
    pub member: Option<MachineId>,
    /// What, for people.
    pub says: String,
    /// For so many seconds.
    pub seconds: u64,
    /// Its call was answered: what comes of it is waited for.
    pub answered: bool,
}

/// Rotations that are not finished; of one cluster if it is named.
///
/// # Errors
/// When the store cannot be read, or another version of kprov wrote what it says.
pub fn rotation_status(
    project: &Project,
    cluster: Option<&str>,
) -> Result<Vec<RotationStatus>, OpsError> {
    let mut records = unfinished(project)?;
    records.retain(|record| cluster.is_none_or(|cluster| cluster == record.cluster));
    if records.is_empty() {
        return Ok(Vec::new());
    }
    let words = there(project.store.words(&project.workspace))?;
    let run = under_way(project)?;
    let now = seconds(project.host.now());
    let statuses = records.iter().map(|record| {
        let journal = journal(project, record)?;
        let words = words.iter().filter(|word| word.cluster == record.cluster);
        let status = status(record, &journal, words.map(told).collect(), now)?;
        Ok(RotationStatus { run: run.as_ref().map(named), ..status })
    });
    statuses.collect()
}

/// Rotations that are under way, or were left.
pub(super) fn unfinished(project: &Project) -> Result<Vec<RotationRecord>, StateError> {
    let mut records = there(project.store.rotations(&project.workspace))?;
    records.retain(|record| record.finished_at.is_none());
    Ok(records)
}

/// The run that has begun last, if it has not ended: it lives, or it died.
pub(super) fn under_way(project: &Project) -> Result<Option<RunRecord>, StateError> {
    let filter = LogFilter { run: None, limit: Some(1) };
    let runs = there(project.store.runs(&project.workspace, filter))?;
    Ok(runs.into_iter().next().filter(|run| run.finished.is_none()))
}

pub(super) fn named(run: &RunRecord) -> String {
    format!("run {} ({} by {})", run.run.0, run.command, run.who)
}

fn told(word: &SpokenWord) -> String {
    format!("{}, said by {} at {}", word.word.verb(), word.who, word.at)
}

/// What the machine has written down.
pub(super) fn progress(record: &RotationRecord) -> Result<Progress, Diagnostic> {
    serde_json::from_str(record.progress.get()).map_err(|error| {
        Diagnostic::error(
            "Rotation not understood",
            format!(
                "What the state says of the rotation of {} was written by another version of kprov ({error}). Use that \
                 version to finish it.",
                record.cluster
            ),
        )
    })
}

pub(super) fn known(record: &RotationRecord) -> Known {
    serde_json::from_str(record.templates.get()).unwrap_or_default()
}

/// A person has said abort, and it has not come to rest: the rotator notes that beside what it knows of templates.
fn aborting(record: &RotationRecord) -> bool {
    let beside: Option<serde_json::Value> = serde_json::from_str(record.templates.get()).ok();
    beside.is_some_and(|beside| beside["aborting"] == true)
}

/// Entries of this rotation, oldest first.
fn journal(project: &Project, record: &RotationRecord) -> Result<Vec<StoredEntry>, StateError> {
    let (store, workspace) = (&project.store, &project.workspace);
    let runs = there(store.runs(workspace, LogFilter::default()))?;
    // Its first entry is of a run that had not ended by then.
    let may = |run: &&RunRecord| run.finished.as_ref().is_none_or(|end| *end >= record.started_at);
    let mut runs: Vec<_> = runs.iter().filter(may).map(|run| run.run).collect();
    runs.sort();
    let mut entries = Vec::new();
    for run in runs {
        let found = there(store.journal(workspace, LogFilter { run: Some(run), limit: None }))?;
        entries.extend(found.into_iter().filter(|stored| match &stored.entry {
            Entry::StepStarted { rotation, .. } | Entry::StepDone { rotation, .. } => {
                *rotation == record.rotation
            }
            _ => false,
        }));
    }
    Ok(entries)
}

/// What a row and the steps in the journal say. Pure. `now`: seconds since 1970.
fn status(
    record: &RotationRecord,
    journal: &[StoredEntry],
    words: Vec<String>,
    now: u64,
) -> Result<RotationStatus, Diagnostic> {
    let (progress, known) = (progress(record)?, known(record));
    let gone = replaced(journal);
    let launched = launched(journal);
    let groups = progress.groups.iter().map(|(id, group)| GroupStatus {
        group: id.clone(),
        template_before: known.previous.get(id).map(ToString::to_string),
        template_after: launched.get(id).cloned(),
        back: group.back,
        done: done(group, gone.get(id)),
        total: group.total,
        finished: group.finished,
    });
    let steps = progress.open.iter().map(|open| OpenStep {
        group: open.group.clone(),
        member: open.step.member().cloned(),
        says: open.step.to_string(),
        seconds: now.saturating_sub(open.since),
        answered: open.answered,
    });
    let paused = progress.paused.as_ref().map(|pause| PausedRotation {
        code: pause.code.as_str().to_owned(),
        seconds: now.saturating_sub(pause.since),
        says: pause.says.clone(),
        advice: pause.code.advice().to_owned(),
    });
    Ok(RotationStatus {
        cluster: record.cluster.clone(),
        rotation: record.rotation.clone(),
        started_at: record.started_at.clone(),
        updated_at: record.updated_at.clone(),
        run: None,
        groups: groups.collect(),
        steps: steps.collect(),
        waits: match (&paused, aborting(record)) {
            (_, true) => vec![
                "somebody said abort: what was begun comes to its end, and the rotation is forgotten then".to_owned(),
            ],
            (Some(_), false) => Vec::new(),
            (None, false) => waits(&progress, now),
        },
        failures: progress.failures.iter().map(|failure| failure.what.clone()).collect(),
        words,
        paused,
    })
}

/// Members of each group that were marked and whose termination was seen.
fn replaced(journal: &[StoredEntry]) -> BTreeMap<GroupId, BTreeSet<MachineId>> {
    let mut marked: BTreeSet<&str> = BTreeSet::new();
    let mut open: BTreeMap<&str, (&str, &str)> = BTreeMap::new();
    let mut gone: BTreeMap<GroupId, BTreeSet<MachineId>> = BTreeMap::new();
    for stored in journal {
        match &stored.entry {
            Entry::StepStarted {
                token, step, group: Some(group), member: Some(member), ..
            } => match serde_json::from_str(step.get()) {
                Ok(Step::Mark { .. }) => drop(marked.insert(member)),
                Ok(Step::Terminate { .. }) => drop(open.insert(token, (group, member))),
                _ => {}
            },
            Entry::StepDone { token, how: HowEnded::Done, .. } => {
                let Some((group, member)) = open.remove(token.as_str()) else { continue };
                if marked.contains(member) {
                    let of = gone.entry(GroupId::new(group)).or_default();
                    of.insert(MachineId::new(member));
                }
            }
            _ => {}
        }
    }
    gone
}

/// What each group was last told to launch from.
fn launched(journal: &[StoredEntry]) -> BTreeMap<GroupId, String> {
    let mut all = BTreeMap::new();
    for stored in journal {
        let Entry::StepStarted { step, .. } = &stored.entry else { continue };
        if let Ok(Step::Launch { group, template, .. } | Step::UseTemplate { group, template }) =
            serde_json::from_str(step.get())
        {
            all.insert(group, template.to_string());
        }
    }
    all
}

/// A machine that came and never came into service is none of those that were to be replaced.
fn done(group: &GroupProgress, gone: Option<&BTreeSet<MachineId>>) -> u32 {
    if group.finished && !group.back {
        return group.total;
    }
    let gone = gone.map_or(0, |gone| gone.difference(&group.failed).count());
    u32::try_from(gone).unwrap_or(u32::MAX).min(group.total)
}

/// What is waited for without a step that is open.
fn waits(progress: &Progress, now: u64) -> Vec<String> {
    let ago = |since: u64| format!("for {}", length(now.saturating_sub(since)));
    let mut all = Vec::new();
    for (id, group) in progress.groups.iter().filter(|(_, group)| !group.finished) {
        if group.awaits && !group.confirmed {
            all.push(format!("{id}: somebody must say that it goes on after a checkpoint"));
        } else if let Some(since) = group.baking_since {
            all.push(format!("{id}: all must stay well at a checkpoint, {}", ago(since)));
        }
        if let Some(since) = group.short_since {
            all.push(format!("{id}: has fewer machines than were asked for, {}", ago(since)));
        }
    }
    for (machine, since) in &progress.unwell {
        all.push(format!("{machine}: is not well yet, {}", ago(*since)));
    }
    for (machine, looks) in
        progress.looks.iter().filter(|(id, _)| !progress.unwell.contains_key(*id))
    {
        all.push(format!(
            "{machine}: is proven when it was well in some looks in a row; {looks} so far"
        ));
    }
    all
}

/// "59s", "1m5s", "1h0m3s"
fn length(seconds: u64) -> String {
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds}s"),
        (0, minutes, seconds) => format!("{minutes}m{seconds}s"),
        (hours, minutes, seconds) => format!("{hours}h{minutes}m{seconds}s"),
    }
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

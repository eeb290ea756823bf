//! [`Progress`]: what the journal holds of a rotation, because it cannot be seen. It changes by four events, each
//! of which is made durable before anything depends on it: a look, a step that starts, a step that ends, and a
//! person's word.

mod assess;
mod effect;
mod look;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::decide::Pause;
use crate::strategy::{OnFailure, Strategies};
use crate::world::World;
use crate::{
    Base, EtcdId, GroupId, HookName, MachineId, RotationId, Seconds, Step, Subject, TemplateId,
    When,
};

/// What the journal holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Progress {
    /// Which rotation.
    pub rotation: RotationId,
    /// Since when.
    pub started_at: Seconds,
    /// How many steps were started: tokens are made of it.
    pub serial: u64,
    /// Steps that were started and of which it is not known that they have ended.
    pub open: Vec<Open>,
    /// Each group.
    pub groups: BTreeMap<GroupId, GroupProgress>,
    /// Good looks in a row, of members that are not proven.
    pub looks: BTreeMap<MachineId, u32>,
    /// Members launched since the start that are proven.
    pub proven: BTreeSet<MachineId>,
    /// Which etcd member each machine has or had.
    pub etcd: BTreeMap<MachineId, EtcdId>,
    /// Since when a member launched since the start has been unwell.
    pub unwell: BTreeMap<MachineId, Seconds>,
    /// When something last moved.
    pub moved_at: Seconds,
    /// Hooks that have run.
    pub hooks: BTreeSet<(MachineId, When, HookName)>,
    /// Failures since a person last looked.
    pub failures: Vec<Failure>,
    /// Why a person is wanted.
    pub paused: Option<Pause>,
    /// A person has said that it ends here.
    #[serde(default)]
    pub aborted: bool,
}

/// A step that was started.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Open {
    /// What makes a repeat of its call harmless.
    pub token: String,
    /// The step.
    pub step: Step,
    /// When.
    pub since: Seconds,
    /// In which group; none where it is about all.
    pub group: Option<GroupId>,
    /// Its call was answered.
    pub answered: bool,
}

/// Something went wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Failure {
    /// When.
    pub at: Seconds,
    /// In which group; none where it is about all.
    pub group: Option<GroupId>,
    /// With which machine.
    pub member: Option<MachineId>,
    /// A launch, which may be tried again.
    pub launch: bool,
    /// What, for people.
    pub what: String,
}

/// What is known of one group.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GroupProgress {
    /// As it was.
    pub base: Base,
    /// How many machines more than that were asked for.
    pub surge: u32,
    /// How many members were to be replaced when it began.
    pub total: u32,
    /// Something was done to it.
    pub touched: bool,
    /// It goes back to the template before.
    pub back: bool,
    /// Since when a member of its target template has been proven.
    pub canary_since: Option<Seconds>,
    /// How many checkpoints are behind.
    pub checkpoints: usize,
    /// Since when all has been well at the next checkpoint.
    pub baking_since: Option<Seconds>,
    /// It has baked at a checkpoint where a person must say that it goes on.
    pub awaits: bool,
    /// And did.
    pub confirmed: bool,
    /// Since when it has fewer machines than were asked for.
    pub short_since: Option<Seconds>,
    /// Members whose failure was counted.
    pub failed: BTreeSet<MachineId>,
    /// It is done.
    pub finished: bool,
}

impl Progress {
    /// Of a rotation that has not begun.
    #[must_use]
    pub fn new(rotation: RotationId, now: Seconds) -> Progress {
        Progress {
            rotation,
            started_at: now,
            serial: 0,
            open: Vec::new(),
            groups: BTreeMap::new(),
            looks: BTreeMap::new(),
            proven: BTreeSet::new(),
            etcd: BTreeMap::new(),
            unwell: BTreeMap::new(),
            moved_at: now,
            hooks: BTreeSet::new(),
            failures: Vec::new(),
            paused: None,
            aborted: false,
        }
    }

    /// A step is about to be carried out; this is durable before its call. The token is the same each time that
    /// the call is repeated.
    pub fn started(&mut self, step: &Step, world: &World) -> String {
        let now = world.now;
        if let Some(open) = self.open.iter().find(|open| open.step == *step) {
            return open.token.clone();
        }
        self.serial += 1;
        let token = format!("{}/{}", self.rotation, self.serial);
        if let Step::Launch { group, .. }
        | Step::UseTemplate { group, .. }
        | Step::SuspendProcesses { group } = step
            && let Some(group) = self.groups.get_mut(group)
        {
            group.touched = true;
        }
        let group = group_of(world, step);
        self.moved(world, group.as_ref());
        let open =
            Open { token: token.clone(), step: step.clone(), since: now, group, answered: false };
        self.open.push(open);
        token
    }

    /// Something has moved. What an autoscaler does to a group whose turn has not come is no progress: where it never rests, a
    /// rotation that waits in vain would never say so.
    fn moved(&mut self, world: &World, group: Option<&GroupId>) {
        let of = group.and_then(|id| world.groups.iter().find(|group| group.id == *id));
        let touched = |id: &GroupId| self.groups.get(id).is_some_and(|group| group.touched);
        if of.is_none_or(|group| !group.autoscaled || touched(&group.id)) {
            self.moved_at = world.now;
        }
    }

    /// A step's call has been answered. What can be seen is left to the next look. A hook's end cannot be seen, nor the
    /// number that was asked for, if an autoscaler changes it at once.
    pub fn done(&mut self, step: &Step) {
        if let Step::Launch { group, desired, .. } = step
            && self.open.iter().any(|open| open.step == *step)
        {
            self.open.retain(|open| open.step != *step);
            self.asked(group, *desired);
        }
        if let Some(open) = self.open.iter_mut().find(|open| open.step == *step && !open.answered) {
            open.answered = true;
            if let (Step::Terminate { decrement: true, .. }, Some(group)) =
                (step, open.group.clone())
                && let Some(progress) = self.groups.get_mut(&group)
            {
                progress.surge = progress.surge.saturating_sub(1);
            }
        }
        if let Step::Hook { member, when, name } = step {
            self.hooks.insert((member.clone(), *when, name.clone()));
            self.open.retain(|open| open.step != *step);
        }
    }

    /// So many machines were asked for.
    fn asked(&mut self, group: &GroupId, desired: u32) {
        if let Some(progress) = self.groups.get_mut(group) {
            progress.surge = desired.saturating_sub(progress.base.desired);
        }
    }

    /// A step's call was refused, and nothing has happened: it may be proposed again.
    pub fn refused(&mut self, step: &Step) {
        self.open.retain(|open| open.step != *step);
    }

    /// After a run was killed: what was under way and is not there, looked at anew. What still breaks nothing is called
    /// again, with its token; the rest is forgotten, since it can be proposed again. [`Progress::looked`] comes before.
    pub fn repeat(&mut self, world: &World, strategies: &Strategies) -> Vec<Open> {
        let open = std::mem::take(&mut self.open);
        let safe = |open: &Open| {
            let hook = matches!(open.step, Step::Hook { .. });
            hook || crate::violated(world, strategies, self, &open.step).is_empty()
        };
        let open: Vec<Open> = open.into_iter().filter(safe).collect();
        self.open.clone_from(&open);
        open
    }

    /// A step has failed for good.
    pub fn failed(&mut self, step: &Step, world: &World, what: String) {
        self.open.retain(|open| open.step != *step);
        let group = group_of(world, step);
        let member = step.member().cloned();
        self.failures.push(Failure { at: world.now, group, member, launch: false, what });
    }

    /// A person says that it goes on: what has failed is tried anew, and a checkpoint is passed.
    pub fn resume(&mut self, now: Seconds) {
        self.paused = None;
        self.moved_at = now;
        self.failures.clear();
        let aborted = std::mem::take(&mut self.aborted);
        for group in self.groups.values_mut() {
            // What an abort has brought to rest is not done.
            group.finished &= !aborted;
            group.failed.clear();
            group.confirmed = group.awaits;
        }
    }

    /// A person says that it ends here. Nothing more is begun; who leaves comes back to work, or, where that cannot be, is
    /// replaced; machines that are too many leave, and groups are given back as they were. Then it is finished, with
    /// members of either template. Of failures only the breaker makes anything.
    pub fn abort(&mut self, now: Seconds) {
        self.paused = None;
        self.aborted = true;
        self.moved_at = now;
        self.failures.clear();
        for group in self.groups.values_mut() {
            group.finished &= !group.touched;
        }
    }

    /// Everything that was begun goes back to the template before.
    pub fn roll_back(&mut self, strategies: &Strategies, now: Seconds) {
        self.paused = None;
        self.aborted = false;
        self.moved_at = now;
        let begun: Vec<GroupId> =
            self.groups.iter().filter(|(_, g)| g.touched).map(|(id, _)| id.clone()).collect();
        for id in begun {
            if strategies.of(&id).is_some_and(|strategy| strategy.previous.is_some()) {
                self.turn(&id);
            }
        }
    }

    /// One group goes back.
    fn turn(&mut self, group: &GroupId) {
        self.failures.clear();
        if let Some(progress) = self.groups.get_mut(group) {
            progress.back = true;
            progress.finished = false;
            progress.canary_since = None;
            progress.baking_since = None;
            progress.failed.clear();
        }
    }

    /// The group whose failure turns it back, if that is what its strategy says.
    fn turned(&self, strategies: &Strategies) -> Option<GroupId> {
        let failures = self.failures.iter().filter_map(|failure| failure.group.as_ref());
        let mut groups = failures.filter(|group| {
            let back =
                self.groups.get(group).is_none_or(|progress| progress.back || !progress.touched);
            let strategy = strategies.of(group);
            !back
                && strategy
                    .is_some_and(|s| s.on_failure == OnFailure::Rollback && s.previous.is_some())
        });
        groups.next().cloned()
    }

    /// A group's, if it was seen.
    #[must_use]
    pub fn of(&self, group: &GroupId) -> Option<&GroupProgress> {
        self.groups.get(group)
    }

    /// A step about this is open.
    #[must_use]
    pub fn is_open(&self, subject: Subject<'_>) -> bool {
        self.open.iter().any(|open| open.step.subject() == subject)
    }

    /// Some group goes back.
    #[must_use]
    pub fn goes_back(&self) -> bool {
        self.groups.values().any(|group| group.back)
    }

    /// The template that a group goes to.
    #[must_use]
    pub fn target<'s>(
        &self,
        strategies: &'s Strategies,
        group: &GroupId,
    ) -> Option<&'s TemplateId> {
        let back = self.of(group).is_some_and(|progress| progress.back);
        strategies.of(group).map(|strategy| strategy.target(back))
    }
}

/// The group that a step is about.
fn group_of(world: &World, step: &Step) -> Option<GroupId> {
    match step.subject() {
        Subject::Group(group) => Some(group.clone()),
        Subject::Member(id) => {
            world.members.iter().find(|member| member.id == *id).map(|member| member.group.clone())
        }
        Subject::Etcd => None,
    }
}

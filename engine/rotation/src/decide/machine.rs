//! [`Machine`]: one decision being made. Steps are tried on the index; what breaks nothing stays applied, so that the
//! next one is checked on the world that this one leaves.

use std::collections::BTreeSet;

use crate::index::Index;
use crate::invariants::{Breach, Cure, Invariant, breaches, sets_number};
use crate::strategy::Strategies;
use crate::world::Kind;
use crate::{Code, Decision, MachineId, Pause, Seconds, Step, Waiting};

/// A step that was not possible, and the first reasons.
pub(super) struct Blocked {
    pub(super) step: Step,
    pub(super) because: Vec<(&'static str, Breach)>,
}

impl Blocked {
    pub(super) fn by(&self, ids: &[&str]) -> bool {
        self.because.iter().any(|(id, _)| ids.contains(id))
    }

    fn needs_a_person(&self) -> Option<&(&'static str, Breach)> {
        self.because.iter().find(|(_, breach)| breach.cure == Cure::Person)
    }
}

/// So many reasons are told.
const REASONS: usize = 16;

/// One decision being made.
pub(super) struct Machine<'m, 'w> {
    pub(super) index: Index<'w>,
    invariants: &'m [Invariant],
    steps: Vec<Step>,
    taken: BTreeSet<MachineId>,
    blocked: Vec<Blocked>,
    waiting: Vec<Waiting>,
    pub(super) pause: Option<Pause>,
    /// Something is under way that changes the world without us.
    pub(super) moving: bool,
}

impl<'m, 'w> Machine<'m, 'w> {
    pub(super) fn new(invariants: &'m [Invariant], index: Index<'w>) -> Machine<'m, 'w> {
        let moving = !index.progress.open.is_empty();
        Machine {
            index,
            invariants,
            steps: Vec::new(),
            taken: BTreeSet::new(),
            blocked: Vec::new(),
            waiting: Vec::new(),
            pause: None,
            moving,
        }
    }

    pub(super) fn now(&self) -> Seconds {
        self.index.world.now
    }

    pub(super) fn strategies(&self) -> &'w Strategies {
        self.index.strategies
    }

    pub(super) fn decide(mut self) -> Decision {
        let now = self.now();
        if let Some(name) = self.index.doubled.first() {
            let says = format!("{name} was seen twice, so nothing that was seen can be relied on.");
            return Decision::Paused(Pause::new(Code::Contradiction, now, says));
        }
        if self.index.progress.rotation != self.strategies().rotation {
            let says = format!(
                "The journal is of rotation {}, and this is {}.",
                self.index.progress.rotation,
                self.strategies().rotation
            );
            return Decision::Paused(Pause::new(Code::Contradiction, now, says));
        }
        // kprov owns the hooks of every group in the plan, whosever turn it is: what comes is let in, what goes is let go.
        for at in 0..self.index.groups.len() {
            if self.index.groups[at].strategy.is_some() {
                self.finish(at);
            }
        }
        for at in self.active() {
            self.group(at);
        }
        if self.index.masters.iter().any(|_| true) {
            self.orphans();
        }
        self.conclude()
    }

    /// Groups whose turn it is: bastions together, then masters one group after the other, then workers, so many
    /// groups at once. On the way back the other way round, and only what goes back: no kubelet may be newer than an
    /// API server. While paused, whatever was begun is brought to rest.
    fn active(&self) -> Vec<usize> {
        let progress = self.index.progress;
        let unfinished: Vec<usize> = (0..self.index.groups.len())
            .filter(|&at| {
                let indexed = &self.index.groups[at];
                indexed.strategy.is_some() && indexed.progress.is_some_and(|group| !group.finished)
            })
            .collect();
        if progress.paused.is_some() || progress.aborted {
            return unfinished;
        }
        let back = progress.goes_back();
        let mut kinds = [Kind::Bastion, Kind::Master, Kind::Worker];
        if back {
            kinds.reverse();
        }
        let touched =
            |at: &usize| self.index.groups[*at].progress.is_some_and(|group| group.touched);
        let turn = |at: &usize| self.index.groups[*at].progress.is_some_and(|group| group.back);
        for kind in kinds {
            let mut of: Vec<usize> = unfinished
                .iter()
                .copied()
                .filter(|at| self.index.groups[*at].group.kind == kind)
                .collect();
            if back {
                // What was begun elsewhere is brought to rest beside it.
                of.retain(|at| turn(at) || touched(at));
                if !of.iter().any(turn) {
                    continue;
                }
            }
            if of.is_empty() {
                continue;
            }
            let leads = |at: &usize| {
                let members = &self.index.groups[*at].members;
                let leads = |of: &usize| {
                    self.index.etcd_of(&self.index.member(*of).id).is_some_and(|of| of.leader)
                };
                kind == Kind::Master && members.iter().any(leads)
            };
            // Of groups of masters, the one with the leader is last.
            of.sort_by_key(|at| (!turn(at) && back, !touched(at), leads(at), *at));
            let together = match kind {
                Kind::Bastion => of.len(),
                Kind::Master => 1,
                Kind::Worker => self.strategies().parallel_groups.max(1) as usize,
            };
            let rest = if back { of.len() } else { together };
            of.truncate(rest);
            return of;
        }
        Vec::new()
    }

    /// Whether a step breaks nothing; it is not applied.
    pub(super) fn possible(&mut self, step: &Step) -> Result<(), Blocked> {
        let before = self.index.apply(step);
        let because = breaches(self.invariants, &self.index, &before, step);
        self.index.undo(before);
        if because.is_empty() { Ok(()) } else { Err(Blocked { step: step.clone(), because }) }
    }

    /// What is proposed together is carried out together, so a number that one step sets absolutely, no other changes.
    fn sets_number_too(&self, step: &Step) -> bool {
        let absolute = |step: &Step| matches!(step, Step::Launch { .. });
        let group = |step: &Step| match step.subject() {
            crate::Subject::Group(id) => self.index.group(id),
            crate::Subject::Member(id) => {
                self.index.find(id).and_then(|at| self.index.group_of(at))
            }
            crate::Subject::Etcd => None,
        };
        sets_number(step)
            && self.steps.iter().any(|other| {
                sets_number(other)
                    && (absolute(other) || absolute(step))
                    && group(other) == group(step)
            })
    }

    /// What is proposed together may be carried out in any order, and some of it not at all: members of etcd change one
    /// at a time.
    fn changes_members_too(&self, step: &Step) -> bool {
        let changes = |step: &Step| match step {
            Step::RemoveEtcdMember { .. } => true,
            Step::Launch { group, .. } => self
                .index
                .group(group)
                .is_some_and(|at| self.index.groups[at].group.kind == Kind::Master),
            Step::Terminate { member, .. } => self
                .index
                .find(member)
                .is_some_and(|at| self.index.kind_of(at) == Some(Kind::Master)),
            _ => false,
        };
        changes(step) && self.steps.iter().any(changes)
    }

    /// Takes a step if it breaks nothing.
    pub(super) fn attempt(&mut self, step: Step) -> Result<(), Blocked> {
        if let Some(member) = step.member().filter(|member| self.taken.contains(*member)) {
            if self.steps.contains(&step) {
                return Ok(());
            }
            let says = format!("Another step of now is about {member}.");
            return Err(Blocked { step, because: vec![("S2", Breach { says, cure: Cure::Time })] });
        }
        if step.member().is_none() && self.steps.contains(&step) {
            return Ok(());
        }
        if self.sets_number_too(&step) {
            let says = "Another step of now changes its group's number.".to_owned();
            return Err(Blocked { step, because: vec![("S2", Breach { says, cure: Cure::Time })] });
        }
        if self.changes_members_too(&step) {
            let says = "Another step of now changes etcd's members.".to_owned();
            return Err(Blocked { step, because: vec![("Q2", Breach { says, cure: Cure::Time })] });
        }
        let before = self.index.apply(&step);
        let because = breaches(self.invariants, &self.index, &before, &step);
        if because.is_empty() {
            self.taken.extend(step.member().cloned());
            self.steps.push(step);
            return Ok(());
        }
        self.index.undo(before);
        Err(Blocked { step, because })
    }

    /// The same; where other steps must come first, and nothing else is in the way, takes those instead.
    pub(super) fn propose(&mut self, step: Step) -> Result<(), Blocked> {
        let blocked = match self.attempt(step) {
            Ok(()) => return Ok(()),
            Err(blocked) => blocked,
        };
        let cures: Option<Vec<Step>> = blocked
            .because
            .iter()
            .map(|(_, breach)| match &breach.cure {
                Cure::Step(step) => Some(step.clone()),
                Cure::Time | Cure::Person => None,
            })
            .collect();
        for cure in cures.unwrap_or_default() {
            if let Err(blocked) = self.attempt(cure) {
                self.note(blocked);
            }
        }
        Err(blocked)
    }

    /// Keeps why a step was not possible.
    pub(super) fn note(&mut self, blocked: Blocked) {
        if self.blocked.len() < REASONS
            || blocked.needs_a_person().is_some() && self.blocked.len() < 2 * REASONS
        {
            self.blocked.push(blocked);
        }
    }

    /// Proposes, and keeps why it was not possible.
    pub(super) fn try_to(&mut self, step: Step) -> bool {
        match self.propose(step) {
            Ok(()) => true,
            Err(blocked) => {
                self.note(blocked);
                false
            }
        }
    }

    pub(super) fn wait(&mut self, waiting: Waiting) {
        if self.waiting.len() < REASONS {
            self.waiting.push(waiting);
        }
    }

    fn conclude(mut self) -> Decision {
        let now = self.now();
        if !self.steps.is_empty() {
            return Decision::Steps(self.steps);
        }
        let progress = self.index.progress;
        if let Some(pause) = &progress.paused
            && !self.moving
        {
            return Decision::Paused(pause.clone());
        }
        if self.finished() {
            return match progress.groups.iter().find(|(_, group)| group.back && !progress.aborted) {
                None => Decision::Finished,
                Some((id, _)) => {
                    let says =
                        format!("{id} went back to the template before, and all of it is well.");
                    let mut pause = Pause::new(Code::RolledBack, now, says);
                    pause.group = Some(id.clone());
                    Decision::Paused(pause)
                }
            };
        }
        let settled = !self.moving && progress.looks.is_empty();
        if settled && let Some(pause) = self.person() {
            return Decision::Paused(pause);
        }
        if let Some(pause) = self.pause.take().filter(|_| !self.moving) {
            return Decision::Paused(pause);
        }
        let waiting = self.waited_for();
        let opened = self.strategies().opened(now).unwrap_or(0);
        let quiet = now.saturating_sub(progress.moved_at.max(progress.started_at).max(opened));
        if quiet > self.patience()
            && !waiting.iter().any(|waiting| waiting.until.is_some_and(|until| until > now))
        {
            let first: Vec<String> =
                waiting.iter().take(3).map(|waiting| waiting.says.clone()).collect();
            let says = format!("Nothing has moved for {quiet} s. {}", first.join(" "));
            return Decision::Paused(
                self.person().unwrap_or_else(|| Pause::new(Code::Stuck, now, says)),
            );
        }
        Decision::Waiting(waiting)
    }

    /// All groups of the plan are done, or all that went back are.
    fn finished(&self) -> bool {
        let back = self.index.progress.goes_back();
        if self.index.progress.aborted {
            let rests = |group: &crate::GroupProgress| group.finished || !group.touched;
            return self.index.progress.groups.values().all(rests);
        }
        let groups =
            self.strategies().groups.iter().map(|strategy| self.index.progress.of(&strategy.group));
        groups
            .into_iter()
            .all(|group| group.is_some_and(|group| group.finished || back && !group.back))
    }

    /// Long enough for the slowest thing twice.
    fn patience(&self) -> Seconds {
        let longest = |strategy: &crate::Strategy| {
            let t = strategy.timeouts;
            [t.launch, t.drain, t.deregister, t.stop, t.terminate, t.hook]
                .into_iter()
                .max()
                .unwrap_or(0)
        };
        self.strategies().groups.iter().map(longest).max().unwrap_or(0).saturating_mul(2)
    }

    /// What only a person can change.
    fn person(&self) -> Option<Pause> {
        let blocked = self.blocked.iter().find(|blocked| blocked.needs_a_person().is_some())?;
        let (id, breach) = blocked.needs_a_person()?;
        let code = if *id == "S1" { Code::Locked } else { Code::Unsafe };
        let mut pause =
            Pause::new(code, self.now(), format!("Next: {}. {}", blocked.step, breach.says));
        pause.invariant = Some((*id).to_owned());
        pause.member = blocked.step.member().cloned();
        if let crate::Subject::Group(group) = blocked.step.subject() {
            pause.group = Some(group.clone());
        }
        Some(pause)
    }

    fn waited_for(&mut self) -> Vec<Waiting> {
        let mut waiting = std::mem::take(&mut self.waiting);
        let timeouts =
            self.strategies().groups.first().map(|strategy| strategy.timeouts).unwrap_or_default();
        for open in self.index.progress.open.iter().take(REASONS) {
            waiting.push(Waiting {
                group: None,
                member: open.step.member().cloned(),
                says: format!("{} is under way.", open.step),
                since: Some(open.since),
                until: Some(open.since.saturating_add(open.step.timeout(&timeouts))),
            });
        }
        for blocked in &self.blocked {
            let because: Vec<String> = blocked
                .because
                .iter()
                .map(|(id, breach)| format!("{} ({id})", breach.says))
                .collect();
            waiting.push(Waiting {
                group: None,
                member: blocked.step.member().cloned(),
                says: format!("Next: {}. {}", blocked.step, because.join(" ")),
                since: None,
                until: None,
            });
        }
        if waiting.is_empty() {
            let says = "New members are looked at until they are proven.".to_owned();
            waiting.push(Waiting { group: None, member: None, says, since: None, until: None });
        }
        waiting
    }
}

//! [`Progress::looked`]: what a look at the world makes of a rotation's progress.

use std::collections::BTreeSet;

use crate::decide::{Code, Pause};
use crate::health::well;
use crate::index::Index;
use crate::sight::Sight;
use crate::strategy::{Checkpoint, Strategies};
use crate::world::{Group, Kind, Member, World};
use crate::{GroupId, MachineId, Step};

use super::assess::Seen;
use super::effect::{Members, effect};
use super::{Base, Failure, GroupProgress, Open, Progress};

impl GroupProgress {
    fn new(group: &Group, total: u32) -> GroupProgress {
        GroupProgress {
            base: Base {
                desired: group.desired,
                max: group.max,
                suspended: group.suspended.clone(),
                protected: group.protected,
            },
            surge: 0,
            total,
            touched: false,
            back: false,
            canary_since: None,
            checkpoints: 0,
            baking_since: None,
            awaits: false,
            confirmed: false,
            short_since: None,
            failed: BTreeSet::new(),
            finished: false,
        }
    }

    /// How many members are replaced at a checkpoint: rounded up, so that the last percent is reached.
    pub(crate) fn limit(&self, checkpoint: &Checkpoint) -> u32 {
        let limit = (u64::from(self.total) * u64::from(checkpoint.percent)).div_ceil(100);
        u32::try_from(limit).unwrap_or(u32::MAX)
    }

    /// The group is as it was, but for its number.
    #[must_use]
    pub fn restored(&self, group: &Group) -> bool {
        group.max == self.base.max
            && group.suspended == self.base.suspended
            && group.protected == self.base.protected
    }
}

/// Those of the members that are wanted.
fn named<'w>(world: &'w World, wanted: &BTreeSet<MachineId>) -> Members<'w> {
    if wanted.is_empty() {
        return Members::new();
    }
    let of = world.members.iter().filter(|member| wanted.contains(&member.id));
    of.map(|member| (&member.id, member)).collect()
}

impl Progress {
    /// A look at the world. It comes before each decision, with the same world.
    pub fn looked(&mut self, world: &World, strategies: &Strategies) {
        self.meet(world, strategies);
        let wanted = self.open.iter().filter_map(|open| open.step.member()).cloned().collect();
        self.close(world, &named(world, &wanted));
        for group in &world.groups {
            self.follow(group);
        }
        self.prove(world, strategies);
        let wanted = self.unwell.keys().cloned().collect();
        self.note_failures(world, &named(world, &wanted), strategies);
        self.assess(world, strategies);
        self.judge(world, strategies);
    }

    /// Groups that are seen for the first time.
    fn meet(&mut self, world: &World, strategies: &Strategies) {
        let new: Vec<&Group> = world
            .groups
            .iter()
            .filter(|group| {
                strategies.of(&group.id).is_some() && !self.groups.contains_key(&group.id)
            })
            .collect();
        if new.is_empty() {
            return;
        }
        let index = Index::new(world, strategies, self);
        let of = |id: &GroupId| index.group(id).map_or(0, |at| index.groups[at].now.outdated);
        let new: Vec<(GroupId, GroupProgress)> = new
            .into_iter()
            .map(|group| (group.id.clone(), GroupProgress::new(group, of(&group.id))))
            .collect();
        self.groups.extend(new);
    }

    /// Open steps whose effect is there.
    fn close(&mut self, world: &World, members: &Members<'_>) {
        let open = std::mem::take(&mut self.open);
        let (closed, open): (Vec<Open>, Vec<Open>) =
            open.into_iter().partition(|open| self.is_so(world, members, open));
        self.open = open;
        for Open { step, group, answered, .. } in closed {
            self.moved(world, group.as_ref());
            match step {
                Step::Launch { group, desired, .. } => self.asked(&group, desired),
                // Its call was not answered: the machine may as well have gone by itself, and the number tells.
                Step::Terminate { decrement: true, .. } if !answered => {
                    let group =
                        group.and_then(|id| world.groups.iter().find(|group| group.id == id));
                    if let Some(group) = group
                        && let Some(progress) = self.groups.get_mut(&group.id)
                        && group.desired < progress.base.desired.saturating_add(progress.surge)
                    {
                        progress.surge = progress.surge.saturating_sub(1);
                    }
                }
                _ => {}
            }
        }
    }

    fn is_so(&self, world: &World, members: &Members<'_>, open: &Open) -> bool {
        match &open.step {
            Step::Snapshot => {
                let snapshot = world.etcd.as_ref().and_then(|etcd| etcd.snapshot.as_ref());
                snapshot
                    .is_some_and(|snapshot| snapshot.verified && snapshot.taken_at >= open.since)
            }
            Step::RestoreGroup { group: id } => {
                let group = world.groups.iter().find(|group| group.id == *id);
                group.is_none_or(|group| {
                    self.groups.get(id).is_none_or(|progress| progress.restored(group))
                })
            }
            step => effect(world, members, step),
        }
    }

    /// Somebody else changed the group's number: what is ours is told from what is theirs.
    fn follow(&mut self, group: &Group) {
        let changing = self.open.iter().any(|open| match &open.step {
            Step::Launch { group: of, .. } => *of == group.id,
            Step::Terminate { .. } => true,
            _ => false,
        });
        let Some(progress) = self.groups.get_mut(&group.id).filter(|_| !changing) else { return };
        let asked = progress.base.desired.saturating_add(progress.surge);
        if group.desired > asked {
            progress.base.desired += group.desired - asked;
        } else if group.desired < asked {
            // Ours was seen, or acknowledged, before it was counted.
            progress.base.desired = progress.base.desired.saturating_sub(asked - group.desired);
            progress.surge = group.desired.saturating_sub(progress.base.desired);
        }
    }

    /// Good looks in a row.
    fn prove(&mut self, world: &World, strategies: &Strategies) {
        let kinds: Vec<(&GroupId, Kind)> =
            world.groups.iter().map(|group| (&group.id, group.kind)).collect();
        let sight = Sight::of(world);
        for member in &world.members {
            let Some((_, kind)) = kinds.iter().find(|(id, _)| **id == member.group) else {
                continue;
            };
            let own = member.launched_at >= self.started_at;
            if well(member, *kind, world.etcd.as_ref()) {
                self.unwell.remove(&member.id);
                let news = own && !self.proven.contains(&member.id);
                if !news && !self.looks.contains_key(&member.id) {
                    continue;
                }
                let enough =
                    strategies.of(&member.group).map_or(1, |strategy| strategy.good_looks.max(1));
                let looks = self.looks.entry(member.id.clone()).or_insert(0);
                *looks += 1;
                if *looks >= enough {
                    self.looks.remove(&member.id);
                    self.moved(world, Some(&member.group));
                    if own {
                        self.proven.insert(member.id.clone());
                    }
                    if let Some(group) = self.groups.get_mut(&member.group) {
                        group.failed.remove(&member.id);
                    }
                }
            } else if !member.going() {
                self.looks.insert(member.id.clone(), 0);
                // Of whom nothing is known, it is not known to be unwell.
                let known = !member.alive || !sight.misses(*kind);
                if own && member.mark.is_none() && known {
                    self.unwell.entry(member.id.clone()).or_insert(world.now);
                } else {
                    self.unwell.remove(&member.id);
                }
            }
        }
        let etcd = world.etcd.iter().flat_map(|etcd| &etcd.members);
        let claimed = etcd.filter_map(|of| Some((of.machine.clone()?, of.id)));
        self.etcd.extend(claimed);
        self.forget(world);
    }

    /// Machines that are not there any more.
    fn forget(&mut self, world: &World) {
        if self.looks.is_empty() && self.unwell.is_empty() {
            return;
        }
        let noted = |id: &MachineId| self.looks.contains_key(id) || self.unwell.contains_key(id);
        let live: BTreeSet<&MachineId> = world
            .members
            .iter()
            .filter(|member| !member.going() && noted(&member.id))
            .map(|member| &member.id)
            .collect();
        self.looks.retain(|id, _| live.contains(id));
        self.unwell.retain(|id, _| live.contains(id));
    }

    /// What took too long, or died young; each is counted once.
    fn note_failures(&mut self, world: &World, members: &Members<'_>, strategies: &Strategies) {
        self.note_late_steps(world, strategies);
        let late: Vec<(&Member, &'static str)> = self
            .unwell
            .iter()
            .filter_map(|(id, since)| {
                let member = *members.get(id)?;
                let progress = self.groups.get(&member.group)?;
                let strategy = strategies.of(&member.group)?;
                let right = *strategy.target(progress.back) == member.template;
                if !right && !member.coming() || progress.failed.contains(id) {
                    return None;
                }
                let late = world.now.saturating_sub(*since) > strategy.timeouts.launch;
                let young = !member.alive && !self.proven.contains(id);
                let what = if young {
                    "its machine died before it was proven"
                } else if member.coming() {
                    "it did not come into service in time"
                } else {
                    "it was not well for too long"
                };
                (late || young).then_some((member, what))
            })
            .collect();
        let late: Vec<Failure> = late
            .into_iter()
            .map(|(member, what)| Failure {
                at: world.now,
                group: Some(member.group.clone()),
                member: Some(member.id.clone()),
                launch: true,
                what: format!("{}: {what}", member.id),
            })
            .collect();
        for failure in &late {
            if let (Some(group), Some(member)) = (&failure.group, &failure.member)
                && let Some(progress) = self.groups.get_mut(group)
            {
                progress.failed.insert(member.clone());
            }
        }
        self.failures.extend(late);
    }

    fn note_late_steps(&mut self, world: &World, strategies: &Strategies) {
        let mut late = Vec::new();
        self.open.retain(|open| {
            let group = open.group.clone();
            let strategy =
                group.as_ref().and_then(|group| strategies.of(group)).or(strategies.groups.first());
            let limit = strategy.map_or(0, |strategy| open.step.timeout(&strategy.timeouts));
            let in_time = world.now.saturating_sub(open.since) <= limit;
            if !in_time {
                let what = format!("{} was not done within {limit} s", open.step);
                let member = open.step.member().cloned();
                late.push(Failure { at: world.now, group, member, launch: false, what });
            }
            in_time
        });
        self.failures.extend(late);
    }

    /// Canaries, checkpoints, and what is done.
    fn assess(&mut self, world: &World, strategies: &Strategies) {
        let index = Index::new(world, strategies, self);
        let seen: Vec<(GroupId, Seen)> = index
            .groups
            .iter()
            .filter(|indexed| indexed.strategy.is_some())
            .map(|indexed| (indexed.group.id.clone(), Seen::of(&index, indexed)))
            .collect();
        for (id, seen) in seen {
            let Some(strategy) = strategies.of(&id) else { continue };
            let aborted = self.aborted;
            let short = self.groups.get_mut(&id).and_then(|group| {
                if aborted {
                    group.rest(&seen, world.now);
                    return None;
                }
                group.assess(&seen, world.now, strategy.checkpoints.get(group.checkpoints));
                group.short(&seen, world.now, strategy.timeouts.launch)
            });
            self.failures.extend(short.map(|what| Failure {
                at: world.now,
                group: Some(id),
                member: None,
                launch: true,
                what,
            }));
        }
    }

    /// What failures lead to.
    fn judge(&mut self, world: &World, strategies: &Strategies) {
        if self.failures.is_empty() || self.paused.is_some() {
            return;
        }
        if self.failures.len() >= strategies.failures_max.max(1) as usize {
            let what: Vec<&str> =
                self.failures.iter().map(|failure| failure.what.as_str()).take(5).collect();
            let says = format!("{} failures: {}", self.failures.len(), what.join("; "));
            self.paused = Some(Pause::new(Code::Breaker, world.now, says));
            return;
        }
        if self.aborted {
            return;
        }
        let fatal = self.failures.iter().find(|failure| {
            let strategy = failure.group.as_ref().and_then(|group| strategies.of(group));
            let launches =
                self.failures.iter().filter(|of| of.launch && of.group == failure.group).count();
            !failure.launch || strategy.is_none_or(|strategy| launches > strategy.retries as usize)
        });
        let Some(fatal) = fatal else { return };
        if let Some(group) = self.turned(strategies) {
            self.moved_at = world.now;
            self.turn(&group);
            return;
        }
        let mut pause = Pause::new(Code::Failed, world.now, fatal.what.clone());
        (pause.group, pause.member) = (fatal.group.clone(), fatal.member.clone());
        self.paused = Some(pause);
    }
}

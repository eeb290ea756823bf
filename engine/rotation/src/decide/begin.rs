//! What is begun with a group: launches, members that are to leave, and at the end its restoration.

use super::machine::Machine;
use crate::order;
use crate::reason::Reason;
use crate::world::Kind;
use crate::{Code, Pause, Step, Waiting, When, Zone};

/// Breaches of these say something of the whole group: no other of its members fares better.
const OF_THE_GROUP: [&str; 9] = ["A1", "N5", "N6", "N7", "Q5", "S1", "L6", "L7", "N1"];

impl Machine<'_, '_> {
    /// One group whose turn it is.
    pub(super) fn group(&mut self, at: usize) {
        let progress = self.index.progress;
        if progress.aborted && progress.paused.is_none() {
            return self.give_back(at);
        }
        if self.holds(at) || !self.seen(at) || !self.healthy_before(at) {
            return;
        }
        self.repair(at);
        let counts = self.index.groups[at].now.clone();
        if counts.outdated == 0 && counts.marked == 0 {
            self.end(at);
        } else if counts.outdated > 0 {
            self.begin(at);
        }
    }

    /// Nothing more is begun with it.
    fn holds(&self, at: usize) -> bool {
        let progress = self.index.progress;
        let back = || self.index.groups[at].progress.is_some_and(|group| group.back);
        progress.aborted || progress.paused.is_some() || progress.goes_back() && !back()
    }

    /// Who leaves is to come back while all is held. After a person has aborted, what is too much goes all the same, and
    /// so does what is broken.
    fn stays(&self, group: usize, at: usize) -> bool {
        let indexed = &self.index.groups[group];
        let repair = matches!(self.index.reason(at), Some(Reason::Dead | Reason::FailedLaunch));
        !self.index.progress.aborted || indexed.now.desired <= indexed.base() && !repair
    }

    /// The cluster answers. Where it does not, nothing is wrong with members of which nothing is known.
    fn seen(&mut self, at: usize) -> bool {
        let group = &self.index.groups[at].group;
        if !self.index.sight.misses(group.kind) {
            return true;
        }
        let group = group.id.clone();
        let says =
            format!("The cluster does not answer, so nothing is known of the members of {group}.");
        self.wait(Waiting { group: Some(group), member: None, says, since: None, until: None });
        false
    }

    /// Brings what was begun to its end, or, while all is held, back.
    pub(super) fn finish(&mut self, at: usize) {
        let progress = self.index.progress;
        let hold = self.holds(at);
        let members = self.index.groups[at].stirring.clone();
        for of in members {
            let member = self.index.member(of);
            let announced = member.lifecycle == crate::world::Lifecycle::TerminatingWait;
            if self.index.marked(of) || announced || self.lingers(of) {
                // What did not come up stays as it is while all is held, so that it can be looked at.
                let failed = self.index.reason(of) == Some(Reason::FailedLaunch);
                let left = hold && !progress.aborted && failed && !member.going();
                let give_up = hold && !announced && self.stays(at, of) && self.can_return(of);
                if give_up {
                    self.moving = true;
                    let step = Step::Return { member: member.id.clone() };
                    self.try_to(step);
                } else if !left {
                    self.leave(of);
                }
            } else if member.coming() {
                // Also of another template: it is held by the hook, and somebody waits for it.
                if self.index.reason(of) != Some(Reason::FailedLaunch) {
                    self.come(of);
                }
            } else if !member.going() && progress.proven.contains(&member.id) {
                self.verified(of);
            }
        }
    }

    /// Something of it is left though its machine is gone.
    fn lingers(&self, at: usize) -> bool {
        let member = self.index.member(at);
        member.going() && (member.node.is_some() || self.index.etcd_of(&member.id).is_some())
    }

    fn verified(&mut self, at: usize) {
        let member = self.index.member(at);
        let strategy = self.index.group_of(at).and_then(|group| self.index.groups[group].strategy);
        let hook = strategy.and_then(|strategy| self.hook(strategy, member, When::Verified));
        if let Some(hook) = hook {
            self.moving = true;
            self.try_to(hook);
        }
    }

    /// A group that was not well before anything was done to it is not touched.
    fn healthy_before(&mut self, at: usize) -> bool {
        let now = self.now();
        let indexed = &self.index.groups[at];
        let (Some(progress), Some(strategy)) = (indexed.progress, indexed.strategy) else {
            return false;
        };
        if progress.touched || indexed.now.outdated == 0 {
            return true;
        }
        let may_miss = if indexed.group.kind == Kind::Master { 0 } else { indexed.amounts().1 };
        let counted = indexed.members.iter().filter(|&&of| {
            let member = self.index.member(of);
            let named = strategy.named.contains(&member.id);
            named || crate::health::well(member, indexed.group.kind, self.index.etcd.as_ref())
        });
        let well = u32::try_from(counted.count()).unwrap_or(u32::MAX);
        let least = indexed.base().saturating_sub(may_miss);
        if well >= least {
            return true;
        }
        let sick: Vec<String> = indexed
            .members
            .iter()
            .map(|&of| self.index.member(of))
            .filter(|member| {
                let late = now.saturating_sub(member.launched_at) > strategy.timeouts.launch;
                !member.going() && (late || !member.coming())
            })
            .filter_map(|member| {
                let ailment =
                    crate::health::ailment(member, indexed.group.kind, self.index.etcd.as_ref())?;
                Some(format!("{}: {ailment}", member.id))
            })
            .take(5)
            .collect();
        let says = format!(
            "{} has {well} of {least} members well, and nothing was done to it yet. {}",
            indexed.group.id,
            sick.join("; ")
        );
        let group = indexed.group.id.clone();
        let quiet_since = self.index.progress.moved_at.max(self.index.progress.started_at);
        let until = quiet_since.saturating_add(strategy.timeouts.call);
        // What the cloud is about to launch is waited for, not blamed.
        if now >= until && !sick.is_empty() {
            let mut pause = Pause::new(Code::UnhealthyBefore, now, says);
            pause.group = Some(group);
            self.pause = Some(pause);
        } else {
            let since = Some(self.index.progress.started_at);
            self.wait(Waiting {
                group: Some(group),
                member: None,
                says,
                since,
                until: Some(until),
            });
        }
        false
    }

    /// What is dead, or never came into service, leaves at any time.
    fn repair(&mut self, at: usize) {
        let of: Vec<usize> = self.index.groups[at].stirring.clone();
        let keeps = self.index.progress.aborted;
        for of in of {
            let member = self.index.member(of);
            if member.going() || self.index.marked(of) {
                continue;
            }
            if matches!(self.index.reason(of), Some(Reason::Dead | Reason::FailedLaunch)) {
                let step = Step::Mark { member: member.id.clone() };
                if !keeps {
                    self.use_template(at);
                }
                self.try_to(step);
            }
        }
    }

    /// A person has said that it ends here: what is too much leaves, and the cloud has the group again as it was, with
    /// members of whatever template they are of.
    fn give_back(&mut self, at: usize) {
        self.repair(at);
        let indexed = &self.index.groups[at];
        let Some(progress) = indexed.progress.filter(|progress| progress.touched) else { return };
        if indexed.now.marked > 0 || indexed.now.live < indexed.now.desired {
            return;
        }
        if indexed.now.desired > indexed.base() {
            if let Some(of) = order::surplus(&self.index, at) {
                let step = Step::Mark { member: self.index.member(of).id.clone() };
                self.try_to(step);
            }
        } else if !progress.restored(indexed.group) {
            let coming = |&of: &usize| self.index.member(of).coming();
            if !indexed.stirring.iter().any(coming) {
                let group = indexed.group.id.clone();
                self.try_to(Step::RestoreGroup { group });
            }
        }
    }

    /// Has the cloud launch what the plan goes to, where that does not come with a launch.
    fn use_template(&mut self, at: usize) -> bool {
        let indexed = &self.index.groups[at];
        let Some(target) = indexed.target.filter(|target| **target != indexed.now.template) else {
            return true;
        };
        let step = Step::UseTemplate { group: indexed.group.id.clone(), template: target.clone() };
        self.try_to(step)
    }

    fn begin(&mut self, at: usize) {
        let now = self.now();
        let (group, strategies) = (self.index.groups[at].group.id.clone(), self.strategies());
        // A way back does not wait for a window.
        let back = self.index.groups[at].progress.is_some_and(|progress| progress.back);
        if !back && !strategies.open(now) {
            return self.closed(group);
        }
        let Some(room) = self.room_to_checkpoint(at) else { return };
        if self.index.groups[at].stirring.iter().any(|&of| self.has_hook(of)) {
            return;
        }
        let leavers = order::leavers(&self.index, at);
        let surge = self.index.groups[at].amounts().0;
        if surge > 0 {
            self.launch(at, surge, room, &leavers);
        } else if !self.use_template(at) {
            return;
        }
        if self.index.groups[at].target != Some(&self.index.groups[at].now.template) {
            return;
        }
        let mut room = room.saturating_sub(self.index.groups[at].now.marked);
        let mut stranded = !leavers.is_empty();
        for of in leavers {
            if room == 0 {
                break;
            }
            let step = Step::Mark { member: self.index.member(of).id.clone() };
            match self.propose(step) {
                Ok(()) => {
                    room -= 1;
                    stranded = false;
                }
                Err(blocked) => {
                    let all = blocked.by(&OF_THE_GROUP);
                    stranded &= blocked.by(&["N4"]) && !all;
                    self.note(blocked);
                    if all {
                        break;
                    }
                }
            }
        }
        if stranded {
            self.make_place(at);
        }
    }

    /// All that may be more is there, and none of it in the zone where it is wanted: one of it goes, and comes again there.
    fn make_place(&mut self, at: usize) {
        let indexed = &self.index.groups[at];
        let asked = indexed.now.desired.saturating_sub(indexed.base());
        let still = indexed.now.marked == 0
            && indexed.now.live == indexed.now.desired
            && indexed.now.well == indexed.now.live;
        if still
            && asked > 0
            && asked >= indexed.amounts().0.min(indexed.now.outdated)
            && let Some(of) = order::misplaced(&self.index, at)
        {
            let step = Step::Mark { member: self.index.member(of).id.clone() };
            self.try_to(step);
        }
    }

    fn has_hook(&self, at: usize) -> bool {
        let member = self.index.member(at);
        let strategy = self.index.group_of(at).and_then(|group| self.index.groups[group].strategy);
        !member.going()
            && self.index.progress.proven.contains(&member.id)
            && strategy
                .is_some_and(|strategy| self.hook(strategy, member, When::Verified).is_some())
    }

    /// No window is open.
    fn closed(&mut self, group: crate::GroupId) {
        let now = self.now();
        match self.strategies().opens(now) {
            Some(until) => {
                let says = format!("{group} goes on when the next window opens.");
                self.wait(Waiting {
                    group: Some(group),
                    member: None,
                    says,
                    since: None,
                    until: Some(until),
                });
            }
            None => {
                let mut pause =
                    Pause::new(Code::NoWindow, now, format!("All windows of {group} are over."));
                pause.group = Some(group);
                self.pause = Some(pause);
            }
        }
    }

    /// How many members may be away or replaced before the next checkpoint; none where it has been reached.
    fn room_to_checkpoint(&mut self, at: usize) -> Option<u32> {
        let now = self.now();
        let indexed = &self.index.groups[at];
        let (progress, strategy) = (indexed.progress?, indexed.strategy?);
        let Some(checkpoint) =
            strategy.checkpoints.get(progress.checkpoints).filter(|_| !progress.back)
        else {
            return Some(u32::MAX);
        };
        let limit = progress.limit(checkpoint);
        let replaced = progress.total.saturating_sub(indexed.now.outdated);
        let room = limit.saturating_sub(replaced);
        if room > 0 {
            return Some(room);
        }
        let id = indexed.group.id.clone();
        let says = format!("{id} is at its checkpoint of {} %.", checkpoint.percent);
        if progress.awaits && !progress.confirmed {
            let mut pause = Pause::new(Code::Checkpoint, now, says);
            pause.group = Some(id);
            self.pause = Some(pause);
        } else {
            let since = progress.baking_since;
            let until = since.map(|since| since.saturating_add(checkpoint.bake));
            self.wait(Waiting { group: Some(id), member: None, says, since, until });
        }
        None
    }

    fn launch(&mut self, at: usize, surge: u32, room: u32, leavers: &[usize]) {
        let indexed = &self.index.groups[at];
        let Some(target) = indexed.target else { return };
        let base = indexed.base();
        let now = indexed.now.desired;
        let asked = now.saturating_sub(base);
        let want = surge.min(indexed.now.outdated).min(room);
        if want <= asked {
            // On the way back there may be more already.
            self.use_template(at);
            return;
        }
        let canary = !indexed.canary_is_well(self.index.world.now);
        let most = if canary || indexed.group.kind == Kind::Master { 1 } else { want - asked };
        let (more, zone) = self.place(at, most, leavers);
        let (group, template) = (self.index.groups[at].group.id.clone(), target.clone());
        self.try_to(Step::Launch { group, template, desired: now.saturating_add(more), zone });
    }

    /// How many, and where: masters, and whoever has volumes, are replaced in their zone.
    fn place(&self, at: usize, most: u32, leavers: &[usize]) -> (u32, Option<Zone>) {
        let indexed = &self.index.groups[at];
        let next = leavers.iter().take(most as usize).map(|&of| self.index.member(of));
        let bound = next.clone().find(|member| {
            indexed.group.kind == Kind::Master || member.node.is_some_and(|node| node.volumes > 0)
        });
        let Some(bound) = bound else { return (most, None) };
        let open = indexed.group.zones.iter().find(|room| room.zone == bound.zone);
        if open.is_some_and(|room| !room.capacity || room.addresses_left == Some(0)) {
            return (most, None);
        }
        let same = next.filter(|member| member.zone == bound.zone).count();
        (u32::try_from(same).unwrap_or(most), Some(bound.zone.clone()))
    }

    /// Nothing is outdated any more: what is too much leaves, and the group is given back.
    fn end(&mut self, at: usize) {
        let indexed = &self.index.groups[at];
        let Some(progress) =
            indexed.progress.filter(|progress| progress.touched || progress.total > 0)
        else {
            return;
        };
        // Whoever was outdated may have died, and would come back as it was.
        if !self.use_template(at) {
            return;
        }
        let indexed = &self.index.groups[at];
        if indexed.now.desired > indexed.base() {
            if let Some(of) = order::surplus(&self.index, at) {
                let step = Step::Mark { member: self.index.member(of).id.clone() };
                self.try_to(step);
            }
            return;
        }
        if !progress.restored(indexed.group) && indexed.now.proven >= indexed.base() {
            let group = indexed.group.id.clone();
            self.try_to(Step::RestoreGroup { group });
        }
    }
}

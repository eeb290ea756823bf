//! A decision: what of it is begun and written, who is answered, and when it is looked again.

use std::time::Duration;

use kprov_provider::ProviderError;
use kprov_rotation::world::{Lifecycle, Member};
use kprov_rotation::{
    Code, Decision, GroupId, Open, Pause, Seconds, Step, Strategies, Waiting, World, decide,
    violated,
};
use kprov_state::{HowEnded, RotationChange};

use super::calls::is_safe;
use super::kept::Kept;
use super::settle::Told;
use super::{Core, Effect, Write, pause};

/// Heartbeats of lifecycle hooks, which last 300 s.
const BEAT: Seconds = 60;

/// While nothing moves it is looked so often at least.
const REST_MAX: Duration = Duration::from_secs(10);

impl Core {
    /// The machine looks and decides; what it wants is written, called and answered.
    pub(super) fn go_on(
        &mut self,
        mut kept: Kept,
        before: &Kept,
        world: World,
        strategies: &Strategies,
        heard: Vec<u64>,
        effects: &mut Vec<Effect>,
    ) {
        let mut told = Told::default();
        let failures = kept.progress.failures.len();
        let was = kept.progress.clone();
        kept.progress.looked(&world, strategies);
        self.closed(&mut kept, &was, failures, &world, &mut told);
        let mut calls = self.repeats(&mut kept, &world, strategies, &mut told);
        let decision = decide(&world, strategies, &kept.progress);
        let (waits, mut end) = self.act(decision, &mut kept, &world, &mut told, &mut calls);
        let mut answers = Vec::new();
        if end.is_none() {
            end = self.finished(&mut kept, &world, strategies, &mut told, &mut calls, &mut answers);
        }
        let mut forgotten = false;
        if let Some(end) = end {
            let error = self.end(&mut kept, end, &mut forgotten);
            let rest = std::mem::take(&mut self.waiting);
            answers.extend(rest.into_iter().map(|id| (id, Err(error.clone()))));
        }
        let done = |id: &GroupId| kept.progress.of(id).is_some_and(|of| of.finished && !of.back);
        kept.finished |= self.waiting.is_empty() && self.orders.keys().all(done);
        if forgotten {
            effects.push(self.forget(told, heard));
        } else {
            self.write(before, &kept, told, heard, effects);
        }
        if self.broken.is_some() {
            return;
        }
        for open in calls {
            self.call(&kept, &open, &world, effects);
        }
        self.report(&kept, &world, Some(&waits), effects);
        if self.is_idle() {
            self.lock.release();
            effects.push(Effect::Unlock(self.operator.clone()));
        } else {
            self.beat(&world, effects);
            effects.push(Effect::Sleep(self.rest(&kept, &world)));
        }
        effects.extend(answers.into_iter().map(|(id, answer)| Effect::Answer(id, answer)));
        // What went back, or was given up, is over: the next registration begins another one.
        let over = forgotten || kept.finished && kept.progress.goes_back();
        self.kept = (!over).then_some(kept);
        self.world = Some(world);
    }

    /// What a decision asks for: steps that start, what is waited for, how it ends for those who wait.
    fn act(
        &mut self,
        decision: Decision,
        kept: &mut Kept,
        world: &World,
        told: &mut Told,
        calls: &mut Vec<Open>,
    ) -> (Vec<Waiting>, Option<End>) {
        kept.paused = None;
        match decision {
            Decision::Steps(steps) => {
                for step in steps {
                    self.start(kept, &step, world, told, calls);
                }
                (Vec::new(), None)
            }
            Decision::Waiting(waits) => (waits, None),
            Decision::Paused(pause) if kept.beside.aborting => {
                if self.gave_back(kept, world, told, calls) {
                    (Vec::new(), Some(End::Aborted))
                } else {
                    (vec![waiting(&pause.says)], None)
                }
            }
            Decision::Paused(pause) => (Vec::new(), Some(End::Paused(pause))),
            Decision::Finished => (Vec::new(), None),
        }
    }

    /// The rotation is forgotten.
    fn forget(&self, told: Told, taken: Vec<u64>) -> Effect {
        let change = RotationChange {
            forgotten: Some(self.cluster.clone()),
            taken,
            durations: told.durations,
            ..RotationChange::default()
        };
        Effect::Append(Box::new(Write { entries: told.entries, change }))
    }

    /// Open steps that are called now: after a run was killed, all that are still safe; else those whose time has come.
    fn repeats(
        &mut self,
        kept: &mut Kept,
        world: &World,
        strategies: &Strategies,
        told: &mut Told,
    ) -> Vec<Open> {
        if !self.lock.is_ours(&self.operator, world.now) {
            return Vec::new();
        }
        let (safe, unsafe_now): (Vec<Open>, Vec<Open>) =
            if std::mem::replace(&mut kept.unseen, false) {
                let left = kept.progress.open.clone();
                let safe = kept.progress.repeat(world, strategies);
                (safe.clone(), left.into_iter().filter(|open| !safe.contains(open)).collect())
            } else {
                let due = self.due(kept, world.now);
                due.into_iter().partition(|open| is_safe(&kept.progress, open, world, strategies))
            };
        for open in &unsafe_now {
            kept.progress.open.retain(|other| other.token != open.token);
            let message = "By now it would break something, so it is not called again.".to_owned();
            self.ended(kept, open, HowEnded::Forgotten, message, world, told);
        }
        safe
    }

    fn start(
        &mut self,
        kept: &mut Kept,
        step: &Step,
        world: &World,
        told: &mut Told,
        calls: &mut Vec<Open>,
    ) {
        if self.refused.get(step).is_some_and(|refusals| refusals.retry_at > world.now) {
            return;
        }
        let token = kept.progress.started(step, world);
        let Some(open) = kept.progress.open.iter().find(|open| open.token == token).cloned() else {
            return;
        };
        self.begun(kept, &open, world, told);
        calls.push(open);
    }

    /// Groups that are done are answered. The machine has nothing to do with a group none of whose machines is outdated,
    /// and yet the cloud must launch what its object says.
    fn finished(
        &mut self,
        kept: &mut Kept,
        world: &World,
        strategies: &Strategies,
        told: &mut Told,
        calls: &mut Vec<Open>,
        answers: &mut Vec<(GroupId, Result<(), ProviderError>)>,
    ) -> Option<End> {
        for id in self.waiting.clone() {
            let done = kept.progress.of(&id).is_some_and(|of| of.finished && !of.back);
            // What is under way is seen to its end, and so is what is left of machines that are gone.
            let open = lingers(world, &id)
                || kept.progress.open.iter().any(|open| {
                    open.group.as_ref().is_none_or(|group| *group == id)
                        && !matches!(open.step, Step::UseTemplate { .. })
                });
            let Some(order) = self.orders.get(&id).filter(|_| done && !open) else { continue };
            let template = order.target.clone();
            let group = world.groups.iter().find(|group| group.id == id);
            if group.is_none_or(|group| group.template == template) {
                self.waiting.remove(&id);
                answers.push((id, Ok(())));
                continue;
            }
            let step = Step::UseTemplate { group: id.clone(), template };
            if kept.progress.open.iter().any(|open| open.step == step) {
                continue;
            }
            // Nothing of it is launched or terminated now, so its processes need not rest.
            let broken = violated(world, strategies, &kept.progress, &step);
            match broken.into_iter().find(|breach| breach.invariant != "N7") {
                None => self.start(kept, &step, world, told, calls),
                Some(breach) => {
                    return Some(End::Paused(Pause {
                        code: Code::Unsafe,
                        since: world.now,
                        group: Some(id),
                        member: None,
                        invariant: Some(breach.invariant),
                        says: format!("Next: {step}. {}", breach.says),
                    }));
                }
            }
        }
        None
    }

    /// Everything is at rest after an abort; groups are given back, with the number of machines that they have. True once
    /// they are.
    fn gave_back(
        &mut self,
        kept: &mut Kept,
        world: &World,
        told: &mut Told,
        calls: &mut Vec<Open>,
    ) -> bool {
        let touched: Vec<GroupId> = kept
            .progress
            .groups
            .iter()
            .filter(|(_, of)| of.touched)
            .map(|(id, _)| id.clone())
            .collect();
        let mut given = true;
        for id in touched {
            let Some(group) = world.groups.iter().find(|group| group.id == id) else { continue };
            if let Some(progress) = kept.progress.groups.get_mut(&id) {
                progress.base.desired = group.desired;
                progress.base.max = progress.base.max.max(group.desired);
                progress.surge = 0;
            }
            if kept.is_restored(world, &id) {
                continue;
            }
            given = false;
            let step = Step::RestoreGroup { group: id };
            let open = kept.progress.open.iter().any(|open| open.step == step);
            if !open && self.lock.is_ours(&self.operator, world.now) {
                self.start(kept, &step, world, told, calls);
            }
        }
        given
    }

    fn end(&self, kept: &mut Kept, end: End, forgotten: &mut bool) -> ProviderError {
        match end {
            End::Aborted => {
                *forgotten = true;
                pause::aborted(&self.cluster)
            }
            End::Paused(pause) => {
                let error = pause::paused(&self.cluster, &pause, self.interrupted);
                kept.paused = Some(error.message.clone());
                kept.finished = pause.code == Code::RolledBack;
                error
            }
        }
    }

    /// What has changed, in one transaction; nothing where nothing has.
    pub(super) fn write(
        &mut self,
        before: &Kept,
        kept: &Kept,
        told: Told,
        taken: Vec<u64>,
        effects: &mut Vec<Effect>,
    ) {
        if before == kept && taken.is_empty() && told.entries.is_empty() {
            return;
        }
        match kept.record(&self.cluster, self.host.as_ref()) {
            Ok(record) => {
                let change = RotationChange {
                    record: Some(record),
                    forgotten: None,
                    taken,
                    durations: told.durations,
                };
                effects.push(Effect::Append(Box::new(Write { entries: told.entries, change })));
            }
            Err(message) => self.break_off(&message, effects),
        }
    }

    fn beat(&mut self, world: &World, effects: &mut Vec<Effect>) {
        if world.now.saturating_sub(self.beaten_at) < BEAT {
            return;
        }
        for (id, order) in &self.orders {
            let held = world.members.iter().filter(|member| {
                let waits = [Lifecycle::PendingWait, Lifecycle::TerminatingWait];
                member.group == *id && waits.contains(&member.lifecycle)
            });
            let held: Vec<_> = held.map(|member| member.id.clone()).collect();
            if !held.is_empty() {
                self.beaten_at = world.now;
                effects.push(Effect::Keep(Box::new(order.site.clone()), held));
            }
        }
    }

    /// Until the next look: soon while something moves.
    fn rest(&self, kept: &Kept, world: &World) -> Duration {
        let progress = &kept.progress;
        let moving = !progress.open.is_empty()
            || !progress.looks.is_empty()
            || world.members.iter().any(|of| {
                self.orders.contains_key(&of.group) && (of.coming() || of.mark.is_some())
            });
        if moving { self.every } else { (self.every * 5).min(REST_MAX) }.max(self.every)
    }
}

/// How it ends for those who wait.
enum End {
    Paused(Pause),
    Aborted,
}

fn waiting(says: &str) -> Waiting {
    Waiting { group: None, member: None, says: says.to_owned(), since: None, until: None }
}

/// A machine of the group is gone, or going, and its node or its member of etcd is left.
fn lingers(world: &World, group: &GroupId) -> bool {
    let claimed = |member: &Member| {
        let mut etcd = world.etcd.iter().flat_map(|etcd| &etcd.members);
        etcd.any(|of| of.machine.as_ref() == Some(&member.id))
    };
    let mut own = world.members.iter().filter(|member| member.group == *group && member.going());
    own.any(|member| member.node.is_some() || claimed(member))
}

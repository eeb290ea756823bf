//! A look: what it makes of the rotation, what is begun then, who is answered.

use kprov_provider::{ErrorClass, ProviderError};
use kprov_rotation::settings::strategies;
use kprov_rotation::world::{Lifecycle, Lock, Member};
use kprov_rotation::{
    Code, Decision, GroupId, Open, Pause, Seconds, Step, Strategies, Waiting, Window, World,
    decide, violated,
};
use kprov_state::{HowEnded, RotationChange};

use super::calls::is_safe;
use super::kept::Kept;
use super::settle::Told;
use super::{Core, Effect, Look, Write, pause};
use crate::rotation::observe::{Observed, Site};

/// Nothing seen for so long is a pause, where something was begun.
const BLIND_MAX: Seconds = 600;

/// And where nothing was.
const BLIND_MAX_BEFORE: Seconds = 60;

/// Heartbeats of lifecycle hooks, which last 300 s.
const BEAT: Seconds = 60;

impl Core {
    pub(super) fn looked(&mut self, look: Look, effects: &mut Vec<Effect>) {
        if self.broken.is_some() || self.is_idle() {
            return;
        }
        let now = look.observed.now;
        self.found_lock(look.lock, now);
        if let Some(error) = self.unseen(&look.observed) {
            return self.blind(&error, now, effects);
        }
        let blind = self.blind_since.take().map_or(0, |since| now.saturating_sub(since));
        if let Some(lock) = self.lock.awaits(&self.operator, now) {
            if self.interrupted {
                return self.leave(effects);
            }
            let why =
                format!("{} holds its lock; it is waited whether that is renewed", lock.holder);
            self.say(&why, effects);
            return effects.push(Effect::Sleep(self.every));
        }
        if let Some(lock) = self.lock.other(&self.operator, now) {
            return self.locked_out(&lock, effects);
        }
        self.drop_gone(&look.observed, effects);
        if self.is_idle() {
            return;
        }
        let mut kept = match self.take_kept(now) {
            Ok(kept) => kept,
            Err(error) => return self.answer_all(&error, effects),
        };
        let before = kept.clone();
        let cluster = self.cluster.clone();
        kept.remember_templates(&self.orders, &look.observed.groups);
        look.observed.learn(&self.sites, &cluster, &mut kept.beside.known);
        let world =
            look.observed.world(&self.sites, &cluster, &kept.beside.known, self.lock.lock());
        let strategies = match self.strategies(&kept, now) {
            Ok(strategies) => strategies,
            Err(error) => {
                self.answer_all(&error, effects);
                self.kept = Some(kept);
                return;
            }
        };
        shift(&mut kept, blind);
        let heard: Vec<u64> = look
            .words
            .iter()
            .filter(|word| word.cluster == cluster)
            .map(|word| {
                kept.hear(word, &strategies, now);
                word.id
            })
            .collect();
        self.go_on(kept, &before, world, &strategies, heard, effects);
    }

    /// The machine looks and decides; what it wants is written, called and answered.
    fn go_on(
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
        let mut waits = Vec::new();
        let mut end = None;
        kept.paused = None;
        match decision {
            Decision::Steps(steps) => {
                for step in steps {
                    self.start(&mut kept, &step, &world, &mut told, &mut calls);
                }
            }
            Decision::Waiting(waiting) => waits = waiting,
            Decision::Paused(pause) if kept.beside.aborting => {
                if self.gave_back(&mut kept, &world, &mut told, &mut calls) {
                    end = Some(End::Aborted);
                } else {
                    waits = vec![waiting(&pause.says)];
                }
            }
            Decision::Paused(pause) => end = Some(End::Paused(pause)),
            Decision::Finished => {}
        }
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
            let change = RotationChange {
                forgotten: Some(self.cluster.clone()),
                taken: heard,
                durations: told.durations,
                ..RotationChange::default()
            };
            effects.push(Effect::Append(Box::new(Write { entries: told.entries, change })));
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

    fn found_lock(&mut self, found: Option<Result<Lock, ProviderError>>, now: Seconds) {
        if self.kubeconfig().is_some() {
            return self.lock.found(found);
        }
        // The state's lock is the lock.
        let lock = Lock {
            holder: self.operator.clone(),
            expires_at: now.saturating_add(super::lock::LIFE),
        };
        self.lock.found(Some(Ok(lock)));
    }

    /// Why nothing can be decided: a group or the cluster did not tell how it is. Nothing is safe on half a world: a node
    /// that is not seen looks like one that is gone.
    fn unseen(&self, observed: &Observed) -> Option<ProviderError> {
        let own = |site: &&Site| site.cluster().as_deref() == Some(&self.cluster);
        let mut own = self.sites.iter().filter(own);
        let group = own.find_map(|site| observed.unseen.get(&site.group.id));
        let cluster = observed.clusters.get(&self.cluster).and_then(|view| view.as_ref().err());
        group.or(cluster).cloned()
    }

    fn blind(&mut self, error: &ProviderError, now: Seconds, effects: &mut Vec<Effect>) {
        if self.interrupted {
            return self.leave(effects);
        }
        let since = *self.blind_since.get_or_insert(now);
        let touched = |kept: &Kept| {
            !kept.progress.open.is_empty() || kept.progress.groups.values().any(|of| of.touched)
        };
        let begun = self.stored.is_some() || self.kept.as_ref().is_some_and(touched);
        let most = if begun { BLIND_MAX } else { BLIND_MAX_BEFORE };
        let hopeless = error.class == ErrorClass::Rejected && !begun;
        if hopeless || now.saturating_sub(since) >= most {
            self.blind_since = None;
            let error = pause::blind(&self.cluster, &error.to_string(), now.saturating_sub(since));
            self.lock.release();
            effects.push(Effect::Unlock(self.operator.clone()));
            return self.answer_all(&error, effects);
        }
        self.say(&format!("it cannot be seen how things are: {error}"), effects);
        effects.push(Effect::Sleep(self.every));
    }

    /// The user wants to stop, and nothing can be done that would end what was begun.
    fn leave(&mut self, effects: &mut Vec<Effect>) {
        let error = pause::left(&self.cluster);
        self.lock.release();
        effects.push(Effect::Unlock(self.operator.clone()));
        self.answer_all(&error, effects);
    }

    /// Somebody else carries out rotations here: nothing more is called. What is under way stays open in the row.
    fn locked_out(&mut self, lock: &Lock, effects: &mut Vec<Effect>) {
        let says = format!("{} holds the lock of this rotation, and renews it.", lock.holder);
        let pause = Pause {
            code: Code::Locked,
            since: self.now(),
            group: None,
            member: None,
            invariant: Some("S1".to_owned()),
            says,
        };
        let error = pause::paused(&self.cluster, &pause, false);
        if let Some(mut kept) = self.kept.take() {
            let before = kept.clone();
            kept.paused = Some(error.message.clone());
            self.write(&before, &kept, Told::default(), Vec::new(), effects);
            self.kept = Some(kept);
        }
        self.lock.release();
        self.answer_all(&error, effects);
    }

    /// Operations whose group is not there.
    fn drop_gone(&mut self, observed: &Observed, effects: &mut Vec<Effect>) {
        let gone: Vec<GroupId> =
            self.waiting.iter().filter(|id| !observed.groups.contains_key(id)).cloned().collect();
        for id in gone {
            self.waiting.remove(&id);
            self.orders.remove(&id);
            let error = pause::gone(&id);
            effects.push(Effect::Answer(id, Err(error)));
        }
    }

    fn take_kept(&mut self, now: Seconds) -> Result<Kept, ProviderError> {
        if let Some(kept) = self.kept.take() {
            return Ok(kept);
        }
        match self.stored.take() {
            Some(record) => {
                let kept = Kept::resume(&record, now);
                if kept.is_err() {
                    self.stored = Some(record);
                }
                kept
            }
            None => Ok(Kept::begin(self.host.as_ref(), now)),
        }
    }

    fn strategies(&self, kept: &Kept, now: Seconds) -> Result<Strategies, ProviderError> {
        let groups = self
            .orders
            .values()
            .filter_map(|order| {
                let settings = order.site.settings.as_ref()?;
                let (id, previous) = (order.site.group.id.clone(), kept.previous(order));
                let named = order.named.clone();
                Some((settings, settings.strategy(id, order.target.clone(), previous, named)))
            })
            .collect();
        let rotation = kept.progress.rotation.clone();
        let mut all =
            strategies(rotation, self.operator.clone(), groups, now).map_err(|problems| {
                let detail: Vec<String> =
                    problems.into_iter().map(|problem| problem.detail).collect();
                ProviderError::rejected("Invalid rotation", detail.join(" "))
            })?;
        if self.interrupted {
            // What is begun is finished, nothing more is begun.
            all.windows = vec![Window { opens: 0, closes: 0 }];
        }
        Ok(all)
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
    fn rest(&self, kept: &Kept, world: &World) -> std::time::Duration {
        let progress = &kept.progress;
        let moving = !progress.open.is_empty()
            || !progress.looks.is_empty()
            || world.members.iter().any(|of| {
                self.orders.contains_key(&of.group) && (of.coming() || of.mark.is_some())
            });
        if moving { self.every } else { (self.every * 5).min(std::time::Duration::from_secs(10)) }
            .max(self.every)
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

/// Time in which nothing could be seen, nothing is late for. A snapshot is told by when it was taken.
fn shift(kept: &mut Kept, blind: Seconds) {
    if blind == 0 {
        return;
    }
    let later = |at: &mut Seconds| *at = at.saturating_add(blind);
    let progress = &mut kept.progress;
    later(&mut progress.moved_at);
    progress.open.iter_mut().filter(|open| open.step != Step::Snapshot).for_each(|open| {
        later(&mut open.since);
    });
    progress.unwell.values_mut().for_each(later);
    progress.groups.values_mut().filter_map(|group| group.short_since.as_mut()).for_each(later);
}

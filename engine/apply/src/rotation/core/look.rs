//! A look: whether anything can be decided on it, and what of it the machine is told.

use kprov_provider::{ErrorClass, ProviderError};
use kprov_rotation::settings::strategies;
use kprov_rotation::world::Lock;
use kprov_rotation::{Code, GroupId, Pause, Seconds, Step, Strategies, Window};

use super::kept::Kept;
use super::settle::Told;
use super::{Core, Effect, Look, pause};
use crate::rotation::observe::{Observed, Site};

/// Nothing seen for so long is a pause, where something was begun.
const BLIND_MAX: Seconds = 600;

/// And where nothing was.
const BLIND_MAX_BEFORE: Seconds = 60;

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

//! Answers of calls. An error says whether anything can have happened: if not, the step may be proposed again, after a
//! while, and not for ever; if so, it stays open, and is called again by its token.

use kprov_provider::{ErrorClass, ProviderError};
use kprov_rotation::{Open, Seconds, Step, World};
use kprov_state::HowEnded;

use super::calls::pause;
use super::kept::Kept;
use super::settle::Told;
use super::{Answer, Core, Effect, Refusals};

/// A call that is refused for good is tried so often: what it was refused for may have been a moment's.
const REFUSALS_MAX: u32 = 3;

impl Core {
    pub(super) fn answered(&mut self, token: &str, answer: Answer, effects: &mut Vec<Effect>) {
        self.calls.remove(token);
        if self.broken.is_some() {
            return;
        }
        let (Some(mut kept), Some(world)) = (self.kept.take(), self.world.take()) else { return };
        // What was seen to be so before its call came back is open no more.
        if let Some(open) = kept.progress.open.iter().find(|open| open.token == token).cloned() {
            let before = kept.clone();
            let mut told = Told::default();
            match answer {
                Answer::Done => self.done(&mut kept, &open, &world, &mut told),
                Answer::NotYet(why) => self.once_more(&open, why, 0),
                Answer::Failed(error) => self.refuse(&mut kept, &open, error, &world, &mut told),
            }
            self.write(&before, &kept, told, Vec::new(), effects);
            self.report(&kept, &world, None, effects);
        }
        self.kept = Some(kept);
        self.world = Some(world);
    }

    fn done(&mut self, kept: &mut Kept, open: &Open, world: &World, told: &mut Told) {
        kept.progress.done(&open.step);
        if !is_open(kept, open) {
            self.ended(kept, open, HowEnded::Done, String::new(), world, told);
        } else if matches!(open.step, Step::Drain { .. }) {
            // It has evicted what may go now; the rest follows at the next looks.
            self.again.insert(open.token.clone(), 0);
        }
        self.refused.remove(&open.step);
    }

    /// It is called again, so many seconds from now at the earliest.
    fn once_more(&mut self, open: &Open, why: String, after: Seconds) {
        self.details.insert(open.token.clone(), why);
        self.again.insert(open.token.clone(), self.now().saturating_add(after));
    }

    fn refuse(
        &mut self,
        kept: &mut Kept,
        open: &Open,
        error: ProviderError,
        world: &World,
        told: &mut Told,
    ) {
        let why = error.to_string();
        let now = self.now();
        let known = self.refused.entry(open.step.clone());
        let refusals = known.or_insert(Refusals { first: now, count: 0, retry_at: now });
        refusals.count = refusals.count.saturating_add(1);
        refusals.retry_at = now.saturating_add(pause(refusals.count));
        let refusals = *refusals;
        let stays = match (&open.step, error.class) {
            (_, ErrorClass::Ambiguous) => true,
            // A drain that meets a budget, a hook that finds nobody: that is what they wait for.
            (Step::Drain { .. } | Step::Hook { .. }, ErrorClass::Retryable) => true,
            _ => false,
        };
        if stays {
            return self.once_more(open, why, pause(refusals.count));
        }
        let limit = self.timeout(kept, open);
        let hopeless = match error.class {
            ErrorClass::Rejected => {
                refusals.count >= REFUSALS_MAX || matches!(open.step, Step::Hook { .. })
            }
            ErrorClass::Retryable | ErrorClass::Ambiguous => {
                now.saturating_sub(refusals.first) > limit
            }
        };
        if hopeless {
            self.refused.remove(&open.step);
            kept.progress.failed(&open.step, world, format!("{}: {why}", open.step));
            self.ended(kept, open, HowEnded::Failed, why, world, told);
        } else {
            kept.progress.refused(&open.step);
            self.ended(kept, open, HowEnded::Refused, why, world, told);
        }
    }

    fn timeout(&self, kept: &Kept, open: &Open) -> Seconds {
        let group = open.group.as_ref().or_else(|| kept.progress.groups.keys().next());
        let site = self.sites.iter().find(|site| Some(&site.group.id) == group);
        let timeouts = site.and_then(|site| site.settings.as_ref()).map(|it| it.timeouts);
        open.step.timeout(&timeouts.unwrap_or_default())
    }
}

fn is_open(kept: &Kept, open: &Open) -> bool {
    kept.progress.open.iter().any(|other| other.token == open.token)
}

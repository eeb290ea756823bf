//! What a look says of a group: its canary, its checkpoints, whether machines are missing, and whether it is done.

use crate::Seconds;
use crate::index::Index;
use crate::strategy::Checkpoint;

use super::GroupProgress;

/// What was counted of a group.
pub(super) struct Seen {
    fresh_and_proven: bool,
    outdated: u32,
    marked: u32,
    live: u32,
    proven: u32,
    desired: u32,
    restored: bool,
    /// The cloud launches what the plan goes to.
    right: bool,
    hooks: bool,
    coming: bool,
}

impl Seen {
    pub(super) fn of(index: &Index<'_>, indexed: &crate::index::Indexed<'_>) -> Seen {
        let proven = |at: &usize| {
            let member = index.member(*at);
            let fresh = indexed.target == Some(&member.template);
            fresh && index.serves(*at) && !index.progress.looks.contains_key(&member.id)
        };
        let hooks = indexed.strategy.is_some_and(|strategy| {
            let verified =
                || strategy.hooks.iter().filter(|hook| hook.when == crate::When::Verified);
            verified().next().is_some()
                && indexed.stirring.iter().map(|&at| index.member(at)).any(|member| {
                    let ran = |hook: &crate::Hook| {
                        index.progress.hooks.contains(&(
                            member.id.clone(),
                            hook.when,
                            hook.name.clone(),
                        ))
                    };
                    !member.going()
                        && index.progress.proven.contains(&member.id)
                        && !verified().all(ran)
                })
        });
        Seen {
            fresh_and_proven: indexed.now.fresh > 0 && indexed.members.iter().any(proven),
            outdated: indexed.now.outdated,
            marked: indexed.now.marked,
            live: indexed.now.live,
            proven: indexed.now.proven,
            desired: indexed.now.desired,
            restored: indexed.progress.is_none_or(|progress| progress.restored(indexed.group)),
            right: indexed.target == Some(&indexed.now.template),
            hooks,
            coming: indexed.stirring.iter().any(|&at| index.member(at).coming()),
        }
    }
}

impl GroupProgress {
    /// After a person has aborted: it is as it was, and nothing of it is under way.
    pub(super) fn rest(&mut self, seen: &Seen, now: Seconds) {
        self.canary(seen, now);
        self.finished = !self.touched
            || seen.restored
                && seen.marked == 0
                && !seen.coming
                && seen.desired <= self.base.desired
                && seen.live >= seen.desired;
    }

    fn canary(&mut self, seen: &Seen, now: Seconds) {
        match (seen.fresh_and_proven, self.canary_since) {
            (true, None) => self.canary_since = Some(now),
            (false, Some(_)) => self.canary_since = None,
            _ => {}
        }
    }

    pub(super) fn assess(&mut self, seen: &Seen, now: Seconds, checkpoint: Option<&Checkpoint>) {
        self.canary(seen, now);
        let calm = seen.marked == 0 && seen.proven >= self.base.desired && !seen.hooks;
        if let Some(checkpoint) = checkpoint.filter(|_| !self.back) {
            let replaced = self.total.saturating_sub(seen.outdated);
            if replaced < self.limit(checkpoint) || !calm {
                self.baking_since = None;
            } else {
                let since = *self.baking_since.get_or_insert(now);
                let baked = now.saturating_sub(since) >= checkpoint.bake;
                self.awaits = baked && checkpoint.confirm && seen.outdated > 0;
                if baked && (!self.awaits || self.confirmed) {
                    self.checkpoints += 1;
                    (self.baking_since, self.awaits, self.confirmed) = (None, false, false);
                }
            }
            if self.touched {
                return;
            }
        }
        let as_it_was = !self.touched || seen.restored && seen.desired == self.base.desired && calm;
        let right = seen.right || !self.touched && self.total == 0;
        if seen.outdated == 0
            && seen.marked == 0
            && right
            && as_it_was
            && self.baking_since.is_none()
        {
            self.finished = true;
        }
    }

    /// Machines were asked for and are not there.
    pub(super) fn short(&mut self, seen: &Seen, now: Seconds, launch: Seconds) -> Option<String> {
        if seen.live >= seen.desired || !self.touched {
            self.short_since = None;
            return None;
        }
        let since = *self.short_since.get_or_insert(now);
        if now.saturating_sub(since) <= launch {
            return None;
        }
        self.short_since = Some(now);
        Some(format!(
            "{} machines were asked for, and for {launch} s there are {}",
            seen.desired, seen.live
        ))
    }
}

//! [`Held`]: what is known of the lock of a rotation (S1). Where there is no cluster, the state's lock is the lock.

use kprov_provider::ProviderError;
use kprov_rotation::world::Lock;
use kprov_rotation::{OperatorId, Seconds};

/// It is taken for so long, and renewed at each third of that.
pub(in crate::rotation) const LIFE: Seconds = 60;

#[derive(Debug, Default)]
pub(super) struct Held {
    lock: Option<Lock>,
    /// Somebody else held it when it was first looked at, until then.
    first: Option<Lock>,
}

impl Held {
    /// It is to be taken or renewed at the next look.
    pub(super) fn is_due(&self, own: &OperatorId, now: Seconds) -> bool {
        let fresh = |lock: &Lock| {
            lock.holder == *own && lock.expires_at.saturating_sub(now) > LIFE - LIFE / 3
        };
        !self.lock.as_ref().is_some_and(fresh)
    }

    pub(super) fn is_ours(&self, own: &OperatorId, now: Seconds) -> bool {
        self.lock.as_ref().is_some_and(|lock| lock.holder == *own && lock.expires_at > now)
    }

    /// What a look has found. Where the cluster does not answer, what was found before counts, as long as it lasts.
    pub(super) fn found(&mut self, found: Option<Result<Lock, ProviderError>>) {
        if let Some(Ok(lock)) = found {
            self.lock = Some(lock);
        }
    }

    pub(super) fn lock(&self) -> Option<Lock> {
        self.lock.clone()
    }

    /// Who else holds it.
    pub(super) fn other(&self, own: &OperatorId, now: Seconds) -> Option<Lock> {
        self.lock.clone().filter(|lock| lock.holder != *own && lock.expires_at > now)
    }

    /// It was given back.
    pub(super) fn release(&mut self) {
        self.lock = None;
        self.first = None;
    }

    /// Somebody else holds it, who may well be dead: until then it is waited whether it is renewed. None: it is ours, or
    /// they live.
    pub(super) fn awaits(&mut self, own: &OperatorId, now: Seconds) -> Option<Lock> {
        let Some(theirs) = self.other(own, now) else {
            self.first = None;
            return None;
        };
        match &self.first {
            Some(first) if first.holder == theirs.holder => {
                (theirs.expires_at <= first.expires_at).then_some(theirs)
            }
            _ => {
                self.first = Some(theirs.clone());
                Some(theirs)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn held(lock: &mut Held, holder: &str, expires_at: Seconds) {
        lock.found(Some(Ok(Lock { holder: OperatorId::new(holder), expires_at })));
    }

    #[test]
    fn it_is_renewed_at_each_third_of_its_life() {
        let own = OperatorId::new("own");
        let mut lock = Held::default();
        assert!(lock.is_due(&own, 100));
        held(&mut lock, "own", 160);
        assert!(!lock.is_due(&own, 119) && lock.is_due(&own, 120));
        assert!(lock.is_ours(&own, 159) && !lock.is_ours(&own, 160));
        lock.found(Some(Err(ProviderError::ambiguous("no", "answer"))));
        assert!(lock.is_ours(&own, 159), "what was found before counts as long as it lasts");
    }

    #[test]
    fn another_holder_is_waited_for_until_it_is_seen_to_live() {
        let own = OperatorId::new("own");
        let mut lock = Held::default();
        held(&mut lock, "other", 150);
        assert!(lock.awaits(&own, 100).is_some() && lock.awaits(&own, 120).is_some());
        held(&mut lock, "other", 180);
        assert!(lock.awaits(&own, 125).is_none(), "it was renewed: its holder lives");
        held(&mut lock, "third", 190);
        assert!(lock.awaits(&own, 130).is_some(), "another one may be dead again");
        held(&mut lock, "own", 200);
        assert!(lock.awaits(&own, 140).is_none());
    }
}

//! The world as a request or an event sees it: one account, one region, one time.
use crate::service::Event;
use crate::world::{Global, Millis, Realm, World, quotas};

/// Where code of a service runs.
pub(crate) struct Scope<'a> {
    pub(crate) world: &'a mut World,
    pub(crate) account: String,
    pub(crate) region: String,
}

impl Scope<'_> {
    /// The time.
    pub(crate) fn now(&self) -> Millis {
        self.world.now
    }

    /// This account and region.
    pub(crate) fn realm(&mut self) -> &mut Realm {
        self.world.realm(&self.account, &self.region)
    }

    /// What this account has in no region.
    pub(crate) fn global(&mut self) -> &mut Global {
        &mut self.world.account(&self.account).global
    }

    /// A new EC2 id: `vpc-0123456789abcdef0`.
    pub(crate) fn id(&mut self, prefix: &str) -> String {
        self.world.ids.ec2(prefix)
    }

    /// When describes begin to see an object made now: half are seen at once, the others after up to the knob's delay.
    pub(crate) fn visible_at(&mut self) -> Millis {
        let most = self.world.visibility;
        let delay = if most > 0 { self.world.ids.between(-most, most).max(0) } else { 0 };
        self.world.now + delay
    }

    /// Lets an event of this place happen after a while.
    pub(crate) fn schedule(&mut self, after: Millis, event: impl Into<Event>) {
        let at = self.world.now + after.max(0);
        self.world.schedule(&self.account, &self.region, at, event.into());
    }

    /// `arn:aws:SERVICE:REGION:ACCOUNT:RESOURCE`.
    pub(crate) fn arn(&self, service: &str, resource: &str) -> String {
        format!("arn:aws:{service}:{}:{}:{resource}", self.region, self.account)
    }

    /// The limit of a quota.
    pub(crate) fn quota(&self, name: &str) -> usize {
        let limit = self.world.quotas.get(name).copied().unwrap_or_else(|| quotas::default(name));
        usize::try_from(limit).unwrap_or(usize::MAX)
    }

    /// The zones of this region, in order.
    pub(crate) fn zones(&self) -> Vec<String> {
        ["a", "b", "c", "d"].iter().map(|z| format!("{}{z}", self.region)).collect()
    }

    /// Has a fault put this condition on the world?
    pub(crate) fn condition(&self, name: &str) -> bool {
        self.world.conditions.contains(name)
    }
}

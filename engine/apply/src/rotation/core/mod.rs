//! [`Core`]: the rotation of one cluster, sans-IO: events in, effects out. No async, no clock or randomness but through
//! [`Host`]. Which step is safe, `kprov_rotation::decide` says; what is here is when it is asked, what is durable before
//! what, and who is answered.
//!
//! # Guarantees
//! - Effects are performed in their order, and an append that fails ends the list: a step's call comes after its
//!   `StepStarted` is durable, an answer to an operation after everything that it says.
//! - No call is begun, nor repeated, while the lock is not held, while the cluster does not answer, or after an append
//!   has failed.
//! - A call is repeated by its token only while it still breaks nothing; else its step is forgotten, and may be proposed
//!   again.
//! - For each `StepStarted` there is one `StepDone`, once it is known that it has ended.
//!
//! # Crash behaviour
//! Dropping it at any point loses nothing: what was started and is not known to have ended is open in the row, and the
//! next run looks, and repeats.

mod answer;
mod calls;
mod decide;
mod effects;
mod kept;
mod lock;
mod look;
mod pause;
mod settle;
mod told;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use kprov_core::Host;
use kprov_provider::ProviderError;
use kprov_rotation::{GroupId, MachineId, OperatorId, Seconds, Step, TemplateId, World};
use kprov_state::RotationRecord;

pub(super) use effects::{Answer, Effect, Event, Look, StepOrder, Write};
use kept::Kept;
use lock::Held;
pub(super) use lock::LIFE as LOCK_LIFE;
use told::Lines;

use super::observe::Site;

/// A group operation that waits for its group.
#[derive(Clone, Debug)]
pub(super) struct Order {
    /// The group, with its settings and the template to go to.
    pub(super) site: Site,
    /// That template.
    pub(super) target: TemplateId,
    /// What the object said before.
    pub(super) before: Option<TemplateId>,
    /// Machines that a person named.
    pub(super) named: Vec<MachineId>,
}

/// How a step's call was refused so far.
#[derive(Clone, Copy, Debug)]
struct Refusals {
    first: Seconds,
    count: u32,
    retry_at: Seconds,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Core {
    cluster: String,
    operator: OperatorId,
    host: Arc<dyn Host>,
    /// Between two looks while something moves.
    every: Duration,
    /// All groups of the cluster that are known.
    sites: Vec<Site>,
    /// All that were registered in this run.
    orders: BTreeMap<GroupId, Order>,
    /// Of those, the ones that wait for an answer.
    waiting: BTreeSet<GroupId>,
    /// What the store has of a rotation that was not finished, until it is gone on with.
    stored: Option<RotationRecord>,
    kept: Option<Kept>,
    /// Groups that the look which is under way asks for.
    looking: Option<BTreeSet<GroupId>>,
    interrupted: bool,
    /// An append has failed: nothing more is done.
    broken: Option<ProviderError>,
    /// Since when it cannot be seen how things are.
    blind_since: Option<Seconds>,
    lock: Held,
    /// Tokens of calls that are under way.
    calls: BTreeSet<String>,
    /// Calls that are to be made again, and when.
    again: BTreeMap<String, Seconds>,
    refused: BTreeMap<Step, Refusals>,
    /// What is in the way of a step, by its token.
    details: BTreeMap<String, String>,
    /// When heartbeats were sent.
    beaten_at: Seconds,
    world: Option<World>,
    lines: Lines,
}

impl Core {
    pub(super) fn new(
        cluster: &str,
        operator: OperatorId,
        host: Arc<dyn Host>,
        every: Duration,
        sites: Vec<Site>,
        stored: Option<RotationRecord>,
    ) -> Core {
        Core {
            cluster: cluster.to_owned(),
            operator,
            host,
            every,
            sites,
            orders: BTreeMap::new(),
            waiting: BTreeSet::new(),
            stored: stored.filter(|record| record.finished_at.is_none()),
            kept: None,
            looking: None,
            interrupted: false,
            broken: None,
            blind_since: None,
            lock: Held::default(),
            calls: BTreeSet::new(),
            again: BTreeMap::new(),
            refused: BTreeMap::new(),
            details: BTreeMap::new(),
            beaten_at: 0,
            world: None,
            lines: Lines::default(),
        }
    }

    /// Takes in what happened.
    pub(super) fn handle(&mut self, event: Event, effects: &mut Vec<Effect>) {
        match event {
            Event::Registered(order) => self.registered(*order, effects),
            Event::Interrupted => {
                self.interrupted = true;
                self.look(effects);
            }
            Event::Due => self.look(effects),
            Event::Looked(look) => {
                let asked = self.looking.take().unwrap_or_default();
                // Who registered meanwhile may not be in it.
                if self.waiting.iter().all(|id| asked.contains(id)) {
                    self.looked(*look, effects);
                } else {
                    self.look(effects);
                }
            }
            Event::Answered { token, answer } => self.answered(&token, answer, effects),
            Event::AppendFailed(message) => self.break_off(&message, effects),
        }
    }

    /// Nobody waits: there is nothing to look for.
    pub(super) fn is_idle(&self) -> bool {
        self.waiting.is_empty()
    }

    /// All groups of the cluster, as they are to be looked at.
    pub(super) fn sites(&self) -> &[Site] {
        &self.sites
    }

    fn registered(&mut self, order: Order, effects: &mut Vec<Effect>) {
        let id = order.site.group.id.clone();
        if let Some(error) = &self.broken {
            return effects.push(Effect::Answer(id, Err(error.clone())));
        }
        match self.sites.iter_mut().find(|site| site.group.id == id) {
            Some(site) => *site = order.site.clone(),
            None => self.sites.push(order.site.clone()),
        }
        // It was finished in an earlier phase, and is wanted otherwise now.
        if let Some(kept) = &mut self.kept {
            kept.meet_again(&id);
        }
        self.orders.insert(id.clone(), order);
        self.waiting.insert(id);
        self.look(effects);
    }

    fn look(&mut self, effects: &mut Vec<Effect>) {
        if self.looking.is_some() || self.is_idle() || self.broken.is_some() {
            return;
        }
        self.looking = Some(self.sites.iter().map(|site| site.group.id.clone()).collect());
        let renew = self.lock.is_due(&self.operator, self.now());
        effects.push(Effect::Look { lock: renew.then(|| self.operator.clone()) });
    }

    fn now(&self) -> Seconds {
        self.host.now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
    }

    /// Nothing is durable any more: nothing more is done. What was started is open in the row.
    fn break_off(&mut self, message: &str, effects: &mut Vec<Effect>) {
        let error = ProviderError::rejected(
            "Failed to save state",
            format!(
                "The rotation of {} stopped, because what it does could not be written down: {message}. Make room or \
                 repair the place where the state is kept, then apply again: it goes on by looking.",
                self.cluster
            ),
        );
        self.answer_all(&error, effects);
        self.broken = Some(error);
    }

    fn answer_all(&mut self, error: &ProviderError, effects: &mut Vec<Effect>) {
        let waiting = std::mem::take(&mut self.waiting);
        effects.extend(waiting.into_iter().map(|id| Effect::Answer(id, Err(error.clone()))));
    }
}

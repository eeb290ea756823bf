//! The decisions of the supervisor, without I/O and without a clock: events and the time go in, orders come out.
//!
//! What holds: a process is spawned only while it is down and wanted; the first time, only when all that it needs is ready.
//! A process that ends by itself waits twice as long each time before it starts again, and once as long when it ran well.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{State, View};

/// Time since the supervisor began.
pub(super) type Moment = Duration;

/// The wait before the first new start.
pub(super) const FIRST_WAIT: Duration = Duration::from_millis(500);
/// The longest wait.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// Who ran so long ran well.
pub(super) const RAN_WELL: Duration = Duration::from_secs(60);
const PROBE_STARTING: Duration = Duration::from_millis(500);
const PROBE_READY: Duration = Duration::from_secs(3);

/// What the machine has to know of a component.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Manner {
    pub(super) needs: Vec<String>,
    pub(super) grace: Duration,
    pub(super) hung_after: Option<Duration>,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Event {
    Spawned(u32),
    SpawnFailed(String),
    Exited(String),
    Probed(Probed),
}

/// What a probe found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Probed {
    Ready,
    Unready(String),
    NoAnswer(String),
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Spawn(String),
    Terminate(String, u32),
    Kill(String, u32),
    Probe(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Down,
    /// The order was given.
    Spawning,
    Up {
        pid: u32,
        since: Moment,
    },
    BackingOff {
        until: Moment,
    },
    Stopping {
        pid: u32,
        kill_at: Moment,
        killed: bool,
    },
}

#[derive(Debug)]
struct Part {
    manner: Manner,
    wanted: bool,
    phase: Phase,
    ready: bool,
    /// It was started once: from then on it does not wait for others.
    begun: bool,
    failures: u32,
    restarts: u64,
    next_probe: Moment,
    /// Of the last answer of any kind, once there was one.
    heard: Option<Moment>,
    last_error: Option<String>,
}

#[derive(Debug, Default)]
pub(super) struct Machine {
    parts: BTreeMap<String, Part>,
}

impl Machine {
    /// It is to run. What runs already and is `changed` is stopped first.
    pub(super) fn want(
        &mut self,
        name: &str,
        manner: Manner,
        changed: bool,
        now: Moment,
    ) -> Vec<Order> {
        match self.parts.get_mut(name) {
            Some(part) => {
                let again = !part.wanted;
                part.manner = manner;
                part.wanted = true;
                if again || changed {
                    part.failures = 0;
                    if let Phase::BackingOff { .. } = part.phase {
                        part.phase = Phase::Down;
                    }
                }
                if changed { self.restart(name, now) } else { Vec::new() }
            }
            None => {
                let part = Part {
                    manner,
                    wanted: true,
                    phase: Phase::Down,
                    ready: false,
                    begun: false,
                    failures: 0,
                    restarts: 0,
                    next_probe: now,
                    heard: None,
                    last_error: None,
                };
                self.parts.insert(name.to_owned(), part);
                Vec::new()
            }
        }
    }

    /// It is to stop, and to stay so.
    pub(super) fn unwant(&mut self, name: &str, now: Moment) -> Vec<Order> {
        let Some(part) = self.parts.get_mut(name) else { return Vec::new() };
        part.wanted = false;
        part.begun = false;
        if let Phase::BackingOff { .. } = part.phase {
            part.phase = Phase::Down;
        }
        self.restart(name, now)
    }

    /// What runs is stopped; if it is wanted, it starts again.
    pub(super) fn restart(&mut self, name: &str, now: Moment) -> Vec<Order> {
        let Some(part) = self.parts.get_mut(name) else { return Vec::new() };
        let Phase::Up { pid, .. } = part.phase else { return Vec::new() };
        part.phase = Phase::Stopping { pid, kill_at: now + part.manner.grace, killed: false };
        part.ready = false;
        vec![Order::Terminate(name.to_owned(), pid)]
    }

    pub(super) fn happened(&mut self, name: &str, event: Event, now: Moment) -> Vec<Order> {
        let Some(part) = self.parts.get_mut(name) else { return Vec::new() };
        match event {
            Event::Spawned(pid) => {
                part.phase = Phase::Up { pid, since: now };
                part.ready = false;
                part.begun = true;
                part.heard = None;
                part.next_probe = now + PROBE_STARTING;
                // It was told to stop while it was started.
                if !part.wanted {
                    return self.unwant(name, now);
                }
            }
            Event::SpawnFailed(why) => part.fall(now, why),
            Event::Exited(how) => match part.phase {
                Phase::Stopping { .. } => {
                    part.phase = Phase::Down;
                    part.ready = false;
                    part.failures = 0;
                }
                Phase::Up { since, .. } => {
                    if now.saturating_sub(since) >= RAN_WELL {
                        part.failures = 0;
                    }
                    part.restarts += 1;
                    part.fall(now, how);
                }
                _ => {}
            },
            Event::Probed(found) => return self.probed(name, found, now),
        }
        Vec::new()
    }

    fn probed(&mut self, name: &str, found: Probed, now: Moment) -> Vec<Order> {
        let Some(part) = self.parts.get_mut(name) else { return Vec::new() };
        let Phase::Up { .. } = part.phase else { return Vec::new() };
        match found {
            Probed::Ready => {
                (part.ready, part.heard, part.last_error) = (true, Some(now), None);
                part.next_probe = now + PROBE_READY;
            }
            Probed::Unready(why) => {
                (part.ready, part.last_error) = (false, Some(why));
                part.heard = part.heard.map(|_| now);
                part.next_probe = now + PROBE_STARTING;
            }
            Probed::NoAnswer(why) => {
                part.ready = false;
                // While it starts again, how it ended last says more.
                if part.heard.is_some() || part.last_error.is_none() {
                    part.last_error = Some(why);
                }
                part.next_probe = now + PROBE_STARTING;
                let silent = part.heard.map(|heard| now.saturating_sub(heard));
                if let (Some(silent), Some(patience)) = (silent, part.manner.hung_after)
                    && silent >= patience
                {
                    part.restarts += 1;
                    part.last_error = Some(format!(
                        "it gave no answer for {} s and was stopped",
                        silent.as_secs()
                    ));
                    return self.restart(name, now);
                }
            }
        }
        Vec::new()
    }

    /// What is due at this time.
    pub(super) fn due(&mut self, now: Moment) -> Vec<Order> {
        let mut orders = Vec::new();
        let ready: Vec<String> = self
            .parts
            .iter()
            .filter(|(_, part)| part.ready)
            .map(|(name, _)| name.clone())
            .collect();
        for (name, part) in &mut self.parts {
            match part.phase {
                Phase::BackingOff { until } if now >= until => part.phase = Phase::Down,
                Phase::Stopping { pid, kill_at, killed: false } if now >= kill_at => {
                    part.phase = Phase::Stopping { pid, kill_at, killed: true };
                    part.last_error = Some("it did not end in time and was killed".to_owned());
                    orders.push(Order::Kill(name.clone(), pid));
                }
                Phase::Up { .. } if now >= part.next_probe => {
                    // Until the answer comes no other is asked for.
                    part.next_probe = Moment::MAX;
                    orders.push(Order::Probe(name.clone()));
                }
                _ => {}
            }
            let may = part.begun || part.manner.needs.iter().all(|need| ready.contains(need));
            if part.phase == Phase::Down && part.wanted && may {
                part.phase = Phase::Spawning;
                orders.push(Order::Spawn(name.clone()));
            }
        }
        orders
    }

    pub(super) fn views(&self) -> Vec<View> {
        self.parts.iter().map(|(name, part)| part.view(name)).collect()
    }
}

impl Part {
    fn fall(&mut self, now: Moment, why: String) {
        let wait = FIRST_WAIT.saturating_mul(1 << self.failures.min(16)).min(LONGEST_WAIT);
        self.failures = self.failures.saturating_add(1);
        self.ready = false;
        self.last_error = Some(why);
        self.phase =
            if self.wanted { Phase::BackingOff { until: now + wait } } else { Phase::Down };
    }

    fn view(&self, name: &str) -> View {
        let (state, pid) = match self.phase {
            Phase::Down | Phase::Spawning => (State::Down, None),
            Phase::Up { pid, .. } if self.ready => (State::Ready, Some(pid)),
            Phase::Up { pid, .. } => (State::Starting, Some(pid)),
            Phase::BackingOff { .. } => (State::BackingOff, None),
            Phase::Stopping { pid, .. } => (State::Stopping, Some(pid)),
        };
        let last_error = self.last_error.clone();
        View { name: name.to_owned(), state, pid, restarts: self.restarts, last_error }
    }
}

//! What goes on by itself: machines boot, nodes join, targets become healthy, pods move, the cloud keeps its numbers.

use kprov_rotation::world::{Kind, Process, Snapshot, Target};

use crate::dice::Dice;
use crate::truth::{Api, Machine, Phase, Truth, Voter};

/// Seconds between two looks.
pub(crate) const TICK: u64 = 10;

impl Truth {
    pub(crate) fn tick(&mut self, dice: &mut Dice) {
        self.now += TICK;
        for group in 0..self.groups.len() {
            self.keep_numbers(group, dice);
        }
        for at in 0..self.machines.len() {
            self.live(at, dice);
        }
        self.elect();
        self.schedule();
    }

    /// The cloud replaces what is dead, unless it was told not to, and launches what is missing.
    fn keep_numbers(&mut self, group: usize, dice: &mut Dice) {
        let of = &self.groups[group];
        let replaces = !of.suspended.contains(&Process::ReplaceUnhealthy);
        let now = self.now;
        let mut live = 0;
        for machine in self.machines.iter_mut().filter(|machine| machine.group == group) {
            if replaces && !machine.alive && machine.counted() && now >= machine.died_at + 120 {
                machine.phase = Phase::Ending(now + 30);
            }
            live += u32::from(machine.counted());
        }
        while live < self.groups[group].desired {
            let Some(zone) = self.zone_for(group) else { break };
            let template = self.groups[group].template;
            let mut machine = self.machine(group, zone, template, dice);
            machine.phase = Phase::Booting(self.now + dice.within(30, 150));
            self.machines.push(machine);
            self.groups[group].zone_next = None;
            live += 1;
        }
    }

    /// Where the caller said, else where there are fewest.
    fn zone_for(&self, group: usize) -> Option<usize> {
        let of = &self.groups[group];
        if let Some(zone) = of.zone_next.filter(|zone| !self.lost.contains(zone)) {
            return Some(zone);
        }
        let count = |zone: usize| {
            self.machines
                .iter()
                .filter(|m| m.group == group && m.zone == zone && m.counted())
                .count()
        };
        (0..of.zones).filter(|zone| !self.lost.contains(zone)).min_by_key(|&zone| count(zone))
    }

    pub(crate) fn machine(
        &mut self,
        group: usize,
        zone: usize,
        template: usize,
        dice: &mut Dice,
    ) -> Machine {
        self.next += 1;
        Machine {
            // Ids say nothing of age.
            id: format!("i-{:04x}{}", dice.below(0xffff), self.next),
            group,
            zone,
            template,
            launched_at: self.now,
            phase: Phase::Up,
            alive: true,
            dud: false,
            died_at: 0,
            api: Api::Off,
            target: Target::NotRegistered,
            target_until: 0,
            node: false,
            ready: false,
            cordoned: false,
            excluded: false,
            draining: false,
            pods: 0,
            detaching: Vec::new(),
            mark: None,
            expires_at: self.now + 455 * 86_400 - dice.within(0, 30 * 86_400),
            looks: 0,
        }
    }

    fn live(&mut self, at: usize, dice: &mut Dice) {
        let now = self.now;
        let kind = self.kind(at);
        match self.machines[at].phase {
            Phase::Gone => return,
            Phase::Ending(until) if until <= now => self.end(at),
            Phase::Announced(until) if until <= now => self.machines[at].phase = Phase::Ending(now),
            Phase::Booting(until)
                if until <= now && self.machines[at].alive && !self.machines[at].dud =>
            {
                self.machines[at].phase = Phase::Held;
                self.machines[at].node = kind != Kind::Bastion;
            }
            _ => {}
        }
        let machine = &mut self.machines[at];
        machine.detaching.retain(|until| *until > now);
        if let Api::Stopping(until) = machine.api
            && until <= now
        {
            machine.api = Api::Off;
            self.seal_if_last();
        }
        let up = matches!(self.machines[at].phase, Phase::Held | Phase::Up);
        if up && self.machines[at].alive {
            let joined = kind != Kind::Master || self.join(at, dice);
            self.machines[at].ready =
                self.machines[at].node && (joined || self.machines[at].phase == Phase::Up);
        } else if !self.machines[at].alive {
            self.machines[at].ready = false;
        }
        self.balance(at);
        self.evict(at);
    }

    /// The only API server has stopped: its node takes a last snapshot.
    fn seal_if_last(&mut self) {
        if (0..self.machines.len()).all(|at| self.machines[at].api == Api::Off) {
            self.snapshot = Some(Snapshot { taken_at: self.now, verified: true, complete: true });
        }
    }

    pub(crate) fn end(&mut self, at: usize) {
        let machine = &mut self.machines[at];
        machine.phase = Phase::Gone;
        machine.died_at = self.now;
        (machine.alive, machine.ready, machine.api) = (false, false, Api::Off);
        machine.target = Target::NotRegistered;
        machine.pods = 0;
        machine.detaching.clear();
        for pod in self.pods.iter_mut().filter(|pod| pod.on == Some(at)) {
            pod.on = None;
        }
    }

    /// A master founds or joins etcd, becomes a voter, and serves.
    fn join(&mut self, at: usize, dice: &mut Dice) -> bool {
        let now = self.now;
        let alone = (0..self.machines.len())
            .all(|of| of == at || self.kind(of) != Kind::Master || self.machines[of].going());
        let own = self.etcd.iter().position(|voter| voter.machine == at);
        let Some(own) = own else {
            if self.machines[at].phase != Phase::Held {
                return false;
            }
            if alone {
                // Restored from the last snapshot.
                self.etcd.clear();
            } else {
                // Whoever joins removes members whose machines are gone.
                if self.has_quorum() {
                    let gone: Vec<usize> = self
                        .etcd
                        .iter()
                        .map(|v| v.machine)
                        .filter(|&m| self.machines[m].phase == Phase::Gone)
                        .collect();
                    if let Some(first) = gone.first() {
                        self.etcd.retain(|voter| voter.machine != *first);
                    }
                }
                let learner = self.etcd.iter().any(|voter| !voter.voter);
                if learner || !self.has_quorum() {
                    return false;
                }
            }
            self.next += 1;
            self.etcd.push(Voter {
                id: self.next,
                machine: at,
                added_at: now,
                claimed_at: now + dice.within(0, 40),
                voter: alone,
                started: alone,
                slow_until: 0,
            });
            return false;
        };
        let caught_up = now >= self.etcd[own].added_at + 30 && (self.has_quorum() || alone);
        self.etcd[own].started |= now >= self.etcd[own].added_at + 10;
        if caught_up {
            self.etcd[own].voter = true;
        }
        if self.etcd[own].voter
            && self.machines[at].api == Api::Off
            && self.machines[at].mark.is_none()
        {
            self.machines[at].api = Api::On;
        }
        self.machines[at].api == Api::On
    }

    /// What the balancer sees.
    fn balance(&mut self, at: usize) {
        if !self.groups[self.machines[at].group].balanced {
            return;
        }
        let kind = self.kind(at);
        let answers = match kind {
            Kind::Master => self.api_ready(at),
            Kind::Worker | Kind::Bastion => self.machines[at].alive,
        };
        let (now, within) = (self.now, self.endpoint.notices_within);
        let machine = &mut self.machines[at];
        match machine.target {
            Target::Initial if answers && now >= machine.target_until => {
                machine.target = Target::Healthy
            }
            Target::Unhealthy if answers => machine.target = Target::Healthy,
            Target::Healthy if answers => machine.target_until = now + within,
            Target::Healthy if now >= machine.target_until => machine.target = Target::Unhealthy,
            Target::Draining if now >= machine.target_until => machine.target = Target::Unused,
            Target::NotRegistered
                if machine.phase == Phase::Up && machine.mark.is_none() && machine.alive =>
            {
                (machine.target, machine.target_until) = (Target::Initial, now + 20);
            }
            _ => {}
        }
        if matches!(machine.phase, Phase::Ending(_)) && machine.target.registered() {
            (machine.target, machine.target_until) = (Target::Draining, now + 60);
        }
    }

    /// Pods leave by eviction, as budgets allow.
    fn evict(&mut self, at: usize) {
        if !self.machines[at].draining || !self.machines[at].alive {
            return;
        }
        let now = self.now;
        self.machines[at].pods = self.machines[at].pods.saturating_sub(5);
        for pod in 0..self.pods.len() {
            if self.pods[pod].on != Some(at)
                || self.pods[pod].budget.is_some_and(|budget| self.allowed(budget) == 0)
            {
                continue;
            }
            self.pods[pod].on = None;
            if self.pods[pod].zone.is_some() {
                self.machines[at].detaching.push(now + 40);
            }
        }
    }

    /// Pods without a place get one.
    fn schedule(&mut self) {
        for pod in 0..self.pods.len() {
            if self.pods[pod].on.is_some() {
                continue;
            }
            let zone = self.pods[pod].zone;
            let place = (0..self.machines.len()).find(|&at| {
                let machine = &self.machines[at];
                let there = zone.is_none_or(|zone| zone == machine.zone);
                there
                    && self.kind(at) == Kind::Worker
                    && machine.ready
                    && !machine.cordoned
                    && machine.phase == Phase::Up
            });
            if place.is_some() {
                self.pods[pod].on = place;
                self.pods[pod].ready_at = self.now + 20;
            }
        }
    }

    /// Where the leader is gone and there is a majority, another one leads.
    pub(crate) fn elect(&mut self) {
        let leads = |truth: &Truth| {
            let voter = truth.etcd.iter().find(|voter| Some(voter.id) == truth.leader);
            voter.is_some_and(|voter| voter.voter && truth.healthy(voter))
        };
        if leads(self) {
            return;
        }
        let next =
            self.etcd.iter().find(|voter| voter.voter && self.healthy(voter)).map(|voter| voter.id);
        self.leader = next.filter(|_| self.has_quorum());
    }
}

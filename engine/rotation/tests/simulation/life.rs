//! One history: a cluster lives, kprov looks and acts, things go wrong, and the judge watches.

use kprov_rotation::world::{Alarm, Kind, World};
use kprov_rotation::{
    Code, Decision, Invariant, OperatorId, Pause, Progress, RotationId, Step, Strategies, decide_by,
};

use crate::cast::{Cast, Flaw, cast};
use crate::dice::Dice;
use crate::judge::Judge;
use crate::sight::unanswered;
use crate::truth::{Phase, Truth};

/// How a history ended that was safe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum End {
    Finished,
    RolledBack,
    /// A person was asked, as was right.
    Asked,
    /// A person has ended it, and everything is at rest.
    Aborted,
    /// Chance has left nothing that could be rotated.
    Ruined,
}

pub(crate) struct Failure {
    pub(crate) what: String,
    pub(crate) story: Vec<String>,
}

/// What a history may not do without.
pub(crate) struct Law<'l> {
    pub(crate) invariants: &'l [Invariant],
    pub(crate) tell: bool,
}

struct Life<'l> {
    law: &'l Law<'l>,
    cast: Cast,
    truth: Truth,
    strategies: Strategies,
    progress: Progress,
    rival: Option<(Progress, Strategies)>,
    dice: Dice,
    story: Vec<String>,
    dead_until: u64,
    restarted: bool,
    noisy_until: u64,
    resumed: u32,
    /// What befalls kprov itself, and what a person says: chance of its own.
    fate: Dice,
    /// The cluster's API may fall silent.
    falls_silent: bool,
    silent_until: u64,
    /// When a person ends it.
    abort_at: Option<u64>,
}

/// Faults end after so many seconds.
const TROUBLE: u64 = 4_000;
/// A person tries again so many times.
const PATIENCE: u32 = 12;

/// Leads the history of a seed.
pub(crate) fn live(seed: u64, law: &Law<'_>) -> Result<End, Box<Failure>> {
    let mut dice = Dice::new(seed, 0);
    let faulty = dice.chance(60);
    let cast = cast(&mut dice, faulty);
    let truth = cast.truth.clone();
    let strategies = cast.strategies.clone();
    let rotation = RotationId::new("r1");
    let rival = cast.faults.rival.then(|| {
        let operator = OperatorId::new("rival");
        (Progress::new(rotation.clone(), truth.now), Strategies { operator, ..strategies.clone() })
    });
    let mut fate = Dice::new(seed, 2);
    let falls_silent = faulty && fate.chance(30);
    let abort_at = fate.chance(8).then(|| truth.now + fate.within(0, 3_000));
    let mut life = Life {
        law,
        fate,
        falls_silent,
        silent_until: 0,
        abort_at,
        progress: Progress::new(rotation, truth.now),
        cast,
        truth,
        strategies,
        rival,
        dice: Dice::new(seed, 1),
        story: Vec::new(),
        dead_until: 0,
        restarted: false,
        noisy_until: 0,
        resumed: 0,
    };
    match life.lead() {
        Ok(end) => Ok(end),
        Err(what) => Err(Box::new(Failure { what, story: life.story })),
    }
}

impl Life<'_> {
    fn tell(&mut self, what: impl FnOnce() -> String) {
        if self.law.tell {
            let line = format!("{:>6} {}", self.truth.now - 100_000, what());
            // What is waited for is told once.
            if self.story.last().is_none_or(|last| last.get(6..) != line.get(6..)) {
                self.story.push(line);
            }
        }
    }

    fn lead(&mut self) -> Result<End, String> {
        if self.law.tell {
            let (flaw, faults) = (self.cast.flaw, self.cast.faults.clone());
            self.tell(|| format!("flaw {flaw:?}, {faults:?}"));
            for at in 0..self.truth.groups.len() {
                let group = &self.truth.groups[at];
                let says = format!(
                    "{} of {}: {:?}",
                    group.desired,
                    group.name,
                    self.strategies.groups.get(at)
                );
                self.tell(|| says);
            }
        }
        let machines = self.truth.machines.len() as u64;
        let most = 3_000 + 120 * machines;
        for _ in 0..most {
            self.truth.tick(&mut self.dice);
            self.chance();
            if let Some(end) = self.turn()? {
                return Ok(end);
            }
        }
        if self.ruined() {
            return Ok(End::Ruined);
        }
        let last = self.look();
        Err(format!("it does not come to an end: {last:?}"))
    }

    /// kprov's turn: it looks, decides and acts.
    fn turn(&mut self) -> Result<Option<End>, String> {
        self.rival()?;
        let now = self.truth.now;
        if now < self.dead_until {
            return Ok(None);
        }
        self.truth.lock = Some(("run".to_owned(), now + 60));
        let restarted = std::mem::take(&mut self.restarted);
        if restarted {
            let text = serde_json::to_string(&self.progress).map_err(|error| error.to_string())?;
            self.progress = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        }
        let blind = now < self.silent_until;
        let seen = if blind { unanswered(self.truth.seen()) } else { self.truth.seen() };
        self.truth.look();
        if self.abort_at.take_if(|at| now >= *at).is_some() {
            self.tell(|| "a person aborts".to_owned());
            self.progress.abort(now);
        }
        self.progress.looked(&seen, &self.strategies);
        if restarted {
            let repeat = self.progress.repeat(&seen, &self.strategies);
            for open in repeat {
                self.tell(|| format!("again: {}", open.step));
                self.truth.call(&open.step, &self.cast.was, &mut self.dice);
                self.progress.done(&open.step);
            }
            return Ok(None);
        }
        let decision = decide_by(self.law.invariants, &seen, &self.strategies, &self.progress);
        match decision {
            Decision::Steps(steps) => self.act(&steps, &seen, blind).map(|()| None),
            Decision::Waiting(waiting) => {
                let says = waiting.first().map(|waiting| waiting.says.clone()).unwrap_or_default();
                self.tell(|| format!("waits: {says}"));
                Ok(None)
            }
            Decision::Paused(pause) => self.paused(&pause),
            Decision::Finished => self.finished().map(Some),
        }
    }

    fn look(&mut self) -> Decision {
        let seen = self.truth.seen();
        decide_by(self.law.invariants, &seen, &self.strategies, &self.progress)
    }

    fn act(&mut self, steps: &[Step], seen: &World, blind: bool) -> Result<(), String> {
        let kills = self.cast.faults.kills;
        for step in steps {
            let back: Vec<String> = self
                .progress
                .groups
                .iter()
                .filter(|(_, g)| g.back)
                .map(|(id, _)| id.to_string())
                .collect();
            let judge = Judge {
                truth: &self.truth,
                strategies: &self.strategies,
                operator: "run",
                open: self.progress.open.iter().map(|open| open.step.clone()).collect(),
                back: &back,
                noisy: self.truth.now < self.noisy_until,
                blind,
            };
            let verdict = judge.check(step);
            self.tell(|| step.to_string());
            verdict.map_err(|rule| format!("{rule}: {step}"))?;
            self.progress.started(step, seen);
            if self.dice.chance(kills) {
                return self.kill("before its call");
            }
            if self.cast.faults.throttling && self.dice.chance(10) {
                self.progress.refused(step);
                continue;
            }
            self.truth.call(step, &self.cast.was, &mut self.dice);
            if self.dice.chance(kills) {
                return self.kill("after its call");
            }
            self.progress.done(step);
        }
        Ok(())
    }

    fn kill(&mut self, when: &str) -> Result<(), String> {
        self.tell(|| format!("kprov is killed {when}"));
        self.dead_until = self.truth.now + self.dice.within(0, 200);
        self.restarted = true;
        Ok(())
    }

    /// Another kprov that has no lock.
    fn rival(&mut self) -> Result<(), String> {
        let Some((progress, strategies)) = &mut self.rival else { return Ok(()) };
        if !self.dice.chance(10) {
            return Ok(());
        }
        let seen = self.truth.seen();
        progress.looked(&seen, strategies);
        match decide_by(self.law.invariants, &seen, strategies, progress) {
            Decision::Steps(steps) => {
                let truth = &self.truth;
                let judge = Judge {
                    truth,
                    strategies,
                    operator: "rival",
                    open: vec![],
                    back: &[],
                    noisy: false,
                    blind: false,
                };
                match steps.iter().find_map(|step| judge.check(step).err()) {
                    Some(rule) => Err(format!("{rule}: a second kprov acts")),
                    None => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }

    fn paused(&mut self, pause: &Pause) -> Result<Option<End>, String> {
        self.tell(|| format!("paused: {:?} {}", pause.code, pause.says));
        if matches!(pause.code, Code::Failed | Code::Breaker) {
            let left = (0..self.truth.machines.len()).find(|&at| {
                let machine = &self.truth.machines[at];
                let pod_taker = machine.cordoned
                    && machine.alive
                    && machine.phase == Phase::Up
                    && machine.looks == 0;
                pod_taker && self.progress.open.is_empty() && self.returns(at)
            });
            if let Some(at) = left {
                return Err(format!("a pause leaves {} cordoned", self.truth.machines[at].id));
            }
        }
        let trouble = self.truth.now - 100_000 < TROUBLE + 2_000 && self.faulty();
        match pause.code {
            Code::RolledBack => Ok(Some(End::RolledBack)),
            Code::Checkpoint => {
                self.progress.resume(self.truth.now);
                Ok(None)
            }
            _ if self.cast.flaw.is_some() && !trouble => Ok(Some(End::Asked)),
            _ if !self.faulty() => Err(format!("paused although nothing is wrong: {pause:?}")),
            _ => {
                self.resumed += 1;
                if self.resumed > PATIENCE && !trouble {
                    return Ok(Some(if self.ruined() { End::Ruined } else { End::Asked }));
                }
                if self.dice.chance(10) {
                    self.progress.roll_back(&self.strategies, self.truth.now);
                } else {
                    self.progress.resume(self.truth.now);
                }
                self.dead_until = self.truth.now + 300;
                Ok(None)
            }
        }
    }

    /// It could have been put back to work.
    fn returns(&self, at: usize) -> bool {
        self.truth.kind(at) != Kind::Master || self.truth.api_ready(at)
    }

    fn faulty(&self) -> bool {
        let faults = &self.cast.faults;
        faults.deaths
            || faults.duds
            || faults.throttling
            || faults.slow_etcd
            || faults.alarms
            || faults.lost_zone
            || faults.kills > 0
            || self.falls_silent
    }

    /// Whatever the plan wanted is so.
    fn finished(&self) -> Result<End, String> {
        // Some flaws do not concern every plan, and what chance has killed is replaced without any of them in the way.
        let harmless = [Flaw::Budget, Flaw::OtherMark, Flaw::Expiry, Flaw::Quota];
        let stops = self.cast.flaw.filter(|flaw| !harmless.contains(flaw));
        let aborted = self.progress.aborted;
        if stops.is_some() && !self.faulty() && !aborted {
            return Err(format!("finished although {:?} should have stopped it", self.cast.flaw));
        }
        for (at, machine) in
            self.truth.machines.iter().enumerate().filter(|(_, machine)| machine.counted())
        {
            let group = &self.truth.groups[machine.group];
            let Some(strategy) =
                self.strategies.groups.iter().find(|s| s.group.as_str() == group.name)
            else {
                continue;
            };
            let named = strategy.named.iter().any(|id| id.as_str() == machine.id);
            let template = &group.templates[machine.template].name;
            if !group.autoscaled
                && !aborted
                && (named || template != strategy.template.as_str())
                && machine.alive
            {
                return Err(format!(
                    "finished, and {} of {} is still of {template}",
                    machine.id, group.name
                ));
            }
            // What another rotation has marked was left alone.
            let others = aborted && machine.mark.as_deref() == Some("other");
            let untouched = (machine.mark.is_none() || others) && !machine.cordoned;
            if !untouched && machine.alive {
                return Err(format!("finished, and {} is still leaving ({at})", machine.id));
            }
        }
        for (group, was) in self.truth.groups.iter().zip(&self.cast.was) {
            let as_it_was = group.max == was.max
                && group.suspended == was.suspended
                && group.protected == was.protected;
            let number = group.autoscaled || group.desired == group.wanted;
            if !as_it_was || !number {
                return Err(format!("finished, and {} was not given back as it was", group.name));
            }
        }
        Ok(if aborted { End::Aborted } else { End::Finished })
    }

    /// No majority, no master, or no place: nobody could rotate that.
    fn ruined(&self) -> bool {
        let masters =
            (0..self.truth.machines.len()).filter(|&at| self.truth.kind(at) == Kind::Master);
        !self.truth.has_quorum()
            || masters.filter(|&at| self.truth.machines[at].counted()).count() == 0
    }

    /// What goes wrong, and what others do.
    fn chance(&mut self) {
        let now = self.truth.now;
        if self.cast.flaw == Some(Flaw::Expiry) {
            self.truth.machines.iter_mut().for_each(|machine| machine.expires_at = 50_000_000);
        }
        self.autoscale();
        if now - 100_000 > TROUBLE {
            self.truth.lost.clear();
            self.truth.alarm = None;
            return;
        }
        if self.falls_silent && now >= self.silent_until && self.fate.rarely(100) {
            self.silent_until = now + self.fate.within(20, 1_500);
            self.tell(|| "the cluster does not answer any more".to_owned());
        }
        let faults = self.cast.faults.clone();
        let count = self.truth.machines.len();
        if faults.deaths && self.dice.rarely(60) {
            let at = self.dice.below(count);
            self.die(at);
        }
        if faults.duds && self.dice.rarely(20) {
            let at = self.dice.below(count);
            if matches!(self.truth.machines[at].phase, Phase::Booting(_)) {
                self.tell(|| "a machine never boots".to_owned());
                self.truth.machines[at].dud = true;
            }
        }
        if faults.slow_etcd && self.dice.rarely(40) && !self.truth.etcd.is_empty() {
            let at = self.dice.below(self.truth.etcd.len());
            let until = now + self.dice.within(10, 300);
            self.truth.etcd[at].slow_until = until;
            let id = self.truth.etcd[at].id;
            self.tell(|| format!("member {id:x} of etcd is slow"));
            self.truth.elect();
        }
        if faults.alarms {
            if self.dice.rarely(60) {
                self.truth.alarm =
                    Some(if self.dice.chance(50) { Alarm::NoSpace } else { Alarm::Corrupt });
            } else if self.dice.rarely(20) {
                self.truth.alarm = None;
            }
        }
        if faults.lost_zone && self.truth.lost.is_empty() && self.dice.rarely(200) {
            let zone = self.dice.below(3);
            self.tell(|| format!("zone z{zone} is lost"));
            self.truth.lost.insert(zone);
            let there: Vec<usize> =
                (0..count).filter(|&at| self.truth.machines[at].zone == zone).collect();
            there.into_iter().for_each(|at| self.die(at));
        }
    }

    fn die(&mut self, at: usize) {
        let now = self.truth.now;
        let machine = &mut self.truth.machines[at];
        if !machine.alive || machine.going() {
            return;
        }
        (machine.alive, machine.died_at, machine.ready) = (false, now, false);
        machine.api = crate::truth::Api::Off;
        let id = machine.id.clone();
        for pod in self.truth.pods.iter_mut().filter(|pod| pod.on == Some(at)) {
            pod.on = None;
        }
        self.tell(|| format!("{id} dies"));
        self.truth.elect();
    }

    fn autoscale(&mut self) {
        for group in 0..self.truth.groups.len() {
            let of = &self.truth.groups[group];
            if !of.autoscaled || !self.dice.rarely(60) {
                continue;
            }
            let up = self.dice.chance(60);
            self.noisy_until = self.truth.now + 600;
            if up && of.wanted < of.max {
                self.truth.groups[group].wanted += 1;
                self.truth.groups[group].desired += 1;
                self.tell(|| "the autoscaler adds one".to_owned());
            } else if !up && of.wanted > 1 && of.desired > 1 {
                let now = self.truth.now;
                let one = self
                    .truth
                    .machines
                    .iter_mut()
                    .find(|m| m.group == group && m.phase == Phase::Up && m.mark.is_none());
                let Some(one) = one else { continue };
                one.phase = Phase::Announced(now + 600);
                let id = one.id.clone();
                self.truth.groups[group].wanted -= 1;
                self.truth.groups[group].desired -= 1;
                self.tell(|| format!("the autoscaler takes {id}"));
            }
        }
    }
}

//! What must never be asked of the truth. The judge knows the cluster as it is and nothing of the machine's own
//! invariants: each rule is said again here, in terms of what would be harmed. Its texts begin with the rule's id.

use kprov_rotation::world::{Kind, MASTER_PROCESSES, Target, WORKER_PROCESSES};
use kprov_rotation::{Step, Strategies, Strategy, Subject};

use crate::truth::{Api, Machine, Phase, Truth, Voter};

pub(crate) struct Judge<'a> {
    pub(crate) truth: &'a Truth,
    pub(crate) strategies: &'a Strategies,
    pub(crate) operator: &'a str,
    /// Steps that were called and are not known to have ended.
    pub(crate) open: Vec<Step>,
    /// Groups go back.
    pub(crate) back: &'a [String],
    /// An autoscaler has just changed numbers, which kprov may not have seen.
    pub(crate) noisy: bool,
    /// The cluster did not answer kprov.
    pub(crate) blind: bool,
}

type Verdict = Result<(), String>;

fn rule(holds: bool, says: &str) -> Verdict {
    if holds { Ok(()) } else { Err(says.to_owned()) }
}

impl Judge<'_> {
    /// Whether a step may be asked for now.
    pub(crate) fn check(&self, step: &Step) -> Verdict {
        let lock = self.truth.lock.as_ref();
        rule(
            lock.is_some_and(|(holder, until)| holder == self.operator && *until > self.truth.now),
            "S1: a step without the lock",
        )?;
        let bastion = match step.subject() {
            Subject::Group(id) => {
                self.truth.group(id.as_str()).map(|at| self.truth.groups[at].kind)
            }
            Subject::Member(id) => self.truth.find(id.as_str()).map(|at| self.truth.kind(at)),
            Subject::Etcd => None,
        } == Some(Kind::Bastion);
        rule(!self.blind || bastion, "S6: done to what is not seen")?;
        rule(!self.open.contains(step), "S2: called again although it is under way")?;
        match step {
            Step::Launch { group, template, desired, .. } => {
                let at =
                    self.truth.group(group.as_str()).ok_or("S5: launches in an unknown group")?;
                let more = desired.saturating_sub(self.truth.groups[at].desired);
                self.launch(at, template.as_str(), more)?;
                self.begin(at)?;
                self.amount(at, *desired, more)
            }
            Step::UseTemplate { group, template } => {
                let at =
                    self.truth.group(group.as_str()).ok_or("S5: a template in an unknown group")?;
                self.template(at, template.as_str())
            }
            Step::RemoveEtcdMember { id, .. } => self.remove(id.0),
            _ => match step.member().and_then(|id| self.truth.find(id.as_str())) {
                Some(at) => self.machine(at, step),
                None => Ok(()),
            },
        }
    }

    fn strategy(&self, group: usize) -> Option<&Strategy> {
        let name = &self.truth.groups[group].name;
        self.strategies.groups.iter().find(|strategy| strategy.group.as_str() == name)
    }

    fn is_back(&self, group: usize) -> bool {
        self.back.contains(&self.truth.groups[group].name)
    }

    fn masters(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.truth.machines.len()).filter(|&at| self.truth.kind(at) == Kind::Master)
    }

    /// What would run beside what runs.
    fn template(&self, group: usize, name: &str) -> Verdict {
        let of = &self.truth.groups[group];
        let goal =
            self.strategy(group).map(|strategy| strategy.target(self.is_back(group)).as_str());
        rule(goal == Some(name), "S5: a template that the plan does not show")?;
        rule(of.templates.iter().all(|template| template.exists), "S4: there is no way back")?;
        let Some(template) = of.templates.iter().find(|template| template.name == name) else {
            return Err("S4: the template does not exist".to_owned());
        };
        let serving = || self.masters().filter(|&at| self.truth.machines[at].api == Api::On);
        let of_template = |at: usize| {
            let machine = &self.truth.machines[at];
            &self.truth.groups[machine.group].templates[machine.template]
        };
        let mut versions = serving().map(|at| of_template(at).api.minor);
        if let Some(kubelet) = template.kubelet {
            let local = of.kind == Kind::Master && self.truth.endpoint.masters_use_their_own;
            let newer = of.kind == Kind::Master && kubelet.minor > template.api.minor;
            let newest = serving().map(|at| of_template(at).api.minor).min().unwrap_or(u32::MAX);
            rule(
                !newer && (local || kubelet.minor <= newest),
                "V1: a kubelet newer than an API server",
            )?;
        }
        if of.kind != Kind::Master {
            return Ok(());
        }
        rule(
            versions.all(|minor| minor.abs_diff(template.api.minor) <= 1),
            "V2: API servers two minors apart",
        )?;
        let names = &self.truth.endpoint.names;
        rule(names.is_subset(&template.names), "P2: a name is missing in the certificate")?;
        rule(template.goaway <= 20_000, "L4: an API server that would not start")?;
        rule(
            template.shutdown_delay >= self.truth.endpoint.notices_within,
            "L3: stops before the balancer notices",
        )?;
        let accepted =
            |at: usize| of_template(at).trust.accepts.contains(&template.trust.issued_by);
        rule(serving().all(accepted), "P1: certificates that others do not accept")?;
        let verified = |at: usize| {
            of_template(at).trust.tokens_verified_by.contains(&template.trust.tokens_signed_by)
        };
        rule(serving().all(verified), "P3: tokens that others do not verify")
    }

    fn launch(&self, group: usize, template: &str, more: u32) -> Verdict {
        self.template(group, template)?;
        if self.truth.groups[group].kind == Kind::Master {
            self.add_master(None, more)?;
        }
        let fresh = self.truth.machines.iter().filter(|m| m.group == group && m.counted()).filter(
            |machine| self.truth.groups[group].templates[machine.template].name == template,
        );
        let known = fresh.clone().any(|machine| machine.looks > 0);
        rule(
            known || fresh.count() as u32 + more <= 1,
            "N5: more than one of a template that is not proven",
        )
    }

    /// A new master is about to join.
    fn add_master(&self, instead: Option<usize>, more: u32) -> Verdict {
        rule(more <= 1, "Q2: several masters at once")?;
        let others = |at: &usize| Some(*at) != instead;
        let coming = self.masters().filter(others).any(|at| self.truth.machines[at].coming());
        rule(!coming, "Q2: a master is added while another is on its way")?;
        let sound = |voter: &Voter| voter.voter && self.truth.healthy(voter);
        let all = self.truth.etcd.iter().filter(|voter| Some(voter.machine) != instead).all(sound);
        rule(all, "Q2: a master is added while a member of etcd is not well")
    }

    /// The cloud rests, and the cluster can bear it.
    fn begin(&self, group: usize) -> Verdict {
        let of = &self.truth.groups[group];
        let master = of.kind == Kind::Master;
        let rest = if master { &MASTER_PROCESSES[..] } else { &WORKER_PROCESSES[..] };
        let rests =
            rest.iter().all(|process| of.suspended.contains(process)) && (of.protected || !master);
        rule(rests, "N7: the cloud moves machines by itself")?;
        if master {
            let endpoint = &self.truth.endpoint;
            rule(!endpoint.preserves_client_ip || endpoint.masters_use_their_own, "L6: hairpin")?;
            let long = endpoint.deregistration_delay >= 120;
            rule(
                endpoint.terminates_connections && long,
                "L7: clients keep dead connections, or lose live ones",
            )?;
            rule(
                !matches!(endpoint.reach, kprov_rotation::world::Reach::Dns { ttl } if ttl >= 40),
                "N1: by DNS",
            )?;
            self.saved()?;
        }
        if of.kind == Kind::Worker {
            // One sick master is enough, wherever it is.
            let sick = self
                .masters()
                .any(|at| self.truth.machines[at].counted() && self.truth.machines[at].looks == 0);
            rule(!sick, "N6: workers are touched while the control plane is not well")?;
        }
        Ok(())
    }

    fn saved(&self) -> Verdict {
        rule(self.truth.alarm.is_none(), "Q5: etcd raises an alarm")?;
        let fresh = |taken_at: u64| {
            self.truth.now.saturating_sub(taken_at) <= self.strategies.snapshot_age_max
        };
        let snapshot = self.truth.snapshot.as_ref();
        rule(
            snapshot.is_some_and(|of| of.verified && fresh(of.taken_at)),
            "Q5: masters without a fresh snapshot",
        )
    }

    fn amount(&self, group: usize, desired: u32, more: u32) -> Verdict {
        let of = &self.truth.groups[group];
        let surge = self.strategy(group).map_or(0, |strategy| strategy.amounts(of.wanted).0);
        rule(of.quota_left.is_none_or(|left| left >= more), "A2: more than the quota allows")?;
        let fits = desired <= of.wanted + surge;
        rule(self.noisy || of.autoscaled || fits || more == 0, "A2: more machines than was said")
    }

    fn remove(&self, id: u64) -> Verdict {
        let Some(own) = self.truth.etcd.iter().find(|voter| voter.id == id) else { return Ok(()) };
        rule(self.truth.has_quorum(), "Q1: a member change without a majority")?;
        let machine = &self.truth.machines[own.machine];
        let young = !own.voter && self.truth.now < own.added_at + 300;
        let leaves = machine.mark.as_deref() == Some("r1")
            || machine.going()
            || matches!(machine.phase, Phase::Announced(_));
        rule(
            leaves || machine.phase == Phase::Gone || !young && !self.truth.healthy(own),
            "Q6: one is removed that stays or joins",
        )?;
        rule(leaves || !machine.alive || !own.voter, "Q6: a voter is removed that stays")?;
        self.saved()?;
        let serving = machine.alive && !machine.going();
        rule(
            !serving || machine.api == Api::Off || machine.coming(),
            "L2: its API server still serves",
        )?;
        let rest: Vec<&Voter> = self.truth.etcd.iter().filter(|voter| voter.id != id).collect();
        let healthy = self.truth.healthy(own);
        let sick = rest.iter().any(|voter| !self.truth.healthy(voter));
        rule(!(healthy && own.voter && sick), "Q3: a healthy member goes while another is sick")?;
        let voters = rest.iter().filter(|voter| voter.voter).count();
        let well = rest.iter().filter(|voter| voter.voter && self.truth.healthy(voter)).count();
        rule(voters > 0 || !own.voter, "Q3: the last voter goes")?;
        rule(well > voters / 2, "Q1: the majority is lost")?;
        rule(self.truth.leader != Some(id) || !serving, "Q4: the leader is removed")
    }

    fn machine(&self, at: usize, step: &Step) -> Verdict {
        let machine = &self.truth.machines[at];
        let announced = matches!(machine.phase, Phase::Announced(_));
        let marked = machine.mark.as_deref() == Some("r1") || announced || machine.going();
        match step {
            Step::Mark { .. } => self.mark(at, machine),
            Step::CompleteLaunch { .. } => self.complete(at, machine),
            Step::Hook { .. } => Ok(()),
            Step::DeleteNode { .. } => {
                rule(machine.phase == Phase::Gone, "S3: the Node of a machine that runs")
            }
            _ => {
                rule(marked, "S3: something is taken from a machine that is not marked")?;
                if machine.alive && !machine.going() {
                    self.take(at, machine, step)
                } else {
                    self.bury(at, step)
                }
            }
        }
    }

    fn complete(&self, at: usize, machine: &Machine) -> Verdict {
        match self.truth.kind(at) {
            Kind::Bastion => Ok(()),
            Kind::Worker => rule(machine.ready, "L1: in service without a ready Node"),
            Kind::Master => {
                rule(
                    self.truth.api_ready(at),
                    "L1: requests come to an API server that is not ready",
                )?;
                let dates: Vec<u64> = self
                    .masters()
                    .map(|of| &self.truth.machines[of])
                    .filter(|of| {
                        of.id != machine.id && of.alive && !of.going() && of.mark.is_none()
                    })
                    .map(|of| of.expires_at)
                    .collect();
                let together = dates.len() >= 2
                    && dates.iter().all(|date| date.abs_diff(machine.expires_at) < 3600);
                rule(!together, "P4: all certificates expire together")
            }
        }
    }

    /// A machine is to leave.
    fn mark(&self, at: usize, machine: &Machine) -> Verdict {
        let group = machine.group;
        let of = &self.truth.groups[group];
        rule(
            machine.mark.as_deref().is_none_or(|mark| mark == "r1"),
            "S3: another rotation's machine",
        )?;
        self.begin(group)?;
        let Some(strategy) = self.strategy(group) else {
            return Err("S5: not in the plan".to_owned());
        };
        let target = strategy.target(self.is_back(group)).as_str();
        let outdated = |m: &Machine| {
            of.templates[m.template].name != target
                || strategy.named.iter().any(|id| id.as_str() == m.id)
        };
        let well = self.truth.well(at);
        // What an autoscaler wants is known only as far as it has been seen.
        let surplus = of.desired > of.wanted || of.autoscaled;
        rule(
            outdated(machine) || !well || surplus || self.noisy,
            "S5: one leaves that is as it should be",
        )?;
        let never = |pod: &crate::truth::Pod| {
            pod.on == Some(at)
                && pod.budget.is_some_and(|budget| !self.truth.budgets[budget].satisfiable)
        };
        rule(!machine.alive || !self.truth.pods.iter().any(never), "N3: its pods can never leave")?;
        if machine.alive {
            self.mark_of_living(at, of.kind)?;
        }
        if !well {
            return Ok(());
        }
        let rest = |looks: u32| {
            let others = (0..self.truth.machines.len())
                .filter(|&o| o != at && self.truth.machines[o].group == group);
            others.filter(|&o| self.truth.well(o) && self.truth.machines[o].looks >= looks).count()
                as u32
        };
        let least = of.wanted.saturating_sub(strategy.amounts(of.wanted).1);
        rule(self.noisy || of.autoscaled || rest(0) >= least, "A1: too few stay")?;
        let proven = rest(strategy.good_looks);
        rule(
            self.noisy || of.autoscaled || proven >= least,
            "N6: too few stay that were well long enough",
        )?;
        if self.truth.volumes_on(at) > 0 {
            let zone = |o: usize| {
                self.truth.machines[o].zone == machine.zone && self.truth.machines[o].group == group
            };
            let other =
                (0..self.truth.machines.len()).any(|o| o != at && zone(o) && self.truth.well(o));
            rule(other, "N4: no place for its volumes in its zone")?;
        }
        Ok(())
    }

    fn mark_of_living(&self, at: usize, kind: Kind) -> Verdict {
        if kind != Kind::Master {
            return Ok(());
        }
        let leaving = self.masters().filter(|&o| o != at).any(|o| {
            let other = &self.truth.machines[o];
            other.mark.is_some() && other.alive && !other.going()
        });
        rule(!leaving, "A1: two masters leave at once")?;
        let own = self.truth.voter_of(at);
        let leads = own.is_some_and(|voter| self.truth.leader == Some(voter.id));
        let others =
            self.masters().filter(|&o| o != at && !self.truth.machines[o].going()).any(|o| {
                if self.truth.machines[o].group != self.truth.machines[at].group {
                    return false;
                }
                let machine = &self.truth.machines[o];
                let target = self
                    .strategy(machine.group)
                    .map(|s| s.target(self.is_back(machine.group)).as_str());
                let name =
                    self.truth.groups[machine.group].templates[machine.template].name.as_str();
                target != Some(name) && machine.alive && !machine.coming()
            });
        rule(!(leads && others), "Q4: the leader does not go last")
    }

    /// Something is taken from a machine that runs.
    fn take(&self, at: usize, machine: &Machine, step: &Step) -> Verdict {
        let master = self.truth.kind(at) == Kind::Master;
        let in_use = !matches!(machine.target, Target::NotRegistered | Target::Unused);
        let alone = master && self.masters().all(|o| o == at || self.truth.machines[o].going());
        let own = self.truth.voter_of(at);
        let leads = own.is_some_and(|voter| self.truth.leader == Some(voter.id)) && !alone;
        match step {
            Step::Deregister { .. } if master && machine.target == Target::Healthy => {
                let others = self.truth.served() - usize::from(self.truth.api_ready(at));
                rule(others > 0, "L5: nobody serves any more")
            }
            Step::Drain { .. } => {
                rule(!machine.node || machine.cordoned, "N2: drained and not cordoned")?;
                rule(
                    !machine.node || machine.excluded,
                    "N2: drained and behind balancers of Services",
                )?;
                rule(!in_use || alone, "N2: drained and behind its balancer")
            }
            Step::MoveLeader { to, .. } => {
                let to = self.truth.find(to.as_str());
                rule(to.is_some_and(|to| self.truth.well(to)), "Q4: to one that does not stay")
            }
            Step::StopApi { .. } => {
                let registered = in_use && machine.target != Target::Draining;
                let delay =
                    self.truth.groups[machine.group].templates[machine.template].shutdown_delay;
                let noticed = delay >= self.truth.endpoint.notices_within;
                rule(!registered || alone || noticed, "L2: requests fail")?;
                rule(!leads, "Q4: the leader stops")?;
                rule(self.truth.pods_on(at) == 0, "N3: stops with pods on it")
            }
            Step::Terminate { decrement, .. } => {
                rule(!in_use || alone, "L2: requests fail")?;
                rule(self.truth.pods_on(at) == 0, "N3: pods are killed, not evicted")?;
                rule(self.truth.volumes_on(at) == 0, "N4: volumes are still attached")?;
                if master {
                    rule(
                        machine.api == Api::Off || machine.coming(),
                        "L2: its API server still serves",
                    )?;
                    if alone && !machine.coming() {
                        let snapshot = self.truth.snapshot.as_ref();
                        rule(
                            snapshot.is_some_and(|of| of.complete),
                            "Q5: acknowledged writes are lost",
                        )?;
                    } else {
                        rule(
                            own.is_none_or(|voter| !voter.voter),
                            "Q3: it is still a member of etcd",
                        )?;
                        rule(!leads, "Q4: the leader is terminated")?;
                    }
                }
                self.replaced(at, machine, *decrement)
            }
            _ => Ok(()),
        }
    }

    /// Something is done with what is left of a machine.
    fn bury(&self, at: usize, step: &Step) -> Verdict {
        let machine = &self.truth.machines[at];
        let Step::Terminate { decrement, .. } = step else { return Ok(()) };
        let alone = self.masters().all(|o| o == at || self.truth.machines[o].going());
        let master = self.truth.kind(at) == Kind::Master;
        rule(
            !master || alone || self.truth.voter_of(at).is_none_or(|voter| !voter.voter),
            "Q3: it is still a member of etcd",
        )?;
        rule(!master || alone || self.truth.has_quorum(), "Q1: a master goes without a majority")?;
        self.replaced(at, machine, *decrement)
    }

    /// What the cloud launches in its place.
    fn replaced(&self, at: usize, machine: &Machine, decrement: bool) -> Verdict {
        if decrement || !machine.counted() {
            return Ok(());
        }
        let of = &self.truth.groups[machine.group];
        self.template(machine.group, &of.templates[of.template].name)?;
        if of.kind == Kind::Master { self.add_master(Some(at), 1) } else { Ok(()) }
    }
}

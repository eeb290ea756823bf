//! What steps do to the truth. Each call is idempotent, as the calls of AWS, Kubernetes and nodes that it stands for.

use kprov_rotation::Step;
use kprov_rotation::world::{Kind, MASTER_PROCESSES, Snapshot, Target, WORKER_PROCESSES};

use crate::cast::Was;
use crate::dice::Dice;
use crate::truth::{Api, Phase, Truth};

impl Truth {
    pub(crate) fn call(&mut self, step: &Step, was: &[Was], dice: &mut Dice) {
        let now = self.now;
        match step {
            Step::SuspendProcesses { group } => {
                let Some(at) = self.group(group.as_str()) else { return };
                let master = self.groups[at].kind == Kind::Master;
                let rest = if master { &MASTER_PROCESSES[..] } else { &WORKER_PROCESSES[..] };
                self.groups[at].suspended.extend(rest.iter().copied());
                self.groups[at].protected |= master;
            }
            Step::Snapshot => {
                if self.has_quorum() {
                    self.snapshot =
                        Some(Snapshot { taken_at: now, verified: true, complete: false });
                }
            }
            Step::UseTemplate { group, template } => {
                let Some(at) = self.group(group.as_str()) else { return };
                self.use_template(at, template.as_str());
            }
            Step::Launch { group, template, desired, zone } => {
                let Some(at) = self.group(group.as_str()) else { return };
                self.use_template(at, template.as_str());
                let of = &mut self.groups[at];
                of.desired = *desired;
                of.max = of.max.max(*desired);
                of.zone_next = zone
                    .as_ref()
                    .and_then(|zone| zone.as_str().trim_start_matches('z').parse().ok());
            }
            Step::RestoreGroup { group } => {
                let Some(at) = self.group(group.as_str()) else { return };
                let was = &was[at];
                let of = &mut self.groups[at];
                (of.max, of.suspended, of.protected) =
                    (was.max, was.suspended.clone(), was.protected);
            }
            Step::RemoveEtcdMember { id, .. } => {
                if self.has_quorum() {
                    self.etcd.retain(|voter| voter.id != id.0);
                    self.elect();
                }
            }
            _ => {
                let at = step.member().and_then(|id| self.find(id.as_str()));
                if let Some(at) = at {
                    self.call_machine(at, step, dice);
                }
            }
        }
    }

    fn call_machine(&mut self, at: usize, step: &Step, dice: &mut Dice) {
        let now = self.now;
        let balanced = self.groups[self.machines[at].group].balanced;
        let template = &self.groups[self.machines[at].group].templates[self.machines[at].template];
        let delay = template.shutdown_delay;
        match step {
            Step::CompleteLaunch { .. } if self.machines[at].phase == Phase::Held => {
                self.machines[at].phase = Phase::Up;
                self.machines[at].ready |=
                    self.kind(at) != Kind::Bastion && self.machines[at].alive;
            }
            Step::Terminate { decrement, .. } if !self.machines[at].going() => {
                let counted = self.machines[at].counted();
                self.machines[at].phase = Phase::Ending(now + dice.within(0, 60));
                self.machines[at].ready = false;
                let group = &mut self.groups[self.machines[at].group];
                group.desired -= u32::from(*decrement && counted && group.desired > 0);
            }
            Step::MoveLeader { to, .. } => {
                let to =
                    self.find(to.as_str()).and_then(|to| self.voter_of(to)).map(|voter| voter.id);
                self.leader = to.or(self.leader);
                self.elect();
            }
            _ => {}
        }
        let machine = &mut self.machines[at];
        match step {
            Step::Mark { .. } => machine.mark = machine.mark.take().or(Some("r1".to_owned())),
            Step::Cordon { .. } => machine.cordoned = true,
            Step::Exclude { .. } => machine.excluded = true,
            Step::Deregister { .. } if machine.target.registered() => {
                (machine.target, machine.target_until) =
                    (Target::Draining, now + dice.within(10, 120));
            }
            Step::Drain { .. } => machine.draining = true,
            Step::StopApi { .. } if machine.api == Api::On => {
                machine.api = Api::Stopping(now + delay)
            }
            Step::DeleteNode { .. } if machine.phase == Phase::Gone => machine.node = false,
            Step::Return { .. } => {
                (machine.mark, machine.draining) = (None, false);
                (machine.cordoned, machine.excluded) = (false, false);
                if balanced && !machine.target.registered() && machine.phase == Phase::Up {
                    (machine.target, machine.target_until) = (Target::Initial, now + 20);
                }
            }
            _ => {}
        }
    }

    pub(crate) fn group(&self, name: &str) -> Option<usize> {
        self.groups.iter().position(|group| group.name == name)
    }

    fn use_template(&mut self, group: usize, name: &str) {
        let of = &mut self.groups[group];
        if let Some(at) = of.templates.iter().position(|template| template.name == name) {
            of.template = at;
        }
    }
}

//! [`forecast`]: the machine, driven over a world where everything goes well. Its steps, in order, are what a plan shows:
//! for each member why it is replaced, when, and what the surge costs. Nothing here decides anything: a forecast is wrong
//! only where the world does not go well.

mod ideal;

use serde::{Deserialize, Serialize};

use crate::decide::{Code, Decision, Pause, decide};
use crate::progress::Progress;
use crate::reason::{Reason, reason};
use crate::strategy::Strategies;
use crate::world::{Lock, World};
use crate::{GroupId, MachineId, Seconds, Step};
use ideal::Ideal;

/// How long things take where they go well. What was measured before is better than these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Durations {
    /// From the launch until a machine can come into service.
    pub boot: Seconds,
    /// Until the balancer finds it healthy.
    pub healthy: Seconds,
    /// Until nothing comes from the balancer any more.
    pub deregister: Seconds,
    /// A drain.
    pub drain: Seconds,
    /// Until an API server has stopped.
    pub stop: Seconds,
    /// Until a machine is gone.
    pub terminate: Seconds,
    /// A user's hook.
    pub hook: Seconds,
    /// A call and its effect.
    pub call: Seconds,
    /// Between two looks.
    pub look: Seconds,
}

impl Default for Durations {
    /// Measured by others: boot and join of kops and Cluster API, deregistration of a network load balancer.
    fn default() -> Durations {
        Durations {
            boot: 150,
            healthy: 30,
            deregister: 120,
            drain: 60,
            stop: 60,
            terminate: 30,
            hook: 10,
            call: 2,
            look: 10,
        }
    }
}

/// A step, when it is planned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Planned {
    /// Seconds from the start.
    pub at: Seconds,
    /// What.
    pub step: Step,
    /// In which group.
    pub group: Option<GroupId>,
    /// With which member. Members that do not exist yet are named `~GROUP-NUMBER`.
    pub member: Option<MachineId>,
    /// Why this member is replaced; where it begins to leave.
    pub reason: Option<Reason>,
}

/// What is planned.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Forecast {
    /// Steps, in order.
    pub steps: Vec<Planned>,
    /// How long it takes where all goes well; as far as it gets.
    pub takes: Seconds,
    /// So many machines more than usual at most.
    pub surge_peak: u32,
    /// Seconds of machines more than usual: what the surge costs, times a machine's price.
    pub surge_seconds: u64,
    /// Checkpoints at which a person must say that it goes on.
    pub confirmations: u32,
    /// What stops it for good, if it would not get to its end.
    pub stops: Option<Pause>,
}

/// What the machine will do where everything goes well.
#[must_use]
pub fn forecast(world: &World, strategies: &Strategies, durations: &Durations) -> Forecast {
    forecast_from(world, strategies, durations, None)
}

/// The same of a rotation that was left half done: from there.
#[must_use]
pub fn forecast_from(
    world: &World,
    strategies: &Strategies,
    durations: &Durations,
    left: Option<&Progress>,
) -> Forecast {
    let mut progress = match left.filter(|left| left.rotation == strategies.rotation) {
        Some(left) => {
            let mut left = left.clone();
            // What was asked for is asked for again; what failed is tried anew.
            left.open.clear();
            left.resume(world.now);
            left
        }
        None => Progress::new(strategies.rotation.clone(), world.now),
    };
    let mut ideal = Ideal::new(world, &strategies.rotation, durations);
    let lock = Lock { holder: strategies.operator.clone(), expires_at: Seconds::MAX };
    ideal.world.lock = Some(lock);
    let mut found = Forecast {
        steps: Vec::new(),
        takes: 0,
        surge_peak: 0,
        surge_seconds: 0,
        confirmations: 0,
        stops: None,
    };
    // A bound for strategies that nothing comes of; a member takes some thirty decisions.
    let most = 2_000 + 200 * world.members.len();
    for _ in 0..most {
        progress.looked(&ideal.world, strategies);
        match decide(&ideal.world, strategies, &progress) {
            Decision::Steps(steps) => {
                let planned = planned(&ideal.world, strategies, &progress, &steps, world.now);
                found.steps.extend(planned);
                for step in steps {
                    progress.started(&step, &ideal.world);
                    ideal.carry_out(&step, &mut progress);
                }
                ideal.pass(durations.call, &mut progress, &mut found);
            }
            Decision::Waiting(waiting) => {
                let until = waiting.iter().filter_map(|waiting| waiting.until).min();
                let proving = progress.looks.values().any(|looks| *looks > 0);
                let length = ideal.next(proving, until, durations.look);
                ideal.pass(length, &mut progress, &mut found);
            }
            Decision::Paused(pause) if pause.code == Code::Checkpoint => {
                found.confirmations += 1;
                progress.resume(ideal.world.now);
            }
            Decision::Paused(pause) => {
                found.stops = Some(pause);
                break;
            }
            Decision::Finished => break,
        }
    }
    found.takes = ideal.world.now.saturating_sub(world.now);
    found
}

fn planned(
    world: &World,
    strategies: &Strategies,
    progress: &Progress,
    steps: &[Step],
    start: Seconds,
) -> Vec<Planned> {
    // In the order of their ids, as the ideal world keeps them.
    let find = |id: &MachineId| {
        let at = world.members.binary_search_by(|member| member.id.cmp(id)).ok();
        at.map(|at| &world.members[at])
    };
    let of = |step: &Step| {
        let member = step.member().and_then(find);
        let group = match step.subject() {
            crate::Subject::Group(group) => Some(group.clone()),
            _ => member.map(|member| member.group.clone()),
        };
        let leaves = matches!(step, Step::Mark { .. });
        Planned {
            at: world.now.saturating_sub(start),
            step: step.clone(),
            group,
            member: step.member().cloned(),
            reason: member.filter(|_| leaves).and_then(|member| {
                let target = progress.target(strategies, &member.group);
                reason(member, strategies.of(&member.group), target, progress)
            }),
        }
    };
    steps.iter().map(of).collect()
}

#[cfg(test)]
mod tests;

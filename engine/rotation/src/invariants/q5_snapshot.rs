//! Q5: nothing is done to masters without a fresh snapshot that was checked, nor while etcd raises an alarm.

use super::{Invariant, Look, Verdict, ask, first, wait};
use crate::Step;
use crate::world::Kind;

pub(super) const INVARIANT: Invariant = Invariant {
    id: "Q5",
    says: "Masters are changed only with a verified snapshot that is fresh, and while etcd raises no alarm; the only master is terminated only when a snapshot holds all that was acknowledged.",
    source: "etcd: disaster recovery, alarms NOSPACE and CORRUPT",
    holds,
};

fn holds(look: &Look<'_, '_>) -> Verdict {
    let changes = match look.step {
        Step::Launch { .. } | Step::Mark { .. } => look.kind() == Some(Kind::Master),
        Step::RemoveEtcdMember { .. } => true,
        Step::Terminate { .. }
            if look.alone() && look.member().is_some_and(|member| !member.coming()) =>
        {
            let snapshot = look.etcd().and_then(|etcd| etcd.snapshot.as_ref());
            let complete = snapshot.is_some_and(|snapshot| snapshot.verified && snapshot.complete);
            return if complete {
                Ok(())
            } else {
                wait("No snapshot holds all that was acknowledged yet.")
            };
        }
        _ => false,
    };
    let Some(etcd) = look.etcd().filter(|_| changes) else { return Ok(()) };
    if let Some(alarm) = etcd.alarms.first() {
        return ask(format!("etcd raises the alarm {alarm:?}."));
    }
    let now = look.after.world.now;
    let age_max = look.after.strategies.snapshot_age_max;
    match &etcd.snapshot {
        Some(snapshot) if snapshot.verified && now.saturating_sub(snapshot.taken_at) <= age_max => {
            Ok(())
        }
        Some(snapshot) if snapshot.verified => {
            first(Step::Snapshot, format!("The newest snapshot is of {}.", snapshot.taken_at))
        }
        _ => first(Step::Snapshot, "There is no verified snapshot."),
    }
}

#[cfg(test)]
mod tests {
    use super::super::scene::Scene;
    use crate::Step;
    use crate::world::Alarm;

    #[test]
    fn no_mutation_without_a_fresh_snapshot() {
        let mut scene = Scene::masters(3);
        scene.fine(scene.launch());
        scene.world.etcd.as_mut().unwrap().snapshot.as_mut().unwrap().taken_at -= 3600;
        scene.only("Q5", scene.launch());
        scene.world.etcd.as_mut().unwrap().snapshot = None;
        scene.only("Q5", scene.launch());
    }

    #[test]
    fn no_mutation_while_an_alarm_is_raised() {
        let mut scene = Scene::masters(4);
        scene.fresh(3);
        scene.world.etcd.as_mut().unwrap().alarms.push(Alarm::NoSpace);
        scene.only("Q5", Step::Mark { member: scene.id(0) });
    }

    #[test]
    fn the_only_master_leaves_everything_behind() {
        let mut scene = Scene::masters(1);
        scene.in_place();
        scene.stopped(0);
        let step = Step::Terminate { member: scene.id(0), decrement: false };
        scene.only("Q5", step.clone());
        scene.world.etcd.as_mut().unwrap().snapshot.as_mut().unwrap().complete = true;
        scene.fine(step);
    }
}

//! S6: what is not seen is not gone.

use super::{Invariant, Look, Verdict, wait};
use crate::Step;

pub(super) const INVARIANT: Invariant = Invariant {
    id: "S6",
    says: "While the cluster does not answer, nothing is done to machines that run it: only the cloud says that a machine is dead, and only the cluster that it is drained, stopped or ready.",
    source: "ADR 5: what is decided needs positive evidence",
    holds,
};

fn holds(look: &Look<'_, '_>) -> Verdict {
    let sight = look.after.sight;
    let unseen = match look.step {
        Step::Snapshot | Step::RemoveEtcdMember { .. } => !sight.etcd(),
        _ => look.kind().is_some_and(|kind| sight.misses(kind)),
    };
    if unseen {
        return wait("The cluster does not answer, and what is not seen is not gone.");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::scene::Scene;
    use crate::Step;

    #[test]
    fn a_worker_whose_pods_are_not_seen_is_not_terminated() {
        let mut scene = Scene::workers(4);
        scene.drained(0);
        let step = Step::Terminate { member: scene.id(0), decrement: true };
        scene.fine(step.clone());
        scene.blind();
        scene.only("S6", step);
    }

    #[test]
    fn a_master_whose_member_of_etcd_is_not_seen_is_not_terminated() {
        let mut scene = Scene::masters(4);
        scene.stopped(0);
        scene.blind();
        scene.both(&["Q1", "S6"], Step::Terminate { member: scene.id(0), decrement: true });
    }

    #[test]
    fn nor_is_one_that_the_cloud_says_is_dead_before_its_member_is_known() {
        let mut scene = Scene::masters(4);
        scene.kill(0);
        scene.mark(0);
        scene.blind();
        scene.both(&["Q1", "S6"], Step::Terminate { member: scene.id(0), decrement: true });
    }
}

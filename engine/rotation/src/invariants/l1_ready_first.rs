//! L1: a machine comes into service when it can serve.

use super::{Invariant, Look, Verdict, wait};
use crate::Step;
use crate::world::Kind;

pub(super) const INVARIANT: Invariant = Invariant {
    id: "L1",
    says: "A new machine comes into service, and so behind the balancer, only when its API server is ready, its member of etcd votes and its Node is ready.",
    source: "Zalando: /readyz as health check, launching hooks; CAPA 6254",
    holds,
};

fn holds(look: &Look<'_, '_>) -> Verdict {
    let Step::CompleteLaunch { .. } = look.step else { return Ok(()) };
    let (Some(member), Some(kind)) = (look.member(), look.kind()) else {
        return wait("The machine is not seen.");
    };
    if !member.alive {
        return wait("Its machine does not run.");
    }
    if kind == Kind::Worker && member.node.is_none() || member.node.is_some_and(|node| !node.ready)
    {
        return wait("Its Node is not ready.");
    }
    if kind == Kind::Master
        && let Some(ailment) = crate::health::master(member, look.etcd())
    {
        return wait(format!("Not yet in service: {ailment}."));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::scene::Scene;
    use crate::Step;
    use crate::world::Lifecycle;

    #[test]
    fn no_traffic_before_readyz() {
        let mut scene = Scene::masters(4);
        scene.fresh(3);
        scene.world.members[3].lifecycle = Lifecycle::PendingWait;
        let step = Step::CompleteLaunch { member: scene.id(3) };
        scene.fine(step.clone());
        scene.world.members[3].api.as_mut().unwrap().ready = false;
        scene.only("L1", step);
    }

    #[test]
    fn no_worker_without_a_ready_node() {
        let mut scene = Scene::workers(4);
        scene.world.members[3].lifecycle = Lifecycle::PendingWait;
        scene.world.members[3].node.as_mut().unwrap().ready = false;
        scene.only("L1", Step::CompleteLaunch { member: scene.id(3) });
    }
}

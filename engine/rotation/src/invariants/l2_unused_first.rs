//! L2: nothing that a request needs is taken away while requests may still come.

use super::{Invariant, Look, Verdict, wait};
use crate::Step;
use crate::world::Kind;

pub(super) const INVARIANT: Invariant = Invariant {
    id: "L2",
    says: "An API server stops while its machine is deregistered, or while its shutdown delay is longer than the balancer takes to notice that it is not ready; it has stopped before its member of etcd is removed, and its target is unused before its machine is terminated.",
    source: "CAPA 6254: 1.24 % of requests failed; kops 11256; aws-load-balancer-controller 3270",
    holds,
};

fn holds(look: &Look<'_, '_>) -> Verdict {
    let Some(member) = look.member() else { return Ok(()) };
    // At the end of a deregistration the balancer cuts off the connections that are left, requests among them. So an API server ends
    // its connections itself: at best before, so that nothing is cut off where nobody comes to stop it.
    let too_early = match look.step {
        Step::StopApi { .. } => {
            let delay = member.api.map_or(0, |api| api.shutdown_delay);
            member.target.registered() && delay < look.after.world.endpoint.notices_within
        }
        Step::Terminate { .. } => member.target.in_use(),
        Step::RemoveEtcdMember { .. } => false,
        _ => return Ok(()),
    };
    if !look.alive() {
        return Ok(());
    }
    if too_early && !look.alone() {
        return wait(format!("Its target is {:?}: requests may still come.", member.target));
    }
    let serving = member.api.is_some_and(|api| api.serving);
    if !matches!(look.step, Step::StopApi { .. })
        && serving
        && look.kind() == Some(Kind::Master)
        && !member.coming()
    {
        return wait("Its API server has not stopped.");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::scene::Scene;
    use crate::Step;
    use crate::world::Target;

    #[test]
    fn the_api_server_stops_when_no_connections_are_made_any_more_or_soon() {
        let mut scene = Scene::masters(4);
        scene.deregistered(0);
        let step = Step::StopApi { member: scene.id(0) };
        scene.fine(step.clone());
        scene.world.members[0].target = Target::Draining;
        scene.fine(step.clone());
        scene.world.members[0].target = Target::Healthy;
        scene.fine(step.clone());
        scene.world.endpoint.notices_within = 61;
        scene.only("L2", step);
    }

    #[test]
    fn the_member_of_etcd_goes_after_the_api_server() {
        let mut scene = Scene::masters(4);
        scene.deregistered(0);
        scene.only("L2", scene.remove_etcd(0));
    }

    #[test]
    fn a_worker_too() {
        let mut scene = Scene::workers(4);
        scene.drained(0);
        let step = Step::Terminate { member: scene.id(0), decrement: true };
        scene.fine(step.clone());
        scene.world.members[0].target = Target::Healthy;
        scene.only("L2", step);
    }
}

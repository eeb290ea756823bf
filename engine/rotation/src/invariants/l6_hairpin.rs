//! L6: masters reach the API while the balancer keeps clients' addresses.

use super::{Invariant, Look, Verdict, ask};
use crate::world::Kind;

pub(super) const INVARIANT: Invariant = Invariant {
    id: "L6",
    says: "Masters do not reach themselves through a balancer that keeps clients' addresses: preserve_client_ip is false, or they use their own API server.",
    source: "CAPA: hairpin through NLB fails; AWS: target groups, client IP preservation",
    holds,
};

fn holds(look: &Look<'_, '_>) -> Verdict {
    let masters = look.begins().is_some_and(|indexed| indexed.group.kind == Kind::Master);
    let endpoint = &look.after.world.endpoint;
    if masters && endpoint.preserves_client_ip && !endpoint.masters_use_their_own {
        return ask(
            "The balancer keeps clients' addresses, so a master cannot reach itself through it. Set \
             preserve_client_ip = false on its target group.",
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::scene::Scene;

    #[test]
    fn masters_reach_the_api() {
        let mut scene = Scene::masters(3);
        scene.world.endpoint.preserves_client_ip = true;
        scene.fine(scene.launch());
        scene.world.endpoint.masters_use_their_own = false;
        scene.only("L6", scene.launch());
    }
}

//! N1: nodes do not lose the API by the rotation.

use super::{Invariant, Look, Verdict, ask};
use crate::world::{Kind, Reach};

pub(super) const INVARIANT: Invariant = Invariant {
    id: "N1",
    says: "Nodes never miss the API for as long as makes them count as not ready: they reach it through a balancer, not by names that resolvers keep for that long.",
    source: "kops 6349, 6537; Tectonic: DNS TTL 60 > 40 s",
    holds,
};

fn holds(look: &Look<'_, '_>) -> Verdict {
    let masters = look.begins().is_some_and(|indexed| indexed.group.kind == Kind::Master);
    let endpoint = &look.after.world.endpoint;
    match endpoint.reach {
        Reach::Dns { ttl } if masters && ttl >= endpoint.grace_of_nodes => ask(format!(
            "The API is reached by a DNS name that is kept for {ttl} s, and nodes that miss it for {} s count as not \
             ready. Put a load balancer before the masters, or lower the TTL.",
            endpoint.grace_of_nodes
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::scene::Scene;
    use crate::world::Reach;

    #[test]
    fn names_are_forgotten_sooner_than_nodes() {
        let mut scene = Scene::masters(3);
        scene.world.endpoint.reach = Reach::Dns { ttl: 39 };
        scene.fine(scene.launch());
        scene.world.endpoint.reach = Reach::Dns { ttl: 40 };
        scene.only("N1", scene.launch());
    }
}

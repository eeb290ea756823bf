//! L7: clients do not keep connections to what is gone.

use super::{Invariant, Look, Verdict, ask};
use crate::world::Kind;

pub(super) const INVARIANT: Invariant = Invariant {
    id: "L7",
    says: "The balancer ends connections to a target when its deregistration is over: deregistration_delay.connection_termination.enabled.",
    source: "CAPA 5800: clients kept dead pooled connections",
    holds,
};

fn holds(look: &Look<'_, '_>) -> Verdict {
    let masters = look.begins().is_some_and(|indexed| indexed.group.kind == Kind::Master);
    if masters && !look.after.world.endpoint.terminates_connections {
        return ask(
            "The balancer leaves connections to deregistered targets open, so clients keep dead ones. Set \
             connection_termination = true on its target group.",
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::scene::Scene;

    #[test]
    fn connections_end() {
        let mut scene = Scene::masters(3);
        scene.world.endpoint.terminates_connections = false;
        scene.only("L7", scene.launch());
    }
}

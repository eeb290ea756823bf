//! L7: clients do not keep connections to what is gone.

use super::{Invariant, Look, Verdict, ask};
use crate::Seconds;
use crate::world::Kind;

/// `--request-timeout` of an API server: a request takes no longer. Who is given less time to stop has shorter ones.
const REQUEST: Seconds = 60;

pub(super) const INVARIANT: Invariant = Invariant {
    id: "L7",
    says: "The balancer ends connections to a target when its deregistration is over (deregistration_delay.connection_termination.enabled), and that is not before its API server had its shutdown delay, and as long again (a minute at most) for what it serves.",
    source: "CAPA 5800: clients kept dead pooled connections",
    holds,
};

fn holds(look: &Look<'_, '_>) -> Verdict {
    let Some(begun) = look.begins().filter(|indexed| indexed.group.kind == Kind::Master) else {
        return Ok(());
    };
    let endpoint = &look.after.world.endpoint;
    if !endpoint.terminates_connections {
        return ask(
            "The balancer leaves connections to deregistered targets open, so clients keep dead ones. Set \
             connection_termination = true on its target group.",
        );
    }
    let members = begun.members.iter().map(|&at| look.after.member(at));
    let stop =
        members.filter_map(|member| member.api.map(|api| api.shutdown_delay)).max().unwrap_or(0);
    let needed = stop.saturating_add(stop.min(REQUEST));
    if endpoint.deregistration_delay < needed {
        return ask(format!(
            "The balancer cuts connections off {} s after a target was deregistered, and its API server needs {needed} s until all \
             of them are ended ({stop} s until it stops, and as long for what it serves). Set deregistration_delay = {needed}.",
            endpoint.deregistration_delay
        ));
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

    #[test]
    fn and_not_while_the_api_server_still_serves() {
        let mut scene = Scene::masters(3);
        scene.world.endpoint.deregistration_delay = 119;
        scene.only("L7", scene.launch());
        scene.world.endpoint.deregistration_delay = 120;
        scene.fine(scene.launch());
    }
}

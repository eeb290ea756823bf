//! L3: an API server stays up, unready, until the balancer has noticed.

use super::{Invariant, Look, Verdict, ask};

pub(super) const INVARIANT: Invariant = Invariant {
    id: "L3",
    says: "No master is launched whose API server would stop before the balancer has noticed that it is not ready: shutdown-delay-duration is at least detection and propagation.",
    source: "Zalando: --shutdown-delay-duration=60s; Kubernetes: graceful termination of kube-apiserver",
    holds,
};

fn holds(look: &Look<'_, '_>) -> Verdict {
    let Some((_, template)) = look.launched_master() else { return Ok(()) };
    let Some(api) = &template.api else { return Ok(()) };
    let within = look.after.world.endpoint.notices_within;
    if api.shutdown_delay >= within {
        return Ok(());
    }
    ask(format!(
        "API servers of {} stop {} s after they say so, and the balancer takes {within} s to notice. Raise \
         shutdown-delay-duration, or have the balancer check more often.",
        template.id, api.shutdown_delay
    ))
}

#[cfg(test)]
mod tests {
    use super::super::scene::Scene;

    #[test]
    fn the_delay_is_longer_than_detection() {
        let mut scene = Scene::masters(3);
        scene.template_api().shutdown_delay = 29;
        scene.only("L3", scene.launch());
    }
}

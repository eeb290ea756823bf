//! L4: clients spread over the new API servers.

use super::{Invariant, Look, Verdict, ask};

pub(super) const INVARIANT: Invariant = Invariant {
    id: "L4",
    says: "API servers of more than one master ask clients to connect anew now and then (goaway-chance above 0), and never more than one in fifty.",
    source: "kubernetes 88567; kube-apiserver --goaway-chance",
    holds,
};

/// kube-apiserver's own limit, 0.02.
const MILLIONTHS_MAX: u32 = 20_000;

fn holds(look: &Look<'_, '_>) -> Verdict {
    let Some((_, template)) = look.launched_master() else { return Ok(()) };
    let Some(api) = &template.api else { return Ok(()) };
    let single =
        look.after.masters.iter().filter(|&&at| !look.after.member(at).going()).count() <= 1;
    match api.goaway_millionths {
        0 if single => Ok(()),
        1..=MILLIONTHS_MAX => Ok(()),
        0 => ask(format!(
            "API servers of {} never ask clients to connect anew, so that all clients stay with the oldest of them \
             after a rotation. Set goaway-chance to 0.001.",
            template.id
        )),
        chance => ask(format!(
            "goaway-chance of {} is {}, and kube-apiserver takes at most 0.02.",
            template.id,
            f64::from(chance) / 1e6
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::super::scene::Scene;

    #[test]
    fn clients_are_asked_to_connect_anew() {
        let mut scene = Scene::masters(3);
        scene.template_api().goaway_millionths = 0;
        scene.only("L4", scene.launch());
        scene.template_api().goaway_millionths = 20_001;
        scene.only("L4", scene.launch());
        let mut scene = Scene::masters(1);
        scene.template_api().goaway_millionths = 0;
        scene.fine(scene.launch());
    }
}

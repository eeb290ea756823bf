//! V2: one minor at a time, and no kubelet is left too far behind.

use super::{Invariant, Look, Verdict, ask};
use crate::skew;

pub(super) const INVARIANT: Invariant = Invariant {
    id: "V2",
    says: "API servers are within one minor of each other, and kubelets at most three minors older than any of them.",
    source: "Kubernetes: version skew policy",
    holds,
};

fn holds(look: &Look<'_, '_>) -> Verdict {
    let Some((_, template)) = look.launched() else { return Ok(()) };
    let apis =
        || look.after.apis().filter_map(|at| look.after.member(at).api).map(|api| api.version);
    if let Some(api) = &template.api {
        if let Some(far) =
            apis().find(|version| !skew::api_servers_go_together(*version, api.version))
        {
            return ask(format!(
                "The API server of {} is {}, more than one minor from {far}, which runs. Go one minor at a time.",
                template.id, api.version
            ));
        }
        let oldest = look.after.kubelets.map(|(oldest, _)| oldest);
        if let Some(oldest) = oldest.filter(|oldest| !skew::kubelet_is_near(*oldest, api.version)) {
            return ask(format!(
                "A kubelet is {oldest}, more than three minors older than the API server of {}, {}. Rotate the \
                 workers before.",
                template.id, api.version
            ));
        }
    }
    let Some(kubelet) = template.kubelet else { return Ok(()) };
    match apis().max().filter(|newest| !skew::kubelet_is_near(kubelet, *newest)) {
        Some(newest) => ask(format!(
            "The kubelet of {} is {kubelet}, more than three minors older than an API server, which is {newest}.",
            template.id
        )),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::scene::Scene;
    use crate::Version;

    #[test]
    fn one_minor_at_a_time() {
        let mut scene = Scene::masters(3);
        scene.template_api().version = Version::minor(35);
        scene.only("V2", scene.launch());
        scene.template_api().version = Version::minor(34);
        scene.fine(scene.launch());
    }

    #[test]
    fn kubelets_are_not_left_behind() {
        let mut scene = Scene::workers(3);
        scene.template().kubelet = Some(Version::minor(29));
        scene.only("V2", scene.launch());
        let mut scene = Scene::masters(3);
        scene.template_api().version = Version::minor(34);
        scene.world.members[0].node.as_mut().unwrap().kubelet = Version::minor(30);
        scene.only("V2", scene.launch());
    }
}

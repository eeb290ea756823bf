//! V1: no kubelet is newer than an API server that it may reach.

use super::{Invariant, Look, Verdict, ask, wait};
use crate::world::Kind;

pub(super) const INVARIANT: Invariant = Invariant {
    id: "V1",
    says: "No machine is launched whose kubelet is newer than an API server that it may reach.",
    source: "Kubernetes: version skew policy; kubernetes 127316",
    holds,
};

fn holds(look: &Look<'_, '_>) -> Verdict {
    let Some((indexed, template)) = look.launched() else { return Ok(()) };
    let Some(kubelet) = template.kubelet else { return Ok(()) };
    let own = template.api.as_ref().map(|api| api.version);
    if let Some(own) = own
        && kubelet.release() > own.release()
    {
        return ask(format!(
            "The kubelet of {} is {kubelet}, newer than its API server {own}.",
            template.id
        ));
    }
    if indexed.group.kind == Kind::Master && look.after.world.endpoint.masters_use_their_own {
        return Ok(());
    }
    let apis = look.after.apis().filter_map(|at| look.after.member(at).api);
    match apis.map(|api| api.version).min() {
        None if look.after.masters.is_empty() => Ok(()),
        None => wait("No API server answers."),
        Some(oldest) if kubelet.release() <= oldest.release() => Ok(()),
        Some(oldest) => ask(format!(
            "The kubelet of {} is {kubelet}, newer than an API server, which is {oldest}. Rotate the masters first.",
            template.id
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::super::scene::Scene;
    use crate::Version;

    #[test]
    fn kubelets_are_not_newer_than_api_servers() {
        let mut scene = Scene::workers(3);
        scene.template().kubelet = Some(Version::minor(34));
        scene.only("V1", scene.launch());
        let mut scene = Scene::masters(3);
        scene.template().kubelet = Some(Version::minor(34));
        scene.template_api().version = Version::minor(34);
        scene.fine(scene.launch());
        scene.world.endpoint.masters_use_their_own = false;
        scene.only("V1", scene.launch());
    }
}

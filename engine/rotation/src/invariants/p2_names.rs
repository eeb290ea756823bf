//! P2: certificates have all names that clients use.

use super::{Invariant, Look, Verdict, ask};

pub(super) const INVARIANT: Invariant = Invariant {
    id: "P2",
    says: "Certificates of new API servers have every name that clients use, the old balancer's and the new one's while one is replaced.",
    source: "Kubernetes: PKI certificates and requirements",
    holds,
};

fn holds(look: &Look<'_, '_>) -> Verdict {
    let Some((_, template)) = look.launched_master() else { return Ok(()) };
    let Some(api) = &template.api else { return Ok(()) };
    match look.after.world.endpoint.names.iter().find(|name| !api.names.contains(*name)) {
        Some(name) => ask(format!(
            "Clients reach the API by {name}, which is not in the certificates of {}. Add it to endpointNames.",
            template.id
        )),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::scene::Scene;

    #[test]
    fn every_name_is_in_the_certificate() {
        let mut scene = Scene::masters(3);
        scene.world.endpoint.names.insert("new.example".into());
        scene.only("P2", scene.launch());
        scene.template_api().names.insert("new.example".into());
        scene.fine(scene.launch());
    }
}

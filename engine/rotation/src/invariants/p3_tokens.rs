//! P3: service-account keys verify before they sign.

use super::{Invariant, Look, Verdict, ask, wait};

pub(super) const INVARIANT: Invariant = Invariant {
    id: "P3",
    says: "A master signs service-account tokens only with a key that every API server verifies with and that is published, and verifies with every key that others sign with.",
    source: "Kubernetes: --service-account-key-file, --service-account-signing-key-file; JWKS",
    holds,
};

fn holds(look: &Look<'_, '_>) -> Verdict {
    let Some((_, template)) = look.launched_master() else { return Ok(()) };
    let new = &template.trust;
    if new.tokens_signed_by == 0 {
        return Ok(());
    }
    let published = &look.after.world.endpoint.published_keys;
    if !published.is_empty() && !published.contains(&new.tokens_signed_by) {
        return ask(format!(
            "Tokens would be signed by generation {} of the service-account key, which is not published. Publish it first.",
            new.tokens_signed_by
        ));
    }
    for member in look.after.apis().map(|at| look.after.member(at)) {
        let Some(trust) = &member.trust else { continue };
        if !trust.tokens_verified_by.contains(&new.tokens_signed_by) {
            return wait(format!(
                "{} does not verify tokens by generation {} of the service-account key yet.",
                member.id, new.tokens_signed_by
            ));
        }
        if trust.tokens_signed_by != 0 && !new.tokens_verified_by.contains(&trust.tokens_signed_by)
        {
            return ask(format!(
                "{} signs tokens by generation {} of the service-account key, which {} does not verify.",
                member.id, trust.tokens_signed_by, template.id
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::scene::Scene;

    #[test]
    fn keys_verify_before_they_sign() {
        let mut scene = Scene::masters(3);
        scene.template().trust.tokens_signed_by = 2;
        scene.only("P3", scene.launch());
        let mut scene = Scene::masters(3);
        scene.world.endpoint.published_keys = vec![7];
        scene.only("P3", scene.launch());
        let mut scene = Scene::masters(3);
        scene.template().trust.tokens_verified_by = [2].into();
        scene.only("P3", scene.launch());
    }
}

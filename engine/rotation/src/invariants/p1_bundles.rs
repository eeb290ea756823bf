//! P1: trusted before used, and trusted as long as used.

use super::{Invariant, Look, Verdict, wait};
use crate::world::Kind;

pub(super) const INVARIANT: Invariant = Invariant {
    id: "P1",
    says: "A machine is launched with certificates of an authority only when every node says that it accepts it, and accepts every authority whose certificates are still in use.",
    source: "Kubernetes: manual rotation of CA certificates; kops: stage, promote, distrust",
    holds,
};

fn holds(look: &Look<'_, '_>) -> Verdict {
    let Some((indexed, template)) = look.launched() else { return Ok(()) };
    let new = &template.trust;
    if new.issued_by == 0 || indexed.group.kind == Kind::Bastion {
        return Ok(());
    }
    let own = look.member().map(|member| &member.id);
    for member in look
        .after
        .live()
        .filter(|member| member.alive && !member.coming() && Some(&member.id) != own)
    {
        let kind = look.after.find(&member.id).and_then(|at| look.after.kind_of(at));
        if kind.is_none_or(|kind| kind == Kind::Bastion) {
            continue;
        }
        let Some(trust) = &member.trust else {
            return wait(format!("{} does not say which authorities it accepts.", member.id));
        };
        if !trust.accepts.contains(&new.issued_by) {
            return wait(format!(
                "{} does not accept generation {} of the authority, which {} has its certificates from.",
                member.id, new.issued_by, template.id
            ));
        }
        if trust.issued_by != 0 && !new.accepts.contains(&trust.issued_by) {
            return wait(format!(
                "{} has its certificates from generation {} of the authority, which {} does not accept.",
                member.id, trust.issued_by, template.id
            ));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::scene::Scene;

    #[test]
    fn trusted_before_used() {
        let mut scene = Scene::masters(3);
        scene.template().trust.issued_by = 2;
        scene.only("P1", scene.launch());
        for member in &mut scene.world.members {
            member.trust.as_mut().unwrap().accepts = [1, 2].into();
        }
        scene.fine(scene.launch());
        scene.world.members[1].trust = None;
        scene.only("P1", scene.launch());
    }

    #[test]
    fn trusted_as_long_as_used() {
        let mut scene = Scene::workers(3);
        scene.template().trust.accepts = [2].into();
        scene.only("P1", scene.launch());
    }
}

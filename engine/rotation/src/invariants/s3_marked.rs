//! S3: what is half done can be seen, whoever looks.

use super::{Invariant, Look, Verdict, ask, wait};
use crate::Step;
use crate::world::Lifecycle;

pub(super) const INVARIANT: Invariant = Invariant {
    id: "S3",
    says: "Before anything is taken from a member it is marked in the cloud for this rotation, so that whoever comes later sees what is half done; what another rotation has marked is left alone.",
    source: "kops: kops.k8s.io/detached-from-asg; DESIGN.md",
    holds,
};

fn holds(look: &Look<'_, '_>) -> Verdict {
    let Some(member) = look.member() else { return Ok(()) };
    let own = &look.after.strategies.rotation;
    let gone = member.going() || look.announced();
    match look.step {
        Step::Hook { .. } | Step::CompleteLaunch { .. } => Ok(()),
        Step::DeleteNode { .. } if member.lifecycle != Lifecycle::Terminated => {
            wait("Its machine is not gone.")
        }
        Step::Mark { .. } => match &member.mark {
            Some(other) if other != own => ask(format!(
                "It is marked by another rotation, {other}. Finish that, or take its mark off."
            )),
            _ => Ok(()),
        },
        _ if gone || member.mark.as_ref() == Some(own) => Ok(()),
        _ => wait("It is not marked as leaving."),
    }
}

#[cfg(test)]
mod tests {
    use super::super::scene::Scene;
    use crate::{RotationId, Step};

    #[test]
    fn marked_before_anything_is_taken() {
        let mut scene = Scene::workers(4);
        scene.only("S3", Step::Cordon { member: scene.id(0) });
        scene.mark(0);
        scene.fine(Step::Cordon { member: scene.id(0) });
    }

    #[test]
    fn what_another_has_marked_is_left_alone() {
        let mut scene = Scene::workers(4);
        scene.fresh(3);
        scene.fine(Step::Mark { member: scene.id(0) });
        scene.world.members[0].mark = Some(RotationId::new("other"));
        scene.only("S3", Step::Mark { member: scene.id(0) });
    }
}

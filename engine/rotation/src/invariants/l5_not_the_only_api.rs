//! L5: somebody serves the API while another is deregistered.

use super::{Invariant, Look, Verdict, wait};
use crate::Step;
use crate::world::{Kind, Target};

pub(super) const INVARIANT: Invariant = Invariant {
    id: "L5",
    says: "The only API server behind the balancer is never deregistered.",
    source: "kops 14172: it cannot be drained through an API that nobody reaches",
    holds,
};

fn holds(look: &Look<'_, '_>) -> Verdict {
    let Step::Deregister { member: id } = look.step else { return Ok(()) };
    if look.kind() != Some(Kind::Master)
        || !look.member().is_some_and(|member| member.target == Target::Healthy)
    {
        return Ok(());
    }
    let other = look.after.apis().map(|at| look.after.member(at)).any(|member| {
        member.id != *id
            && member.target == Target::Healthy
            && member.api.is_some_and(|api| api.ready)
    });
    if other { Ok(()) } else { wait("No other API server stands behind the balancer.") }
}

#[cfg(test)]
mod tests {
    use super::super::scene::Scene;
    use crate::Step;
    use crate::world::Target;

    #[test]
    fn somebody_serves() {
        let mut scene = Scene::masters(2);
        scene.mark(0);
        scene.fine(Step::Deregister { member: scene.id(0) });
        scene.world.members[1].target = Target::Initial;
        scene.only("L5", Step::Deregister { member: scene.id(0) });
    }
}

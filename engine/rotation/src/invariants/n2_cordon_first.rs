//! N2: nothing new comes to a node that is drained.

use super::{Invariant, Look, Verdict, wait};
use crate::Step;

pub(super) const INVARIANT: Invariant = Invariant {
    id: "N2",
    says: "A node is cordoned, out of the balancers of Services and of its own before it is drained.",
    source: "kops: cordon, exclude-from-external-load-balancers, deregister, drain",
    holds,
};

fn holds(look: &Look<'_, '_>) -> Verdict {
    let Step::Drain { .. } = look.step else { return Ok(()) };
    let Some(member) = look.member() else { return Ok(()) };
    match member.node {
        Some(node) if !node.cordoned => wait("Its Node is not cordoned."),
        Some(node) if !node.excluded => wait("Its Node is still behind the balancers of Services."),
        _ if member.target.in_use() && !look.alone() => {
            wait(format!("Its target is {:?}: requests may still come.", member.target))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::scene::Scene;
    use crate::Step;
    use crate::world::Target;

    #[test]
    fn nothing_new_comes_to_a_node_that_is_drained() {
        let mut scene = Scene::workers(4);
        scene.drained(0);
        let step = Step::Drain { member: scene.id(0) };
        scene.fine(step.clone());
        scene.world.members[0].node.as_mut().unwrap().cordoned = false;
        scene.only("N2", step.clone());
        scene.drained(0);
        scene.world.members[0].node.as_mut().unwrap().excluded = false;
        scene.only("N2", step.clone());
        scene.drained(0);
        scene.world.members[0].target = Target::Draining;
        scene.only("N2", step);
    }
}

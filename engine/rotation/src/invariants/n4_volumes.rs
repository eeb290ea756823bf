//! N4: volumes cannot leave their zone, so their pods need a place in it, and a machine goes when they are detached.

use super::{Invariant, Look, Verdict, ask, wait};
use crate::Step;

pub(super) const INVARIANT: Invariant = Invariant {
    id: "N4",
    says: "A node with volumes is begun with and drained only while another of its group is ready in the same zone, and its machine stops when they are detached.",
    source: "Zalando CLM: same failure domain; aws-ebs-csi-driver 1107: released only after 6 minutes",
    holds,
};

fn holds(look: &Look<'_, '_>) -> Verdict {
    let Some(member) = look.member().filter(|_| look.alive()) else { return Ok(()) };
    let Some(volumes) = member.node.map(|node| node.volumes).filter(|volumes| *volumes > 0) else {
        return Ok(());
    };
    match look.step {
        Step::Mark { .. } | Step::Drain { .. } => {
            let Some(indexed) = look.group() else { return Ok(()) };
            let zone = indexed.now.zones.iter().find(|(zone, _)| *zone == member.zone);
            if zone.is_some_and(|(_, count)| *count > 0) {
                return Ok(());
            }
            let says = format!(
                "{} has volumes, and no other member of its group is ready in {}.",
                member.id, member.zone
            );
            if indexed.amounts().0 == 0 {
                ask(says + " Say max_surge = 1 or more.")
            } else {
                wait(says)
            }
        }
        Step::Terminate { .. } => wait(format!("{volumes} volumes are still attached.")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::scene::Scene;
    use crate::{Step, Zone};

    #[test]
    fn volumes_have_a_place_in_their_zone() {
        let mut scene = Scene::workers(4);
        scene.fresh(3);
        scene.world.members[0].node.as_mut().unwrap().volumes = 1;
        let step = Step::Mark { member: scene.id(0) };
        scene.fine(step.clone());
        for other in 1..4 {
            scene.world.members[other].zone = Zone::new("z9");
        }
        scene.only("N4", step);
    }

    #[test]
    fn a_machine_goes_when_its_volumes_are_detached() {
        let mut scene = Scene::workers(4);
        scene.drained(0);
        scene.world.members[0].node.as_mut().unwrap().volumes = 1;
        scene.only("N4", Step::Terminate { member: scene.id(0), decrement: true });
    }
}

//! N7: the cloud does not do by itself what the rotation does in order.

use super::{Invariant, Look, Verdict, first};
use crate::Step;
use crate::world::{Kind, MASTER_PROCESSES, Process, WORKER_PROCESSES};

pub(super) const INVARIANT: Invariant = Invariant {
    id: "N7",
    says: "While a group is rotated, AZRebalance and everything else that terminates masters by itself rests, and masters are protected from scale-in.",
    source: "AWS: suspend processes, instance scale-in protection; kops 284",
    holds,
};

fn holds(look: &Look<'_, '_>) -> Verdict {
    let Some(indexed) = look.group() else { return Ok(()) };
    let touches =
        matches!(look.step, Step::Launch { .. } | Step::Mark { .. } | Step::UseTemplate { .. });
    if !touches {
        return Ok(());
    }
    let masters = indexed.group.kind == Kind::Master;
    let rest: &[Process] = if masters { &MASTER_PROCESSES } else { &WORKER_PROCESSES };
    let active = rest.iter().find(|process| !indexed.group.suspended.contains(process));
    let says = match active {
        Some(process) => format!("{process:?} of {} is active.", indexed.group.id),
        None if masters && !indexed.group.protected => {
            format!("Members of {} are not protected from scale-in.", indexed.group.id)
        }
        None => return Ok(()),
    };
    first(Step::SuspendProcesses { group: indexed.group.id.clone() }, says)
}

#[cfg(test)]
mod tests {
    use super::super::scene::Scene;
    use crate::world::Process;

    #[test]
    fn the_cloud_leaves_the_group_alone() {
        let mut scene = Scene::masters(3);
        scene.world.groups[0].suspended.remove(&Process::AZRebalance);
        scene.only("N7", scene.launch());
        let mut scene = Scene::masters(3);
        scene.world.groups[0].protected = false;
        scene.only("N7", scene.launch());
        let mut scene = Scene::workers(3);
        scene.world.groups[1].protected = false;
        scene.fine(scene.launch());
        scene.world.groups[1].suspended.remove(&Process::AZRebalance);
        scene.only("N7", scene.launch());
    }
}

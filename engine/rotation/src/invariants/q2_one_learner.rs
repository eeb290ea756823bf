//! Q2: one new member of etcd at a time, and none while any other is not a healthy voter.

use super::{Invariant, Look, Verdict, wait};
use crate::Step;
use crate::world::Kind;

pub(super) const INVARIANT: Invariant = Invariant {
    id: "Q2",
    says: "A master is added only while all others are started and healthy voters, and no other is on its way: at most one learner.",
    source: "etcd: learners; kubeadm 1793; Cluster API preflight",
    holds,
};

fn holds(look: &Look<'_, '_>) -> Verdict {
    let removes = matches!(look.step, Step::RemoveEtcdMember { .. });
    let open = look.after.progress.open.iter().map(|open| &open.step);
    let mut removed =
        open.filter(|open| matches!(open, Step::RemoveEtcdMember { .. }) && *open != look.step);
    if removes && let Some(open) = removed.next() {
        return wait(format!("{open} is under way."));
    }
    if look.kind() != Some(Kind::Master) {
        return Ok(());
    }
    let more = match look.step {
        Step::Launch { desired, .. } => {
            look.counts().map_or(0, |counts| desired.saturating_sub(counts.desired))
        }
        Step::Terminate { decrement: false, .. } => 1,
        _ => return Ok(()),
    };
    if more > 1 {
        return wait(format!("{more} masters would be launched at once."));
    }
    let own = look.at();
    let mut coming =
        look.after.masters.iter().filter(|&&at| Some(at) != own).map(|&at| look.after.member(at));
    if let Some(other) = coming.find(|member| member.coming()) {
        return wait(format!("{} is still on its way.", other.id));
    }
    let group = look.before.group.as_ref().map(|(at, _)| *at);
    let owed = look.after.groups.iter().enumerate().find(|(at, indexed)| {
        let now =
            if Some(*at) == group { look.counts().unwrap_or(&indexed.now) } else { &indexed.now };
        indexed.group.kind == Kind::Master && now.live < now.desired
    });
    if let Some((_, indexed)) = owed {
        return wait(format!("The cloud is about to launch a master in {}.", indexed.group.id));
    }
    let mine = look.member().and_then(|member| look.after.etcd_of(&member.id)).map(|of| of.id);
    let members = look.etcd().map_or(&[][..], |etcd| &etcd.members);
    match members.iter().find(|of| Some(of.id) != mine && !(of.started && of.voter && of.healthy)) {
        None => Ok(()),
        Some(of) if of.started && !of.voter => {
            wait(format!("Member {} of etcd is still a learner.", of.id))
        }
        Some(of) => wait(format!("Member {} of etcd is not healthy.", of.id)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::scene::Scene;

    #[test]
    fn what_the_cloud_is_about_to_launch_counts() {
        let mut scene = Scene::masters(3);
        scene.world.members.pop();
        scene.world.etcd.as_mut().unwrap().members.pop();
        scene.strategy().max_surge = crate::Amount::Count(2);
        scene.world.groups[0].desired = 3;
        scene.only("Q2", scene.launch());
    }

    #[test]
    fn no_second_learner() {
        let mut scene = Scene::masters(3);
        scene.learner(9);
        scene.only("Q2", scene.launch());
        scene.world.etcd.as_mut().unwrap().members.pop();
        scene.fine(scene.launch());
    }
}

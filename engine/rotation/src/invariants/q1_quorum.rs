//! Q1: etcd can commit before and after every step, counted on the member list as the step leaves it at worst.

use super::{Invariant, Look, Verdict, wait};
use crate::Step;
use crate::world::{Etcd, Kind};

pub(super) const INVARIANT: Invariant = Invariant {
    id: "Q1",
    says: "Healthy voters of etcd are a majority before and after every step, counted on the projected member list, where what is new counts as unhealthy.",
    source: "Cluster API, KubeadmControlPlane: targetEtcdClusterHealthy; etcd FAQ",
    holds,
};

fn holds(look: &Look<'_, '_>) -> Verdict {
    let touches = match look.step {
        Step::RemoveEtcdMember { .. } => true,
        Step::Launch { .. } | Step::Terminate { .. } => look.kind() == Some(Kind::Master),
        _ => false,
    };
    if !touches {
        return Ok(());
    }
    if look.alone() && matches!(look.step, Step::Terminate { .. }) {
        return Ok(());
    }
    let Some(etcd) = look.etcd() else { return wait("Nobody answers for etcd.") };
    if !etcd.has_quorum() {
        return wait(format!("etcd has no majority: {}.", votes(etcd)));
    }
    // The first master has no majority to give: a second member makes one of two.
    if etcd.votes().0 <= 1 && matches!(look.step, Step::Launch { .. }) {
        return Ok(());
    }
    match &look.after.etcd {
        Some(after) if after.has_quorum() => Ok(()),
        after => wait(format!(
            "etcd would have no majority left at worst: {}.",
            after.as_ref().map_or_else(|| "no members".to_owned(), votes)
        )),
    }
}

fn votes(etcd: &Etcd) -> String {
    let (all, healthy) = etcd.votes();
    format!("{healthy} of {all} voters are healthy")
}

#[cfg(test)]
mod tests {
    use super::super::scene::Scene;

    #[test]
    fn no_member_is_removed_without_a_majority() {
        let mut scene = Scene::masters(5);
        for dead in [0, 1, 2] {
            scene.kill(dead);
        }
        scene.mark(0);
        scene.only("Q1", scene.remove_etcd(0));
        let mut scene = Scene::masters(5);
        scene.kill(0);
        scene.mark(0);
        scene.fine(scene.remove_etcd(0));
    }
}

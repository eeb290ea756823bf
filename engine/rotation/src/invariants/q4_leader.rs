//! Q4: the leader hands over before anything is done to it, to one that is healthy and stays, and is the last to go.

use super::{Invariant, Look, Verdict, wait};
use crate::Step;
use crate::reason::Reason;
use crate::world::Kind;

pub(super) const INVARIANT: Invariant = Invariant {
    id: "Q4",
    says: "The leader of etcd goes last of its group, and hands over to a healthy member that stays before its API server stops, its member is removed or its machine is terminated.",
    source: "Cluster API: ForwardEtcdLeadership; etcd MoveLeader",
    holds,
};

fn holds(look: &Look<'_, '_>) -> Verdict {
    let leads = || {
        let own = look.member().and_then(|member| {
            let members = &look.etcd()?.members;
            members.iter().find(|of| of.machine.as_ref() == Some(&member.id))
        });
        own.is_some_and(|of| of.leader) && look.alive() && !look.alone()
    };
    match look.step {
        Step::MoveLeader { to, .. } => {
            let healthy = look.after.etcd_of(to).is_some_and(|of| of.voter && of.healthy);
            let stays = look.after.find(to).is_some_and(|at| look.after.serves(at));
            if healthy && stays {
                Ok(())
            } else {
                wait(format!("{to} is not a healthy member that stays."))
            }
        }
        Step::StopApi { .. } | Step::RemoveEtcdMember { .. } | Step::Terminate { .. }
            if leads() =>
        {
            wait("It still leads etcd.")
        }
        Step::Mark { member } if look.kind() == Some(Kind::Master) && leads() => {
            let other = look.after.masters.iter().find(|&&at| {
                let of = look.after.member(at);
                of.id != *member
                    && look.member().is_some_and(|own| own.group == of.group)
                    && !of.going()
                    && look.after.reason(at).is_some_and(Reason::counts)
            });
            match other {
                Some(&at) => wait(format!(
                    "It leads etcd, and {} is to go before it.",
                    look.after.member(at).id
                )),
                None => Ok(()),
            }
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::scene::Scene;
    use crate::Step;

    #[test]
    fn the_leader_hands_over_before_its_api_server_stops() {
        let mut scene = Scene::masters(4);
        scene.leader(0);
        scene.deregistered(0);
        scene.only("Q4", Step::StopApi { member: scene.id(0) });
        scene.leader(3);
        scene.fine(Step::StopApi { member: scene.id(0) });
    }

    #[test]
    fn the_leader_goes_last() {
        let mut scene = Scene::masters(4);
        scene.fresh(3);
        scene.leader(0);
        scene.only("Q4", Step::Mark { member: scene.id(0) });
        scene.fine(Step::Mark { member: scene.id(1) });
    }

    #[test]
    fn the_successor_stays() {
        let mut scene = Scene::masters(4);
        scene.leader(0);
        scene.mark(0);
        scene.mark(1);
        scene.only("Q4", Step::MoveLeader { member: scene.id(0), to: scene.id(1) });
        scene.fine(Step::MoveLeader { member: scene.id(0), to: scene.id(2) });
    }
}

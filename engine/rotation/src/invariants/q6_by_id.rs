//! Q6: a member of etcd is removed by its id, and only when it is known whose it is and that this one is gone or
//! leaving; one that nobody claims is left alone as long as it may still be joining.

use super::{Invariant, Look, Verdict, wait};
use crate::world::EtcdMember;
use crate::{MachineId, Seconds, Step};

pub(super) const INVARIANT: Invariant = Invariant {
    id: "Q6",
    says: "A member of etcd is removed by its id, when its machine is known to leave or to be gone, or when nobody claimed it within five minutes and it never started.",
    source: "cluster-api 13221: a failed join blocked every later one; ADR 3",
    holds,
};

/// So long a join may take from its entry in the member list to its claim.
const JOINS_WITHIN: Seconds = 300;

fn holds(look: &Look<'_, '_>) -> Verdict {
    let Step::RemoveEtcdMember { id, member } = look.step else { return Ok(()) };
    let members = look.etcd().map_or(&[][..], |etcd| &etcd.members);
    let Some(own) = members.iter().find(|of| of.id == *id) else { return Ok(()) };
    let known = || {
        let journaled = look.after.progress.etcd.iter().find(|(_, of)| **of == *id);
        own.machine.as_ref().or(journaled.map(|(machine, _)| machine))
    };
    match known() {
        Some(machine) if member.as_ref().is_some_and(|member| member != machine) => {
            wait(format!("Member {id} belongs to {machine}."))
        }
        Some(machine) => of_machine(look, own, machine),
        None => {
            let age = look.after.world.now.saturating_sub(own.added_at);
            if !own.started && !own.healthy && age >= JOINS_WITHIN {
                Ok(())
            } else {
                wait(format!(
                    "It is not known whose member {id} of etcd is, and it may be joining."
                ))
            }
        }
    }
}

fn of_machine(look: &Look<'_, '_>, own: &EtcdMember, machine: &MachineId) -> Verdict {
    match look.after.find(machine) {
        None if own.healthy => {
            wait(format!("{machine} is not seen in its group, but its member of etcd is healthy."))
        }
        None => Ok(()),
        Some(at) => {
            let member = look.after.member(at);
            let leaving = look.after.marked(at) || member.going() || look.announced();
            if leaving { Ok(()) } else { wait(format!("{machine} is not leaving.")) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::scene::Scene;
    use crate::{EtcdId, Step};

    #[test]
    fn a_member_that_may_be_joining_is_left_alone() {
        let mut scene = Scene::masters(3);
        scene.learner(9);
        let of = scene.world.etcd.as_mut().unwrap().members.last_mut().unwrap();
        (of.started, of.healthy, of.machine) = (false, false, None);
        of.added_at = 10_000 - 299;
        let step = Step::RemoveEtcdMember { id: EtcdId(9), member: None };
        scene.only("Q6", step.clone());
        scene.world.etcd.as_mut().unwrap().members.last_mut().unwrap().added_at -= 1;
        scene.fine(step);
    }

    #[test]
    fn nobody_is_removed_by_anothers_id() {
        let mut scene = Scene::masters(4);
        scene.stopped(0);
        let Step::RemoveEtcdMember { member, .. } = scene.remove_etcd(0) else { unreachable!() };
        scene.only("Q6", Step::RemoveEtcdMember { id: EtcdId(2), member });
    }
}

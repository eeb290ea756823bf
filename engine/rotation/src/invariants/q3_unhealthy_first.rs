//! Q3: what is sick leaves etcd first; nobody leaves who is the last; and a machine goes after its member.

use super::{Invariant, Look, Verdict, wait};
use crate::Step;
use crate::world::{EtcdMember, Kind};

pub(super) const INVARIANT: Invariant = Invariant {
    id: "Q3",
    says: "The last voter of etcd is never removed, no healthy one while another is not, and a master's machine is terminated after its member was removed.",
    source: "etcd FAQ: remove before add; kubeadm; CAPA 4697",
    holds,
};

fn holds(look: &Look<'_, '_>) -> Verdict {
    match look.step {
        Step::RemoveEtcdMember { id, .. } => {
            let members = look.etcd().map_or(&[][..], |etcd| &etcd.members);
            let Some(own) = members.iter().find(|of| of.id == *id) else { return Ok(()) };
            if own.voter && !members.iter().any(|of| of.id != *id && of.voter) {
                return wait(format!("Member {id} is the last voter of etcd."));
            }
            if !own.healthy {
                return Ok(());
            }
            match members.iter().find(|of| of.id != *id && !of.healthy) {
                Some(of) => {
                    wait(format!("Member {} of etcd is not healthy, so {id} stays.", of.id))
                }
                None => Ok(()),
            }
        }
        Step::Terminate { .. } if look.kind() == Some(Kind::Master) && !look.alone() => {
            let members = look.etcd().map_or(&[][..], |etcd| &etcd.members);
            let own = look.member().and_then(|member| look.after.etcd_of(&member.id));
            // A learner has no vote, and its machine would join again if only its member went.
            match own {
                Some(of) if of.voter => {
                    return wait(format!("Its member {} is still in etcd.", of.id));
                }
                Some(_) => return Ok(()),
                None => {}
            }
            let claimed = |of: &EtcdMember| {
                of.machine.is_some()
                    || look.after.progress.etcd.values().any(|known| *known == of.id)
            };
            match members.iter().find(|of| of.voter && !claimed(of)) {
                Some(of) => wait(format!("It is not known yet whose member {} of etcd is.", of.id)),
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
    fn a_healthy_member_stays_while_another_is_sick() {
        let mut scene = Scene::masters(5);
        scene.world.etcd.as_mut().unwrap().members[4].healthy = false;
        scene.stopped(0);
        scene.only("Q3", scene.remove_etcd(0));
    }

    #[test]
    fn a_machine_goes_after_its_member() {
        let mut scene = Scene::masters(4);
        scene.stopped(0);
        let step = Step::Terminate { member: scene.id(0), decrement: true };
        scene.only("Q3", step.clone());
        scene.world.etcd.as_mut().unwrap().members.remove(0);
        scene.fine(step);
    }
}

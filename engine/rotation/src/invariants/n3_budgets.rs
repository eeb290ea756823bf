//! N3: pods leave by eviction, as their budgets allow, and a machine goes when they have left.

use super::{Invariant, Look, Verdict, ask, wait};
use crate::Step;

pub(super) const INVARIANT: Invariant = Invariant {
    id: "N3",
    says: "Pods leave by eviction, which honours PodDisruptionBudgets; no node is begun with whose pods no budget would ever let go, and no machine stops that still has pods to evict.",
    source: "Kubernetes: API-initiated eviction; eksctl 3397; upgrade-manager 122",
    holds,
};

fn holds(look: &Look<'_, '_>) -> Verdict {
    let Some(member) = look.member().filter(|_| look.alive()) else { return Ok(()) };
    match look.step {
        Step::Mark { .. } | Step::Drain { .. } => {
            let node = member.node.is_some_and(|node| node.pods > 0);
            let mut budgets = look.after.world.budgets.iter().filter(|budget| !budget.satisfiable);
            match budgets.find(|budget| node && budget.machines.contains(&member.id)) {
                Some(budget) => ask(format!(
                    "The budget {} never lets a pod go that is on {}. Give it one replica more, or let it miss one.",
                    budget.name, member.id
                )),
                None => Ok(()),
            }
        }
        Step::StopApi { .. } | Step::Terminate { .. } => match member.node {
            Some(node) if node.pods > 0 => {
                wait(format!("{} pods are still to be evicted.", node.pods))
            }
            _ => Ok(()),
        },
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::scene::Scene;
    use crate::Step;
    use crate::world::Budget;

    #[test]
    fn a_machine_goes_when_its_pods_have_left() {
        let mut scene = Scene::workers(4);
        scene.drained(0);
        let step = Step::Terminate { member: scene.id(0), decrement: true };
        scene.fine(step.clone());
        scene.world.members[0].node.as_mut().unwrap().pods = 1;
        scene.only("N3", step);
    }

    #[test]
    fn a_budget_that_never_gives_is_known_before() {
        let mut scene = Scene::workers(4);
        scene.fresh(3);
        let step = Step::Mark { member: scene.id(0) };
        scene.fine(step.clone());
        let (name, machines) = (crate::BudgetName::new("shop/db"), vec![scene.id(0)]);
        scene.world.budgets.push(Budget { name, machines, allowed: 0, satisfiable: false });
        scene.only("N3", step);
    }
}

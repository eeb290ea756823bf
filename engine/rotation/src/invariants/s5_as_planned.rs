//! S5: nothing happens that the plan did not show.

use super::{Invariant, Look, Verdict, first, wait};
use crate::Step;

pub(super) const INVARIANT: Invariant = Invariant {
    id: "S5",
    says: "Steps are about groups that the plan shows; what is launched is of the template that it shows, and what leaves is what it shows with its reason, or a repair.",
    source: "Issue 5: the plan shows the ordered steps for each member",
    holds,
};

fn holds(look: &Look<'_, '_>) -> Verdict {
    if matches!(look.step, Step::Snapshot | Step::RemoveEtcdMember { .. }) {
        return Ok(());
    }
    let Some(indexed) = look.group() else { return wait("It is about what is not there.") };
    if indexed.strategy.is_none() {
        return wait("Its group is not in the plan.");
    }
    let Some(target) = indexed.target else { return wait("Its group is not in the plan.") };
    match look.step {
        Step::Launch { template, .. } | Step::UseTemplate { template, .. }
            if template != target =>
        {
            wait(format!("{template} is not what the plan goes to."))
        }
        Step::Terminate { decrement: false, .. } if indexed.now.template != *target => first(
            Step::UseTemplate { group: indexed.group.id.clone(), template: target.clone() },
            format!("The cloud would replace it by {}.", indexed.now.template),
        ),
        Step::Mark { .. } => {
            let more = look.counts().is_some_and(|counts| counts.desired > indexed.base());
            let done = look.counts().is_some_and(|counts| counts.outdated == 0)
                || look.after.progress.aborted;
            // One too many, or one that stands where it is of no use to volumes that need it elsewhere.
            let surplus = || {
                let group = look.before.group.as_ref().map(|(at, _)| *at);
                more && (done || group.is_some_and(|group| look.after.strands(group)))
            };
            if look.reason().is_some() || surplus() {
                Ok(())
            } else {
                wait("Nothing says that it is replaced.")
            }
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::scene::Scene;
    use crate::{Step, TemplateId};

    #[test]
    fn what_is_as_it_should_be_stays() {
        let mut scene = Scene::workers(4);
        scene.fresh(3);
        scene.only("S5", Step::Mark { member: scene.id(3) });
        scene.fine(Step::Mark { member: scene.id(0) });
    }

    #[test]
    fn only_the_planned_template_is_launched() {
        let scene = Scene::workers(3);
        let Step::Launch { group, desired, zone, .. } = scene.launch() else { unreachable!() };
        scene.only("S5", Step::Launch { group, desired, zone, template: TemplateId::new("old") });
    }

    #[test]
    fn the_cloud_replaces_by_the_planned_template() {
        let mut scene = Scene::workers(3);
        scene.drained(0);
        let step = Step::Terminate { member: scene.id(0), decrement: false };
        scene.only("S5", step.clone());
        scene.world.groups[1].template = TemplateId::new("new");
        scene.fine(step);
    }
}

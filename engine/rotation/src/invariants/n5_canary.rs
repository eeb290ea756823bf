//! N5: one first.

use super::{Invariant, Look, Verdict, wait};
use crate::Step;
use crate::reason::Reason;

pub(super) const INVARIANT: Invariant = Invariant {
    id: "N5",
    says: "The first member of a new template is alone, until it is proven and has baked.",
    source: "kops: noneReady; Karpenter 2497",
    holds,
};

fn holds(look: &Look<'_, '_>) -> Verdict {
    let Some(indexed) = look.begins() else { return Ok(()) };
    let Some(counts) = look.counts() else { return Ok(()) };
    if indexed.canary_is_well(look.after.world.now) {
        return Ok(());
    }
    let alone = counts.fresh == 0 && counts.marked == 0;
    let ok = match look.step {
        Step::Launch { desired, .. } => alone && desired.saturating_sub(counts.desired) <= 1,
        Step::Mark { .. } => alone || !look.reason().is_some_and(Reason::counts),
        _ => true,
    };
    if ok { Ok(()) } else { wait("The first member of the new template is not proven yet.") }
}

#[cfg(test)]
mod tests {
    use super::super::scene::Scene;
    use crate::Step;

    #[test]
    fn one_first() {
        let mut scene = Scene::workers(3);
        scene.strategy().max_surge = crate::Amount::Count(2);
        scene.progress_of().canary_since = None;
        scene.fine(scene.launch());
        scene.only("N5", scene.launch_more(2));
        scene.progress_of().canary_since = Some(10_000);
        scene.fine(scene.launch_more(2));
        scene.strategy().canary_bake = 1;
        scene.only("N5", scene.launch_more(2));
    }

    #[test]
    fn nobody_leaves_for_one_that_is_not_proven() {
        let mut scene = Scene::workers(5);
        scene.fresh(4);
        scene.progress_of().canary_since = None;
        scene.only("N5", Step::Mark { member: scene.id(0) });
    }
}

//! A1: enough stay.

use super::{Invariant, Look, Verdict, wait};
use crate::Step;
use crate::world::{Kind, Member};

pub(super) const INVARIANT: Invariant = Invariant {
    id: "A1",
    says: "Whoever leaves, at least desired less max_unavailable members stay well, and masters leave one by one.",
    source: "Kubernetes: maxUnavailable; kops 284: all masters at once",
    holds,
};

fn holds(look: &Look<'_, '_>) -> Verdict {
    let (Step::Mark { .. }, Some(indexed)) = (look.step, look.group()) else { return Ok(()) };
    if indexed.group.kind == Kind::Master && look.alive() {
        let own = look.at();
        let other = look.after.masters.iter().find(|&&at| {
            // Seen as leaving, or about to be marked; a way out that was only proposed has not been gone.
            let leaves = |member: &Member| member.mark.is_some() && member.alive && !member.going();
            Some(at) != own && (leaves(look.after.observed(at)) || leaves(look.after.member(at)))
        });
        if let Some(&at) = other {
            return wait(format!("{} is leaving.", look.after.member(at).id));
        }
    }
    let Some((_, _, true)) = look.before.member else { return Ok(()) };
    let least = indexed.base().saturating_sub(indexed.amounts().1);
    if indexed.now.well >= least {
        return Ok(());
    }
    wait(format!(
        "{} of {} would stay well, fewer than {least}.",
        indexed.now.well, indexed.group.id
    ))
}

#[cfg(test)]
mod tests {
    use super::super::scene::Scene;
    use crate::{Amount, Step};

    #[test]
    fn enough_stay() {
        let mut scene = Scene::workers(3);
        scene.progress.looks.clear();
        let step = Step::Mark { member: scene.id(0) };
        scene.both(&["N6", "A1"], step.clone());
        scene.strategy().max_unavailable = Amount::Count(1);
        scene.fine(step);
    }

    #[test]
    fn masters_leave_one_by_one() {
        let mut scene = Scene::masters(5);
        scene.fresh(4);
        scene.strategy().max_unavailable = Amount::Count(3);
        scene.mark(0);
        scene.only("A1", Step::Mark { member: scene.id(1) });
    }
}

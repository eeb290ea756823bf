//! N6: one good look is none.

use super::{Invariant, Look, Verdict, wait};
use crate::Step;
use crate::index::Indexed;
use crate::world::Kind;

pub(super) const INVARIANT: Invariant = Invariant {
    id: "N6",
    says: "A member counts when it was well so many looks in a row; enough of those stay whenever one leaves, all masters are before another is launched, and the control plane is before workers are touched.",
    source: "kops: validate-count; kops 7258: the roll went on although the cluster did not validate",
    holds,
};

fn holds(look: &Look<'_, '_>) -> Verdict {
    let Some(indexed) = look.begins() else { return Ok(()) };
    if indexed.group.kind == Kind::Worker {
        control_plane(look)?;
    }
    match look.step {
        Step::Mark { .. } => {
            let Some((_, _, true)) = look.before.member else { return Ok(()) };
            let least = indexed.base().saturating_sub(indexed.amounts().1);
            if indexed.now.proven >= least {
                return Ok(());
            }
            wait(format!("{} of {least} members that must stay are proven.", indexed.now.proven))
        }
        Step::Launch { .. } if indexed.group.kind == Kind::Master => {
            let Some(counts) = look.counts() else { return Ok(()) };
            let stay = counts.live.saturating_sub(counts.marked);
            if counts.proven >= stay {
                return Ok(());
            }
            wait(format!("{} of {stay} masters are proven.", counts.proven))
        }
        _ => Ok(()),
    }
}

fn control_plane(look: &Look<'_, '_>) -> Verdict {
    let sick = |of: &&Indexed<'_>| of.group.kind == Kind::Master && of.now.proven < of.base();
    match look.after.groups.iter().find(sick) {
        None => Ok(()),
        Some(of) => wait(format!(
            "{} of {} masters of {} are proven.",
            of.now.proven,
            of.base(),
            of.group.id
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::super::scene::Scene;
    use crate::Step;

    #[test]
    fn only_what_is_proven_counts() {
        let mut scene = Scene::workers(4);
        scene.fresh(3);
        let step = Step::Mark { member: scene.id(0) };
        scene.fine(step.clone());
        scene.progress.looks.insert(scene.id(3), 1);
        scene.only("N6", step);
    }

    #[test]
    fn masters_are_proven_before_the_next_one_is_launched() {
        let mut scene = Scene::masters(3);
        scene.progress.looks.insert(scene.id(2), 1);
        scene.only("N6", scene.launch());
    }
}

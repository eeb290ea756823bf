//! A2: never more machines than was said.

use super::{Invariant, Look, Verdict, ask, wait};
use crate::Step;

pub(super) const INVARIANT: Invariant = Invariant {
    id: "A2",
    says: "A group never has more machines asked for than desired and max_surge, nor more than the account's quota allows.",
    source: "CAPA 1368: control planes were made until the instance limit",
    holds,
};

fn holds(look: &Look<'_, '_>) -> Verdict {
    let (Step::Launch { desired, .. }, Some(indexed)) = (look.step, look.group()) else {
        return Ok(());
    };
    let most = indexed.base().saturating_add(indexed.amounts().0);
    if *desired > most {
        return wait(format!(
            "{} would have {desired} machines, more than {most}.",
            indexed.group.id
        ));
    }
    let more = look.counts().map_or(0, |counts| desired.saturating_sub(counts.desired));
    match indexed.group.quota_left {
        Some(left) if left < more => ask(format!(
            "The account's quota allows {left} machines more, and {more} are to be launched. Have it raised."
        )),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::scene::Scene;

    #[test]
    fn never_more_than_was_said() {
        let mut scene = Scene::workers(3);
        scene.only("A2", scene.launch_more(2));
        scene.world.groups[1].quota_left = Some(0);
        scene.only("A2", scene.launch());
    }
}

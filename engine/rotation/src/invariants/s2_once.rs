//! S2: nothing is begun twice.

use super::{Invariant, Look, Verdict, wait};
use crate::Step;
use crate::Subject;

pub(super) const INVARIANT: Invariant = Invariant {
    id: "S2",
    says: "A step that is open in the journal, because it is not known to have ended, is not begun again, and nothing that contradicts it is.",
    source: "DESIGN.md: intents; steno",
    holds,
};

fn holds(look: &Look<'_, '_>) -> Verdict {
    let subject = look.step.subject();
    // Most members have nothing open, and most steps set no number.
    let free = look.step.member().is_some_and(|member| !look.after.busy.contains(member));
    if free && !sets_number(look.step) {
        return Ok(());
    }
    let group = look.group().map(|indexed| &indexed.group.id);
    let open = look.after.progress.open.iter().find(|open| {
        let same = open.step.subject() == subject;
        let again = same
            && (open.step.name() == look.step.name()
                || contradicts(&open.step, look.step, subject));
        let number =
            open.group.as_ref() == group && sets_number(&open.step) && sets_number(look.step);
        again || number
    });
    let open = open.map(|open| &open.step);
    match open {
        Some(open) => wait(format!("{open} is under way.")),
        None => Ok(()),
    }
}

/// It changes how many machines the group is to have.
pub(crate) fn sets_number(step: &Step) -> bool {
    matches!(step, Step::Launch { .. } | Step::Terminate { decrement: true, .. })
}

/// A group's numbers have one writer at a time, and nobody takes from a member what another gives back.
fn contradicts(open: &Step, step: &Step, subject: Subject<'_>) -> bool {
    let gives = |step: &Step| matches!(step, Step::Return { .. });
    let ends = matches!(open, Step::Terminate { .. });
    matches!(subject, Subject::Group(_)) || gives(open) || gives(step) || ends
}

#[cfg(test)]
mod tests {
    use super::super::scene::Scene;
    use crate::Step;

    #[test]
    fn nothing_is_begun_twice() {
        let mut scene = Scene::workers(3);
        scene.drained(0);
        let drain = Step::Drain { member: scene.id(0) };
        scene.fine(drain.clone());
        scene.progress.started(&drain, &scene.world);
        scene.only("S2", drain);
        scene.only("S2", Step::Return { member: scene.id(0) });
        let launch = scene.launch();
        scene.progress.started(&launch, &scene.world);
        scene.only("S2", launch);
    }
}

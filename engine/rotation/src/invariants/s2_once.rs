//! S2: nothing is begun twice.

use super::{Invariant, Look, Verdict, wait};
use crate::Step;
use crate::step::Subject;

pub(super) const INVARIANT: Invariant = Invariant {
    id: "S2",
    says: "A step that is open in the journal, because it is not known to have ended, is not begun again, and nothing that contradicts it is.",
    source: "DESIGN.md: intents; steno",
    holds,
};

fn holds(look: &Look<'_, '_>) -> Verdict {
    let subject = look.step.subject();
    let open = look.after.progress.open.iter().map(|open| &open.step).find(|open| {
        open.subject() == subject
            && (open.name() == look.step.name() || contradicts(open, look.step, subject))
    });
    match open {
        Some(open) => wait(format!("{open} is under way.")),
        None => Ok(()),
    }
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
        scene.progress.started(&drain, 10_000);
        scene.only("S2", drain);
        scene.only("S2", Step::Return { member: scene.id(0) });
        let launch = scene.launch();
        scene.progress.started(&launch, 10_000);
        scene.only("S2", launch);
    }
}

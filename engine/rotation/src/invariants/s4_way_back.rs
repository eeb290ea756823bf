//! S4: there is a way back.

use super::{Invariant, Look, Verdict, ask};

pub(super) const INVARIANT: Invariant = Invariant {
    id: "S4",
    says: "Nothing is launched while the template to go back to, or the one to go to, does not exist with all its artefacts.",
    source: "terraform-provider-aws 34189: the rollback went to the template that had failed",
    holds,
};

fn holds(look: &Look<'_, '_>) -> Verdict {
    let Some((indexed, template)) = look.launches() else { return Ok(()) };
    if template.is_none() {
        return ask(format!(
            "A template that {} is to be launched from does not exist.",
            indexed.group.id
        ));
    }
    let previous = indexed.strategy.and_then(|strategy| strategy.previous.as_ref());
    match previous.filter(|previous| indexed.template(previous).is_none()) {
        Some(previous) => ask(format!(
            "{previous}, the template of {} before this one, or one of its artefacts does not exist any more, so there \
             would be no way back.",
            indexed.group.id
        )),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::scene::Scene;

    #[test]
    fn the_template_before_is_kept() {
        let mut scene = Scene::workers(3);
        scene.fine(scene.launch());
        scene.world.groups[1].templates.retain(|template| template.id.as_str() == "new");
        scene.only("S4", scene.launch());
    }
}

//! P4: masters' certificates do not all expire together.

use super::{Invariant, Look, Verdict, ask};
use crate::world::Kind;
use crate::{Seconds, Step};

pub(super) const INVARIANT: Invariant = Invariant {
    id: "P4",
    says: "Certificates of three and more masters do not all expire within one hour.",
    source: "kops: 455 days and a skew; ADR 3",
    holds,
};

const TOGETHER: Seconds = 3600;

fn holds(look: &Look<'_, '_>) -> Verdict {
    let (Step::CompleteLaunch { .. }, Some(Kind::Master)) = (look.step, look.kind()) else {
        return Ok(());
    };
    let expiry = |trust: &crate::world::Trust| trust.expires_at;
    let Some(new) = look.member().and_then(|member| member.trust.as_ref().and_then(expiry)) else {
        return Ok(());
    };
    let own = look.at();
    let others =
        look.after.masters.iter().filter(|&&at| Some(at) != own).map(|&at| look.after.member(at));
    let others: Vec<Seconds> = others
        .filter(|member| !member.going() && member.mark.is_none())
        .filter_map(|member| member.trust.as_ref().and_then(expiry))
        .collect();
    if others.len() >= 2 && others.iter().all(|other| other.abs_diff(new) < TOGETHER) {
        return ask(
            "All masters' certificates expire within one hour, so that one missed renewal ends all of them.",
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::scene::Scene;
    use crate::Step;
    use crate::world::Lifecycle;

    #[test]
    fn they_do_not_all_expire_together() {
        let mut scene = Scene::masters(4);
        scene.world.members[3].lifecycle = Lifecycle::PendingWait;
        let step = Step::CompleteLaunch { member: scene.id(3) };
        scene.fine(step.clone());
        for member in &mut scene.world.members {
            member.trust.as_mut().unwrap().expires_at = Some(50_000_000);
        }
        scene.only("P4", step);
    }
}

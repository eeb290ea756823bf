//! S1: one at a time.

use super::{Invariant, Look, Verdict, ask, wait};

pub(super) const INVARIANT: Invariant = Invariant {
    id: "S1",
    says: "Only who holds the lock of the rotation carries out steps.",
    source: "kops 284; DESIGN.md: single operator",
    holds,
};

fn holds(look: &Look<'_, '_>) -> Verdict {
    let own = &look.after.strategies.operator;
    match &look.after.world.lock {
        Some(lock) if lock.holder == *own && lock.expires_at > look.after.world.now => Ok(()),
        Some(lock) if lock.holder != *own && lock.expires_at > look.after.world.now => ask(
            format!("{} holds the lock of this rotation until {}.", lock.holder, lock.expires_at),
        ),
        _ => wait("The lock of this rotation is not held."),
    }
}

#[cfg(test)]
mod tests {
    use super::super::scene::Scene;
    use crate::OperatorId;

    #[test]
    fn one_at_a_time() {
        let mut scene = Scene::masters(3);
        scene.world.lock.as_mut().unwrap().holder = OperatorId::new("other");
        scene.only("S1", scene.launch());
        scene.world.lock = None;
        scene.only("S1", scene.launch());
    }
}

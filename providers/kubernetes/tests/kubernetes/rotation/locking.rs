//! The lock of rotations.

use kprov_provider::rotation::OperatorId;

use super::*;

#[test]
fn of_two_at_once_one_has_it() {
    let Some(plane) = plane() else { return };
    run(async {
        let [one, two] = [Ground::new(plane), Ground::new(plane)];
        let [a, b] = ["a", "b"].map(OperatorId::new);
        let lock = async |ground: &Ground, holder: &OperatorId, now: u64| {
            ground.clusters().lock(&ground.context, holder, now, now + 60).await.expect("a lock")
        };
        // Each time anew, so that creation and replacement both race.
        let mut now = NOW;
        for _ in 0..5 {
            let (first, second) = tokio::join!(lock(&one, &a, now), lock(&two, &b, now));
            assert_eq!(first, second, "both say the same");
            assert_eq!(first.expires_at, now + 60);
            let winner = if first.holder == a { &a } else { &b };
            let (loser, ground) = if first.holder == a { (&b, &two) } else { (&a, &one) };
            // Renewed by whoever has it, and by nobody else.
            assert_eq!(lock(&one, winner, now + 20).await.expires_at, now + 80);
            assert_eq!(lock(ground, loser, now + 79).await.holder, *winner);
            let seen = ground.observe().await.lock.expect("a lock");
            assert_eq!((&seen.holder, seen.expires_at), (winner, now + 80));
            // Who does not have it cannot give it back.
            ground.clusters().unlock(&ground.context, loser).await.expect("nothing to do");
            assert_eq!(lock(ground, loser, now + 79).await.holder, *winner);
            // It runs out.
            now += 80;
        }
        assert_eq!(lock(&one, &a, now).await.holder, a);
        for _ in 0..2 {
            one.clusters().unlock(&one.context, &a).await.expect("given back");
        }
        assert_eq!(one.observe().await.lock, None);
        assert_eq!(lock(&two, &b, now).await.holder, b);
        two.clusters().unlock(&two.context, &b).await.expect("given back");
    });
}

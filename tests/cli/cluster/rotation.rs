//! All authorities of the cluster are rotated by three applies, one right after the other, and no client's request fails.

use std::collections::BTreeSet;
use std::time::Instant;

use serde_json::Value as Json;

use super::clients::Access;
use super::laptop::Laptop;

const STEPS: [(&str, &str); 3] = [
    ("staged", "{generation=2}"),
    ("promoted", "{generation=2,primary=2}"),
    ("distrusted", "{generation=2,primary=2,trusted_from=2}"),
];

pub(super) fn authorities_are_rotated_and_no_request_fails(laptop: &Laptop) {
    let first = laptop.kubeconfig();
    let clients = laptop.clients();
    let begun = Instant::now();
    let mut seen = BTreeSet::from([trees(laptop)]);
    for (step, pki) in STEPS {
        let since = Instant::now();
        laptop.kprov(&format!("apply -airplane -auto-approve -var pki={pki}"));
        let took = since.elapsed().as_secs();
        // Apply does not end before every node is there; nothing is waited for here.
        assert!(seen.insert(trees(laptop)), "{step}: nodes run with the tree before");
        laptop.reread();
        clients.take(Access::new(&laptop.kubeconfig()));
        let tally = clients.so_far();
        eprintln!("{step} in {took} s: {} requests, {} failed", tally.answered, tally.failed.len());
    }
    laptop.place.write("pki.auto.tfvars", format!("pki = {}\n", STEPS[2].1));
    let (tally, took) = (clients.end(), begun.elapsed().as_secs());
    eprintln!(
        "rotated in {took} s: {} requests on {} connections, {} refused unseen, {} put off, slowest {:?}",
        tally.answered,
        tally.connections,
        tally.refused,
        tally.put_off,
        tally.slowest()
    );
    laptop.none_failed("a rotation", &tally);
    assert!(tally.answered as u64 > 20 * took, "only {} requests in {took} s", tally.answered);
    // An instant, once for a connection and a restart at the very most.
    assert!(tally.put_off <= 2 * 9, "{} requests were put off", tally.put_off);
    the_first_authority_is_of_no_use(&first, &laptop.kubeconfig());
}

fn the_first_authority_is_of_no_use(first: &Json, now: &Json) {
    let refused = Access::new(first).status("/version").expect_err("its server is not trusted");
    assert!(refused.contains("invalid peer certificate"), "{refused}");
    // It is refused either while connections are made, or as nobody's.
    let old_user = Access::mixed(now, first).status("/api/v1/namespaces");
    assert!(old_user.as_ref().map_or(true, |status| *status == 401), "{old_user:?}");
    assert_eq!(Access::new(now).status("/api/v1/namespaces").expect("an answer"), 200);
}

/// What masters and workers say that they run with: one of each.
fn trees(laptop: &Laptop) -> [String; 2] {
    let living: Vec<String> = laptop.machines().into_iter().map(|it| it.id).collect();
    let of = |what: &str, count: usize| {
        let mut all = laptop.objects(what);
        // The lease of a master that was replaced is left, and counts for nothing.
        all.retain(|it| {
            let name = it["metadata"]["name"].as_str().unwrap_or_default();
            living.iter().any(|id| name.ends_with(id.as_str()))
        });
        let told: Vec<&str> = all
            .iter()
            .filter_map(|it| it["metadata"]["annotations"]["kprov.dev/tree"].as_str())
            .collect();
        assert_eq!(told.len(), count, "{what}: {told:?}");
        assert!(told.iter().all(|it| it == &told[0]), "{what} run with several: {told:?}");
        told[0].to_owned()
    };
    [of("leases -n kube-system", 3), of("nodes", 2)]
}

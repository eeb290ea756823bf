//! Drains by eviction.

use kprov_provider::ErrorClass;
use kprov_provider::rotation::BudgetName;
use kprov_provider::rotation::world::Budget;

use super::*;

/// What the disruption controller would say: three are expected.
fn judged(healthy: u32, allowed: u32) -> Json {
    json!({"observedGeneration": 1, "expectedPods": 3, "desiredHealthy": 2, "currentHealthy": healthy,
        "disruptionsAllowed": allowed})
}

/// A node with a pod of each kind, and a budget of one of them.
fn shop(ground: &Ground) {
    ground.namespace("shop");
    let owner = json!([{"apiVersion": "apps/v1", "kind": "DaemonSet", "name": "d", "uid": "u-1", "controller": true}]);
    ground.apply(
        "draining",
        &[
            node("i-drain"),
            pod("shop", "db", "i-drain", &json!({})),
            pod("shop", "web", "i-drain", &json!({})),
            pod("shop", "done", "i-drain", &json!({})),
            pod("shop", "daemon", "i-drain", &json!({"ownerReferences": owner})),
            pod(
                "shop",
                "static",
                "i-drain",
                &json!({"annotations": {"kubernetes.io/config.mirror": "x"}}),
            ),
            json!({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget",
                "metadata": {"namespace": "shop", "name": "keep-two"},
                "spec": {"minAvailable": 2, "selector": {"matchLabels": {"app": "db"}}}}),
        ],
    );
    for name in ["db", "web", "daemon", "static"] {
        ground.status(&["pod", name, "-n", "shop"], &running());
    }
    ground.status(&["pod", "done", "-n", "shop"], &json!({"phase": "Succeeded"}));
}

#[test]
fn a_drain_honours_budgets_and_leaves_what_is_on_every_node() {
    let Some(plane) = plane() else { return };
    run(async {
        let ground = Ground::new(plane);
        shop(&ground);
        let budget = ["pdb", "keep-two", "-n", "shop"];
        ground.status(&budget, &judged(2, 0));
        let drain = || Step::Drain { member: machine("i-drain") };

        let view = ground.observe().await;
        assert_eq!(view.nodes[&machine("i-drain")].pods, 2);
        let seen = |view: &ClusterView| {
            view.budgets.iter().find(|it| it.name == BudgetName::new("shop/keep-two")).cloned()
        };
        let expected = Budget {
            name: BudgetName::new("shop/keep-two"),
            machines: vec![machine("i-drain")],
            allowed: 0,
            satisfiable: true,
        };
        assert_eq!(seen(&view), Some(expected.clone()));

        let error = ground.step(drain()).await.expect_err("the budget holds it");
        assert_eq!(error.class, ErrorClass::Retryable);
        for part in ["shop/db", "keep-two needs 2 healthy pods and has 2"] {
            assert!(error.message.contains(part), "{part}: {error}");
        }
        let web = ground.get(&["pod", "web", "-n", "shop"]);
        assert_eq!(web["metadata"]["deletionGracePeriodSeconds"], 17, "by its own grace period");
        let db = ground.get(&["pod", "db", "-n", "shop"]);
        assert!(db["metadata"]["deletionTimestamp"].is_null());

        // Another replica is ready.
        ground.status(&budget, &judged(3, 1));
        assert_eq!(seen(&ground.observe().await), Some(Budget { allowed: 1, ..expected }));
        ground.step(drain()).await.expect("it may go");
        let db = ground.get(&["pod", "db", "-n", "shop"]);
        assert_eq!(db["metadata"]["deletionGracePeriodSeconds"], 17);
        ground.step(drain()).await.expect("nothing is left to evict");
        let view = ground.observe().await;
        assert_eq!(view.nodes[&machine("i-drain")].pods, 2, "they are there until they have ended");
        assert_eq!(seen(&view), None, "and no budget is about them any more");

        // As their kubelet does.
        for name in ["db", "web"] {
            plane.kubectl(&["delete", "pod", name, "-n", "shop", "--force", "--grace-period=0"]);
        }
        ground.step(drain()).await.expect("an empty node");
        assert_eq!(ground.observe().await.nodes[&machine("i-drain")].pods, 0);
        for name in ["daemon", "static", "done"] {
            let left = ground.get(&["pod", name, "-n", "shop"]);
            assert!(left["metadata"]["deletionTimestamp"].is_null(), "{name}");
        }
    });
}

#[test]
fn a_pod_of_two_budgets_is_known_before_it_is_tried() {
    let Some(plane) = plane() else { return };
    run(async {
        let ground = Ground::new(plane);
        ground.namespace("twice");
        let budget = |name: &str| {
            json!({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget",
                "metadata": {"namespace": "twice", "name": name},
                "spec": {"maxUnavailable": 1, "selector": {"matchLabels": {"app": "db"}}}})
        };
        ground.apply(
            "twice",
            &[
                node("i-twice"),
                pod("twice", "db", "i-twice", &json!({})),
                budget("one"),
                budget("two"),
            ],
        );
        ground.status(&["pod", "db", "-n", "twice"], &running());
        for name in ["one", "two"] {
            let status = json!({"observedGeneration": 1, "expectedPods": 3, "desiredHealthy": 2,
                "currentHealthy": 3, "disruptionsAllowed": 1});
            ground.status(&["pdb", name, "-n", "twice"], &status);
        }
        let view = ground.observe().await;
        let own: Vec<&Budget> =
            view.budgets.iter().filter(|it| it.name.as_str().starts_with("twice/")).collect();
        assert_eq!(own.len(), 2);
        assert!(own.iter().all(|budget| budget.allowed == 1 && !budget.satisfiable));
        let error =
            ground.step(Step::Drain { member: machine("i-twice") }).await.expect_err("refused");
        assert!(error.message.contains("more than one PodDisruptionBudget"), "{error}");
    });
}

//! PodDisruptionBudgets, and on which machines the pods are that they are about: pure.

use std::collections::BTreeSet;

use kprov_provider::rotation::world::Budget;
use kprov_provider::rotation::{BudgetName, MachineId};
use serde::Deserialize;
use serde_json::Value as Json;

use super::Pod;
use super::selector::{Index, Selector};

pub(super) const PATH: &str = "/apis/policy/v1/poddisruptionbudgets";

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct DisruptionBudget {
    metadata: Metadata,
    spec: Spec,
    status: Status,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Metadata {
    name: String,
    namespace: String,
    generation: i64,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Spec {
    /// None matches nothing, an empty one everything of its namespace.
    selector: Option<Selector>,
    /// A number, or a text with percent.
    min_available: Option<Json>,
    max_unavailable: Option<Json>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Status {
    observed_generation: i64,
    disruptions_allowed: i64,
    expected_pods: i64,
}

impl DisruptionBudget {
    /// The controller has judged this spec.
    fn is_judged(&self) -> bool {
        let seen = self.status.observed_generation;
        seen > 0 && seen >= self.metadata.generation
    }

    /// The API lets nothing go by a budget that is still to be judged.
    fn allowed(&self) -> u32 {
        if self.is_judged() {
            u32::try_from(self.status.disruptions_allowed).unwrap_or(0)
        } else {
            0
        }
    }

    /// Could it ever let one go, if all its pods were well? As the disruption controller counts: percents of the
    /// expected pods, rounded up, for both bounds.
    fn satisfiable(&self) -> bool {
        let expected = self.status.expected_pods;
        let known = self.is_judged() && expected > 0;
        match (&self.spec.max_unavailable, &self.spec.min_available) {
            (Some(most), _) => amount(most, expected.max(1)).is_none_or(|most| most > 0),
            // Before it is judged, nobody says how many pods there are to be.
            (None, Some(least)) if known => amount(least, expected).is_none_or(|it| it < expected),
            (None, Some(least)) => least.as_str() != Some("100%"),
            // Neither: one is what must stay.
            (None, None) => !known || expected > 1,
        }
    }
}

/// A number, or so many percent of the expected, rounded up. None where it is neither.
fn amount(bound: &Json, expected: i64) -> Option<i64> {
    if let Some(number) = bound.as_i64() {
        return Some(number);
    }
    let percent: i64 = bound.as_str()?.strip_suffix('%')?.parse().ok()?;
    let hundredths = percent.checked_mul(expected)?;
    Some(hundredths.div_euclid(100) + i64::from(hundredths.rem_euclid(100) > 0))
}

/// Budgets that match a pod that a drain would have to evict. A pod with two budgets is evicted by nobody (the API
/// refuses, whatever they allow), so neither of them is ever satisfied.
pub(super) fn told(budgets: &[DisruptionBudget], pods: &[Pod]) -> Vec<Budget> {
    let about: BTreeSet<&str> =
        budgets.iter().map(|budget| budget.metadata.namespace.as_str()).collect();
    let to_evict = |pod: &&Pod| {
        pod.must_leave() && !pod.is_leaving() && about.contains(pod.metadata.namespace.as_str())
    };
    let pods: Vec<&Pod> = pods.iter().filter(to_evict).collect();
    let index = Index::new(&pods);
    let matched: Vec<Vec<usize>> = budgets
        .iter()
        .map(|budget| {
            let selector = budget.spec.selector.as_ref();
            selector.map_or_else(Vec::new, |it| index.matching(&budget.metadata.namespace, it))
        })
        .collect();
    let mut times = vec![0_u32; pods.len()];
    for &at in matched.iter().flatten() {
        times[at] += 1;
    }
    let told = budgets.iter().zip(&matched).filter(|(_, places)| !places.is_empty());
    told.map(|(budget, places)| {
        let machines: BTreeSet<&str> =
            places.iter().map(|&at| pods[at].spec.node_name.as_str()).collect();
        let Metadata { name, namespace, .. } = &budget.metadata;
        Budget {
            name: BudgetName::new(&format!("{namespace}/{name}")),
            machines: machines.into_iter().map(MachineId::new).collect(),
            allowed: budget.allowed(),
            satisfiable: budget.satisfiable() && places.iter().all(|&at| times[at] == 1),
        }
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn budget(name: &str, app: &str, spec: Json, expected: i64, allowed: i64) -> DisruptionBudget {
        let mut spec = spec;
        spec["selector"] = json!({"matchLabels": {"app": app}});
        serde_json::from_value(json!({
            "metadata": {"name": name, "namespace": "shop", "generation": 2},
            "spec": spec,
            "status": {"observedGeneration": 2, "expectedPods": expected, "disruptionsAllowed": allowed},
        }))
        .expect("a budget")
    }

    fn pod(namespace: &str, app: &str, node: &str) -> Pod {
        serde_json::from_value(json!({
            "metadata": {"namespace": namespace, "name": "p", "labels": {"app": app}},
            "spec": {"nodeName": node},
        }))
        .expect("a pod")
    }

    #[test]
    fn budgets_are_of_the_machines_with_pods_that_they_match() {
        let budgets = [
            budget("db", "db", json!({"maxUnavailable": 1}), 3, 1),
            budget("none", "nothing", json!({"maxUnavailable": 0}), 0, 0),
        ];
        let mut daemon = pod("shop", "db", "i-4");
        daemon = serde_json::from_value(json!({"metadata": {"namespace": "shop", "labels": daemon.metadata.labels,
            "ownerReferences": [{"kind": "DaemonSet", "controller": true}]}, "spec": {"nodeName": "i-4"}}))
        .expect("a pod");
        let pods = [
            pod("shop", "db", "i-2"),
            pod("shop", "db", "i-1"),
            pod("shop", "db", "i-2"),
            pod("other", "db", "i-3"),
            daemon,
        ];
        let told = told(&budgets, &pods);
        assert_eq!(
            told,
            [Budget {
                name: BudgetName::new("shop/db"),
                machines: vec![MachineId::new("i-1"), MachineId::new("i-2")],
                allowed: 1,
                satisfiable: true,
            }]
        );
    }

    #[test]
    fn a_budget_that_never_gives_is_told() {
        let of = |spec: Json, expected| {
            told(&[budget("b", "a", spec, expected, 0)], &[pod("shop", "a", "i-1")])[0].satisfiable
        };
        for never in [json!(0), json!("0%")] {
            assert!(!of(json!({"maxUnavailable": never}), 10));
        }
        // Rounded up: a percent of ten is one.
        assert!(of(json!({"maxUnavailable": "1%"}), 10) && of(json!({"maxUnavailable": 1}), 10));
        assert!(!of(json!({"minAvailable": 3}), 3) && !of(json!({"minAvailable": 4}), 3));
        assert!(of(json!({"minAvailable": 2}), 3));
        // 81 % of five are 4.05, which is all of them.
        assert!(!of(json!({"minAvailable": "81%"}), 5) && of(json!({"minAvailable": "80%"}), 5));
        assert!(!of(json!({"minAvailable": "100%"}), 5) && !of(json!({"minAvailable": "100%"}), 0));
        assert!(!of(json!({}), 1) && of(json!({}), 2), "one must stay where nothing is said");
        // Nonsense that the API would not have taken is not ours to judge.
        assert!(of(json!({"minAvailable": "x"}), 5) && of(json!({"maxUnavailable": "x%"}), 5));
    }

    #[test]
    fn a_budget_that_is_not_judged_yet_lets_nothing_go_now() {
        let mut fresh = budget("b", "a", json!({"minAvailable": 1}), 1, 5);
        fresh.metadata.generation = 3;
        let told = told(&[fresh], &[pod("shop", "a", "i-1")]);
        assert_eq!((told[0].allowed, told[0].satisfiable), (0, true));
    }

    #[test]
    fn two_budgets_of_one_pod_never_let_it_go() {
        let one = budget("one", "a", json!({"maxUnavailable": 1}), 2, 1);
        let mut all = budget("all", "a", json!({"maxUnavailable": 1}), 3, 1);
        all.spec.selector = Some(Selector::default());
        let other = budget("other", "b", json!({"maxUnavailable": 1}), 1, 1);
        let pods = [pod("shop", "a", "i-1"), pod("shop", "c", "i-2")];
        let satisfied = |budgets: &[DisruptionBudget]| -> Vec<bool> {
            told(budgets, &pods).iter().map(|budget| budget.satisfiable).collect()
        };
        assert_eq!(satisfied(&[one.clone(), other.clone()]), [true]);
        assert_eq!(satisfied(&[one, all, other]), [false, false]);
    }
}

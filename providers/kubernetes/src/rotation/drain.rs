//! A drain: the pods of a node leave by eviction, as budgets allow, each with its own grace period. Nothing is deleted. One
//! call evicts what may go now, and says what may not and why.

use std::time::Duration;

use futures::StreamExt;
use futures::stream;
use http::Method;
use kprov_provider::rotation::MachineId;
use kprov_provider::{ErrorClass, ProviderError};
use serde_json::json;

use super::pods::{Pod, on_node};
use crate::cluster::{Call, Cluster};
use crate::failure::ApiError;
use crate::kind::Kind;

/// Evictions at a time.
const AT_ONCE: usize = 8;
/// So many pods are named that may not go.
const NAMED: usize = 3;

/// What is left after a call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Drained {
    /// Pods that are on their way out.
    pub(crate) leaving: usize,
    /// Pods that a budget holds, and what the API says.
    pub(crate) held: Vec<String>,
    /// Pods whose eviction failed otherwise.
    failed: Vec<(String, ErrorClass)>,
}

/// What came of one eviction.
enum Outcome {
    Leaving,
    Gone,
    Held(String),
    Failed(String, ErrorClass),
}

impl Drained {
    fn note(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Leaving => self.leaving += 1,
            Outcome::Gone => {}
            Outcome::Held(why) => self.held.push(why),
            Outcome::Failed(why, class) => self.failed.push((why, class)),
        }
    }

    /// Nothing is left.
    pub(crate) fn is_done(&self) -> bool {
        self.leaving == 0 && self.held.is_empty() && self.failed.is_empty()
    }

    /// For whoever drains: an error where a pod may not go now, with pod and budget.
    pub(crate) fn result(&self, machine: &MachineId) -> Result<(), ProviderError> {
        let summary = format!("Cannot evict all pods from {machine} now");
        if let Some((first, class)) = self.failed.first() {
            let more = more(self.failed.len() - 1);
            let message = format!("{first}{more}");
            return Err(ProviderError { class: *class, summary, message, attribute: None });
        }
        match self.held() {
            Some(message) => Err(ProviderError::retryable(summary, message)),
            None => Ok(()),
        }
    }

    /// Which pods may not go, and why.
    pub(crate) fn held(&self) -> Option<String> {
        let (first, rest) = self.held.split_at(self.held.len().min(NAMED));
        (!first.is_empty()).then(|| format!("{}{}", first.join(" "), more(rest.len())))
    }
}

fn more(count: usize) -> String {
    if count == 0 { String::new() } else { format!(" And {count} pods more.") }
}

/// Evicts what may go now.
pub(super) async fn evict_all(
    cluster: &Cluster,
    machine: &MachineId,
) -> Result<Drained, ProviderError> {
    let mut pods = on_node(cluster, machine, None, None).await?;
    pods.retain(Pod::must_leave);
    pods.sort_by_key(Pod::named);
    let (leaving, staying): (Vec<Pod>, Vec<Pod>) = pods.into_iter().partition(Pod::is_leaving);
    let mut drained = Drained { leaving: leaving.len(), ..Drained::default() };
    let evictions = stream::iter(staying).map(|pod| async move { evict(cluster, &pod).await });
    // In the order of the pods, so that what is said does not change from call to call.
    for outcome in evictions.buffered(AT_ONCE).collect::<Vec<_>>().await {
        drained.note(outcome);
    }
    Ok(drained)
}

async fn evict(cluster: &Cluster, pod: &Pod) -> Outcome {
    let Pod { metadata, .. } = pod;
    let eviction = json!({
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": metadata.name, "namespace": metadata.namespace},
        // Not the one that came in its place meanwhile: a StatefulSet's pods keep their names.
        "deleteOptions": {"preconditions": {"uid": metadata.uid}},
    });
    let kind = Kind::new("v1", "Pod", "pods", true);
    let path = format!("{}/eviction", kind.object(Some(&metadata.namespace), &metadata.name));
    let call = Call::with(Method::POST, path, "application/json", eviction);
    // Whoever drains comes again soon: what may not go now is not waited for here.
    match cluster.text(&call, Duration::ZERO).await {
        Ok(_) => Outcome::Leaving,
        Err(error) => refused(pod, &error),
    }
}

fn refused(pod: &Pod, error: &ApiError) -> Outcome {
    let named = pod.named();
    match error.code {
        404 => Outcome::Gone,
        // Another pod stands in its place, and is seen at the next call.
        409 => Outcome::Leaving,
        429 => Outcome::Held(match error.budget() {
            Some(budget) => format!("Pod {named}: {}.", budget.trim_end_matches('.')),
            None => format!("Pod {named}: {}", error.message),
        }),
        _ => Outcome::Failed(format!("Pod {named}: {}", error.message), error.class),
    }
}

#[cfg(test)]
mod tests {
    use kube::core::Status;

    use super::*;

    fn pod() -> Pod {
        let json = json!({"metadata": {"namespace": "shop", "name": "db-0"}});
        serde_json::from_value(json).expect("a pod")
    }

    fn drained(status: serde_json::Value) -> Drained {
        let status: Status = serde_json::from_value(status).expect("a status");
        let mut drained = Drained::default();
        drained.note(refused(&pod(), &ApiError::of(&status)));
        drained
    }

    #[test]
    fn a_budget_that_holds_a_pod_is_named_with_it() {
        let held = drained(
            json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 429,
            "reason": "TooManyRequests", "message": "Cannot evict pod as it would violate the pod's disruption budget.",
            "details": {"causes": [{"reason": "DisruptionBudget",
                "message": "The disruption budget db needs 2 healthy pods and has 2 currently"}]}}),
        );
        let error = held.result(&MachineId::new("i-1")).expect_err("held");
        assert_eq!(error.class, ErrorClass::Retryable);
        assert_eq!(
            error.to_string(),
            "Cannot evict all pods from i-1 now: Pod shop/db-0: The disruption budget db needs 2 healthy pods and has 2 \
             currently."
        );
        assert!(!held.is_done());
    }

    #[test]
    fn what_is_gone_is_gone_and_what_fails_is_said() {
        assert!(drained(json!({"code": 404, "message": "", "reason": "NotFound"})).is_done());
        let other = drained(json!({"code": 409, "message": "", "reason": "Conflict"}));
        assert!(!other.is_done() && other.result(&MachineId::new("i-1")).is_ok());
        let failed = drained(json!({"code": 500, "reason": "InternalError",
            "message": "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support."}));
        let error = failed.result(&MachineId::new("i-1")).expect_err("failed");
        assert!(error.message.contains("more than one PodDisruptionBudget"), "{error}");
        assert!(error.message.contains("shop/db-0"), "{error}");
    }

    #[test]
    fn a_few_are_named_and_the_rest_counted() {
        let held = (1..=5).map(|it| format!("Pod n/{it}: no.")).collect();
        let drained = Drained { held, ..Drained::default() };
        assert_eq!(
            drained.held().as_deref(),
            Some("Pod n/1: no. Pod n/2: no. Pod n/3: no. And 2 pods more.")
        );
        assert_eq!(Drained::default().held(), None);
    }
}

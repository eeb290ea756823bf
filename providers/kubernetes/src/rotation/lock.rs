//! The lock of rotations: the Lease `kprov-rotation` in kube-system, taken by compare and swap. docs/adr/0005, "Lock".

use http::Method;
use kprov_provider::rotation::world::Lock;
use kprov_provider::rotation::{OperatorId, Seconds};
use kprov_provider::{ErrorClass, ProviderError};
use serde_json::{Value as Json, json};

use super::Lease;
use super::leases::{self, time};
use crate::cluster::{Call, Cluster};
use crate::failure::ApiError;

pub(super) const NAME: &str = "kprov-rotation";
const SUMMARY: &str = "Cannot take the lock of rotations";
/// How often somebody else may change it between our read and our write.
const TRIES: usize = 5;
const JSON: &str = "application/json";

/// Who holds it by a lease: none where it was given back.
pub(super) fn told(lease: &Lease) -> Option<Lock> {
    let holder = lease.spec.holder_identity.as_deref().filter(|holder| !holder.is_empty())?;
    let expires_at = lease.renewed().unwrap_or(0).saturating_add(lease.duration());
    Some(Lock { holder: OperatorId::new(holder), expires_at })
}

/// The lease as it is to be, or the lock of somebody else who holds it now. Pure.
fn taken(
    before: Option<&Lease>,
    holder: &OperatorId,
    now: Seconds,
    until: Seconds,
) -> Result<Json, Lock> {
    let held = before.and_then(told);
    let ours = held.as_ref().is_some_and(|lock| lock.holder == *holder);
    if let Some(lock) = held.filter(|lock| !ours && lock.expires_at > now) {
        return Err(lock);
    }
    let spec = before.map(|lease| &lease.spec);
    let since = spec.and_then(|spec| spec.acquire_time.clone()).filter(|_| ours);
    let changes =
        spec.map_or(0, |spec| spec.lease_transitions.unwrap_or(0).saturating_add(i64::from(!ours)));
    let mut lease = json!({
        "apiVersion": "coordination.k8s.io/v1",
        "kind": "Lease",
        "metadata": {"name": NAME, "namespace": "kube-system"},
        "spec": {
            "holderIdentity": holder.as_str(),
            "acquireTime": since.unwrap_or_else(|| time(now)),
            "renewTime": time(now),
            // A lease holds for a second at least, and says so in 32 bits.
            "leaseDurationSeconds": until.saturating_sub(now).clamp(1, i32::MAX as u64),
            "leaseTransitions": changes,
        },
    });
    if let Some(before) = before {
        // Compared by the server: whoever was quicker has changed it.
        lease["metadata"]["resourceVersion"] = json!(before.metadata.resource_version);
    }
    Ok(lease)
}

/// Takes or renews it; says who holds it afterwards.
pub(super) async fn take(
    cluster: &Cluster,
    holder: &OperatorId,
    now: Seconds,
    until: Seconds,
) -> Result<Lock, ProviderError> {
    for _ in 0..TRIES {
        let before = found(cluster).await.map_err(|error| error.plain(SUMMARY))?;
        let lease = match taken(before.as_ref(), holder, now, until) {
            Ok(lease) => lease,
            Err(theirs) => return Ok(theirs),
        };
        let call = match before {
            None => Call::with(Method::POST, leases::PATH, JSON, lease),
            Some(_) => Call::with(Method::PUT, path(), JSON, lease),
        };
        match cluster.call(&call).await {
            Ok(written) => return understood(written).and_then(|it| told(&it).ok_or_else(lost)),
            // Somebody was quicker, or it is ours by a request whose answer was lost: look again.
            Err(error) if error.code == 409 || error.is_not_found() => {}
            Err(error) => return Err(error.plain(SUMMARY)),
        }
    }
    Err(lost())
}

/// Gives it back, if it is ours.
pub(super) async fn give_back(cluster: &Cluster, holder: &OperatorId) -> Result<(), ProviderError> {
    let failed = |error: ApiError| error.plain("Cannot give the lock of rotations back");
    let Some(lease) = found(cluster).await.map_err(failed)? else { return Ok(()) };
    if told(&lease).is_none_or(|lock| lock.holder != *holder) {
        return Ok(());
    }
    let version = &lease.metadata.resource_version;
    let options = json!({"kind": "DeleteOptions", "apiVersion": "v1",
        "preconditions": {"uid": lease.metadata.uid, "resourceVersion": version}});
    match cluster.call(&Call::with(Method::DELETE, path(), JSON, options)).await {
        Ok(_) => Ok(()),
        // It is another's by now, or gone.
        Err(error) if error.code == 409 || error.is_not_found() => Ok(()),
        Err(error) => Err(failed(error)),
    }
}

fn path() -> String {
    format!("{}/{NAME}", leases::PATH)
}

async fn found(cluster: &Cluster) -> Result<Option<Lease>, ApiError> {
    match cluster.call(&Call::get(path())).await {
        Ok(lease) => understood(lease)
            .map(Some)
            .map_err(|error| ApiError::unanswered(ErrorClass::Retryable, error.message)),
        Err(error) if error.is_not_found() => Ok(None),
        Err(error) => Err(error),
    }
}

fn understood(lease: Json) -> Result<Lease, ProviderError> {
    serde_json::from_value(lease).map_err(|error| {
        ProviderError::retryable(
            SUMMARY,
            format!("The lease {NAME} cannot be understood ({error})."),
        )
    })
}

fn lost() -> ProviderError {
    let message =
        format!("Others changed the lease {NAME} in kube-system each time that it was read.");
    ProviderError::retryable(SUMMARY, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lease(holder: &str, renewed: Seconds) -> Lease {
        serde_json::from_value(json!({
            "metadata": {"name": NAME, "resourceVersion": "7"},
            "spec": {"holderIdentity": holder, "leaseDurationSeconds": 60, "renewTime": time(renewed),
                "acquireTime": time(renewed - 5), "leaseTransitions": 3},
        }))
        .expect("a lease")
    }

    const NOW: Seconds = 1_700_000_000;

    #[test]
    fn what_another_holds_is_left_alone_until_it_has_run_out() {
        let own = OperatorId::new("own");
        let theirs = lease("other", NOW - 59);
        let lock = taken(Some(&theirs), &own, NOW, NOW + 60).expect_err("held");
        assert_eq!((lock.holder.as_str(), lock.expires_at), ("other", NOW + 1));
        let late = taken(Some(&theirs), &own, NOW + 1, NOW + 61).expect("free");
        assert_eq!(late["spec"]["holderIdentity"], "own");
        assert_eq!(late["spec"]["leaseTransitions"], 4);
        assert_eq!(late["metadata"]["resourceVersion"], "7");
        assert_eq!(late["spec"]["acquireTime"], time(NOW + 1));
        let given_back = taken(Some(&lease("", NOW)), &own, NOW, NOW + 60);
        assert!(given_back.is_ok() && told(&lease("", NOW)).is_none());
    }

    #[test]
    fn it_is_renewed_by_its_holder() {
        let own = OperatorId::new("own");
        let again = taken(Some(&lease("own", NOW - 20)), &own, NOW, NOW + 60).expect("ours");
        assert_eq!(again["spec"]["acquireTime"], time(NOW - 25));
        assert_eq!(again["spec"]["renewTime"], time(NOW));
        assert_eq!(again["spec"]["leaseTransitions"], 3);
        let new = taken(None, &own, NOW, NOW).expect("free");
        assert!(
            new["metadata"]["resourceVersion"].is_null(),
            "it is made, and refused if it is there"
        );
        assert_eq!(
            (&new["spec"]["leaseDurationSeconds"], &new["spec"]["leaseTransitions"]),
            (&json!(1), &json!(0))
        );
    }
}

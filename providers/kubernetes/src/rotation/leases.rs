//! [`Lease`]: what a node tells of itself in kube-system, and the lock of rotations there: pure.
//!
//! An annotation that cannot be understood tells nothing, as if it were not there.

use std::collections::BTreeMap;

use kprov_provider::rotation::{MachineId, Seconds};
use serde::Deserialize;
use serde::de::DeserializeOwned;

pub(super) const PATH: &str = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases";
const NODE: &str = "kprov-node-";
/// Of a lease that does not say it.
const DURATION: u64 = 40;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Lease {
    pub(super) metadata: Metadata,
    pub(super) spec: Spec,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Metadata {
    pub(super) name: String,
    pub(super) uid: String,
    pub(super) resource_version: String,
    annotations: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub(super) struct Spec {
    pub(super) holder_identity: Option<String>,
    pub(super) lease_duration_seconds: Option<u64>,
    pub(super) acquire_time: Option<String>,
    pub(super) renew_time: Option<String>,
    pub(super) lease_transitions: Option<i64>,
}

impl Lease {
    /// Whose it is, if it is a node's.
    pub(crate) fn machine(&self) -> Option<MachineId> {
        self.metadata.name.strip_prefix(NODE).map(MachineId::new)
    }

    pub(super) fn duration(&self) -> Seconds {
        self.spec.lease_duration_seconds.unwrap_or(DURATION)
    }

    /// When it was renewed, in seconds since 1970.
    pub(super) fn renewed(&self) -> Option<Seconds> {
        self.spec.renew_time.as_deref().and_then(seconds)
    }

    /// Its machine has not fallen silent: it was renewed within three of its durations.
    pub(super) fn is_fresh(&self, now: Seconds) -> bool {
        let silent = |at: Seconds| now.saturating_sub(at) > self.duration().saturating_mul(3);
        self.renewed().is_some_and(|at| !silent(at))
    }

    /// What stands in `kprov.dev/NAME`.
    pub(super) fn note<T: DeserializeOwned>(&self, name: &str) -> Option<T> {
        let text = self.metadata.annotations.get(&format!("kprov.dev/{name}"))?;
        serde_json::from_str(text).ok()
    }
}

/// The name of a node's lease.
pub(super) fn name(machine: &MachineId) -> String {
    format!("{NODE}{machine}")
}

/// RFC 3339 in seconds since 1970.
pub(super) fn seconds(text: &str) -> Option<Seconds> {
    let at: jiff::Timestamp = text.parse().ok()?;
    u64::try_from(at.as_second()).ok()
}

/// Seconds since 1970 in RFC 3339, with the six digits that leases have.
pub(super) fn time(at: Seconds) -> String {
    let at = i64::try_from(at).ok().and_then(|at| jiff::Timestamp::from_second(at).ok());
    at.unwrap_or(jiff::Timestamp::MAX).strftime("%Y-%m-%dT%H:%M:%S.000000Z").to_string()
}

#[cfg(test)]
pub(super) mod testing {
    use serde_json::{Value as Json, json};

    use super::*;

    /// By this clock, leases were renewed at [`RENEWED`].
    pub(in crate::rotation) const RENEWED: Seconds = 1_700_000_000;

    /// A node's lease with these annotations, each JSON; renewed so many seconds before [`RENEWED`].
    pub(in crate::rotation) fn lease(machine: &str, ago: Seconds, notes: Json) -> Lease {
        let notes = notes.as_object().expect("an object").iter();
        let notes: serde_json::Map<String, Json> = notes
            .map(|(name, note)| (format!("kprov.dev/{name}"), note.to_string().into()))
            .collect();
        serde_json::from_value(json!({
            "metadata": {"name": format!("{NODE}{machine}"), "annotations": notes},
            "spec": {"leaseDurationSeconds": 40, "renewTime": time(RENEWED - ago)},
        }))
        .expect("a lease")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::testing::{RENEWED, lease};
    use super::*;

    #[test]
    fn a_machine_is_silent_after_three_durations() {
        let lease = lease("i-1", 0, json!({}));
        assert_eq!(lease.machine(), Some(MachineId::new("i-1")));
        assert!(lease.is_fresh(RENEWED + 120) && !lease.is_fresh(RENEWED + 121));
        assert!(lease.is_fresh(RENEWED - 500), "its clock is ahead of ours");
        assert!(!Lease::default().is_fresh(0) && Lease::default().machine().is_none());
    }

    #[test]
    fn times_are_as_leases_have_them() {
        assert_eq!(time(1_700_000_000), "2023-11-14T22:13:20.000000Z");
        assert_eq!(seconds("2023-11-14T22:13:20.999999Z"), Some(1_700_000_000));
        assert_eq!(seconds(&time(u64::MAX)).map(|at| at > 1_700_000_000), Some(true));
        assert!(seconds("soon").is_none() && seconds("1960-01-01T00:00:00Z").is_none());
    }

    #[test]
    fn notes_that_are_not_understood_tell_nothing() {
        let lease = lease("i-1", 0, json!({"etcd": "voter", "n": 7}));
        assert_eq!(lease.note::<u64>("n"), Some(7));
        assert_eq!((lease.note::<u64>("etcd"), lease.note::<u64>("other")), (None, None));
    }
}

//! Snapshots of volumes: pending until they are complete, and then good for new volumes.
use super::filters::{Spec, View, describe, view};
use super::{ec2, find, kinds, tags};
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::Outcome;
use crate::world::scope::Scope;
use crate::world::{Millis, timing};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(crate) const ACTIONS: &[Action] =
    &[("CreateSnapshot", create), ("DeleteSnapshot", delete), ("DescribeSnapshots", describe_all)];

/// A snapshot.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Snapshot {
    volume: String,
    pub(super) size: i64,
    encrypted: bool,
    description: String,
    started: Millis,
    /// When it was complete.
    #[serde(default)]
    completed: Option<Millis>,
}

impl Snapshot {
    /// Can volumes be made of it?
    pub(super) fn is_completed(&self) -> bool {
        self.completed.is_some()
    }
}

fn render(view: &View<'_>, id: &str, s: &Snapshot) -> Value {
    json!({
        "SnapshotId": id, "VolumeId": s.volume, "VolumeSize": s.size, "Encrypted": s.encrypted,
        "Description": s.description, "StartTime": s.started, "OwnerId": view.account, "Tags": tags::of(view, id),
        "State": if s.is_completed() { "completed" } else { "pending" },
        "Progress": if s.is_completed() { "100%" } else { "0%" }, "CompletionTime": s.completed,
    })
}

fn create(call: &mut Call<'_>) -> Outcome {
    let tags = tags::specified(call, "snapshot")?;
    let id = call.str("VolumeId");
    let volume = find(call, |s| &s.volumes, "vol", &id)?;
    let snapshot = Snapshot {
        volume: id,
        size: volume.size,
        encrypted: volume.encrypted,
        description: call.str("Description"),
        started: call.now(),
        completed: None,
    };
    let (now, visible, id) = (call.now(), call.visible_at(), call.id("snap"));
    ec2(call).snapshots.insert(&id, snapshot, now, visible);
    tags::put(call, &id, tags);
    let event = Event::Completed { id: id.clone() };
    call.schedule(timing::SNAPSHOT_CREATE, super::Event::Snapshot(event));
    let snapshot = find(call, |s| &s.snapshots, "snap", &id)?;
    Ok(render(&view(call), &id, &snapshot))
}

fn delete(call: &mut Call<'_>) -> Outcome {
    let id = call.str("SnapshotId");
    if ec2(call).snapshots.remove(&id).is_none() {
        return Err(kinds::missing("snap", &id));
    }
    tags::forget(call, &id);
    Ok(json!({}))
}

fn describe_all(call: &mut Call<'_>) -> Outcome {
    const SNAPSHOTS: Spec = Spec {
        ids: "SnapshotIds",
        prefix: "snap",
        filters: &[
            ("snapshot-id", "SnapshotId"),
            ("volume-id", "VolumeId"),
            ("status", "State"),
            ("owner-id", "OwnerId"),
            ("description", "Description"),
            ("encrypted", "Encrypted"),
        ],
    };
    Ok(json!({"Snapshots": describe(call, &SNAPSHOTS, |s| &s.snapshots, render)?}))
}

/// What happens to snapshots later.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Event {
    /// All of the volume is in it.
    Completed { id: String },
}

impl Event {
    /// Lets it happen.
    pub(crate) fn run(self, scope: &mut Scope<'_>) {
        let (Event::Completed { id }, now) = (self, scope.now());
        if let Some(snapshot) = ec2(scope).snapshots.get_mut(&id) {
            snapshot.completed = Some(now);
        }
    }
}

//! Modifications of volumes: modifying, optimizing - from then on the volume is what it shall be - and completed. The next
//! one must wait for six hours.
use super::filters::Filters;
use super::volume::{Wanted, edit, make};
use super::{ec2, find};
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};
use crate::world::scope::Scope;
use crate::world::{Millis, timing};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::json;

pub(crate) const ACTIONS: &[Action] =
    &[("ModifyVolume", modify), ("DescribeVolumesModifications", modifications)];

const COOLDOWN: Millis = 6 * 60 * 60 * 1000;

fn modify(call: &mut Call<'_>) -> Outcome {
    let id = call.str("VolumeId");
    let before = find(call, |s| &s.volumes, "vol", &id)?;
    let now = call.now();
    if before
        .modified
        .as_ref()
        .and_then(|m| m["StartTime"].as_i64())
        .is_some_and(|at| now < at + COOLDOWN)
    {
        let message = "You've reached the maximum modification rate per volume limit. Wait at least 6 hours between modifications per EBS volume.";
        return Err(Fault::new("VolumeModificationRateExceeded", message));
    }
    let size = call.opt_int("Size").unwrap_or(before.size);
    if size < before.size {
        let message = "New size cannot be smaller than existing size";
        return Err(Fault::new("InvalidParameterValue", message));
    }
    let kind = call.opt_str("VolumeType").unwrap_or_else(|| before.kind.clone());
    let mut spec =
        json!({"VolumeType": kind, "Encrypted": before.encrypted, "KmsKeyId": before.key});
    let keep = kind == before.kind;
    for (member, old) in [("Iops", before.iops), ("Throughput", before.throughput)] {
        let value = call.opt_int(member).or(old.filter(|_| keep && kind != "gp2"));
        if let Some(value) = value {
            spec[member] = json!(value);
        }
    }
    let zone = before.zone.clone();
    let made =
        make(call, &Wanted { zone: &zone, size: Some(size), spec: &spec, snapshot_size: None })?;
    let mut record = json!({
        "VolumeId": id, "ModificationState": "modifying", "TargetSize": size, "TargetVolumeType": made.kind,
        "OriginalSize": before.size, "OriginalVolumeType": before.kind, "Progress": 0, "StartTime": now,
    });
    for (member, value) in [
        ("TargetIops", made.iops),
        ("TargetThroughput", made.throughput),
        ("OriginalIops", before.iops),
        ("OriginalThroughput", before.throughput),
    ] {
        if let Some(value) = value {
            record[member] = json!(value);
        }
    }
    let out = record.clone();
    edit(call, &id, |v| v.modified = Some(record));
    call.schedule(
        timing::VOLUME_MODIFY,
        super::Event::VolumeModification(Event { id, stage: Stage::Optimizing }),
    );
    Ok(json!({"VolumeModification": out}))
}

const FILTERS: &[(&str, &str)] = &[
    ("volume-id", "VolumeId"),
    ("modification-state", "ModificationState"),
    ("original-iops", "OriginalIops"),
    ("original-size", "OriginalSize"),
    ("original-volume-type", "OriginalVolumeType"),
    ("start-time", "StartTime"),
    ("target-iops", "TargetIops"),
    ("target-size", "TargetSize"),
    ("target-volume-type", "TargetVolumeType"),
];

fn modifications(call: &mut Call<'_>) -> Outcome {
    let filters = Filters::of(call, FILTERS)?;
    let ids = call.strings("VolumeIds");
    for id in &ids {
        if find(call, |s| &s.volumes, "vol", id)?.modified.is_none() {
            let message = format!("Modification for volume '{id}' does not exist.");
            return Err(Fault::new("InvalidVolumeModification.NotFound", message));
        }
    }
    let all = ec2(call).volumes.iter();
    let all = all.filter(|(id, _)| ids.is_empty() || ids.iter().any(|wanted| wanted == id));
    let found: Vec<Value> = all
        .filter_map(|(_, v)| v.modified.clone())
        .filter(|record| filters.pass(FILTERS, record))
        .collect();
    Ok(json!({"VolumesModifications": found}))
}

/// What a modification comes to next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Stage {
    /// The volume has its new size and type, and is not as fast yet.
    Optimizing,
    /// All is done.
    Completed,
}

/// A modification goes on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Event {
    id: String,
    stage: Stage,
}

impl Event {
    /// Lets it happen.
    pub(crate) fn run(self, scope: &mut Scope<'_>) {
        let now = scope.now();
        edit(scope, &self.id, |v| {
            let Some(record) = v.modified.as_mut() else { return };
            match self.stage {
                Stage::Optimizing => {
                    record["ModificationState"] = json!("optimizing");
                    record["Progress"] = json!(50);
                    v.size = record["TargetSize"].as_i64().unwrap_or(v.size);
                    v.kind = record["TargetVolumeType"].as_str().unwrap_or(&v.kind).to_owned();
                    v.iops = record["TargetIops"].as_i64();
                    v.throughput = record["TargetThroughput"].as_i64();
                }
                Stage::Completed => {
                    record["ModificationState"] = json!("completed");
                    record["Progress"] = json!(100);
                    record["EndTime"] = json!(now);
                }
            }
        });
        if self.stage == Stage::Optimizing {
            let next = Event { stage: Stage::Completed, ..self };
            scope.schedule(timing::VOLUME_OPTIMIZE, super::Event::VolumeModification(next));
        }
    }
}

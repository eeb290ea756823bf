//! Volumes: in one zone, attached to one instance at a time.
use super::filters::{Spec, View, describe, view};
use super::{ec2, find, tags, zones};
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};
use crate::world::scope::Scope;
use crate::world::{Millis, timing};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(crate) const ACTIONS: &[Action] = &[
    ("CreateVolume", create),
    ("DeleteVolume", delete),
    ("DescribeVolumes", describe_all),
    ("DescribeVolumeStatus", describe_status),
    ("AttachVolume", attach),
    ("DetachVolume", detach),
];

/// Where a volume is attached.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Attached {
    instance: String,
    device: String,
    state: String,
    at: Millis,
    delete_on_termination: bool,
}

/// A volume.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Volume {
    pub(super) zone: String,
    pub(super) size: i64,
    pub(super) kind: String,
    pub(super) iops: Option<i64>,
    pub(super) throughput: Option<i64>,
    pub(super) encrypted: bool,
    pub(super) key: Option<String>,
    snapshot: Option<String>,
    multi_attach: bool,
    state: String,
    created: Millis,
    attached: Option<Attached>,
    pub(super) modified: Option<Value>,
}

const SPEC: Spec = Spec {
    ids: "VolumeIds",
    prefix: "vol",
    filters: &[
        ("volume-id", "VolumeId"),
        ("availability-zone", "AvailabilityZone"),
        ("status", "State"),
        ("volume-type", "VolumeType"),
        ("size", "Size"),
        ("encrypted", "Encrypted"),
        ("snapshot-id", "SnapshotId"),
        ("attachment.instance-id", "Attachments.InstanceId"),
        ("attachment.device", "Attachments.Device"),
        ("attachment.status", "Attachments.State"),
        ("attachment.delete-on-termination", "Attachments.DeleteOnTermination"),
        ("create-time", "CreateTime"),
        ("multi-attach-enabled", "MultiAttachEnabled"),
    ],
};

fn attachment(id: &str, held: &Attached) -> Value {
    json!({
        "VolumeId": id, "InstanceId": held.instance, "Device": held.device, "State": held.state,
        "AttachTime": held.at, "DeleteOnTermination": held.delete_on_termination,
    })
}

fn render(view: &View<'_>, id: &str, v: &Volume) -> Value {
    let held: Vec<Value> = v.attached.iter().map(|held| attachment(id, held)).collect();
    let mut out = json!({
        "VolumeId": id, "AvailabilityZone": v.zone, "AvailabilityZoneId": zones::zone_id(&v.zone), "Size": v.size,
        "VolumeType": v.kind, "Encrypted": v.encrypted, "SnapshotId": v.snapshot.clone().unwrap_or_default(),
        "MultiAttachEnabled": v.multi_attach, "State": v.state, "CreateTime": v.created, "Attachments": held,
        "Tags": tags::of(view, id),
    });
    for (member, value) in [("Iops", v.iops), ("Throughput", v.throughput)] {
        if let Some(value) = value {
            out[member] = json!(value);
        }
    }
    if let Some(key) = &v.key {
        out["KmsKeyId"] = json!(key);
    }
    out
}

/// Volumes of an instance, as the instance shows them.
pub(crate) fn mappings(view: &View<'_>, instance: &str) -> Value {
    let mut all = Vec::new();
    for (id, v) in view.ec2.volumes.iter() {
        if let Some(held) = v.attached.as_ref().filter(|held| held.instance == instance) {
            all.push(json!({
                "DeviceName": held.device,
                "Ebs": {
                    "VolumeId": id, "Status": held.state, "AttachTime": held.at,
                    "DeleteOnTermination": held.delete_on_termination,
                },
            }));
        }
    }
    Value::Array(all)
}

/// Defaults and limits of a type: lowest and highest size, default IOPS and throughput.
fn traits(kind: &str, size: i64) -> Option<(i64, i64, Option<i64>, Option<i64>)> {
    Some(match kind {
        "gp3" => (1, 65_536, Some(3000), Some(125)),
        "gp2" => (1, 16_384, Some((size * 3).clamp(100, 16_000)), None),
        "io1" => (4, 16_384, None, None),
        "io2" => (4, 65_536, None, None),
        "st1" | "sc1" => (125, 16_384, None, None),
        "standard" => (1, 1024, None, None),
        _ => return None,
    })
}

/// IOPS that a type can be given: lowest, highest, and how many a GiB.
fn iops_limits(kind: &str) -> Option<(i64, i64, i64)> {
    Some(match kind {
        "gp3" => (3000, 80_000, 500),
        "io1" => (100, 64_000, 50),
        "io2" => (100, 256_000, 1000),
        _ => return None,
    })
}

// The IOPS given, if the type can have them, and the throughput given too.
fn performance(kind: &str, size: i64, spec: &Value) -> Result<Option<i64>, Fault> {
    let unsupported = |what: &str| {
        let message = format!("The parameter {what} is not supported for {kind} volumes.");
        Fault::new("InvalidParameterCombination", message)
    };
    let out_of_range = |message: String| Err(Fault::new("InvalidParameterValue", message));
    let given = spec["Iops"].as_i64();
    match (given, iops_limits(kind)) {
        (Some(_), None) => return Err(unsupported("iops")),
        (Some(iops), Some((low, high, _))) if !(low..=high).contains(&iops) => {
            return out_of_range(format!(
                "Volume iops of {iops} is outside the range of {low} to {high} of {kind} volumes."
            ));
        }
        // What gp3 has anyway needs no size.
        (Some(iops), Some((low, _, ratio))) if iops > low && iops > size * ratio => {
            return out_of_range(format!(
                "Iops to volume size ratio of {} is too high; maximum is {ratio} IOPS per GiB.",
                iops / size.max(1)
            ));
        }
        (None, Some(_)) if kind != "gp3" => {
            let message = "The request must contain the parameter iops";
            return Err(Fault::new("MissingParameter", message));
        }
        _ => {}
    }
    match spec["Throughput"].as_i64() {
        Some(_) if kind != "gp3" => Err(unsupported("throughput")),
        Some(throughput) if !(125..=2000).contains(&throughput) => out_of_range(format!(
            "Throughput of {throughput} MiB/s is outside the range of 125 to 2000 MiB/s."
        )),
        _ => Ok(given),
    }
}

/// A volume that somebody wants.
pub(super) struct Wanted<'v> {
    pub(super) zone: &'v str,
    pub(super) size: Option<i64>,
    pub(super) spec: &'v Value,
    pub(super) snapshot_size: Option<i64>,
}

/// The record of a volume, if its type allows what is wanted.
pub(super) fn make(scope: &mut Scope<'_>, wanted: &Wanted<'_>) -> Result<Volume, Fault> {
    let spec = wanted.spec;
    let kind = spec["VolumeType"].as_str().unwrap_or("gp2").to_owned();
    let size = wanted.size.or(wanted.snapshot_size).ok_or_else(|| {
        Fault::new("MissingParameter", "The request must contain the parameter size/snapshot")
    })?;
    let unknown = || {
        let message = format!("Value ({kind}) for parameter volumeType is invalid.");
        Fault::new("InvalidParameterValue", message)
    };
    let (low, high, iops, throughput) = traits(&kind, size).ok_or_else(unknown)?;
    if !(low..=high).contains(&size) {
        let message = format!(
            "Volume of {size}GiB is outside the range of {low} to {high}GiB of {kind} volumes."
        );
        return Err(Fault::new("InvalidParameterValue", message));
    }
    if wanted.snapshot_size.is_some_and(|least| size < least) {
        let message = format!(
            "Volume of size {size}GB is smaller than snapshot, expect size >= {}GB",
            wanted.snapshot_size.unwrap_or(0)
        );
        return Err(Fault::new("InvalidParameterValue", message));
    }
    let given = performance(&kind, size, spec)?;
    let total: i64 = ec2(scope).volumes.values().map(|v| v.size).sum();
    let most = i64::try_from(scope.quota("volumes-gib")).unwrap_or(i64::MAX);
    if total + size > most {
        let message = "You have exceeded your maximum storage limit on volumes.";
        return Err(Fault::new("VolumeLimitExceeded", message));
    }
    let encrypted = spec["Encrypted"].as_bool().unwrap_or(false) || spec["KmsKeyId"].is_string();
    let default_key = scope.arn("kms", "key/aws-ebs");
    let key = spec["KmsKeyId"].as_str().map(str::to_owned);
    Ok(Volume {
        zone: wanted.zone.to_owned(),
        size,
        iops: given.or(iops),
        throughput: spec["Throughput"].as_i64().or(throughput),
        kind,
        encrypted,
        key: encrypted.then(|| key.unwrap_or(default_key)),
        snapshot: spec["SnapshotId"].as_str().map(str::to_owned),
        multi_attach: spec["MultiAttachEnabled"].as_bool().unwrap_or(false),
        state: "creating".to_owned(),
        created: scope.now(),
        attached: None,
        modified: None,
    })
}

fn create(call: &mut Call<'_>) -> Outcome {
    let tags = tags::specified(call, "volume")?;
    let zone = call.opt_str("AvailabilityZone").or_else(|| call.opt_str("AvailabilityZoneId"));
    let zone = zone.ok_or_else(|| {
        Fault::new("MissingParameter", "The request must contain the parameter zone")
    })?;
    let zone = zones::find(call, &zone).ok_or_else(|| {
        Fault::new("InvalidZone.NotFound", format!("The zone '{zone}' does not exist."))
    })?;
    let snapshot_size = match call.opt_str("SnapshotId") {
        Some(id) => {
            let snapshot = find(call, |s| &s.snapshots, "snap", &id)?;
            if !snapshot.is_completed() {
                let message = format!("Snapshot '{id}' is not in the 'completed' state.");
                return Err(Fault::new("IncorrectState", message));
            }
            Some(snapshot.size)
        }
        None => None,
    };
    let spec = Value::Object(call.input.clone());
    let size = call.opt_int("Size");
    let volume = make(call, &Wanted { zone: &zone, size, spec: &spec, snapshot_size })?;
    let (now, visible, id) = (call.now(), call.visible_at(), call.id("vol"));
    ec2(call).volumes.insert(&id, volume, now, visible);
    tags::put(call, &id, tags);
    call.schedule(timing::VOLUME_CREATE, super::Event::Volume(Event::Settled { id: id.clone() }));
    let volume = find(call, |s| &s.volumes, "vol", &id)?;
    Ok(render(&view(call), &id, &volume))
}

fn delete(call: &mut Call<'_>) -> Outcome {
    let id = call.str("VolumeId");
    let volume = find(call, |s| &s.volumes, "vol", &id)?;
    if let Some(held) = &volume.attached {
        let message = format!("Volume {id} is currently attached to {}", held.instance);
        return Err(Fault::new("VolumeInUse", message));
    }
    ec2(call).volumes.remove(&id);
    tags::forget(call, &id);
    Ok(json!({}))
}

fn describe_all(call: &mut Call<'_>) -> Outcome {
    Ok(json!({"Volumes": describe(call, &SPEC, |s| &s.volumes, render)?}))
}

fn describe_status(call: &mut Call<'_>) -> Outcome {
    let ids = call.strings("VolumeIds");
    for id in &ids {
        find(call, |s| &s.volumes, "vol", id)?;
    }
    let all = ec2(call)
        .volumes
        .iter()
        .filter(|(id, _)| ids.is_empty() || ids.iter().any(|wanted| wanted == id));
    let found: Vec<Value> = all
        .map(|(id, v)| json!({
            "VolumeId": id, "AvailabilityZone": v.zone, "Actions": [], "Events": [],
            "VolumeStatus": {"Status": "ok", "Details": [{"Name": "io-enabled", "Status": "passed"}]},
        }))
        .collect();
    Ok(json!({"VolumeStatuses": found}))
}

/// Changes a volume that is there.
pub(super) fn edit(scope: &mut Scope<'_>, id: &str, change: impl FnOnce(&mut Volume)) {
    if let Some(volume) = ec2(scope).volumes.get_mut(id) {
        change(volume);
    }
}

fn attach(call: &mut Call<'_>) -> Outcome {
    let (id, instance_id, device) =
        (call.str("VolumeId"), call.str("InstanceId"), call.str("Device"));
    let volume = find(call, |s| &s.volumes, "vol", &id)?;
    let holder = find(call, |s| &s.instances, "i", &instance_id)?;
    if !matches!(holder.state.as_str(), "running" | "stopped" | "pending")
        || holder.state == "pending"
    {
        let message = format!("Instance '{instance_id}' is not 'running'.");
        return Err(Fault::new("IncorrectState", message));
    }
    if volume.attached.is_some() {
        let message = format!("{id} is already attached to an instance");
        return Err(Fault::new("VolumeInUse", message));
    }
    if volume.state != "available" {
        let message = format!("Volume '{id}' is not 'available'.");
        return Err(Fault::new("IncorrectState", message));
    }
    if volume.zone != holder.zone {
        let message = format!(
            "The volume '{id}' is not in the same availability zone as instance '{instance_id}'"
        );
        return Err(Fault::new("InvalidVolume.ZoneMismatch", message));
    }
    let taken = ec2(call).volumes.values().any(|v| {
        v.attached
            .as_ref()
            .is_some_and(|held| held.instance == instance_id && held.device == device)
    });
    if taken {
        let message = format!(
            "Invalid value '{device}' for unixDevice. Attachment point {device} is already in use"
        );
        return Err(Fault::new("InvalidParameterValue", message));
    }
    let state = "attaching".to_owned();
    let held = Attached {
        instance: instance_id,
        device,
        state,
        at: call.now(),
        delete_on_termination: false,
    };
    let out = attachment(&id, &held);
    edit(call, &id, |v| {
        v.attached = Some(held);
        v.state = "in-use".to_owned();
    });
    call.schedule(timing::VOLUME_ATTACH, super::Event::Volume(Event::Settled { id }));
    Ok(out)
}

fn detach(call: &mut Call<'_>) -> Outcome {
    let id = call.str("VolumeId");
    let volume = find(call, |s| &s.volumes, "vol", &id)?;
    let held = volume
        .attached
        .filter(|held| call.opt_str("InstanceId").is_none_or(|wanted| wanted == held.instance));
    let Some(mut held) = held else {
        return Err(Fault::new(
            "IncorrectState",
            format!("Volume '{id}' is in the 'available' state."),
        ));
    };
    let holder = ec2(call).instances.get(&held.instance).cloned();
    if holder.is_some_and(|i| {
        i.root_device == held.device && i.state != "stopped" && i.state != "terminated"
    }) {
        let message =
            format!("Unable to detach root volume '{id}' from instance '{}'", held.instance);
        return Err(Fault::new("OperationNotPermitted", message));
    }
    held.state = "detaching".to_owned();
    let out = attachment(&id, &held);
    edit(call, &id, |v| v.attached = Some(held));
    call.schedule(timing::VOLUME_ATTACH, super::Event::Volume(Event::Settled { id }));
    Ok(out)
}

/// Makes the volumes of a launch: those of the image, changed and added to by the mappings given.
pub(crate) fn of_launch(
    scope: &mut Scope<'_>,
    instance: &str,
    zone: &str,
    image: &Value,
    given: &Value,
    tags: Option<&tags::Tags>,
) -> Result<(), Fault> {
    let empty = Vec::new();
    let given = given.as_array().unwrap_or(&empty);
    let mut all: Vec<(String, Value)> = Vec::new();
    for mapping in image["BlockDeviceMappings"].as_array().into_iter().flatten().chain(given) {
        let device = mapping["DeviceName"].as_str().unwrap_or_default().to_owned();
        if mapping["NoDevice"].is_string() {
            all.retain(|(known, _)| *known != device);
            continue;
        }
        if !mapping["Ebs"].is_object() {
            continue;
        }
        match all.iter_mut().find(|(known, _)| *known == device) {
            Some((_, ebs)) => {
                for (name, value) in mapping["Ebs"].as_object().into_iter().flatten() {
                    ebs[name] = value.clone();
                }
            }
            None => all.push((device, mapping["Ebs"].clone())),
        }
    }
    for (device, ebs) in all {
        let size = ebs["VolumeSize"].as_i64().or(Some(8));
        let mut volume = make(scope, &Wanted { zone, size, spec: &ebs, snapshot_size: None })?;
        volume.state = "in-use".to_owned();
        volume.attached = Some(Attached {
            instance: instance.to_owned(),
            device,
            state: "attached".to_owned(),
            at: scope.now(),
            delete_on_termination: ebs["DeleteOnTermination"].as_bool().unwrap_or(true),
        });
        let (now, id) = (scope.now(), scope.id("vol"));
        ec2(scope).volumes.insert_implicit(&id, volume, now);
        if let Some(tags) = tags {
            tags::put(scope, &id, tags.clone());
        }
    }
    Ok(())
}

/// Says what becomes of a volume when its instance goes.
pub(crate) fn set_delete_on_termination(
    scope: &mut Scope<'_>,
    instance: &str,
    device: &str,
    goes: bool,
) {
    for id in ec2(scope).volumes.ids() {
        edit(scope, &id, |v| {
            if let Some(held) = v
                .attached
                .as_mut()
                .filter(|held| held.instance == instance && held.device == device)
            {
                held.delete_on_termination = goes;
            }
        });
    }
}

/// Lets go of an instance's volumes.
pub(crate) fn release(scope: &mut Scope<'_>, instance: &str) {
    let all = ec2(scope).volumes.iter();
    let held: Vec<(String, bool)> = all
        .filter_map(|(id, v)| {
            let held = v.attached.as_ref().filter(|held| held.instance == instance)?;
            Some((id.to_owned(), held.delete_on_termination))
        })
        .collect();
    for (id, goes) in held {
        if goes {
            ec2(scope).volumes.remove(&id);
            tags::forget(scope, &id);
        } else {
            edit(scope, &id, |v| {
                v.attached = None;
                v.state = "available".to_owned();
            });
        }
    }
}

/// What happens to volumes later.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Event {
    /// What it was doing is done.
    Settled { id: String },
}

impl Event {
    /// Lets it happen.
    pub(crate) fn run(self, scope: &mut Scope<'_>) {
        let Event::Settled { id } = self;
        edit(scope, &id, |v| match v.attached.as_mut() {
            Some(held) if held.state == "attaching" => held.state = "attached".to_owned(),
            Some(held) if held.state == "detaching" => {
                v.attached = None;
                v.state = "available".to_owned();
            }
            None if v.state == "creating" => v.state = "available".to_owned(),
            _ => {}
        });
    }
}

//! Instances: what they are, how they are shown, and how they get from one state to the next.
use super::filters::{Spec, View, describe};
use super::{ec2, network_interface, tags, volume, zones};
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::Outcome;
use crate::world::scope::Scope;
use crate::world::{Millis, machines, timing};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(crate) const ACTIONS: &[Action] = &[("DescribeInstances", describe_all)];

/// An instance.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Instance {
    pub(crate) reservation: String,
    pub(crate) image: String,
    pub(crate) architecture: String,
    pub(crate) kind: String,
    pub(crate) key: Option<String>,
    pub(crate) vpc: String,
    pub(crate) subnet: String,
    pub(crate) zone: String,
    /// `pending`, `running`, `stopping`, `stopped`, `shutting-down`, `terminated`.
    pub(crate) state: String,
    /// Code and message.
    pub(crate) reason: Option<(String, String)>,
    pub(crate) transition: String,
    pub(crate) launched: Millis,
    /// When it was last started, for status checks.
    pub(crate) started: Millis,
    pub(crate) launch_index: i64,
    /// ARN and id.
    pub(crate) profile: Option<(String, String)>,
    pub(crate) profile_association: String,
    pub(crate) user_data: Option<String>,
    pub(crate) ebs_optimized: bool,
    pub(crate) monitoring: bool,
    pub(crate) source_dest_check: bool,
    pub(crate) no_termination: bool,
    pub(crate) no_stop: bool,
    pub(crate) shutdown: String,
    pub(crate) metadata: Value,
    pub(crate) credit: Option<String>,
    pub(crate) spot: bool,
    pub(crate) tenancy: String,
    pub(crate) cores: i64,
    pub(crate) threads: i64,
    pub(crate) root_device: String,
    pub(crate) token: Option<String>,
    pub(crate) private_ip: Option<String>,
    pub(crate) hibernation: bool,
    pub(crate) enclave: bool,
}

fn state_code(state: &str) -> i64 {
    match state {
        "pending" => 0,
        "running" => 16,
        "shutting-down" => 32,
        "terminated" => 48,
        "stopping" => 64,
        _ => 80,
    }
}

/// A state as answers have it: code and name.
pub(super) fn state(name: &str) -> Value {
    json!({"Code": state_code(name), "Name": name})
}

const SPEC: Spec = Spec {
    ids: "InstanceIds",
    prefix: "i",
    filters: &[
        ("instance-id", "InstanceId"),
        ("instance-state-name", "State.Name"),
        ("instance-state-code", "State.Code"),
        ("instance-type", "InstanceType"),
        ("image-id", "ImageId"),
        ("key-name", "KeyName"),
        ("vpc-id", "VpcId"),
        ("subnet-id", "SubnetId"),
        ("availability-zone", "Placement.AvailabilityZone"),
        ("private-ip-address", "PrivateIpAddress"),
        ("private-dns-name", "PrivateDnsName"),
        ("ip-address", "PublicIpAddress"),
        ("dns-name", "PublicDnsName"),
        ("client-token", "ClientToken"),
        ("architecture", "Architecture"),
        ("instance.group-id", "SecurityGroups.GroupId"),
        ("instance.group-name", "SecurityGroups.GroupName"),
        ("group-id", "SecurityGroups.GroupId"),
        ("group-name", "SecurityGroups.GroupName"),
        ("network-interface.network-interface-id", "NetworkInterfaces.NetworkInterfaceId"),
        ("network-interface.subnet-id", "NetworkInterfaces.SubnetId"),
        ("network-interface.vpc-id", "NetworkInterfaces.VpcId"),
        (
            "network-interface.addresses.private-ip-address",
            "NetworkInterfaces.PrivateIpAddresses.PrivateIpAddress",
        ),
        ("iam-instance-profile.arn", "IamInstanceProfile.Arn"),
        ("iam-instance-profile.id", "IamInstanceProfile.Id"),
        ("instance-lifecycle", "InstanceLifecycle"),
        ("monitoring-state", "Monitoring.State"),
        ("tenancy", "Placement.Tenancy"),
        ("root-device-type", "RootDeviceType"),
        ("root-device-name", "RootDeviceName"),
        ("source-dest-check", "SourceDestCheck"),
        ("launch-time", "LaunchTime"),
        ("launch-index", "AmiLaunchIndex"),
        ("virtualization-type", "VirtualizationType"),
        ("hypervisor", "Hypervisor"),
        ("reservation-id", "ReservationId"),
        ("owner-id", "OwnerId"),
        ("block-device-mapping.volume-id", "BlockDeviceMappings.Ebs.VolumeId"),
        ("metadata-options.http-tokens", "MetadataOptions.HttpTokens"),
    ],
};

/// An instance as DescribeInstances shows it.
pub(crate) fn render(view: &View<'_>, id: &str, i: &Instance) -> Value {
    let gone = i.state == "terminated";
    let mut out = json!({
        "InstanceId": id, "ImageId": i.image, "State": state(&i.state), "InstanceType": i.kind,
        "AmiLaunchIndex": i.launch_index, "LaunchTime": i.launched, "Architecture": i.architecture,
        "Placement": {"AvailabilityZone": i.zone, "AvailabilityZoneId": zones::zone_id(&i.zone), "GroupName": "", "Tenancy": i.tenancy},
        "Monitoring": {"State": if i.monitoring { "enabled" } else { "disabled" }},
        "StateTransitionReason": i.transition, "PublicDnsName": "", "PrivateDnsName": "",
        "EbsOptimized": i.ebs_optimized, "EnaSupport": true, "Hypervisor": "xen", "VirtualizationType": "hvm",
        "RootDeviceName": i.root_device, "RootDeviceType": "ebs", "ProductCodes": [],
        "CpuOptions": {"CoreCount": i.cores, "ThreadsPerCore": i.threads},
        "MetadataOptions": i.metadata, "HibernationOptions": {"Configured": i.hibernation},
        "EnclaveOptions": {"Enabled": i.enclave}, "PlatformDetails": "Linux/UNIX", "UsageOperation": "RunInstances",
        "CapacityReservationSpecification": {"CapacityReservationPreference": "open"},
        "MaintenanceOptions": {"AutoRecovery": "default"}, "CurrentInstanceBootMode": "uefi",
        "BlockDeviceMappings": volume::mappings(view, id), "NetworkInterfaces": [], "SecurityGroups": [],
        "Tags": tags::of(view, id),
    });
    if let Some((code, message)) = &i.reason {
        out["StateReason"] = json!({"Code": code, "Message": message});
    }
    for (member, value) in [("KeyName", &i.key), ("ClientToken", &i.token)] {
        if let Some(value) = value {
            out[member] = json!(value);
        }
    }
    if i.spot {
        out["InstanceLifecycle"] = json!("spot");
    }
    if gone {
        return out;
    }
    out["VpcId"] = json!(i.vpc);
    out["SubnetId"] = json!(i.subnet);
    out["SourceDestCheck"] = json!(i.source_dest_check);
    if let Some((arn, profile)) = &i.profile {
        out["IamInstanceProfile"] = json!({"Arn": arn, "Id": profile});
    }
    let primary = network_interface::primary_of(view.ec2, id);
    if let Some((_, primary)) = primary {
        out["SecurityGroups"] = groups(view, &primary.groups);
        if let Some(ip) = primary.ipv6.first() {
            out["Ipv6Address"] = json!(ip);
        }
    }
    out["NetworkInterfaces"] = interfaces(view, id);
    let address = |member: &str| out["NetworkInterfaces"][0]["Association"][member].clone();
    for (member, value) in
        [("PublicIpAddress", address("PublicIp")), ("PublicDnsName", address("PublicDnsName"))]
    {
        if value.is_string() {
            out[member] = value;
        }
    }
    if let Some(ip) = &i.private_ip {
        out["PrivateIpAddress"] = json!(ip);
        out["PrivateDnsName"] = json!(private_name(&view.region, ip));
    }
    out
}

/// The name of an address inside of its VPC.
pub(crate) fn private_name(region: &str, ip: &str) -> String {
    let domain = if region == "us-east-1" {
        "ec2.internal".to_owned()
    } else {
        format!("{region}.compute.internal")
    };
    format!("ip-{}.{domain}", ip.replace('.', "-"))
}

fn groups(view: &View<'_>, ids: &[String]) -> Value {
    ids.iter()
        .map(|id| {
            let name = view
                .ec2
                .security_groups
                .get(id)
                .map(|group| group.name.as_str())
                .unwrap_or_default();
            json!({"GroupId": id, "GroupName": name})
        })
        .collect()
}

fn interfaces(view: &View<'_>, instance: &str) -> Value {
    let mut all: Vec<(i64, Value)> = Vec::new();
    for (id, eni) in view.ec2.network_interfaces.iter() {
        let Some(held) =
            eni.attachment.as_ref().filter(|a| a.instance.as_deref() == Some(instance))
        else {
            continue;
        };
        let first = eni.addresses.first().cloned().unwrap_or_default();
        let mut out = json!({
            "NetworkInterfaceId": id, "Description": eni.description, "Groups": groups(view, &eni.groups),
            "MacAddress": eni.mac, "OwnerId": view.account, "SourceDestCheck": eni.source_dest_check,
            "Status": "in-use", "SubnetId": eni.subnet, "VpcId": eni.vpc, "InterfaceType": "interface",
            "PrivateIpAddress": first, "PrivateDnsName": private_name(&view.region, &first),
            "Ipv6Addresses": eni.ipv6.iter().map(|ip| json!({"Ipv6Address": ip})).collect::<Vec<_>>(),
            "PrivateIpAddresses": eni.addresses.iter().enumerate().map(|(at, ip)| json!({
                "PrivateIpAddress": ip, "Primary": at == 0, "PrivateDnsName": private_name(&view.region, ip),
            })).collect::<Vec<_>>(),
            "Attachment": {
                "AttachmentId": held.id, "AttachTime": held.at, "DeleteOnTermination": held.delete_on_termination,
                "DeviceIndex": held.device_index, "NetworkCardIndex": 0, "Status": held.status,
            },
        });
        let elastic = view
            .ec2
            .addresses
            .values()
            .find(|a| a.association.as_ref().is_some_and(|x| x.interface == id));
        let (public, owner) = match elastic {
            Some(address) => (Some(address.public_ip.clone()), view.account.as_str()),
            None => (eni.public_ip.clone(), "amazon"),
        };
        if let Some(ip) = public {
            let domain = if view.region == "us-east-1" {
                "compute-1".to_owned()
            } else {
                format!("{}.compute", view.region)
            };
            let name = format!("ec2-{}.{domain}.amazonaws.com", ip.replace('.', "-"));
            out["Association"] = json!({"PublicIp": ip, "PublicDnsName": name, "IpOwnerId": owner});
        }
        all.push((held.device_index, out));
    }
    all.sort_by_key(|(index, _)| *index);
    all.into_iter().map(|(_, out)| out).collect()
}

fn describe_all(call: &mut Call<'_>) -> Outcome {
    let account = call.account.clone();
    let rendered = describe(
        call,
        &SPEC,
        |s| &s.instances,
        |view, id, i| {
            let mut out = render(view, id, i);
            // For the filters; taken away again below.
            out["ReservationId"] = json!(i.reservation);
            out["OwnerId"] = json!(view.account);
            out
        },
    )?;
    let mut reservations: Vec<(String, Vec<Value>)> = Vec::new();
    for mut out in rendered {
        let id = out["ReservationId"].as_str().unwrap_or_default().to_owned();
        if let Some(object) = out.as_object_mut() {
            object.shift_remove("ReservationId");
            object.shift_remove("OwnerId");
        }
        match reservations.iter_mut().find(|(known, _)| *known == id) {
            Some((_, instances)) => instances.push(out),
            None => reservations.push((id, vec![out])),
        }
    }
    let reservations: Vec<Value> = reservations
        .into_iter()
        .map(|(id, instances)| json!({"ReservationId": id, "OwnerId": account, "Groups": [], "Instances": instances}))
        .collect();
    Ok(json!({"Reservations": reservations}))
}

/// Changes an instance that is there.
pub(crate) fn edit(scope: &mut Scope<'_>, id: &str, change: impl FnOnce(&mut Instance)) {
    if let Some(instance) = ec2(scope).instances.get_mut(id) {
        change(instance);
    }
}

/// Begins the end of an instance; one that is ending already goes on.
pub(crate) fn terminate(scope: &mut Scope<'_>, id: &str, reason: (&str, &str)) {
    let Some(before) = ec2(scope).instances.get(id).map(|i| i.state.clone()) else { return };
    if matches!(before.as_str(), "shutting-down" | "terminated") {
        return;
    }
    let at = crate::wire::scalar::iso(scope.now());
    let (code, message) = (reason.0.to_owned(), reason.1.to_owned());
    edit(scope, id, |i| {
        i.state = "shutting-down".to_owned();
        i.transition = format!("User initiated ({at})");
        i.reason = Some((code, message));
    });
    announce(scope, id, "shutting-down");
    scope.schedule(
        timing::INSTANCE_TERMINATE,
        super::Event::Instance(Event::Terminated { id: id.to_owned() }),
    );
}

/// Begins to stop an instance that runs.
pub(super) fn stop(scope: &mut Scope<'_>, id: &str) {
    edit(scope, id, |i| i.state = "stopping".to_owned());
    announce(scope, id, "stopping");
    let event = super::Event::Instance(Event::Stopped { id: id.to_owned() });
    scope.schedule(timing::INSTANCE_STOP, event);
}

/// The machine shut itself down, which stops or terminates its instance as that was told to do then.
pub(crate) fn shut_itself_down(scope: &mut Scope<'_>, id: &str) {
    let code = "Client.InstanceInitiatedShutdown";
    let message = "Client.InstanceInitiatedShutdown: Instance initiated shutdown";
    let Some(instance) = ec2(scope).instances.get(id).cloned() else { return };
    if instance.spot || instance.shutdown == "terminate" {
        return terminate(scope, id, (code, message));
    }
    edit(scope, id, |i| i.reason = Some((code.to_owned(), message.to_owned())));
    stop(scope, id);
}

/// What an instance in this state waited for has happened: its process is gone.
pub(crate) fn go_on(scope: &mut Scope<'_>, id: &str, state: &str) {
    let id = id.to_owned();
    let event = match state {
        "stopping" => Event::Stopped { id },
        "shutting-down" => Event::Terminated { id },
        _ => return,
    };
    scope.schedule(0, super::Event::Instance(event));
}

/// Tells EventBridge of a state.
pub(super) fn announce(scope: &mut Scope<'_>, id: &str, state: &str) {
    let arn = scope.arn("ec2", &format!("instance/{id}"));
    let detail = json!({"instance-id": id, "state": state});
    crate::service::events::publish(
        scope,
        "aws.ec2",
        "EC2 Instance State-change Notification",
        &[arn],
        detail,
    );
    crate::service::autoscaling::instance_changed(scope, id);
}

/// What happens to instances later.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Event {
    /// It has booted.
    Running { id: String },
    /// It has stopped.
    Stopped { id: String },
    /// A Spot Instance's warning time is over.
    Interrupted { id: String },
    /// It is gone; describes show it for a while yet.
    Terminated { id: String },
    /// Describes show it no more.
    Forgotten { id: String },
}

impl Event {
    /// Lets it happen.
    pub(crate) fn run(self, scope: &mut Scope<'_>) {
        let state =
            |scope: &mut Scope<'_>, id: &str| ec2(scope).instances.get(id).map(|i| i.state.clone());
        match self {
            Event::Running { id } if state(scope, &id).as_deref() == Some("pending") => {
                let now = scope.now();
                edit(scope, &id, |i| {
                    i.state = "running".to_owned();
                    i.started = now;
                });
                machines::boot(scope, &id);
                announce(scope, &id, "running");
            }
            Event::Stopped { id } if state(scope, &id).as_deref() == Some("stopping") => {
                if machines::holds(scope, &id) {
                    return;
                }
                edit(scope, &id, |i| i.state = "stopped".to_owned());
                announce(scope, &id, "stopped");
            }
            Event::Terminated { id } if state(scope, &id).as_deref() == Some("shutting-down") => {
                if machines::holds(scope, &id) {
                    return;
                }
                machines::forget(scope, &id);
                crate::service::sts::end_sessions_of(scope, &id);
                finish(scope, &id);
                announce(scope, &id, "terminated");
                scope.schedule(timing::GHOST, super::Event::Instance(Event::Forgotten { id }));
            }
            Event::Interrupted { id } => super::spot::end(scope, &id),
            Event::Forgotten { id } => {
                ec2(scope).instances.remove(&id);
                scope.world.consoles.remove(&id);
                tags::forget(scope, &id);
            }
            // Somebody did something else in between.
            _ => {}
        }
    }
}

/// Interfaces and volumes go with the instance, or stay, as they were told to.
fn finish(scope: &mut Scope<'_>, id: &str) {
    let held: Vec<(String, bool)> = ec2(scope)
        .network_interfaces
        .iter()
        .filter_map(|(eni, e)| {
            let held = e.attachment.as_ref().filter(|a| a.instance.as_deref() == Some(id))?;
            Some((eni.to_owned(), held.delete_on_termination))
        })
        .collect();
    for (eni, goes) in held {
        if goes {
            network_interface::remove(scope, &eni);
        } else if let Some(interface) = ec2(scope).network_interfaces.get_mut(&eni) {
            interface.attachment = None;
        }
    }
    volume::release(scope, id);
    let now = scope.now();
    // Describes still show it for a while, but it is no object any more that someone could count.
    if let Some(mut instance) = ec2(scope).instances.get(id).cloned() {
        instance.state = "terminated".to_owned();
        instance.private_ip = None;
        ec2(scope).instances.insert_implicit(id, instance, now);
    }
}

/// Is it there, and not on its way out?
pub(crate) fn is_alive(scope: &mut Scope<'_>, id: &str) -> bool {
    let instances = &ec2(scope).instances;
    instances.get(id).is_some_and(|i| !matches!(i.state.as_str(), "shutting-down" | "terminated"))
}

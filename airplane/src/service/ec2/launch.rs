//! Launching: RunInstances, and what Auto Scaling launches. A launch specification is the JSON of launch template data,
//! with `SubnetId` and what else a call may say.
use super::filters::view;
use super::instance::{Event, Instance, render};
use super::network_interface::{self, Attachment, New};
use super::{
    ec2, find, image, instance_type, key_pair, launch_template, security_group, tags, volume,
};
use crate::around::call::Call;
use crate::service::{Action, iam, ssm};
use crate::wire::fault::{Fault, Outcome};
use crate::world::scope::Scope;
use crate::world::timing;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

pub(crate) const ACTIONS: &[Action] = &[("RunInstances", run_instances)];

/// Members that are about the call and not about the instance.
const OF_CALL: &[&str] =
    &["MinCount", "MaxCount", "ClientToken", "LaunchTemplate", "TagSpecifications", "DryRun"];

/// What a launch adds to its specification.
#[derive(Debug, Clone, Default)]
pub(crate) struct Extra {
    pub(crate) reservation: String,
    pub(crate) index: i64,
    pub(crate) token: Option<String>,
    pub(crate) tags: BTreeMap<String, tags::Tags>,
    pub(crate) spot: bool,
}

fn run_instances(call: &mut Call<'_>) -> Outcome {
    let (least, most) =
        (call.opt_int("MinCount").unwrap_or(1), call.opt_int("MaxCount").unwrap_or(1));
    if least < 1 || most < least {
        let message = format!("Value ({least}) for parameter minCount is invalid.");
        return Err(Fault::new("InvalidParameterValue", message));
    }
    let mut spec = Map::new();
    let mut template_tags = BTreeMap::new();
    if let Some(template) = call.get("LaunchTemplate").cloned() {
        let (_, _, data) = launch_template::resolve(call, &template)?;
        template_tags = tags_of(&data, call)?;
        spec = data.as_object().cloned().unwrap_or_default();
    }
    let own = call
        .input
        .iter()
        .filter(|(name, value)| !OF_CALL.contains(&name.as_str()) && !value.is_null());
    spec.extend(own.map(|(name, value)| (name.clone(), value.clone())));
    let allowed = ["instance", "volume", "network-interface", "spot-instances-request"];
    let mut all_tags = template_tags;
    for (kind, more) in tags::specifications(call, &allowed)? {
        all_tags.entry(kind).or_default().0.extend(more.0);
    }
    let spot =
        spec.get("InstanceMarketOptions").is_some_and(|market| market["MarketType"] == "spot");
    let reservation = call.id("r");
    let mut ids = Vec::new();
    for index in 0..most {
        let token = call.opt_str("ClientToken");
        let extra =
            Extra { reservation: reservation.clone(), index, token, tags: all_tags.clone(), spot };
        match launch(call, &Value::Object(spec.clone()), &extra) {
            Ok(id) => ids.push(id),
            // As many as there are, if that is enough.
            Err(_) if index >= least => break,
            Err(fault) => return Err(fault),
        }
    }
    let view = view(&mut call.scope);
    let shown = ids.iter().filter_map(|id| Some(render(&view, id, view.ec2.instances.get(id)?)));
    let instances: Vec<Value> = shown.collect();
    let owner = view.account.clone();
    Ok(
        json!({"ReservationId": reservation, "OwnerId": owner, "Groups": [], "Instances": instances}),
    )
}

/// Tags that launch template data gives, by resource type.
pub(crate) fn tags_of(
    data: &Value,
    call: &Call<'_>,
) -> Result<BTreeMap<String, tags::Tags>, Fault> {
    let mut all = BTreeMap::new();
    for item in data["TagSpecifications"].as_array().into_iter().flatten() {
        let kind = item["ResourceType"].as_str().unwrap_or("instance").to_owned();
        all.insert(
            kind,
            tags::read(item["Tags"].as_array().map(Vec::as_slice).unwrap_or_default(), call)?,
        );
    }
    Ok(all)
}

fn texts(value: &Value) -> Vec<String> {
    value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|text| text.as_str().map(str::to_owned))
        .collect()
}

/// How an image is named by a parameter that holds its id.
pub(crate) const BY_PARAMETER: &str = "resolve:ssm:";

// The specification with the image that its parameter holds now.
fn resolved(scope: &mut Scope<'_>, spec: &Value) -> Result<Value, Fault> {
    let mut spec = spec.clone();
    if let Some(name) = spec["ImageId"].as_str().and_then(|id| id.strip_prefix(BY_PARAMETER)) {
        let image = ssm::value(scope, name).ok_or_else(|| {
            let message = format!(
                "Invalid value '{BY_PARAMETER}{name}' for ImageId: there is no such parameter."
            );
            Fault::new("InvalidParameterValue", message)
        })?;
        spec["ImageId"] = json!(image);
    }
    Ok(spec)
}

/// Refuses a specification that nothing can be launched of, for who checks before launching.
pub(crate) fn check(scope: &mut Scope<'_>, spec: &Value) -> Result<(), Fault> {
    let spec = &resolved(scope, spec)?;
    let image_id = spec["ImageId"].as_str().ok_or_else(|| {
        Fault::new("MissingParameter", "The request must contain the parameter ImageId")
    })?;
    image::find(scope, image_id)?;
    let kind = spec["InstanceType"].as_str().unwrap_or("m1.small");
    instance_type::check(kind)?;
    if let Some(name) = spec["KeyName"].as_str() {
        key_pair::check(scope, name)?;
    }
    profile(scope, spec)?;
    launch_template::user_data(spec["UserData"].as_str())
}

fn profile(scope: &mut Scope<'_>, spec: &Value) -> Result<Option<(String, String)>, Fault> {
    let given = &spec["IamInstanceProfile"];
    let Some(name) = given["Arn"].as_str().or(given["Name"].as_str()).map(str::to_owned) else {
        return Ok(None);
    };
    let member =
        if given["Arn"].is_string() { "iamInstanceProfile.arn" } else { "iamInstanceProfile.name" };
    let found = iam::profile_arn(scope, &name);
    match found {
        Some(found) if iam::profile_is_known(scope, &name) => Ok(Some(found)),
        _ => {
            let what = if member.ends_with("arn") { "ARN" } else { "name" };
            let message = format!(
                "Value ({name}) for parameter {member} is invalid. Invalid IAM Instance Profile {what}"
            );
            Err(Fault::new("InvalidParameterValue", message))
        }
    }
}

/// Launches one instance.
pub(crate) fn launch(scope: &mut Scope<'_>, spec: &Value, extra: &Extra) -> Result<String, Fault> {
    check(scope, spec)?;
    let spec = &resolved(scope, spec)?;
    let kind = spec["InstanceType"].as_str().unwrap_or("m1.small").to_owned();
    let image = image::find(scope, spec["ImageId"].as_str().unwrap_or_default())?;
    let architecture = image["Architecture"].as_str().unwrap_or("x86_64").to_owned();
    if architecture != instance_type::architecture(&kind) && !is_unknown(&image) {
        let message = format!(
            "The architecture '{}' of the specified instance type does not match the architecture '{architecture}' of the specified AMI.",
            instance_type::architecture(&kind)
        );
        return Err(Fault::new("InvalidParameterValue", message));
    }
    let subnet_id = subnet_of(scope, spec)?;
    let subnet = find(scope, |s| &s.subnets, "subnet", &subnet_id)?;
    capacity(scope, &kind, &subnet.zone)?;
    let id = scope.id("i");
    let public_by_default = subnet.map_public_ip;
    let enis = interfaces(scope, spec, &subnet_id, public_by_default)?;
    attach(scope, &id, &enis);
    let (now, visible) = (scope.now(), scope.visible_at());
    let private_ip = enis
        .first()
        .and_then(|(eni, _)| ec2(scope).network_interfaces.get(eni)?.addresses.first().cloned());
    let vpc = subnet.vpc;
    let instance = Instance {
        reservation: extra.reservation.clone(),
        image: spec["ImageId"].as_str().unwrap_or_default().to_owned(),
        architecture,
        vpc,
        subnet: subnet_id,
        zone: subnet.zone.clone(),
        launch_index: extra.index,
        token: extra.token.clone(),
        spot: extra.spot,
        root_device: image["RootDeviceName"].as_str().unwrap_or("/dev/xvda").to_owned(),
        private_ip,
        ..described(scope, spec, kind)?
    };
    ec2(scope).instances.insert(&id, instance, now, visible);
    volume::of_launch(
        scope,
        &id,
        &subnet.zone,
        &image,
        &spec["BlockDeviceMappings"],
        extra.tags.get("volume"),
    )?;
    if let Some(tags) = extra.tags.get("instance") {
        tags::put(scope, &id, tags.clone());
    }
    if let Some(tags) = extra.tags.get("network-interface") {
        for (eni, _) in &enis {
            tags::put(scope, eni, tags.clone());
        }
    }
    scope.schedule(
        timing::INSTANCE_START,
        super::Event::Instance(Event::Running { id: id.clone() }),
    );
    Ok(id)
}

/// A public image that is known by its id only has any architecture.
fn is_unknown(image: &Value) -> bool {
    image["Name"].as_str().is_some_and(|name| name.starts_with("public-image-"))
}

/// What of an instance the specification alone says.
fn described(scope: &mut Scope<'_>, spec: &Value, kind: String) -> Result<Instance, Fault> {
    let truth = |value: &Value| value.as_bool().unwrap_or(false);
    let given = &spec["MetadataOptions"];
    let option = |name: &str, default: &str| given[name].as_str().unwrap_or(default).to_owned();
    let processors = instance_type::check(&kind)?;
    let cpu = &spec["CpuOptions"];
    let threads = cpu["ThreadsPerCore"]
        .as_i64()
        .unwrap_or(if instance_type::architecture(&kind) == "arm64" { 1 } else { 2 });
    let cores = i64::try_from(processors).unwrap_or(1) / threads.max(1);
    let now = scope.now();
    Ok(Instance {
        key: spec["KeyName"].as_str().map(str::to_owned),
        state: "pending".to_owned(),
        launched: now,
        started: now,
        profile: profile(scope, spec)?,
        profile_association: format!("iip-assoc-0{}", scope.world.ids.hex(16)),
        user_data: spec["UserData"].as_str().map(str::to_owned),
        ebs_optimized: truth(&spec["EbsOptimized"]),
        monitoring: truth(&spec["Monitoring"]["Enabled"]),
        source_dest_check: true,
        no_termination: truth(&spec["DisableApiTermination"]),
        no_stop: truth(&spec["DisableApiStop"]),
        shutdown: spec["InstanceInitiatedShutdownBehavior"].as_str().unwrap_or("stop").to_owned(),
        metadata: json!({
            "State": "applied",
            "HttpTokens": option("HttpTokens", "optional"),
            "HttpPutResponseHopLimit": given["HttpPutResponseHopLimit"].as_i64().unwrap_or(1),
            "HttpEndpoint": option("HttpEndpoint", "enabled"),
            "HttpProtocolIpv6": option("HttpProtocolIpv6", "disabled"),
            "InstanceMetadataTags": option("InstanceMetadataTags", "disabled"),
        }),
        credit: spec["CreditSpecification"]["CpuCredits"].as_str().map(str::to_owned).or_else(
            || {
                kind.starts_with('t').then(|| {
                    if kind.starts_with("t2.") { "standard" } else { "unlimited" }.to_owned()
                })
            },
        ),
        tenancy: spec["Placement"]["Tenancy"].as_str().unwrap_or("default").to_owned(),
        cores: cpu["CoreCount"].as_i64().unwrap_or(cores.max(1)),
        threads,
        hibernation: truth(&spec["HibernationOptions"]["Configured"]),
        enclave: truth(&spec["EnclaveOptions"]["Enabled"]),
        kind,
        ..Instance::default()
    })
}

fn subnet_of(scope: &mut Scope<'_>, spec: &Value) -> Result<String, Fault> {
    if let Some(id) = spec["SubnetId"].as_str() {
        return Ok(id.to_owned());
    }
    for interface in spec["NetworkInterfaces"].as_array().into_iter().flatten() {
        if let Some(id) = interface["SubnetId"].as_str() {
            return Ok(id.to_owned());
        }
        if let Some(id) = interface["NetworkInterfaceId"].as_str() {
            return Ok(find(scope, |s| &s.network_interfaces, "eni", id)?.subnet);
        }
    }
    let vpc = security_group::default_vpc(scope)?;
    let zone = spec["Placement"]["AvailabilityZone"].as_str();
    let mut subnets = ec2(scope).subnets.iter();
    let found = subnets.find(|(_, s)| {
        s.vpc == vpc && s.default_for_zone && zone.is_none_or(|zone| s.zone == zone)
    });
    let missing = || {
        Fault::new("MissingInput", "No subnets found for the default VPC. Please specify a subnet.")
    };
    found.map(|(id, _)| id.to_owned()).ok_or_else(missing)
}

/// Faults can leave a zone, or a type in it, without capacity; the quota counts processors.
fn capacity(scope: &mut Scope<'_>, kind: &str, zone: &str) -> Result<(), Fault> {
    let conditions = [
        format!("no-capacity:{zone}"),
        format!("no-capacity:{zone}:{kind}"),
        format!("zone-down:{zone}"),
    ];
    if conditions.iter().any(|name| scope.condition(name)) {
        let message = format!(
            "We currently do not have sufficient {kind} capacity in the Availability Zone you requested \
                               ({zone}). Our system will be working on provisioning additional capacity."
        );
        return Err(Fault::new("InsufficientInstanceCapacity", message).status(500));
    }
    let wanted = instance_type::check(kind)?;
    let running: u64 = ec2(scope)
        .instances
        .values()
        .filter(|i| matches!(i.state.as_str(), "pending" | "running"))
        .filter_map(|i| instance_type::processors(&i.kind))
        .sum();
    let limit = scope.quota("running-vcpus-standard") as u64;
    if running + wanted > limit {
        let message = format!(
            "You have requested more vCPU capacity than your current vCPU limit of {limit} allows for the \
                               instance bucket that the specified instance type belongs to."
        );
        return Err(Fault::new("VcpuLimitExceeded", message));
    }
    Ok(())
}

/// Interfaces for the instance with their device index; the first is the primary one.
fn interfaces(
    scope: &mut Scope<'_>,
    spec: &Value,
    subnet: &str,
    public_by_default: bool,
) -> Result<Vec<(String, Option<Value>)>, Fault> {
    let given = spec["NetworkInterfaces"].as_array().filter(|list| !list.is_empty());
    let Some(given) = given else {
        let mut groups = texts(&spec["SecurityGroupIds"]);
        let vpc = find(scope, |s| &s.subnets, "subnet", subnet)?.vpc;
        for name in texts(&spec["SecurityGroups"]) {
            let id = security_group::by_name(scope, &vpc, &name);
            groups.push(id.ok_or_else(|| security_group::missing(&name))?);
        }
        let new = New {
            subnet: subnet.to_owned(),
            groups,
            private_ip: spec["PrivateIpAddress"].as_str().map(str::to_owned),
            ipv6_count: count(&spec["Ipv6AddressCount"]),
            ipv6: addresses(&spec["Ipv6Addresses"]),
            public: public_by_default,
            ..New::default()
        };
        return Ok(vec![(network_interface::make(scope, new)?, None)]);
    };
    let mut made = Vec::new();
    for one in given {
        if let Some(id) = one["NetworkInterfaceId"].as_str() {
            let known = find(scope, |s| &s.network_interfaces, "eni", id)?;
            if known.attachment.is_some() {
                let message = format!("Interface: [{id}] in use.");
                return Err(Fault::new("InvalidNetworkInterface.InUse", message));
            }
            made.push((id.to_owned(), Some(one.clone())));
            continue;
        }
        let first = one["DeviceIndex"].as_i64().unwrap_or(0) == 0;
        let new = New {
            subnet: one["SubnetId"].as_str().unwrap_or(subnet).to_owned(),
            description: one["Description"].as_str().unwrap_or_default().to_owned(),
            groups: texts(&one["Groups"]),
            private_ip: one["PrivateIpAddress"].as_str().map(str::to_owned),
            secondary_count: count(&one["SecondaryPrivateIpAddressCount"]),
            ipv6_count: count(&one["Ipv6AddressCount"]),
            ipv6: addresses(&one["Ipv6Addresses"]),
            public: one["AssociatePublicIpAddress"].as_bool().unwrap_or(public_by_default && first),
            ..New::default()
        };
        made.push((network_interface::make(scope, new)?, Some(one.clone())));
    }
    Ok(made)
}

fn count(value: &Value) -> usize {
    value.as_u64().and_then(|count| usize::try_from(count).ok()).unwrap_or(0)
}

fn addresses(value: &Value) -> Vec<String> {
    let all = value.as_array().into_iter().flatten();
    all.filter_map(|one| one["Ipv6Address"].as_str().map(str::to_owned)).collect()
}

fn attach(scope: &mut Scope<'_>, instance: &str, enis: &[(String, Option<Value>)]) {
    let (now, account) = (scope.now(), scope.account.clone());
    for (index, (eni, one)) in (0i64..).zip(enis) {
        let id = format!("eni-attach-0{}", scope.world.ids.hex(16));
        let said = one.as_ref();
        let attachment = Attachment {
            id,
            instance: Some(instance.to_owned()),
            owner: account.clone(),
            device_index: said.and_then(|one| one["DeviceIndex"].as_i64()).unwrap_or(index),
            status: "attached".to_owned(),
            at: now,
            // An interface that was there before stays.
            delete_on_termination: said
                .and_then(|one| one["DeleteOnTermination"].as_bool())
                .unwrap_or_else(|| said.is_none_or(|one| !one["NetworkInterfaceId"].is_string())),
        };
        if let Some(interface) = ec2(scope).network_interfaces.get_mut(eni) {
            interface.attachment = Some(attachment);
        }
    }
}

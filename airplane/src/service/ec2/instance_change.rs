//! Changes of instances: attributes one at a time, metadata options, monitoring, the instance profile.
use super::filters::{Filters, view};
use super::instance::{Instance, edit};
use super::{ec2, find, instance_type, network_interface, security_group};
use crate::around::call::Call;
use crate::service::{Action, iam};
use crate::wire::fault::{Fault, Outcome};
use serde_json::{Value, json};

pub(crate) const ACTIONS: &[Action] = &[
    ("DescribeInstanceAttribute", describe),
    ("ModifyInstanceAttribute", modify),
    ("ModifyInstanceMetadataOptions", modify_metadata),
    ("MonitorInstances", monitor),
    ("UnmonitorInstances", unmonitor),
    ("DescribeInstanceCreditSpecifications", credits),
    ("AssociateIamInstanceProfile", associate),
    ("DisassociateIamInstanceProfile", disassociate),
    ("ReplaceIamInstanceProfileAssociation", replace),
    ("DescribeIamInstanceProfileAssociations", describe_associations),
];

fn named(call: &mut Call<'_>) -> Result<(String, Instance), Fault> {
    let id = call.str("InstanceId");
    let found = find(call, |s| &s.instances, "i", &id)?;
    Ok((id, found))
}

fn describe(call: &mut Call<'_>) -> Outcome {
    let (id, i) = named(call)?;
    let attribute = call.str("Attribute");
    let (member, value) = match attribute.as_str() {
        "disableApiTermination" => ("DisableApiTermination", json!({"Value": i.no_termination})),
        "disableApiStop" => ("DisableApiStop", json!({"Value": i.no_stop})),
        "ebsOptimized" => ("EbsOptimized", json!({"Value": i.ebs_optimized})),
        "enaSupport" => ("EnaSupport", json!({"Value": true})),
        "instanceInitiatedShutdownBehavior" => {
            ("InstanceInitiatedShutdownBehavior", json!({"Value": i.shutdown}))
        }
        "instanceType" => ("InstanceType", json!({"Value": i.kind})),
        "rootDeviceName" => ("RootDeviceName", json!({"Value": i.root_device})),
        "sourceDestCheck" => ("SourceDestCheck", json!({"Value": i.source_dest_check})),
        "userData" => {
            ("UserData", i.user_data.map_or_else(|| json!({}), |text| json!({"Value": text})))
        }
        "groupSet" => {
            let view = view(&mut call.scope);
            let primary = network_interface::primary_of(view.ec2, &id);
            let groups = primary.map(|(_, eni)| eni.groups.clone()).unwrap_or_default();
            ("Groups", groups.iter().map(|group| json!({"GroupId": group})).collect())
        }
        other => {
            let message =
                format!("Value ({other}) for parameter attribute is invalid. Unknown attribute.");
            return Err(Fault::new("InvalidParameterValue", message));
        }
    };
    let mut out = json!({"InstanceId": id});
    out[member] = value;
    Ok(out)
}

fn modify(call: &mut Call<'_>) -> Outcome {
    let (id, i) = named(call)?;
    let truth = |call: &Call<'_>, name: &str| call.attribute(name).and_then(Value::as_bool);
    let text = |call: &Call<'_>, name: &str| {
        call.attribute(name).and_then(Value::as_str).map(str::to_owned)
    };
    let stopped_only = |what: &str| match i.state.as_str() {
        "stopped" => Ok(()),
        _ => {
            let message = format!(
                "The instance '{id}' is not in the 'stopped' state, which changing its {what} needs."
            );
            Err(Fault::new("IncorrectInstanceState", message))
        }
    };
    if let Some(kind) = text(call, "InstanceType") {
        stopped_only("instanceType")?;
        instance_type::check(&kind)?;
        edit(call, &id, |i| i.kind = kind);
    }
    if let Some(data) = call.get("UserData").cloned() {
        stopped_only("userData")?;
        let data = data["Value"].as_str().map(str::to_owned);
        edit(call, &id, |i| i.user_data = data);
    }
    if let Some(on) = truth(call, "EbsOptimized") {
        stopped_only("ebsOptimized")?;
        edit(call, &id, |i| i.ebs_optimized = on);
    }
    if let Some(on) = truth(call, "DisableApiTermination") {
        edit(call, &id, |i| i.no_termination = on);
    }
    if let Some(on) = truth(call, "DisableApiStop") {
        edit(call, &id, |i| i.no_stop = on);
    }
    if let Some(behaviour) = text(call, "InstanceInitiatedShutdownBehavior") {
        edit(call, &id, |i| i.shutdown = behaviour);
    }
    let primary =
        network_interface::primary_of(&call.realm().ec2, &id).map(|(eni, _)| eni.to_owned());
    if let Some(on) = truth(call, "SourceDestCheck") {
        edit(call, &id, |i| i.source_dest_check = on);
        if let Some(interface) =
            primary.as_ref().and_then(|eni| ec2(call).network_interfaces.get_mut(eni))
        {
            interface.source_dest_check = on;
        }
    }
    let groups = call.strings("Groups");
    if !groups.is_empty() {
        security_group::check_for_interface(call, &groups, &i.vpc, &i.subnet)?;
        if let Some(interface) = primary.and_then(|eni| ec2(call).network_interfaces.get_mut(&eni))
        {
            interface.groups = groups;
        }
    }
    let mappings = call.list("BlockDeviceMappings");
    for mapping in mappings {
        let (device, goes) = (
            mapping["DeviceName"].as_str().unwrap_or_default(),
            mapping["Ebs"]["DeleteOnTermination"].as_bool(),
        );
        super::volume::set_delete_on_termination(call, &id, device, goes.unwrap_or(true));
    }
    Ok(json!({}))
}

fn modify_metadata(call: &mut Call<'_>) -> Outcome {
    let (id, i) = named(call)?;
    let mut options = i.metadata;
    for name in [
        "HttpTokens",
        "HttpPutResponseHopLimit",
        "HttpEndpoint",
        "HttpProtocolIpv6",
        "InstanceMetadataTags",
    ] {
        if let Some(value) = call.get(name) {
            options[name] = value.clone();
        }
    }
    let shown = options.clone();
    edit(call, &id, |i| i.metadata = options);
    Ok(json!({"InstanceId": id, "InstanceMetadataOptions": shown}))
}

fn set_monitoring(call: &mut Call<'_>, on: bool) -> Outcome {
    let mut out = Vec::new();
    for id in call.strings("InstanceIds") {
        find(call, |s| &s.instances, "i", &id)?;
        edit(call, &id, |i| i.monitoring = on);
        out.push(json!({"InstanceId": id, "Monitoring": {"State": if on { "pending" } else { "disabling" }}}));
    }
    Ok(json!({"InstanceMonitorings": out}))
}

fn monitor(call: &mut Call<'_>) -> Outcome {
    set_monitoring(call, true)
}

fn unmonitor(call: &mut Call<'_>) -> Outcome {
    set_monitoring(call, false)
}

fn credits(call: &mut Call<'_>) -> Outcome {
    let ids = call.strings("InstanceIds");
    let mut out = Vec::new();
    for id in &ids {
        let i = find(call, |s| &s.instances, "i", id)?;
        if let Some(credit) = i.credit {
            out.push(json!({"InstanceId": id, "CpuCredits": credit}));
        }
    }
    if ids.is_empty() {
        let all =
            ec2(call).instances.iter().filter(|(_, i)| i.credit.as_deref() == Some("unlimited"));
        out.extend(all.map(|(id, i)| json!({"InstanceId": id, "CpuCredits": i.credit})));
    }
    Ok(json!({"InstanceCreditSpecifications": out}))
}

fn association(id: &str, i: &Instance, state: &str) -> Value {
    let (arn, profile) = i.profile.clone().unwrap_or_default();
    json!({
        "AssociationId": i.profile_association, "InstanceId": id, "State": state,
        "IamInstanceProfile": {"Arn": arn, "Id": profile},
    })
}

fn given_profile(call: &mut Call<'_>) -> Result<(String, String), Fault> {
    let given = call.get("IamInstanceProfile").cloned().unwrap_or_default();
    let name = given["Arn"].as_str().or(given["Name"].as_str()).unwrap_or_default().to_owned();
    let invalid = || {
        let message = format!(
            "Value ({name}) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name"
        );
        Fault::new("InvalidParameterValue", message)
    };
    if !iam::profile_is_known(call, &name) {
        return Err(invalid());
    }
    iam::profile_arn(call, &name).ok_or_else(invalid)
}

fn associate(call: &mut Call<'_>) -> Outcome {
    let (id, i) = named(call)?;
    let profile = given_profile(call)?;
    if i.profile.is_some() {
        let message = format!("There is an existing association for instance {id}");
        return Err(Fault::new("IncorrectState", message));
    }
    edit(call, &id, |i| i.profile = Some(profile));
    let i = find(call, |s| &s.instances, "i", &id)?;
    Ok(json!({"IamInstanceProfileAssociation": association(&id, &i, "associating")}))
}

fn by_association(call: &mut Call<'_>) -> Result<(String, Instance), Fault> {
    let wanted = call.str("AssociationId");
    let mut all = ec2(call).instances.iter();
    let found = all.find(|(_, i)| i.profile.is_some() && i.profile_association == wanted);
    let found = found.map(|(id, i)| (id.to_owned(), i.clone()));
    found.ok_or_else(|| {
        Fault::new(
            "NoSuchAssociation",
            format!("An invalid association-id of '{wanted}' was given"),
        )
    })
}

fn disassociate(call: &mut Call<'_>) -> Outcome {
    let (id, i) = by_association(call)?;
    let shown = association(&id, &i, "disassociating");
    let fresh = format!("iip-assoc-0{}", call.world.ids.hex(16));
    edit(call, &id, |i| {
        i.profile = None;
        i.profile_association = fresh;
    });
    Ok(json!({"IamInstanceProfileAssociation": shown}))
}

fn replace(call: &mut Call<'_>) -> Outcome {
    let (id, _) = by_association(call)?;
    let profile = given_profile(call)?;
    let fresh = format!("iip-assoc-0{}", call.world.ids.hex(16));
    edit(call, &id, |i| {
        i.profile = Some(profile);
        i.profile_association = fresh;
    });
    let i = find(call, |s| &s.instances, "i", &id)?;
    Ok(json!({"IamInstanceProfileAssociation": association(&id, &i, "associating")}))
}

fn describe_associations(call: &mut Call<'_>) -> Outcome {
    const KNOWN: &[(&str, &str)] = &[("instance-id", "InstanceId"), ("state", "State")];
    let filters = Filters::of(call, KNOWN)?;
    let ids = call.strings("AssociationIds");
    let all =
        ec2(call).instances.iter().filter(|(_, i)| i.profile.is_some() && i.state != "terminated");
    let found: Vec<Value> = all
        .filter(|(_, i)| ids.is_empty() || ids.contains(&i.profile_association))
        .map(|(id, i)| association(id, i, "associated"))
        .filter(|out| filters.pass(KNOWN, out))
        .collect();
    Ok(json!({"IamInstanceProfileAssociations": found}))
}

//! How members begin and end: which zone gets the next instance, which member goes first.
use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::config::Config;
use super::group::Group;
use super::members::{Member, edit, of_group};
use super::{activities, group};
use crate::service::ec2::launch::{Extra, launch};
use crate::service::ec2::tags::Tags;
use crate::service::{elbv2, kms};
use crate::world::scope::Scope;

/// How often in a row a launch may fail before the group waits longer.
const BACKOFF_MILLIS: [i64; 4] = [15_000, 30_000, 60_000, 120_000];

/// Launches one instance into the zone that has the fewest; says whether it did.
pub(super) fn start(scope: &mut Scope<'_>, name: &str, extra: bool) -> bool {
    let Some(group) = scope.realm().autoscaling.groups.get(name).cloned() else { return false };
    let members = of_group(scope, name);
    let at = crate::wire::scalar::iso(scope.now());
    let counting = members.iter().filter(|(_, member)| member.counts()).count();
    let cause = format!(
        "At {at} an instance was started in response to a difference between desired and actual capacity, \
                         increasing the capacity from {counting} to {}.",
        counting + 1
    );
    let mut last = String::new();
    for subnet in by_need(scope, &group, &members) {
        match into(scope, name, &group, &members, &subnet) {
            Ok((id, mut member)) => {
                let activity = activities::begin(
                    scope,
                    name,
                    &format!("Launching a new EC2 instance: {id}"),
                    &cause,
                );
                activities::set_status(scope, &activity, "PreInService");
                member.activity = activity;
                member.extra = extra;
                let now = scope.now();
                scope.realm().autoscaling.members.insert_implicit(&id, member, now);
                group::edit(scope, name, |group| group.failures = 0);
                return true;
            }
            // Capacity of one zone that is missing may be there in another.
            Err(fault) => last = format!("{} Launching EC2 instance failed.", fault),
        }
    }
    let activity = activities::begin(scope, name, "Launching a new EC2 instance.", &cause);
    activities::finish(scope, &activity, Err(last));
    let now = scope.now();
    group::edit(scope, name, |group| {
        let at = (group.failures as usize).min(BACKOFF_MILLIS.len() - 1);
        group.retry_at = now + BACKOFF_MILLIS[at];
        group.failures += 1;
    });
    false
}

/// The group's subnets, those of the emptiest zones first, as they stand in the group otherwise.
fn by_need(scope: &mut Scope<'_>, group: &Group, members: &[(String, Member)]) -> Vec<String> {
    let mut subnets: Vec<(usize, usize, String)> = Vec::new();
    for (at, id) in group.subnets.iter().enumerate() {
        let zone =
            scope.realm().ec2.subnets.get(id).map(|subnet| subnet.zone.clone()).unwrap_or_default();
        let there =
            members.iter().filter(|(_, member)| member.counts() && member.zone == zone).count();
        subnets.push((there, at, id.clone()));
    }
    subnets.sort();
    subnets.into_iter().map(|(_, _, id)| id).collect()
}

fn into(
    scope: &mut Scope<'_>,
    name: &str,
    group: &Group,
    members: &[(String, Member)],
    subnet: &str,
) -> Result<(String, Member), String> {
    let said = |fault: crate::wire::fault::Fault| fault.message;
    let config: &Config = group.refreshing.as_ref().unwrap_or(&group.config);
    let counting = members.iter().filter(|(_, member)| member.counts());
    let spot = counting.clone().filter(|(_, member)| member.spot).count();
    let recipe = config.recipe(scope, (counting.count() - spot, spot)).map_err(said)?;
    let mut data = recipe.data.clone();
    let interfaces = data["NetworkInterfaces"].as_array_mut();
    match interfaces.and_then(|list| list.first_mut()) {
        Some(first) => first["SubnetId"] = json!(subnet),
        None => data["SubnetId"] = json!(subnet),
    }
    if let Some(key) = closed_key(scope, &data) {
        return Err(format!(
            "Client.InvalidKMSKey.InvalidState: The KMS key provided is in an incorrect state. ({key} does not let \
             AWSServiceRoleForAutoScaling use it: neither its policy nor a grant names the role.)"
        ));
    }
    let reservation = scope.id("r");
    let tags = tags(&recipe.data, group, name, &recipe.template);
    let extra = Extra { reservation, index: 0, token: None, tags, spot: recipe.spot };
    let id = launch(scope, &data, &extra).map_err(said)?;
    let i = scope.realm().ec2.instances.get(&id).cloned().unwrap_or_default();
    let member = Member {
        group: name.to_owned(),
        kind: i.kind,
        zone: i.zone,
        image: i.image,
        template: recipe.template,
        spot: recipe.spot,
        state: "Pending".to_owned(),
        healthy: true,
        protected: group.protect_new,
        launched: scope.now(),
        ..Member::default()
    };
    Ok((id, member))
}

// A key of the launch's volumes that Auto Scaling's role may not use.
fn closed_key(scope: &mut Scope<'_>, data: &Value) -> Option<String> {
    let role = format!(
        "arn:aws:iam::{}:role/aws-service-role/autoscaling.amazonaws.com/AWSServiceRoleForAutoScaling",
        scope.account
    );
    let mappings = data["BlockDeviceMappings"].as_array().into_iter().flatten();
    let mut keys = mappings.filter_map(|mapping| mapping["Ebs"]["KmsKeyId"].as_str());
    keys.find(|key| !kms::serves(scope, key, &role)).map(str::to_owned)
}

/// Tags of the template, of the group where they propagate, and AWS's own.
fn tags(data: &Value, group: &Group, name: &str, template: &Value) -> BTreeMap<String, Tags> {
    let mut all: BTreeMap<String, Tags> = BTreeMap::new();
    for item in data["TagSpecifications"].as_array().into_iter().flatten() {
        let kind = item["ResourceType"].as_str().unwrap_or("instance").to_owned();
        let tags = all.entry(kind).or_default();
        for tag in item["Tags"].as_array().into_iter().flatten() {
            let part = |name: &str| tag[name].as_str().unwrap_or_default().to_owned();
            tags.0.insert(part("Key"), part("Value"));
        }
    }
    let own = all.entry("instance".to_owned()).or_default();
    for tag in group.tags.iter().filter(|tag| tag.propagate) {
        own.0.insert(tag.key.clone(), tag.value.clone());
    }
    let text = |member: &str| template[member].as_str().unwrap_or_default().to_owned();
    own.0.insert("aws:autoscaling:groupName".to_owned(), name.to_owned());
    own.0.insert("aws:ec2launchtemplate:id".to_owned(), text("LaunchTemplateId"));
    own.0.insert("aws:ec2launchtemplate:version".to_owned(), text("Version"));
    all
}

/// Begins the end of a member: out of its target groups first, then the hooks, then the instance. Gives the activity.
pub(super) fn end(scope: &mut Scope<'_>, id: &str, cause: &str) -> String {
    let Some(member) = scope.realm().autoscaling.members.get(id).cloned() else {
        return String::new();
    };
    if member.is_leaving() {
        return member.activity;
    }
    if !member.activity.is_empty() {
        activities::finish(
            scope,
            &member.activity,
            Err("The instance was taken out of service.".to_owned()),
        );
    }
    let activity =
        activities::begin(scope, &member.group, &format!("Terminating EC2 instance: {id}"), cause);
    let targets = scope
        .realm()
        .autoscaling
        .groups
        .get(&member.group)
        .map(|group| group.target_groups.clone());
    for arn in targets.unwrap_or_default() {
        elbv2::targets::deregister(scope, &arn, id);
    }
    edit(scope, id, |member| {
        member.state = "Terminating".to_owned();
        member.wait = None;
        member.done.clear();
        member.activity = activity.clone();
    });
    activity
}

/// The members that a scale-in takes, the first first: out of the fullest zone, then by the termination policies.
pub(super) fn victims(group: &Group, members: &[(String, Member)], count: usize) -> Vec<String> {
    let mut left: Vec<(String, Member)> =
        members.iter().filter(|(_, member)| member.counts()).cloned().collect();
    let mut chosen = Vec::new();
    while chosen.len() < count {
        let mut zones: BTreeMap<&str, usize> = BTreeMap::new();
        for (_, member) in &left {
            *zones.entry(member.zone.as_str()).or_default() += 1;
        }
        let candidates = left.iter().enumerate().filter(|(_, (_, member))| !member.protected);
        let best = candidates.min_by_key(|(_, (id, member))| {
            let fullness = zones.get(member.zone.as_str()).copied().unwrap_or(0);
            (usize::MAX - fullness, rank(group, member), id.clone())
        });
        let Some(at) = best.map(|(at, _)| at) else { break };
        chosen.push(left.remove(at).0);
    }
    chosen
}

/// Lower goes first.
fn rank(group: &Group, member: &Member) -> Vec<i64> {
    let version = |member: &Member| {
        member.template["Version"].as_str().and_then(|text| text.parse().ok()).unwrap_or(0)
    };
    let policies = group.termination_policies.iter().map(|policy| match policy.as_str() {
        "NewestInstance" => -member.launched,
        "OldestInstance" | "ClosestToNextInstanceHour" => member.launched,
        _ => version(member),
    });
    policies.chain([version(member), member.launched]).collect()
}

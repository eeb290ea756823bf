//! Security groups. A group is held by interfaces and by rules of other groups; a VPC's default group stays with it.
use super::filters::{Spec, View, describe};
use super::security_group_rule::{Rule, Source, permissions};
use super::{ec2, find, kinds, tags};
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};
use crate::world::scope::Scope;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(crate) const ACTIONS: &[Action] = &[
    ("CreateSecurityGroup", create),
    ("DeleteSecurityGroup", delete),
    ("DescribeSecurityGroups", describe_all),
];

/// A security group.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SecurityGroup {
    pub(crate) vpc: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) rules: Vec<Rule>,
}

fn render(view: &View<'_>, id: &str, group: &SecurityGroup) -> Value {
    json!({
        "GroupId": id, "GroupName": group.name, "Description": group.description, "VpcId": group.vpc,
        "OwnerId": view.account, "SecurityGroupArn": view.arn(&format!("security-group/{id}")),
        "IpPermissions": permissions(view, group, false), "IpPermissionsEgress": permissions(view, group, true),
        "Tags": tags::of(view, id),
    })
}

fn rule(scope: &mut Scope<'_>, egress: bool, source: Source) -> Rule {
    let id = scope.id("sgr");
    Rule { id, egress, protocol: "-1".to_owned(), from: None, to: None, source, description: None }
}

// Everything may leave a new group.
fn first_rules(scope: &mut Scope<'_>, vpc: &str) -> Vec<Rule> {
    let mut rules = vec![rule(scope, true, Source::Cidr("0.0.0.0/0".to_owned()))];
    if ec2(scope).vpcs.get(vpc).is_some_and(|v| !v.ipv6_blocks.is_empty()) {
        rules.push(rule(scope, true, Source::Ipv6("::/0".to_owned())));
    }
    rules
}

/// Makes the default group of a new VPC.
pub(crate) fn make_default(scope: &mut Scope<'_>, vpc: &str) {
    let (now, id) = (scope.now(), scope.id("sg"));
    let itself = Source::Group { account: scope.account.clone(), id: id.clone(), peering: None };
    let mut rules = vec![rule(scope, false, itself)];
    rules.extend(first_rules(scope, vpc));
    let group = SecurityGroup {
        vpc: vpc.to_owned(),
        name: "default".to_owned(),
        description: "default VPC security group".to_owned(),
        rules,
    };
    ec2(scope).security_groups.insert_implicit(&id, group, now);
}

/// The id of a VPC's default group.
pub(crate) fn default_id(scope: &mut Scope<'_>, vpc: &str) -> Option<String> {
    by_name(scope, vpc, "default")
}

/// The id of a VPC's group by name.
pub(crate) fn by_name(scope: &mut Scope<'_>, vpc: &str, name: &str) -> Option<String> {
    let groups = &ec2(scope).security_groups;
    groups.iter().find(|(_, g)| g.vpc == vpc && g.name == name).map(|(id, _)| id.to_owned())
}

/// Removes the default group along with its VPC.
pub(crate) fn remove_default(scope: &mut Scope<'_>, vpc: &str) {
    if let Some(id) = default_id(scope, vpc) {
        drop_group(scope, &id);
    }
}

fn drop_group(scope: &mut Scope<'_>, id: &str) {
    if let Some(group) = ec2(scope).security_groups.remove(id) {
        for rule in group.rules {
            tags::forget(scope, &rule.id);
        }
    }
    tags::forget(scope, id);
}

/// Refuses groups that an interface in this VPC and subnet cannot have.
pub(crate) fn check_for_interface(
    scope: &mut Scope<'_>,
    groups: &[String],
    vpc: &str,
    subnet: &str,
) -> Result<(), Fault> {
    for id in groups {
        if find(scope, |s| &s.security_groups, "sg", id)?.vpc != vpc {
            let message =
                format!("Security group {id} and subnet {subnet} belong to different networks.");
            return Err(Fault::new("InvalidParameter", message));
        }
    }
    if groups.len() > scope.quota("security-groups-per-interface") {
        let message = "The maximum number of security groups per interface has been reached.";
        return Err(Fault::new("SecurityGroupsPerInterfaceLimitExceeded", message));
    }
    Ok(())
}

fn refuse_text(what: &str, text: &str) -> Result<(), Fault> {
    let fits = |c: char| c.is_ascii_alphanumeric() || " ._-:/()#,@[]+=&;{}!$*".contains(c);
    if text.is_empty() || text.chars().count() > 255 || !text.chars().all(fits) {
        let message = format!(
            "Invalid security group {what}. Valid {what}s are strings less than 256 characters from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{{}}!$*"
        );
        return Err(Fault::new("InvalidParameterValue", message));
    }
    Ok(())
}

/// The default VPC's id, for calls that name no VPC.
pub(crate) fn default_vpc(scope: &mut Scope<'_>) -> Result<String, Fault> {
    let found = ec2(scope).vpcs.iter().find(|(_, v)| v.is_default).map(|(id, _)| id.to_owned());
    found.ok_or_else(|| Fault::new("VPCIdNotSpecified", "No default VPC for this user"))
}

fn create(call: &mut Call<'_>) -> Outcome {
    let tags = tags::specified(call, "security-group")?;
    let (name, description) = (call.str("GroupName"), call.str("Description"));
    refuse_text("name", &name)?;
    refuse_text("description", &description)?;
    if name.to_ascii_lowercase().starts_with("sg-") {
        let message = format!("Invalid value '{name}' for groupName. It may not start with sg-");
        return Err(Fault::new("InvalidParameterValue", message));
    }
    let vpc = match call.opt_str("VpcId") {
        Some(vpc) => vpc,
        None => default_vpc(call)?,
    };
    find(call, |s| &s.vpcs, "vpc", &vpc)?;
    if name == "default" {
        let message = "Cannot use reserved security group name: default";
        return Err(Fault::new("InvalidParameterValue", message));
    }
    if by_name(call, &vpc, &name).is_some() {
        let message = format!("The security group '{name}' already exists for VPC '{vpc}'");
        return Err(Fault::new("InvalidGroup.Duplicate", message));
    }
    if ec2(call).security_groups.len() >= call.quota("security-groups-per-region") {
        let message = "The maximum number of security groups has been reached.";
        return Err(Fault::new("SecurityGroupLimitExceeded", message));
    }
    let (now, visible, id) = (call.now(), call.visible_at(), call.id("sg"));
    let rules = first_rules(call, &vpc);
    ec2(call).security_groups.insert(
        &id,
        SecurityGroup { vpc, name, description, rules },
        now,
        visible,
    );
    let list = tags.list();
    tags::put(call, &id, tags);
    let arn = call.arn("ec2", &format!("security-group/{id}"));
    Ok(json!({"GroupId": id, "SecurityGroupArn": arn, "Tags": list}))
}

/// The group that `GroupId` or, in the default VPC, `GroupName` names.
pub(crate) fn named(call: &mut Call<'_>) -> Result<String, Fault> {
    if let Some(id) = call.opt_str("GroupId") {
        find(call, |s| &s.security_groups, "sg", &id)?;
        return Ok(id);
    }
    let Some(name) = call.opt_str("GroupName") else {
        let message = "The request must contain the parameter groupName or groupId";
        return Err(Fault::new("MissingParameter", message));
    };
    let vpc = default_vpc(call)?;
    by_name(call, &vpc, &name).ok_or_else(|| {
        let message = format!("The security group '{name}' does not exist in default VPC '{vpc}'");
        Fault::new("InvalidGroup.NotFound", message)
    })
}

fn delete(call: &mut Call<'_>) -> Outcome {
    let id = named(call)?;
    let group = find(call, |s| &s.security_groups, "sg", &id)?;
    if group.name == "default" {
        let message =
            format!("the specified group: \"{id}\" name: \"default\" cannot be deleted by a user");
        return Err(Fault::new("CannotDelete", message));
    }
    let s = ec2(call);
    let held = s.network_interfaces.values().any(|e| e.groups.contains(&id))
        || s.security_groups
            .iter()
            .any(|(other, g)| other != id && g.rules.iter().any(|r| r.source.is_group(&id)));
    if held {
        let message = format!("resource {id} has a dependent object");
        return Err(Fault::new("DependencyViolation", message));
    }
    drop_group(call, &id);
    Ok(json!({"Return": true, "GroupId": id}))
}

const SPEC: Spec = Spec {
    ids: "GroupIds",
    prefix: "sg",
    filters: &[
        ("description", "Description"),
        ("egress.ip-permission.cidr", "IpPermissionsEgress.IpRanges.CidrIp"),
        ("egress.ip-permission.from-port", "IpPermissionsEgress.FromPort"),
        ("egress.ip-permission.group-id", "IpPermissionsEgress.UserIdGroupPairs.GroupId"),
        ("egress.ip-permission.group-name", "IpPermissionsEgress.UserIdGroupPairs.GroupName"),
        ("egress.ip-permission.ipv6-cidr", "IpPermissionsEgress.Ipv6Ranges.CidrIpv6"),
        ("egress.ip-permission.prefix-list-id", "IpPermissionsEgress.PrefixListIds.PrefixListId"),
        ("egress.ip-permission.protocol", "IpPermissionsEgress.IpProtocol"),
        ("egress.ip-permission.to-port", "IpPermissionsEgress.ToPort"),
        ("egress.ip-permission.user-id", "IpPermissionsEgress.UserIdGroupPairs.UserId"),
        ("group-id", "GroupId"),
        ("group-name", "GroupName"),
        ("ip-permission.cidr", "IpPermissions.IpRanges.CidrIp"),
        ("ip-permission.from-port", "IpPermissions.FromPort"),
        ("ip-permission.group-id", "IpPermissions.UserIdGroupPairs.GroupId"),
        ("ip-permission.group-name", "IpPermissions.UserIdGroupPairs.GroupName"),
        ("ip-permission.ipv6-cidr", "IpPermissions.Ipv6Ranges.CidrIpv6"),
        ("ip-permission.prefix-list-id", "IpPermissions.PrefixListIds.PrefixListId"),
        ("ip-permission.protocol", "IpPermissions.IpProtocol"),
        ("ip-permission.to-port", "IpPermissions.ToPort"),
        ("ip-permission.user-id", "IpPermissions.UserIdGroupPairs.UserId"),
        ("owner-id", "OwnerId"),
        ("vpc-id", "VpcId"),
    ],
};

fn describe_all(call: &mut Call<'_>) -> Outcome {
    let names = call.strings("GroupNames");
    let mut list = describe(call, &SPEC, |s| &s.security_groups, render)?;
    if let Some(bad) = names.iter().find(|n| !list.iter().any(|g| g["GroupName"] == **n)) {
        let message = format!("The security group '{bad}' does not exist");
        return Err(Fault::new("InvalidGroup.NotFound", message));
    }
    list.retain(|g| names.is_empty() || names.iter().any(|n| g["GroupName"] == *n));
    Ok(json!({ "SecurityGroups": list }))
}

/// The error for a group that nothing has.
pub(crate) fn missing(id: &str) -> Fault {
    kinds::missing("sg", id)
}

//! `aws_security_group`. Rules are attributes that can be written as blocks; where the configuration
//! has none, those that are there stay. A new group has no egress: what AWS adds is removed.

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_ec2::types::SecurityGroup as Found;

use super::group_rules::{Direction, converge, groups, groups_where, revoke, revoke_references};
use super::permission::{self, Permissions};
use super::{filter, interfaces, pairs, tag_specification};
use crate::api::{Api, Progress};
use crate::fields::{Fields, Problems};
use crate::names;
use crate::resource::{AwsResource, Changes, Create, Made, Result, Tagging};
use crate::row::Row;

const BOTH: [Direction; 2] = [Direction::Ingress, Direction::Egress];

#[derive(Debug)]
pub(crate) struct SecurityGroup;

#[async_trait]
impl AwsResource for SecurityGroup {
    fn tagging(&self) -> Tagging {
        Tagging::Ec2("security-group")
    }

    fn validate(&self, config: Fields<'_>, problems: &mut Problems) {
        problems.conflicts(config, &["name", "name_prefix"]);
        for (name, longest) in [("name", 255), ("name_prefix", 255 - 26)] {
            check_name(config, name, longest, problems);
        }
        if config.text("description").is_some_and(|text| text.chars().count() > 255) {
            let message = "The description of a security group has at most 255 characters.";
            problems.add("description", "Value too long", message);
        }
        check_rules(config, problems);
    }

    async fn read(&self, api: &Api, prior: Fields<'_>) -> Result<Option<Row>> {
        let found = api.load("security group", prior.id(), groups).await?;
        Ok(found.map(|group| row(api, &group, prior)))
    }

    async fn create(&self, api: &Api, create: Create<'_>) -> Result<Made> {
        let planned = create.planned;
        let name = names::name(planned, "name", "name_prefix", create.token);
        let tags = tag_specification("security-group", &create.tags_with_token());
        let make = || {
            api.ec2()
                .create_security_group()
                .group_name(&name)
                .set_description(planned.string("description"))
                .set_vpc_id(planned.string("vpc_id"))
                .tag_specifications(tags.clone())
                .send()
        };
        let answer = api.call("ec2", "CreateSecurityGroup", make).await?;
        Ok(Made::id(answer.group_id.unwrap_or_default()))
    }

    async fn complete(&self, api: &Api, id: &str, create: Create<'_>) -> Result<()> {
        let patience = create.planned.timeout("create", Duration::from_secs(10 * 60));
        let judge = |group: Option<&Found>| match group {
            Some(group) => Progress::Done(group.clone()),
            None => Progress::Pending("not visible".to_owned()),
        };
        let group = api.wait("security group", id, patience, groups, judge).await?;
        for direction in BOTH {
            let now = direction.of(&group);
            let wanted = wanted(create.planned, direction, id);
            converge(api, id, direction, &now, &now, &wanted).await?;
        }
        tell(api, id, group, create.planned);
        Ok(())
    }

    async fn update(&self, api: &Api, changes: Changes<'_>) -> Result<()> {
        update_rules(api, changes).await
    }

    async fn delete(&self, api: &Api, prior: Fields<'_>) -> Result<()> {
        let id = prior.id();
        if prior.bool("revoke_rules_on_delete") == Some(true) {
            if let Some(group) = api.load("security group", id, groups).await? {
                for direction in BOTH {
                    revoke(api, id, direction, &direction.of(&group)).await?;
                }
            }
            revoke_references(api, id).await?;
        }
        let delete = || api.ec2().delete_security_group().group_id(id).send();
        api.call("ec2", "DeleteSecurityGroup", delete).await.map(|_| ())
    }

    fn delete_patience(&self) -> Duration {
        Duration::from_secs(15 * 60)
    }

    async fn holders(&self, api: &Api, prior: Fields<'_>) -> Result<Vec<String>> {
        let id = prior.id();
        let mut names = interfaces(api, filter("group-id", [id])).await?;
        for name in ["ip-permission.group-id", "egress.ip-permission.group-id"] {
            let others = groups_where(api, filter(name, [id])).await?;
            let others = others.iter().filter_map(|group| group.group_id()).filter(|it| *it != id);
            let others: Vec<String> =
                others.map(|other| format!("a rule of security group {other}")).collect();
            names.extend(others);
        }
        names.dedup();
        Ok(names)
    }
}

fn check_name(config: Fields<'_>, name: &str, longest: usize, problems: &mut Problems) {
    let Some(text) = config.text(name) else { return };
    if text.chars().count() > longest {
        let message = format!("Expected at most {longest} characters.");
        problems.add(name, "Value too long", message);
    } else if text.starts_with("sg-") || text == "default" {
        let message = format!("A security group cannot be called {text:?}: AWS keeps such names.");
        problems.add(name, "Invalid name", message);
    }
}

/// Checks the rules of a group.
pub(super) fn check_rules(config: Fields<'_>, problems: &mut Problems) {
    for direction in BOTH {
        let name = direction.name();
        for rule in config.blocks(name) {
            let needed = ["from_port", "to_port", "protocol"];
            for missing in needed.into_iter().filter(|it| !rule.is_set(it)) {
                let message = format!("Each {name} rule needs {missing:?}.");
                problems.add(name, "Missing required argument", message);
            }
            permission::check(rule, Some(name), problems);
        }
    }
}

/// A group whose rules are as planned. Without any it need not be looked at again.
pub(super) fn tell(api: &Api, id: &str, mut group: Found, planned: Fields<'_>) {
    if BOTH.iter().all(|direction| planned.blocks(direction.name()).next().is_none()) {
        (group.ip_permissions, group.ip_permissions_egress) = (None, None);
        api.tell("security group", id, Some(group));
    }
}

fn wanted(planned: Fields<'_>, direction: Direction, id: &str) -> Permissions {
    permission::all_written(planned.blocks(direction.name()), id)
}

/// Changes the rules that differ; those that the state does not know stay.
pub(super) async fn update_rules(api: &Api, changes: Changes<'_>) -> Result<()> {
    let id = changes.id();
    if !changes.any(&["ingress", "egress"]) {
        return Ok(());
    }
    let Some(group) = api.load("security group", id, groups).await? else { return Ok(()) };
    for direction in BOTH.into_iter().filter(|it| changes.has(it.name())) {
        let now = direction.of(&group);
        let before = wanted(changes.prior, direction, id);
        let after = wanted(changes.planned, direction, id);
        converge(api, id, direction, &now, &before, &after).await?;
    }
    Ok(())
}

/// A group as AWS has it.
pub(super) fn row(api: &Api, group: &Found, prior: Fields<'_>) -> Row {
    let id = group.group_id().unwrap_or_default();
    let owner = group.owner_id().unwrap_or_default();
    let name = group.group_name().unwrap_or_default();
    let mut row = Row::new();
    row.set("id", id)
        .set("arn", arn(api, owner, id))
        .set("name", name)
        .set("name_prefix", names::prefix(name))
        .set("description", group.description())
        .set("owner_id", owner)
        .set("vpc_id", group.vpc_id())
        .tags(pairs(group.tags()));
    for direction in BOTH {
        let before = prior.blocks(direction.name());
        row.set(direction.name(), permission::shown(&direction.of(group), before, id));
    }
    row
}

/// The ARN of a group.
pub(crate) fn arn(api: &Api, owner: &str, id: &str) -> String {
    format!("arn:{}:ec2:{}:{owner}:security-group/{id}", api.partition(), api.region())
}

/// Default security groups by VPC.
pub(super) async fn default_groups(api: Api, vpcs: Vec<String>) -> Result<HashMap<String, Found>> {
    let by = [filter("vpc-id", vpcs), filter("group-name", ["default"])];
    let ask = |token| {
        let call = api.ec2().describe_security_groups().set_filters(Some(by.to_vec()));
        call.set_next_token(token).send()
    };
    let all = api.pages("ec2", "DescribeSecurityGroups", ask, |answer| {
        (answer.security_groups, answer.next_token)
    });
    Ok(all.await?.into_iter().filter_map(|it| Some((it.vpc_id.clone()?, it))).collect())
}

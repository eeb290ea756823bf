//! The rules of a security group: changing them, and reading them in bulk.

use std::collections::HashMap;

use aws_sdk_ec2::types::{SecurityGroup, SecurityGroupRule};

use super::filter;
use super::permission::{Permission, Permissions, Source, sent};
use crate::api::{Api, AwsError};
use crate::resource::Result;

/// Which way a rule lets traffic pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Ingress,
    Egress,
}

impl Direction {
    /// `ingress`
    pub(crate) fn name(self) -> &'static str {
        match self {
            Direction::Ingress => "ingress",
            Direction::Egress => "egress",
        }
    }

    /// The group's rules of that direction.
    pub(crate) fn of(self, group: &SecurityGroup) -> Permissions {
        super::permission::found(match self {
            Direction::Ingress => group.ip_permissions(),
            Direction::Egress => group.ip_permissions_egress(),
        })
    }
}

/// Security groups by id.
pub(crate) async fn groups(api: Api, ids: Vec<String>) -> Result<HashMap<String, SecurityGroup>> {
    let all = groups_where(&api, filter("group-id", ids)).await?.into_iter();
    Ok(all.filter_map(|group| Some((group.group_id.clone()?, group))).collect())
}

/// Security groups that match.
pub(crate) async fn groups_where(
    api: &Api,
    by: aws_sdk_ec2::types::Filter,
) -> Result<Vec<SecurityGroup>> {
    let ask = |token| {
        let call = api.ec2().describe_security_groups().filters(by.clone());
        call.set_next_token(token).send()
    };
    api.pages("ec2", "DescribeSecurityGroups", ask, |answer| {
        (answer.security_groups, answer.next_token)
    })
    .await
}

/// All rules of security groups, by the group's id.
pub(crate) async fn rules_of_groups(
    api: Api,
    ids: Vec<String>,
) -> Result<HashMap<String, Vec<SecurityGroupRule>>> {
    let mut all: HashMap<String, Vec<SecurityGroupRule>> = HashMap::new();
    for rule in rules_where(&api, "group-id", ids).await? {
        all.entry(rule.group_id().unwrap_or_default().to_owned()).or_default().push(rule);
    }
    Ok(all)
}

/// Rules by their ids.
pub(crate) async fn rules(
    api: Api,
    ids: Vec<String>,
) -> Result<HashMap<String, SecurityGroupRule>> {
    let all = rules_where(&api, "security-group-rule-id", ids).await?.into_iter();
    Ok(all.filter_map(|rule| Some((rule.security_group_rule_id.clone()?, rule))).collect())
}

async fn rules_where(api: &Api, name: &str, ids: Vec<String>) -> Result<Vec<SecurityGroupRule>> {
    let by = filter(name, ids);
    let ask = |token| {
        let call = api.ec2().describe_security_group_rules().filters(by.clone());
        call.set_next_token(token).send()
    };
    api.pages("ec2", "DescribeSecurityGroupRules", ask, |answer| {
        (answer.security_group_rules, answer.next_token)
    })
    .await
}

/// A call about rules of a group: the SDK's method, and the operation's name.
macro_rules! about_rules {
    ($api:expr, $group:expr, $rules:expr, $method:ident, $name:literal) => {{
        let (ec2, rules) = ($api.ec2(), &$rules);
        let make = || ec2.$method().group_id($group).set_ip_permissions(Some(rules.clone())).send();
        $api.call("ec2", $name, make).await.map(|_| ())
    }};
}

/// Adds rules.
pub(crate) async fn authorize(
    api: &Api,
    group: &str,
    direction: Direction,
    rules: &Permissions,
) -> Result<()> {
    if rules.is_empty() {
        return Ok(());
    }
    let rules = sent(rules);
    match direction {
        Direction::Ingress => about_rules!(
            api,
            group,
            rules,
            authorize_security_group_ingress,
            "AuthorizeSecurityGroupIngress"
        ),
        Direction::Egress => about_rules!(
            api,
            group,
            rules,
            authorize_security_group_egress,
            "AuthorizeSecurityGroupEgress"
        ),
    }
}

/// Removes rules. That one of them is gone already is no error.
pub(crate) async fn revoke(
    api: &Api,
    group: &str,
    direction: Direction,
    rules: &Permissions,
) -> Result<()> {
    if rules.is_empty() {
        return Ok(());
    }
    let none = String::new();
    let rules = sent(rules.keys().map(|rule| (rule, &none)));
    let result = match direction {
        Direction::Ingress => about_rules!(
            api,
            group,
            rules,
            revoke_security_group_ingress,
            "RevokeSecurityGroupIngress"
        ),
        Direction::Egress => about_rules!(
            api,
            group,
            rules,
            revoke_security_group_egress,
            "RevokeSecurityGroupEgress"
        ),
    };
    match result {
        Err(error) if error.is(&["InvalidPermission.NotFound"]) => Ok(()),
        result => result,
    }
}

/// Changes descriptions of rules that are there.
pub(crate) async fn describe(
    api: &Api,
    group: &str,
    direction: Direction,
    rules: &Permissions,
) -> Result<()> {
    if rules.is_empty() {
        return Ok(());
    }
    let rules = sent(rules);
    match direction {
        Direction::Ingress => about_rules!(
            api,
            group,
            rules,
            update_security_group_rule_descriptions_ingress,
            "UpdateSecurityGroupRuleDescriptionsIngress"
        ),
        Direction::Egress => about_rules!(
            api,
            group,
            rules,
            update_security_group_rule_descriptions_egress,
            "UpdateSecurityGroupRuleDescriptionsEgress"
        ),
    }
}

/// Brings a group from the rules `now` to those that are `wanted`, where of the ones that are not
/// wanted only the `unwanted` go.
pub(crate) async fn converge(
    api: &Api,
    group: &str,
    direction: Direction,
    now: &Permissions,
    unwanted: &Permissions,
    wanted: &Permissions,
) -> Result<()> {
    let pick = |from: &Permissions, keep: &dyn Fn(&Permission, &String) -> bool| -> Permissions {
        let kept = from.iter().filter(|(rule, text)| keep(rule, text));
        kept.map(|(rule, text)| (rule.clone(), text.clone())).collect()
    };
    let gone = pick(now, &|rule, _| unwanted.contains_key(rule) && !wanted.contains_key(rule));
    let new = pick(wanted, &|rule, _| !now.contains_key(rule));
    let other = pick(wanted, &|rule, text| now.get(rule).is_some_and(|now| now != text));
    let at = |error: AwsError| error.at(direction.name());
    // New ones first, so that nothing that is wanted before and after is ever shut out by a rule
    // that is written differently; unless the group has no room for both.
    match authorize(api, group, direction, &new).await {
        Err(error) if error.is(&["RulesPerSecurityGroupLimitExceeded"]) && !gone.is_empty() => {
            revoke(api, group, direction, &gone).await.map_err(at)?;
            authorize(api, group, direction, &new).await.map_err(at)?;
        }
        result => {
            result.map_err(at)?;
            revoke(api, group, direction, &gone).await.map_err(at)?;
        }
    }
    describe(api, group, direction, &other).await.map_err(at)
}

/// Removes rules of other groups that refer to this one: while they are there, it cannot go.
pub(crate) async fn revoke_references(api: &Api, group: &str) -> Result<()> {
    for (name, direction) in [
        ("ip-permission.group-id", Direction::Ingress),
        ("egress.ip-permission.group-id", Direction::Egress),
    ] {
        for other in groups_where(api, filter(name, [group])).await? {
            let mut rules = direction.of(&other);
            rules.retain(|rule, _| rule.source == Source::group(group));
            revoke(api, other.group_id().unwrap_or_default(), direction, &rules).await?;
        }
    }
    Ok(())
}

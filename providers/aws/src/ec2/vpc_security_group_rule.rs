//! `aws_vpc_security_group_ingress_rule` and `aws_vpc_security_group_egress_rule`: one rule each,
//! with an id and tags of its own, changed in place.

use async_trait::async_trait;
use aws_sdk_ec2::types::{
    IpPermission, IpRange, Ipv6Range, PrefixListId, SecurityGroupRule as Found,
    SecurityGroupRuleRequest, SecurityGroupRuleUpdate, UserIdGroupPair,
};

use super::group_rules::{Direction, rules};
use super::permission::{self, Group};
use super::{pairs, tag_specification};
use crate::api::Api;
use crate::cidr;
use crate::fields::{Fields, Problems};
use crate::resource::{AwsResource, Changes, Create, Made, Plan, Result, Tagging};
use crate::row::Row;

const SOURCES: [&str; 4] =
    ["cidr_ipv4", "cidr_ipv6", "prefix_list_id", "referenced_security_group_id"];

/// A rule of that direction.
#[derive(Debug)]
pub(crate) struct VpcSecurityGroupRule(pub(crate) Direction);

#[async_trait]
impl AwsResource for VpcSecurityGroupRule {
    fn tagging(&self) -> Tagging {
        Tagging::Ec2("security-group-rule")
    }

    fn validate(&self, config: Fields<'_>, problems: &mut Problems) {
        problems.needs_one(config, &SOURCES);
        problems.conflicts(config, &SOURCES);
        cidr::check_v4(problems, config, "cidr_ipv4", 0, 32);
        cidr::check_v6(problems, config, "cidr_ipv6", 0, 128);
        permission::check(config, None, problems);
        let needs_ports = matches!(
            config.str("ip_protocol").map(permission::protocol).as_deref(),
            Some("tcp" | "udp" | "icmp")
        );
        for name in ["from_port", "to_port"].into_iter().filter(|_| needs_ports) {
            if !config.is_set(name) {
                let message = format!("This protocol needs {name:?}.");
                problems.add(name, "Missing required argument", message);
            }
        }
    }

    fn plan(&self, plan: &mut Plan<'_>) {
        let old = plan.prior.and_then(|prior| prior.str("ip_protocol"));
        if let (Some(old), Some(new)) = (old, plan.get("ip_protocol").as_str())
            && permission::protocol(old) == permission::protocol(new)
        {
            plan.keep("ip_protocol");
        }
        // AWS lets a source be another one of its kind only.
        if let Some(prior) = plan.prior {
            let gone = |name: &&str| prior.is_set(name) && plan.get(name).is_null();
            let gone: Vec<&str> = SOURCES.into_iter().filter(gone).collect();
            gone.into_iter().for_each(|name| plan.replace(name));
        }
    }

    async fn read(&self, api: &Api, prior: Fields<'_>) -> Result<Option<Row>> {
        let Some(rule) = api.load("security group rule", prior.id(), rules).await? else {
            return Ok(None);
        };
        Ok(Some(row(api, &rule, prior)))
    }

    async fn create(&self, api: &Api, create: Create<'_>) -> Result<Made> {
        let group = create.planned.str("security_group_id").unwrap_or_default();
        let rule = permission(create.planned);
        let tags = tag_specification("security-group-rule", &create.tags_with_token());
        let ec2 = api.ec2();
        let made = match self.0 {
            Direction::Ingress => {
                let make = || {
                    let call = ec2.authorize_security_group_ingress().group_id(group);
                    call.ip_permissions(rule.clone()).tag_specifications(tags.clone()).send()
                };
                let answer = api.call("ec2", "AuthorizeSecurityGroupIngress", make).await?;
                answer.security_group_rules
            }
            Direction::Egress => {
                let make = || {
                    let call = ec2.authorize_security_group_egress().group_id(group);
                    call.ip_permissions(rule.clone()).tag_specifications(tags.clone()).send()
                };
                let answer = api.call("ec2", "AuthorizeSecurityGroupEgress", make).await?;
                answer.security_group_rules
            }
        };
        let rule = made.into_iter().flatten().next();
        let id = rule.as_ref().and_then(Found::security_group_rule_id).unwrap_or_default();
        let id = id.to_owned();
        api.tell("security group rule", &id, rule);
        Ok(Made::id(id))
    }

    async fn update(&self, api: &Api, changes: Changes<'_>) -> Result<()> {
        let planned = changes.planned;
        let request = SecurityGroupRuleRequest::builder()
            .set_ip_protocol(planned.string("ip_protocol"))
            .set_from_port(Some(planned.i32("from_port").unwrap_or(-1)))
            .set_to_port(Some(planned.i32("to_port").unwrap_or(-1)))
            .set_cidr_ipv4(planned.string("cidr_ipv4"))
            .set_cidr_ipv6(planned.string("cidr_ipv6"))
            .set_prefix_list_id(planned.string("prefix_list_id"))
            .set_referenced_group_id(
                planned.str("referenced_security_group_id").map(|text| Group::new(text).id),
            )
            .set_description(planned.string("description"))
            .build();
        let update = SecurityGroupRuleUpdate::builder()
            .security_group_rule_id(changes.id())
            .security_group_rule(request)
            .build();
        let make = || {
            api.ec2()
                .modify_security_group_rules()
                .set_group_id(planned.string("security_group_id"))
                .security_group_rules(update.clone())
                .send()
        };
        api.call("ec2", "ModifySecurityGroupRules", make).await.map(|_| ())
    }

    async fn delete(&self, api: &Api, prior: Fields<'_>) -> Result<()> {
        let (id, group) = (prior.id(), prior.str("security_group_id").unwrap_or_default());
        let ec2 = api.ec2();
        match self.0 {
            Direction::Ingress => {
                let make = || {
                    let call = ec2.revoke_security_group_ingress().group_id(group);
                    call.security_group_rule_ids(id).send()
                };
                api.call("ec2", "RevokeSecurityGroupIngress", make).await.map(|_| ())
            }
            Direction::Egress => {
                let make = || {
                    let call = ec2.revoke_security_group_egress().group_id(group);
                    call.security_group_rule_ids(id).send()
                };
                api.call("ec2", "RevokeSecurityGroupEgress", make).await.map(|_| ())
            }
        }
    }
}

fn permission(planned: Fields<'_>) -> IpPermission {
    let text = || planned.string("description");
    let mut rule = IpPermission::builder()
        .ip_protocol(permission::protocol(planned.str("ip_protocol").unwrap_or("-1")))
        .set_from_port(planned.i32("from_port"))
        .set_to_port(planned.i32("to_port"));
    if let Some(block) = planned.str("cidr_ipv4") {
        rule = rule.ip_ranges(IpRange::builder().cidr_ip(block).set_description(text()).build());
    }
    if let Some(block) = planned.str("cidr_ipv6") {
        let range = Ipv6Range::builder().cidr_ipv6(block).set_description(text()).build();
        rule = rule.ipv6_ranges(range);
    }
    if let Some(id) = planned.str("prefix_list_id") {
        let list = PrefixListId::builder().prefix_list_id(id).set_description(text()).build();
        rule = rule.prefix_list_ids(list);
    }
    if let Some(group) = planned.str("referenced_security_group_id").map(Group::new) {
        let pair = UserIdGroupPair::builder().group_id(group.id).set_user_id(group.owner);
        rule = rule.user_id_group_pairs(pair.set_description(text()).build());
    }
    rule.build()
}

fn row(api: &Api, rule: &Found, prior: Fields<'_>) -> Row {
    let id = prior.id();
    let owner = rule.group_owner_id().unwrap_or_default();
    let found = rule.ip_protocol().unwrap_or_default();
    let written = prior.str("ip_protocol");
    let same = written.filter(|it| permission::protocol(it) == permission::protocol(found));
    let v6 = rule.cidr_ipv6();
    let same_v6 = prior.str("cidr_ipv6").filter(|it| v6.is_some_and(|v6| cidr::same(it, v6)));
    let group = rule.referenced_group_info().and_then(|info| info.group_id());
    let before = prior.str("referenced_security_group_id");
    let same_group = before.filter(|it| Some(Group::new(it).id.as_str()) == group);
    let mut row = Row::new();
    row.set("id", id)
        .set("security_group_rule_id", id)
        .set(
            "arn",
            format!(
                "arn:{}:ec2:{}:{owner}:security-group-rule/{id}",
                api.partition(),
                api.region()
            ),
        )
        .set("security_group_id", rule.group_id())
        .set("description", rule.description())
        .set("ip_protocol", same.unwrap_or(found))
        .set("cidr_ipv4", rule.cidr_ipv4())
        .set("cidr_ipv6", same_v6.or(v6))
        .set("prefix_list_id", rule.prefix_list_id())
        .set("referenced_security_group_id", same_group.or(group))
        .tags(pairs(rule.tags()));
    for (name, port) in [("from_port", rule.from_port()), ("to_port", rule.to_port())] {
        // Ports of all protocols are -1, whatever was written; of ICMP, -1 is any type or code.
        let all = permission::protocol(found) == "-1";
        if !all || prior.i32(name).is_none_or(|written| written > 0) {
            row.set(name, port.filter(|port| *port != -1 || found.starts_with("icmp")));
        }
    }
    row
}

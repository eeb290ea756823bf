//! `aws_security_group_rule`: rules of one group that share protocol, ports and description, known by
//! what they say: AWS gives no id to the bundle.

use async_trait::async_trait;
use aws_sdk_ec2::types::SecurityGroupRule as Found;
use kprov_core::{Type, Value};
use sha1::{Digest, Sha1};

use super::group_rules::{Direction, authorize, describe, revoke, rules_of_groups};
use super::permission::{self, Permission, Permissions, Source};
use crate::api::Api;
use crate::fields::{Fields, Problems};
use crate::resource::{AwsResource, Changes, Create, Made, Result};
use crate::row::Row;

const SOURCES: [&str; 5] =
    ["cidr_blocks", "ipv6_cidr_blocks", "prefix_list_ids", "self", "source_security_group_id"];

#[derive(Debug)]
pub(crate) struct SecurityGroupRule;

#[async_trait]
impl AwsResource for SecurityGroupRule {
    fn validate(&self, config: Fields<'_>, problems: &mut Problems) {
        problems.one_of(config, "type", &["ingress", "egress"]);
        problems.needs_one(config, &SOURCES);
        for other in ["cidr_blocks", "ipv6_cidr_blocks", "self"] {
            let is_set = other != "self" || config.bool(other) == Some(true);
            if is_set {
                problems.conflicts(config, &["source_security_group_id", other]);
            }
        }
        permission::check(config, None, problems);
    }

    async fn read(&self, api: &Api, prior: Fields<'_>) -> Result<Option<Row>> {
        let group = prior.str("security_group_id").unwrap_or_default();
        let found = api.load("rules of security group", group, rules_of_groups).await?;
        Ok(row(&found.unwrap_or_default(), prior))
    }

    async fn create(&self, api: &Api, create: Create<'_>) -> Result<Made> {
        let planned = create.planned;
        let group = planned.str("security_group_id").unwrap_or_default();
        let made = authorize(api, group, direction(planned), &described(planned)).await;
        made.map_err(|mut error| {
            if error.is(&["InvalidPermission.Duplicate"]) {
                error.message = format!(
                    "{} Such a rule is in {group} already: as a block of the security group, as \
                     another rule resource, or made by hand. Remove it there, or import it here.",
                    error.message
                );
            }
            error
        })?;
        Ok(Made::id(id(planned)))
    }

    async fn update(&self, api: &Api, changes: Changes<'_>) -> Result<()> {
        let planned = changes.planned;
        let group = planned.str("security_group_id").unwrap_or_default();
        describe(api, group, direction(planned), &described(planned)).await
    }

    async fn delete(&self, api: &Api, prior: Fields<'_>) -> Result<()> {
        let group = prior.str("security_group_id").unwrap_or_default();
        revoke(api, group, direction(prior), &described(prior)).await
    }

    async fn find(&self, api: &Api, create: Create<'_>) -> Result<Option<Made>> {
        let planned = create.planned;
        let group = planned.str("security_group_id").unwrap_or_default();
        let found = api.load("rules of security group", group, rules_of_groups).await?;
        let found = ours(&found.unwrap_or_default(), direction(planned));
        let all = described(planned);
        let complete = all.iter().all(|(it, text)| found.get(it).is_some_and(|(t, _)| t == text));
        Ok((complete && !all.is_empty()).then(|| Made::id(id(planned))))
    }

    fn import(&self, id: &str) -> std::result::Result<Vec<(&'static str, Value)>, String> {
        imported(id).ok_or_else(|| {
            format!(
                "{id:?} is not of the form GROUP_TYPE_PROTOCOL_FROMPORT_TOPORT_SOURCE[_SOURCE...], \
                 such as \"sg-1_ingress_tcp_443_443_10.0.0.0/16\"."
            )
        })
    }
}

fn direction(rule: Fields<'_>) -> Direction {
    match rule.str("type") {
        Some("egress") => Direction::Egress,
        _ => Direction::Ingress,
    }
}

fn described(rule: Fields<'_>) -> Permissions {
    permission::all_written([rule], rule.str("security_group_id").unwrap_or_default())
}

/// A number made of what the rule says.
fn id(rule: Fields<'_>) -> String {
    let group = rule.str("security_group_id").unwrap_or_default();
    let mut all: Vec<String> =
        described(rule).into_keys().map(|permission| format!("{permission:?}")).collect();
    all.sort();
    let text = format!("{group} {} {}", direction(rule).name(), all.join(" "));
    let hash = Sha1::digest(text.as_bytes());
    let number = hash.iter().take(4).fold(0u32, |number, byte| number << 8 | u32::from(*byte));
    format!("sgrule-{number}")
}

/// Rules of that direction: description and id of each.
fn ours(
    found: &[Found],
    direction: Direction,
) -> std::collections::BTreeMap<Permission, (String, String)> {
    let egress = direction == Direction::Egress;
    let same = found.iter().filter(|rule| rule.is_egress().unwrap_or(false) == egress);
    same.filter_map(|rule| {
        let text = rule.description().unwrap_or_default().to_owned();
        let id = rule.security_group_rule_id().unwrap_or_default().to_owned();
        Some((Permission::of_rule(rule)?, (text, id)))
    })
    .collect()
}

/// What is left of the rule; nothing: it is gone.
fn row(found: &[Found], prior: Fields<'_>) -> Option<Row> {
    let found = ours(found, direction(prior));
    let all = described(prior);
    let left: Vec<(&Permission, &(String, String))> =
        all.keys().filter_map(|it| found.get_key_value(it)).collect();
    let (_, (first, _)) = left.first()?;
    let before = prior.text("description").unwrap_or_default();
    let other = left.iter().map(|(_, (text, _))| text).find(|text| *text != before);
    let mut row = Row::new();
    row.set("id", id(prior)).set("description", other.unwrap_or(first).as_str()).set(
        "security_group_rule_id",
        match &left[..] {
            [(_, (_, id))] if all.len() == 1 => id.as_str(),
            _ => "",
        },
    );
    let has = |source: Source| left.iter().any(|(it, _)| it.source == source);
    for (name, kind) in [
        ("cidr_blocks", Source::V4 as fn(String) -> Source),
        ("ipv6_cidr_blocks", Source::V6),
        ("prefix_list_ids", Source::PrefixList),
    ] {
        let same = |text: &String| Permission::new("-1", None, None, kind(text.clone())).source;
        row.strings(name, prior.strings(name).into_iter().filter(|text| has(same(text))));
    }
    let own = Source::group(prior.str("security_group_id").unwrap_or_default());
    row.set("self", prior.bool("self") == Some(true) && has(own));
    let other = prior.str("source_security_group_id");
    row.set("source_security_group_id", other.filter(|other| has(Source::group(other))));
    Some(row)
}

/// `sg-1_ingress_tcp_443_443_10.0.0.0/16_self`
fn imported(id: &str) -> Option<Vec<(&'static str, Value)>> {
    let parts: Vec<&str> = id.split('_').collect();
    let [group, kind, protocol, from, to, sources @ ..] = &parts[..] else { return None };
    if !group.starts_with("sg-") || !matches!(*kind, "ingress" | "egress") || sources.is_empty() {
        return None;
    }
    let port = |text: &str| text.parse::<i64>().ok().map(Value::int);
    let mut lists: [(&'static str, Vec<Value>); 3] =
        [("cidr_blocks", vec![]), ("ipv6_cidr_blocks", vec![]), ("prefix_list_ids", vec![])];
    let mut all = vec![
        ("security_group_id", Value::string(*group)),
        ("type", Value::string(*kind)),
        ("protocol", Value::string(permission::protocol(protocol))),
        ("from_port", port(from)?),
        ("to_port", port(to)?),
        ("self", Value::Bool(sources.contains(&"self"))),
    ];
    for source in sources.iter().filter(|source| **source != "self") {
        let value = Value::string(*source);
        match *source {
            it if it.contains("sg-") => all.push(("source_security_group_id", value)),
            it if it.contains("pl-") => lists[2].1.push(value),
            it if it.contains(':') => lists[1].1.push(value),
            it if it.contains('.') => lists[0].1.push(value),
            _ => return None,
        }
    }
    let lists = lists.into_iter().filter(|(_, items)| !items.is_empty());
    all.extend(lists.map(|(name, items)| (name, Value::list(Type::String, items))));
    Some(all)
}

//! `aws_route53_record`.

use async_trait::async_trait;
use aws_sdk_route53::types::ChangeAction;
use kprov_core::Value;

use super::changes::{change, find};
use super::record_set::{RecordSet, full_name};
use super::{PATIENCE, insync, normal, zones};
use crate::api::{Api, AwsError};
use crate::fields::{Fields, Problems};
use crate::resource::{AwsResource, Changes, Create, Made, Plan, Result};
use crate::row::Row;

#[derive(Debug)]
pub(crate) struct Record;

const TYPES: [&str; 16] = [
    "A", "AAAA", "CAA", "CNAME", "DS", "HTTPS", "MX", "NAPTR", "NS", "PTR", "SOA", "SPF", "SRV",
    "SSHFP", "TLSA", "TXT",
];

/// Blocks that make a record one of several of its name.
const POLICIES: [&str; 6] = [
    "cidr_routing_policy",
    "failover_routing_policy",
    "geolocation_routing_policy",
    "geoproximity_routing_policy",
    "latency_routing_policy",
    "weighted_routing_policy",
];

#[async_trait]
impl AwsResource for Record {
    fn validate(&self, config: Fields<'_>, problems: &mut Problems) {
        let types: Vec<&str> = TYPES.into_iter().chain(["SVCB"]).collect();
        problems.one_of(config, "type", &types);
        let blocks = |name: &str| config.blocks(name).next().is_some();
        let known = |name: &str| config.get(name).is_known();
        let (alias, records) = (blocks("alias"), config.is_set("records"));
        if alias && (records || config.is_set("ttl")) {
            let other = if records { "records" } else { "ttl" };
            let message = format!("{other:?} and \"alias\" cannot both be set; remove one.");
            problems.add(other, "Conflicting configuration arguments", message);
        }
        if !alias && !records && known("alias") {
            let message = "One of these must be set: alias, records.";
            problems.add("records", "Missing required argument", message);
        }
        if records && !config.is_set("ttl") {
            let message = "A record with \"records\" needs a \"ttl\".";
            problems.add("ttl", "Missing required argument", message);
        }
        problems.in_range(config, "ttl", 0, 2_147_483_647);
        let set: Vec<&str> = POLICIES.into_iter().filter(|name| blocks(name)).collect();
        let multi = config.bool("multivalue_answer_routing_policy") == Some(true);
        if let [_, second, ..] = set[..] {
            let message = format!("Only one routing policy can be set; remove {second:?}.");
            problems.add(second, "Conflicting configuration arguments", message);
        }
        if (!set.is_empty() || multi) && !config.is_set("set_identifier") {
            let message = "A record with a routing policy needs a \"set_identifier\".";
            problems.add("set_identifier", "Missing required argument", message);
        }
        if set.is_empty()
            && config.get("multivalue_answer_routing_policy").is_null()
            && POLICIES.into_iter().all(known)
            && config.str("set_identifier").is_some()
        {
            let message = "\"set_identifier\" needs a routing policy.";
            problems.add("set_identifier", "Missing required argument", message);
        }
    }

    fn plan(&self, plan: &mut Plan<'_>) {
        let Some(prior) = plan.prior else { return };
        if prior.str("name").map(normal) == plan.get("name").as_str().map(normal) {
            plan.keep("name");
        }
        // The name of a set of records, and the kind of its policy, are its identity.
        if plan.changes("set_identifier") || plan.changes("type") {
            plan.unknown("id");
        }
    }

    async fn read(&self, api: &Api, prior: Fields<'_>) -> Result<Option<Row>> {
        let part = |name| prior.str(name).unwrap_or_default();
        let zone = super::bare(part("zone_id"));
        let Some(zone_name) = zone_name(api, zone).await? else { return Ok(None) };
        let name = full_name(part("name"), &zone_name);
        let found = find(api, zone, &name, part("type"), prior.str("set_identifier")).await?;
        let Some(found) = found.map(|record| RecordSet::actual(&record)) else { return Ok(None) };
        let known = prior.string("id").unwrap_or_else(|| id(prior));
        let mut row = Row::new();
        row.set("id", known)
            .set("fqdn", name)
            .set("type", found.kind.as_str())
            .set("set_identifier", found.set.as_deref())
            .set("ttl", found.ttl)
            .strings("records", found.values())
            .set("health_check_id", found.health_check.as_deref())
            .set("multivalue_answer_routing_policy", found.multivalue);
        for (block, value) in found.blocks(prior) {
            row.set(block, Vec::from_iter(value));
        }
        Ok(Some(row))
    }

    async fn create(&self, api: &Api, create: Create<'_>) -> Result<Made> {
        let planned = create.planned;
        let overwrite = planned.bool("allow_overwrite") == Some(true);
        let action = if overwrite { ChangeAction::Upsert } else { ChangeAction::Create };
        let zone_name = write(api, planned, action, "create").await?;
        let mut known = Row::new();
        known
            .set("fqdn", full_name(planned.str("name").unwrap_or_default(), &zone_name))
            .set("allow_overwrite", overwrite);
        Ok(Made::knowing(id(planned), known))
    }

    async fn update(&self, api: &Api, changes: Changes<'_>) -> Result<()> {
        let (old, new) = (changes.prior, changes.planned);
        let same = |name: &str| old.str(name) == new.str(name);
        let policy =
            |object: Fields<'_>| POLICIES.into_iter().find(|name| object.block(name).is_some());
        // Another identifier or kind of policy is another record: the old one has to go first.
        if !same("set_identifier") || !same("type") || policy(old) != policy(new) {
            self.delete(api, old).await?;
        }
        let only = ["allow_overwrite", "id", "fqdn"];
        let entries = new.0.as_entries().into_iter().flatten();
        let mut names = entries.map(|(name, _)| name.as_str()).filter(|it| !only.contains(it));
        if names.any(|name| changes.has(name)) {
            write(api, new, ChangeAction::Upsert, "update").await?;
        }
        Ok(())
    }

    async fn delete(&self, api: &Api, prior: Fields<'_>) -> Result<()> {
        let part = |name| prior.str(name).unwrap_or_default();
        let zone = super::bare(part("zone_id"));
        let Some(zone_name) = zone_name(api, zone).await? else { return Ok(()) };
        let name = full_name(part("name"), &zone_name);
        // AWS deletes only what it is told exactly.
        let found = find(api, zone, &name, part("type"), prior.str("set_identifier")).await?;
        let Some(found) = found else { return Ok(()) };
        let change = change(api, zone, ChangeAction::Delete, RecordSet::actual(&found)).await;
        match change {
            Err(error) if error.message.contains("not found") => Ok(()),
            change => insync(api, &change?, prior.timeout("delete", PATIENCE)).await,
        }
    }

    /// A record has no tags: one that says the same is ours.
    async fn find(&self, api: &Api, create: Create<'_>) -> Result<Option<Made>> {
        let planned = create.planned;
        let zone = super::bare(planned.str("zone_id").unwrap_or_default());
        let Some(zone_name) = zone_name(api, zone).await? else { return Ok(None) };
        let wanted = RecordSet::wanted(planned, &zone_name);
        let found = find(api, zone, &wanted.name, &wanted.kind, wanted.set.as_deref()).await?;
        let same = found.is_some_and(|record| RecordSet::actual(&record) == wanted);
        Ok(same.then(|| Made::id(id(planned))))
    }

    /// `ZONE_NAME_TYPE[_SET]`
    fn import(&self, text: &str) -> std::result::Result<Vec<(&'static str, Value)>, String> {
        let wrong = || {
            format!(
                "Expected ZONE_NAME_TYPE or ZONE_NAME_TYPE_SET, such as \
                \"Z4KAPRWWNC7JR_www.example.com_A\", not {text:?}."
            )
        };
        let (zone, rest) = text.split_once('_').ok_or_else(wrong)?;
        // Names may have underscores; types are upper case between two of them, or at the end.
        let parts: Vec<&str> = rest.split('_').collect();
        let at =
            (0..parts.len()).skip(1).find(|at| TYPES.contains(&parts[*at]) || parts[*at] == "SVCB");
        let at = at.ok_or_else(wrong)?;
        let mut known = vec![
            ("id", Value::string(text)),
            ("zone_id", Value::string(zone)),
            ("name", Value::string(parts[..at].join("_"))),
            ("type", Value::string(parts[at])),
        ];
        let set = parts[at + 1..].join("_");
        if !set.is_empty() {
            known.push(("set_identifier", Value::string(set)));
        }
        Ok(known)
    }
}

async fn zone_name(api: &Api, zone: &str) -> Result<Option<String>> {
    let zone = api.load("hosted zone", zone, zones).await?;
    Ok(zone.and_then(|zone| zone.hosted_zone).map(|zone| zone.name))
}

fn id(object: Fields<'_>) -> String {
    let part = |name| object.str(name).unwrap_or_default();
    let name = normal(part("name"));
    let id = format!("{}_{name}_{}", super::bare(part("zone_id")), part("type"));
    match object.str("set_identifier") {
        Some(set) => format!("{id}_{set}"),
        None => id,
    }
}

/// Changes the record and waits until the change is everywhere; the name of the zone.
async fn write(
    api: &Api,
    planned: Fields<'_>,
    action: ChangeAction,
    timeout: &str,
) -> Result<String> {
    let zone = super::bare(planned.str("zone_id").unwrap_or_default());
    let Some(zone_name) = zone_name(api, zone).await? else {
        let message = format!("There is no hosted zone {zone:?} in this account");
        return Err(AwsError::refused("NoSuchHostedZone", message).at("zone_id"));
    };
    let set = RecordSet::wanted(planned, &zone_name);
    let change = change(api, zone, action, set).await.map_err(|mut error| {
        if error.message.contains("already exists") {
            error.message += " Import it, or set \"allow_overwrite\" if it may be overwritten.";
            return error.at("name");
        }
        error
    })?;
    let patience = planned.timeout(timeout, PATIENCE);
    insync(api, &change, patience).await.map_err(AwsError::after_effect)?;
    Ok(zone_name)
}

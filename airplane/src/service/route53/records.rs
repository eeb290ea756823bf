//! Record sets: kept as their JSON, in AWS's order of names, and what a batch of changes does.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::zones::{domain, reversed};
use super::{State, bare, begin, no_zone};
use crate::around::call::Call;
use crate::service::Action;
use crate::wire::fault::{Fault, Outcome};

pub(crate) const ACTIONS: &[Action] =
    &[("ChangeResourceRecordSets", change), ("ListResourceRecordSets", list)];

/// A record set as AWS shows it, its name in lower case with the final dot.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Record(Value);

impl Record {
    /// The NS records that a zone comes with.
    pub(super) fn name_servers(zone: &str, servers: &[String]) -> Record {
        let values: Vec<Value> =
            servers.iter().map(|name| json!({"Value": format!("{name}.")})).collect();
        Record(json!({"Name": zone, "Type": "NS", "TTL": 172_800, "ResourceRecords": values}))
    }

    /// The SOA record that a zone comes with.
    pub(super) fn start_of_authority(zone: &str, servers: &[String]) -> Record {
        let first = servers.first().map(String::as_str).unwrap_or_default();
        let value = format!("{first}. awsdns-hostmaster.amazon.com. 1 7200 900 1209600 86400");
        Record(
            json!({"Name": zone, "Type": "SOA", "TTL": 900, "ResourceRecords": [{"Value": value}]}),
        )
    }

    fn text(&self, name: &str) -> &str {
        self.0[name].as_str().unwrap_or_default()
    }

    /// Where it stands: the order of keys is AWS's order.
    pub(super) fn key(&self, zone: &str) -> String {
        let (name, kind, id) = (self.text("Name"), self.text("Type"), self.text("SetIdentifier"));
        format!("{zone}/{} {kind} {id}", reversed(name))
    }

    /// Is it one that every zone has?
    pub(super) fn belongs_to_zone(&self, zone: &str) -> bool {
        self.text("Name") == zone && matches!(self.text("Type"), "NS" | "SOA")
    }
}

/// The records of a zone.
pub(super) fn of_zone<'s>(
    state: &'s State,
    zone: &str,
) -> impl Iterator<Item = (&'s str, &'s Record)> {
    let prefix = format!("{zone}/");
    state.records.iter().filter(move |(key, _)| key.starts_with(&prefix))
}

fn invalid(messages: &[String]) -> Fault {
    let quoted = messages.join(", ");
    Fault::new("InvalidChangeBatch", format!("[{quoted}]")).field("messages", json!(messages))
}

fn change(call: &mut Call<'_>) -> Outcome {
    let id = bare(&call.str("HostedZoneId")).to_owned();
    let zone = call
        .global()
        .route53
        .zones
        .get(&id)
        .map(|zone| zone.name.clone())
        .ok_or_else(|| no_zone(&id))?;
    let batch = call.get("ChangeBatch").cloned().unwrap_or_default();
    let changes = batch["Changes"].as_array().cloned().unwrap_or_default();
    if changes.is_empty() {
        return Err(Fault::new("InvalidInput", "The change batch has no changes."));
    }
    let mut problems = Vec::new();
    for wanted in &changes {
        // A batch is one transaction: with a problem all of it is taken back.
        if let Err(problem) = one(call, &id, &zone, wanted) {
            problems.push(problem);
        }
    }
    if !problems.is_empty() {
        return Err(invalid(&problems));
    }
    if of_zone(&call.global().route53, &id).count() > call.quota("records-per-zone") {
        return Err(invalid(&["The zone has reached its limit of record sets".to_owned()]));
    }
    let comment = batch["Comment"].as_str().map(str::to_owned);
    Ok(json!({"ChangeInfo": begin(call, comment)}))
}

fn one(call: &mut Call<'_>, id: &str, zone: &str, wanted: &Value) -> Result<(), String> {
    let mut set = wanted["ResourceRecordSet"].clone();
    let name = domain(set["Name"].as_str().unwrap_or_default()).map_err(|fault| fault.message)?;
    set["Name"] = json!(name.replace('*', "\\052"));
    let kind = set["Type"].as_str().unwrap_or_default().to_owned();
    if name != zone && !name.ends_with(&format!(".{zone}")) {
        return Err(format!("RRSet with DNS name {name} is not permitted in zone {zone}"));
    }
    let has = |part: &str| !set[part].is_null();
    let action = wanted["Action"].as_str().unwrap_or_default();
    if action != "DELETE" {
        if has("AliasTarget") == has("ResourceRecords") {
            return Err("Invalid request: Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords], or \
                        TrafficPolicyInstanceId]".to_owned());
        }
        if has("ResourceRecords") && !has("TTL") {
            return Err(format!(
                "Invalid request: Missing field 'TTL' in record set {name} {kind}"
            ));
        }
        values(&set, &kind)?;
        routing(&set)?;
    }
    let record = Record(set);
    let key = record.key(id);
    let now = call.now();
    let known = call.global().route53.records.get(&key).cloned();
    match (action, known) {
        ("CREATE", Some(_)) => Err(format!(
            "Tried to create resource record set [name='{name}', type='{kind}'] but it already exists"
        )),
        ("DELETE", None) => Err(format!(
            "Tried to delete resource record set [name='{name}', type='{kind}'] but it was not found"
        )),
        ("DELETE", Some(known)) if !same(&known.0, &record.0) => Err(format!(
            "Tried to delete resource record set [name='{name}', type='{kind}'] but the values provided do not match \
             the current values"
        )),
        ("DELETE", Some(known)) if known.belongs_to_zone(zone) => {
            Err(format!("A HostedZone must contain exactly one {kind} record"))
        }
        ("DELETE", Some(_)) => {
            call.global().route53.records.remove(&key);
            Ok(())
        }
        ("CREATE" | "UPSERT", _) => {
            neighbours(call, id, &record)?;
            call.global().route53.records.insert(&key, record, now, now);
            Ok(())
        }
        _ => Err(format!("Invalid action {action}")),
    }
}

/// A CNAME stands alone; simple and routed records of one name and type do not mix.
fn neighbours(call: &mut Call<'_>, id: &str, record: &Record) -> Result<(), String> {
    let (name, kind) = (record.text("Name"), record.text("Type"));
    for (_, other) in
        of_zone(&call.global().route53, id).filter(|(_, other)| other.text("Name") == name)
    {
        let other_kind = other.text("Type");
        if (kind == "CNAME") != (other_kind == "CNAME") {
            return Err(format!(
                "RRSet of type {kind} with DNS name {name} is not permitted because a conflicting RRSet \
                                of type {other_kind} with the same DNS name already exists in the zone."
            ));
        }
        let mixed =
            record.text("SetIdentifier").is_empty() != other.text("SetIdentifier").is_empty();
        if kind == other_kind && mixed {
            return Err(format!(
                "RRSet with DNS name {name}, type {kind} cannot be created as a simple and a routed one"
            ));
        }
    }
    Ok(())
}

// MX: priority and host; SRV: priority, weight, port and host.
fn is_numbers_and_name(value: &str, numbers: usize) -> bool {
    let words: Vec<&str> = value.split_whitespace().collect();
    words.len() == numbers + 1
        && words[..numbers].iter().all(|word| word.parse::<u16>().is_ok())
        && (words[numbers] == "." || domain(words[numbers]).is_ok())
}

// Flags, tag, and a value in quotes.
fn is_caa(value: &str) -> bool {
    let mut words = value.trim().splitn(3, ' ');
    let flags = words.next().is_some_and(|flags| flags.parse::<u8>().is_ok());
    let tag = words
        .next()
        .is_some_and(|tag| !tag.is_empty() && tag.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    let quoted = words
        .next()
        .is_some_and(|text| text.len() >= 2 && text.starts_with('"') && text.ends_with('"'));
    flags && tag && quoted
}

fn values(set: &Value, kind: &str) -> Result<(), String> {
    for record in set["ResourceRecords"].as_array().into_iter().flatten() {
        let value = record["Value"].as_str().unwrap_or_default();
        let good = match kind {
            "A" => value.parse::<std::net::Ipv4Addr>().is_ok(),
            "AAAA" => value.parse::<std::net::Ipv6Addr>().is_ok(),
            "TXT" | "SPF" => value.starts_with('"') && value.ends_with('"') && value.len() >= 2,
            "MX" => is_numbers_and_name(value, 1),
            "SRV" => is_numbers_and_name(value, 3),
            "CAA" => is_caa(value),
            _ => !value.is_empty(),
        };
        if !good {
            return Err(format!(
                "Invalid Resource Record: '{value}' is not a valid value of type {kind}"
            ));
        }
    }
    Ok(())
}

fn routing(set: &Value) -> Result<(), String> {
    let routed =
        ["Weight", "Region", "GeoLocation", "Failover", "MultiValueAnswer", "GeoProximityLocation"];
    let count = routed.iter().filter(|part| !set[**part].is_null()).count();
    let identified = set["SetIdentifier"].as_str().is_some_and(|id| !id.is_empty());
    if count > 1 || (count == 1) != identified {
        return Err("Invalid request: a SetIdentifier goes with exactly one of Weight, Region, GeoLocation, Failover \
                    and MultiValueAnswer".to_owned());
    }
    Ok(())
}

/// The same record set, whatever the order of its values.
fn same(a: &Value, b: &Value) -> bool {
    let sorted = |set: &Value| {
        let mut set = set.clone();
        if let Some(values) = set.get_mut("ResourceRecords").and_then(Value::as_array_mut) {
            values.sort_by_key(ToString::to_string);
        }
        let set = shown(&set);
        let object = set.as_object().cloned().unwrap_or_default();
        object
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .collect::<std::collections::BTreeMap<_, _>>()
    };
    sorted(a) == sorted(b)
}

fn list(call: &mut Call<'_>) -> Outcome {
    let id = bare(&call.str("HostedZoneId")).to_owned();
    if !call.global().route53.zones.contains(&id) {
        return Err(no_zone(&id));
    }
    let most: usize =
        call.opt_str("MaxItems").and_then(|text| text.parse().ok()).unwrap_or(300).clamp(1, 300);
    let mut found: Vec<(String, Value)> = of_zone(&call.global().route53, &id)
        .map(|(key, record)| (key.to_owned(), shown(&record.0)))
        .collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    if let Some(name) = call.opt_str("StartRecordName") {
        let name = domain(&name)?.replace('*', "\\052");
        let (kind, identifier) = (call.str("StartRecordType"), call.str("StartRecordIdentifier"));
        let start = format!(
            "{id}/{} {kind}{}",
            reversed(&name),
            if kind.is_empty() { String::new() } else { format!(" {identifier}") }
        );
        found.retain(|(key, _)| *key >= start);
    }
    let rest = found.split_off(most.min(found.len()));
    let sets: Vec<Value> = found.into_iter().map(|(_, set)| set).collect();
    let mut answer = json!({
        "ResourceRecordSets": sets,
        "IsTruncated": !rest.is_empty(),
        "MaxItems": most.to_string(),
    });
    if let Some((_, next)) = rest.first() {
        answer["NextRecordName"] = next["Name"].clone();
        answer["NextRecordType"] = next["Type"].clone();
        if let Some(identifier) = next["SetIdentifier"].as_str() {
            answer["NextRecordIdentifier"] = json!(identifier);
        }
    }
    Ok(answer)
}

/// Alias names get their final dot, as AWS shows them.
fn shown(set: &Value) -> Value {
    let mut set = set.clone();
    if let Some(name) = set["AliasTarget"]["DNSName"].as_str() {
        let name = format!("{}.", name.trim_end_matches('.').to_ascii_lowercase());
        set["AliasTarget"]["DNSName"] = json!(name);
    }
    set
}

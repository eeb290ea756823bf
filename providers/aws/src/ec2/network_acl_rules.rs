//! Rules and subnets of network ACLs, as `aws_network_acl` and `aws_default_network_acl` have them.

use aws_sdk_ec2::types::{IcmpTypeCode, NetworkAcl, NetworkAclEntry, PortRange, RuleAction};
use kprov_core::Value;
use serde_json::{Value as Json, json};

use super::filter;
use crate::api::Api;
use crate::cidr;
use crate::fields::{Fields, Problems};
use crate::resource::Result;
use crate::row::Row;

type Found<T> = std::collections::HashMap<String, T>;

/// Blocks of rules, and whether they are for what leaves.
const WAYS: [(&str, bool); 2] = [("ingress", false), ("egress", true)];
/// AWS's last rule, which denies everything and cannot be changed. From here on numbers are its own.
const LAST: i32 = 32766;

/// A rule, however it is spelt.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    number: i32,
    protocol: String,
    allow: bool,
    v4: Option<String>,
    v6: Option<String>,
    ports: Option<(i32, i32)>,
    icmp: Option<(i32, i32)>,
}

/// The number of a protocol.
fn protocol(text: &str) -> Option<String> {
    let number = match text.to_ascii_lowercase().as_str() {
        "all" | "-1" => -1,
        "icmp" => 1,
        "igmp" => 2,
        "tcp" => 6,
        "udp" => 17,
        "gre" => 47,
        "esp" => 50,
        "ah" => 51,
        "icmpv6" | "ipv6-icmp" => 58,
        "sctp" => 132,
        "udplite" => 136,
        other => other.parse::<u8>().ok()?.into(),
    };
    Some(number.to_string())
}

fn canonical(block: Option<&str>) -> Option<String> {
    let block = block?;
    let parsed = block.parse::<ipnet::IpNet>().ok();
    Some(parsed.map_or_else(|| block.to_owned(), |net| net.to_string()))
}

impl Rule {
    fn planned(block: Fields<'_>) -> Option<Rule> {
        let protocol = protocol(block.str("protocol")?)?;
        let numbers =
            |a: &str, b: &str| (block.i32(a).unwrap_or_default(), block.i32(b).unwrap_or_default());
        Some(Rule {
            number: block.i32("rule_no")?,
            allow: block.str("action")?.eq_ignore_ascii_case("allow"),
            v4: canonical(block.str("cidr_block")),
            v6: canonical(block.str("ipv6_cidr_block")),
            ports: has_ports(&protocol).then(|| numbers("from_port", "to_port")),
            icmp: is_icmp(&protocol).then(|| numbers("icmp_type", "icmp_code")),
            protocol,
        })
    }

    fn actual(entry: &NetworkAclEntry) -> Rule {
        let protocol = entry.protocol().and_then(protocol).unwrap_or_default();
        let ports = entry.port_range().map(|it| (it.from(), it.to()));
        let icmp = entry.icmp_type_code().map(|it| (it.r#type(), it.code()));
        let both =
            |(a, b): (Option<i32>, Option<i32>)| (a.unwrap_or_default(), b.unwrap_or_default());
        Rule {
            number: entry.rule_number().unwrap_or_default(),
            allow: entry.rule_action() == Some(&RuleAction::Allow),
            v4: canonical(entry.cidr_block()),
            v6: canonical(entry.ipv6_cidr_block()),
            ports: has_ports(&protocol).then(|| ports.map(both).unwrap_or_default()),
            icmp: is_icmp(&protocol).then(|| icmp.map(both).unwrap_or_default()),
            protocol,
        }
    }

    /// As an item of the row; spelt as in `before` where that says the same.
    fn cell(&self, before: Option<Fields<'_>>) -> Json {
        let before = before.unwrap_or(Fields(&Value::NULL));
        let text = |name: &str, actual: Option<&str>| {
            before.str(name).or(actual).map_or(Json::Null, Json::from)
        };
        let number = |name: &str, actual: Option<i32>| {
            json!(before.i64(name).unwrap_or(actual.unwrap_or_default().into()))
        };
        json!({
            "action": text("action", Some(if self.allow { "allow" } else { "deny" })),
            "cidr_block": text("cidr_block", self.v4.as_deref()),
            "ipv6_cidr_block": text("ipv6_cidr_block", self.v6.as_deref()),
            "from_port": number("from_port", self.ports.map(|it| it.0)),
            "to_port": number("to_port", self.ports.map(|it| it.1)),
            "icmp_type": number("icmp_type", self.icmp.map(|it| it.0)),
            "icmp_code": number("icmp_code", self.icmp.map(|it| it.1)),
            "protocol": text("protocol", Some(&self.protocol)),
            "rule_no": self.number,
        })
    }
}

fn has_ports(protocol: &str) -> bool {
    ["6", "17"].contains(&protocol)
}

fn is_icmp(protocol: &str) -> bool {
    ["1", "58"].contains(&protocol)
}

/// Checks the rules of a configuration.
pub(super) fn validate(config: Fields<'_>, problems: &mut Problems) {
    for (name, _) in WAYS {
        let mut numbers = Vec::new();
        for block in config.blocks(name) {
            let mut bad = |message: String| problems.add(name, "Invalid rule", message);
            if let Some(number) = block.i64("rule_no") {
                if !(1..i64::from(LAST) + 1).contains(&number) {
                    bad(format!("rule_no is from 1 to {LAST}, not {number}."));
                }
                if numbers.contains(&number) {
                    bad(format!("There are two rules with number {number}."));
                }
                numbers.push(number);
            }
            if let Some(action) = block.str("action")
                && !["allow", "deny"].contains(&action.to_ascii_lowercase().as_str())
            {
                bad(format!("action is \"allow\" or \"deny\", not {action:?}."));
            }
            if let Some(text) = block.str("protocol") {
                match protocol(text).as_deref() {
                    None => {
                        bad(format!("{text:?} is neither the name nor the number of a protocol."))
                    }
                    Some("-1") => {
                        let ports = [block.i64("from_port"), block.i64("to_port")];
                        if ports.iter().flatten().any(|port| *port != 0) {
                            bad("With all protocols, from_port and to_port must be 0.".to_owned());
                        }
                    }
                    Some(_) => {}
                }
            }
            for port in ["from_port", "to_port"] {
                if block.i64(port).is_some_and(|port| !(-1..=65535).contains(&port)) {
                    bad(format!("{port} is no port."));
                }
            }
            let (v4, v6) = (block.str("cidr_block"), block.str("ipv6_cidr_block"));
            let checks = [
                v4.map(|it| cidr::problem(it, true, 0, 32)),
                v6.map(|it| cidr::problem(it, false, 0, 128)),
            ];
            checks.into_iter().flatten().filter_map(std::result::Result::err).for_each(bad);
        }
    }
}

/// Writes down the ACL's rules.
pub(super) fn rules(acl: &NetworkAcl, prior: Fields<'_>, row: &mut Row) {
    for (name, egress) in WAYS {
        let cells = live(acl, egress).map(|entry| {
            let rule = Rule::actual(entry);
            let before = prior.blocks(name).find(|it| Rule::planned(*it).as_ref() == Some(&rule));
            rule.cell(before)
        });
        row.set(name, cells.collect::<Vec<_>>());
    }
}

fn live(acl: &NetworkAcl, egress: bool) -> impl Iterator<Item = &NetworkAclEntry> {
    let all = acl.entries().iter();
    all.filter(move |it| {
        it.egress() == Some(egress) && it.rule_number().is_none_or(|number| number <= LAST)
    })
}

/// Brings the ACL's rules to those planned. A block that is unknown stays, unless `everything` goes.
pub(super) async fn sync(
    api: &Api,
    acl: &NetworkAcl,
    planned: Fields<'_>,
    everything: bool,
) -> Result<()> {
    let id = acl.network_acl_id().unwrap_or_default();
    for (name, egress) in WAYS {
        if !planned.get(name).is_known() && !everything {
            continue;
        }
        let wanted: Vec<Rule> = planned.blocks(name).filter_map(Rule::planned).collect();
        let mut kept = Vec::new();
        for entry in live(acl, egress) {
            let rule = Rule::actual(entry);
            if wanted.contains(&rule) {
                kept.push(rule);
                continue;
            }
            let call = || {
                let call = api.ec2().delete_network_acl_entry().network_acl_id(id);
                call.rule_number(rule.number).egress(egress).send()
            };
            match api.call("ec2", "DeleteNetworkAclEntry", call).await {
                Err(error) if error.is(&["InvalidNetworkAclEntry.NotFound"]) => {}
                result => result.map(|_| ()).map_err(|error| error.at(name))?,
            }
        }
        for rule in wanted.iter().filter(|wanted| !kept.contains(wanted)) {
            create(api, id, egress, rule).await.map_err(|error| error.at(name))?;
        }
    }
    Ok(())
}

async fn create(api: &Api, id: &str, egress: bool, rule: &Rule) -> Result<()> {
    let ports = rule.ports.map(|(from, to)| PortRange::builder().from(from).to(to).build());
    let icmp =
        rule.icmp.map(|(kind, code)| IcmpTypeCode::builder().r#type(kind).code(code).build());
    let call = || {
        api.ec2()
            .create_network_acl_entry()
            .network_acl_id(id)
            .egress(egress)
            .rule_number(rule.number)
            .rule_action(if rule.allow { RuleAction::Allow } else { RuleAction::Deny })
            .protocol(&rule.protocol)
            .set_cidr_block(rule.v4.clone())
            .set_ipv6_cidr_block(rule.v6.clone())
            .set_port_range(ports.clone())
            .set_icmp_type_code(icmp.clone())
            .send()
    };
    api.call("ec2", "CreateNetworkAclEntry", call).await.map(|_| ())
}

/// The ACL's subnets.
pub(super) fn subnets(acl: &NetworkAcl) -> Vec<String> {
    acl.associations().iter().filter_map(|it| it.subnet_id.clone()).collect()
}

/// Makes the ACL the one of these subnets: AWS can only exchange one ACL of a subnet for another.
pub(super) async fn join(api: &Api, acl: &str, wanted: &[String]) -> Result<()> {
    for subnet in wanted {
        let now = api.load("network acl of subnet", subnet, of_subnets).await?;
        let Some((current, association)) = now else { continue };
        if current == acl {
            continue;
        }
        let call = || {
            let call = api.ec2().replace_network_acl_association();
            call.association_id(&association).network_acl_id(acl).send()
        };
        match api.call("ec2", "ReplaceNetworkAclAssociation", call).await {
            // Exchanged by another at this moment, or its subnet is gone.
            Err(error) if error.is(&["InvalidAssociationID.NotFound"]) => {}
            result => result.map(|_| ()).map_err(|error| error.at("subnet_ids"))?,
        }
    }
    Ok(())
}

/// ACLs that match.
async fn describe(api: &Api, by: aws_sdk_ec2::types::Filter) -> Result<Vec<NetworkAcl>> {
    let ask = |token| {
        let call = api.ec2().describe_network_acls().filters(by.clone());
        call.set_next_token(token).send()
    };
    let all = api.pages("ec2", "DescribeNetworkAcls", ask, |answer| {
        (answer.network_acls, answer.next_token)
    });
    all.await
}

/// ACLs by id.
pub(super) async fn acls(api: Api, ids: Vec<String>) -> Result<Found<NetworkAcl>> {
    let all = describe(&api, filter("network-acl-id", ids)).await?.into_iter();
    Ok(all.filter_map(|it| Some((it.network_acl_id.clone()?, it))).collect())
}

/// ACL and association by subnet.
async fn of_subnets(api: Api, ids: Vec<String>) -> Result<Found<(String, String)>> {
    let all = describe(&api, filter("association.subnet-id", ids)).await?.into_iter();
    let all = all.flat_map(|acl| acl.associations.unwrap_or_default());
    Ok(all
        .filter_map(|it| {
            Some((it.subnet_id?, (it.network_acl_id?, it.network_acl_association_id?)))
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(protocol: &str, ports: (i64, i64), v6: &str) -> Value {
        Value::object([
            ("action", Value::string("ALLOW")),
            ("from_port", Value::int(ports.0)),
            ("ipv6_cidr_block", Value::string(v6)),
            ("protocol", Value::string(protocol)),
            ("rule_no", Value::int(100)),
            ("to_port", Value::int(ports.1)),
        ])
    }

    #[test]
    fn rules_are_the_same_however_they_are_spelt() {
        let of = |value: &Value| Rule::planned(Fields(value));
        assert_eq!(of(&rule("tcp", (80, 80), "::/0")), of(&rule("6", (80, 80), "0::0/0")));
        assert_eq!(of(&rule("all", (0, 0), "::/0")), of(&rule("-1", (1, 2), "::/0")));
        assert_ne!(of(&rule("tcp", (80, 80), "::/0")), of(&rule("udp", (80, 80), "::/0")));
        assert_eq!(of(&rule("carrier pigeon", (0, 0), "::/0")), None);
    }

    #[test]
    fn a_rule_is_shown_as_it_was_written() {
        let written = rule("tcp", (80, 80), "0::0/0");
        let planned = Rule::planned(Fields(&written)).unwrap();
        let cell = planned.cell(Some(Fields(&written)));
        assert_eq!(cell["protocol"], "tcp");
        assert_eq!(cell["action"], "ALLOW");
        assert_eq!(cell["ipv6_cidr_block"], "0::0/0");
        assert_eq!(planned.cell(None)["protocol"], "6");
    }
}
